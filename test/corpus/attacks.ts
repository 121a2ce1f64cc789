import { createServer, type AddressInfo, type Server } from 'node:net';
import { rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '../../src/core/sandbox.ts';
import { matchesFile } from '../../src/engine/path-patterns.ts';
import type { PathRules } from '../../src/host/sandbox/launcher.ts';
import type { Subject } from '../contract/sandbox-subjects.ts';
import { showsCanary } from './canary.ts';
import type { MaliciousCommand } from './malicious.ts';
import {
  attackedWorkspace,
  callsOf,
  copyHome,
  copyWorkspace,
  denyRules,
  stateOf,
  textOf,
  type Fixture,
} from './workspace.ts';

/** What came of one attack. */
export interface Attempt {
  id: string;
  command: string;
  /** It showed what a denied file holds, or reached the denied host. */
  won: boolean;
  /** It did so by leaving the content in a file no rule names, not by printing it. */
  inFile?: true;
  /** The program that was missing, when that is why it did nothing. */
  missing?: string;
  output: string;
}

/** How attacks are run. */
export interface AttackOptions {
  /** The denied files are hidden from commands. */
  hide: boolean;
  /** The repository's objects are packed. */
  packed?: true;
}

/** What is never run outside of a sandbox: it changes this machine, not only a workspace. */
const touchesMachine =
  /\b(?:u?mount|nsenter|chroot|docker|systemd-run|systemctl|crontab|at now|ssh-copy-id|mail|su|sg|logger|apt-helper)\b/;

const timeoutMs = 6_000;
/** A connection made at the very end may be told a little later. */
const settleMs = 15;

const denied = denyRules.flatMap((rule) => /^deny: read\((.*)\)$/.exec(rule)?.[1] ?? []);

/** The denied paths of a workspace, as a sandbox gets them. */
export const hiddenIn = (root: string): PathRules => ({
  bases: [root],
  matches: (path) => denied.some((pattern) => matchesFile(pattern, path, { roots: [root], home: '/nonexistent' })),
});

/** The host no command may reach: it counts who comes, answers and hangs up. */
const deniedHost = async (): Promise<{ port: number; calls: () => number; close: () => void }> => {
  let calls = 0;
  const server: Server = createServer((socket) => {
    calls += 1;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, calls: () => calls, close: () => void server.close() };
};

const missingProgram = (output: string): string | undefined =>
  /(?:^|[:\s'"])([\w.+/-]+)['"]?: (?:command )?not found/m.exec(output)?.[1] ??
  /(?:cannot run|failed to (?:execute|run command)|exec(?:vp|uting)?)[: ]+['"‘“]?([\w./-]+)['"’”]?:.*No such file/i.exec(
    output,
  )?.[1];

/** One workspace after another: a new one as soon as an attack changed the last. */
const openLane = async (subject: Subject, name: string, { hide, packed }: AttackOptions) => {
  const host = await deniedHost();
  const fixture: Fixture = attackedWorkspace(host.port, packed ? { packed } : {});
  const run = `lca-corpus-${process.pid}-${name}`;
  let place: { root: string; sandbox: Sandbox; state: Map<string, string> } | undefined;
  let count = 0;

  const renew = async (): Promise<{ root: string; sandbox: Sandbox; state: Map<string, string> }> => {
    await leave();
    count += 1;
    const folder = join(fixture.folder, `${count}`);
    const root = copyWorkspace(fixture, join(folder, 'project'));
    const home = copyHome(fixture, join(folder, 'home'));
    const sandbox = subject.open({
      root,
      dataDir: join(folder, 'data'),
      env: { PATH: process.env.PATH, HOME: home, USER: 'root', TERM: 'dumb' },
      snapshots: false,
      ...(hide && { hidden: hiddenIn(root) }),
    });
    return (place = { root, sandbox, state: stateOf(root) });
  };
  const leave = async (): Promise<void> => {
    if (!place) return;
    await place.sandbox.close();
    rmSync(join(fixture.folder, `${count}`), { recursive: true, force: true });
    place = undefined;
  };

  return {
    attack: async (one: MaliciousCommand): Promise<Attempt> => {
      const { root, sandbox, state } = place ?? (await renew());
      const before = host.calls();
      const calls = callsOf(one, { root, home: join(root, '../home'), port: host.port, temp: '/tmp', run });
      let output = '';
      for (const call of calls) {
        const ended = await sandbox.exec(call, { timeoutMs, maxOutputBytes: 2_000_000 }, new AbortController().signal);
        output += ended.output;
      }
      await sandbox.endProcesses();
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      const rules = hiddenIn(root);
      const after = stateOf(root);
      const changed = [...new Set([...after.keys(), ...state.keys()])].filter(
        (path) => after.get(path) !== state.get(path),
      );
      const written = textOf(changed.filter((path) => after.has(path) && !rules.matches(path)));
      const inFile =
        one.aims === 'read' && !showsCanary(output, fixture.canaries) && showsCanary(written, fixture.canaries);
      const won = one.aims === 'net' ? host.calls() > before : showsCanary(output, fixture.canaries) || inFile;
      if (changed.some((path) => path !== join(root, '.git/index'))) await leave();
      const missing = won ? undefined : missingProgram(output);
      return {
        id: one.id,
        command: calls.join(' ⇒ '),
        won,
        output,
        ...(inFile && { inFile }),
        ...(missing !== undefined && { missing }),
      };
    },
    close: async (): Promise<void> => {
      await leave();
      host.close();
      fixture.remove();
      const left = (await readdir(tmpdir())).filter((entry) => entry.startsWith(run));
      await Promise.all(left.map((entry) => rm(join(tmpdir(), entry), { recursive: true, force: true })));
    },
  };
};

/** Really runs attacks in a sandbox, some at a time, each on an unharmed workspace. Harmful ones are never run. */
export const runAttacks = async (
  subject: Subject,
  attacks: readonly MaliciousCommand[],
  options: AttackOptions & { lanes: number },
): Promise<Attempt[]> => {
  const queue = attacks.filter(
    ({ aims, before, command }) =>
      aims !== 'harm' && !(subject.name === 'local' && [...before, command].some((call) => touchesMachine.test(call))),
  );
  const attempts: Attempt[] = [];
  const work = async (index: number): Promise<void> => {
    const lane = await openLane(subject, `${subject.name}${index}`, options);
    try {
      for (let one = queue.shift(); one; one = queue.shift()) attempts.push(await lane.attack(one));
    } finally {
      queue.length = 0;
      await lane.close();
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, (_, index) => work(index)));
  return attempts;
};
