import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ownerLabel } from '../../src/host/sandbox/docker-container.ts';
import { probeBubblewrap } from '../../src/host/sandbox/probe-bubblewrap.ts';
import { startBinary, tempFolder } from '../support/binary.ts';
import { dockerAvailable, testImage } from '../support/docker.ts';
import { wireServer } from '../support/wire/wire-server.ts';

const rounds = Number(process.env.ORPHAN_ROUNDS ?? 25);
const patienceMs = 5_000;
const lateMs = 300;

const required = (process.env.LLM_COPILOT_TEST_SANDBOXES ?? '').split(',');
const bubblewrap = (await probeBubblewrap()).available || required.includes('bubblewrap');
const docker = dockerAvailable();

/**
 * Leaves children behind in every way a shell knows: in its group, out of it, twice removed, deaf to signals, without the
 * environment. Each carries the mark in its name or its environment.
 */
const litter = (mark: string): string =>
  [
    `export LITTER=${mark}`,
    'sleep 300 &',
    'setsid sleep 300 &',
    'nohup sleep 300 > /dev/null 2>&1 &',
    '( ( setsid sleep 300 & ) & )',
    `setsid bash -c 'trap "" TERM HUP INT; while :; do sleep 1; done' &`,
    `(exec -a ${mark} env -i setsid bash -c 'sleep 300; : ${mark}') &`,
    `perl -MPOSIX -e 'fork and exit; POSIX::setsid(); fork and exit; $SIG{HUP} = "IGNORE"; sleep 300' ${mark}`,
    'disown -a',
    'echo up > up',
    'sleep 300',
  ].join('\n');

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

interface Seen {
  pid: number;
  parent: number;
  /** Pid and start: numbers are given again. */
  id: string;
  line: string;
}

/** Every process of this machine, those in containers and namespaces too. */
const processes = (): Seen[] =>
  readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // One that ended and was not collected yet is none any more.
    if (stat === '' || fields[0] === 'Z' || fields[0] === 'X') return [];
    const line = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ');
    return [{ pid: Number(name), parent: Number(fields[1]), id: `${name}/${fields[19] ?? ''}`, line }];
  });

const marked = (mark: string): Seen[] =>
  processes().filter(({ pid, line }) => line.includes(mark) || read(`/proc/${pid}/environ`).includes(mark));

const below = (pid: number, all: readonly Seen[]): Seen[] =>
  all.filter(({ parent }) => parent === pid).flatMap((one) => [one, ...below(one.pid, all)]);

const containersOf = (pid: number): string[] =>
  docker
    ? execFileSync(
        'docker',
        ['ps', '-a', '--filter', `label=${ownerLabel}`, '--format', `{{.Names}} {{.Label "${ownerLabel}"}}`],
        {
          encoding: 'utf8',
          timeout: 20_000,
        },
      )
        .split('\n')
        .filter((line) => line.split(' ')[1]?.startsWith(`${pid}/`))
    : [];

/** What is still there after five seconds. One that was about to start may show up late, so nothing must be there twice. */
const leftAfter = async (look: () => string[]): Promise<string[]> => {
  const end = performance.now() + patienceMs;
  for (;;) {
    let left = look();
    if (left.length === 0) {
      await sleep(lateMs);
      left = look();
    }
    if (left.length === 0 || performance.now() > end) return left;
    await sleep(50);
  }
};

const end = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
};

const killWhileItRuns = async (kind: 'bubblewrap' | 'docker'): Promise<void> => {
  const image = kind === 'docker' ? testImage() : undefined;
  let mark = '';
  const server = await wireServer(() => ({
    calls: [{ id: `call_${randomBytes(4).toString('hex')}`, name: 'shell', input: { command: litter(mark) } }],
  }));
  const counts: number[] = [];
  const waits: number[] = [];
  let early = 0;
  let folder: ReturnType<typeof tempFolder> | undefined;
  try {
    for (let round = 0; round < rounds; round++) {
      mark = `litter-${randomBytes(8).toString('hex')}`;
      folder = tempFolder();
      const { path } = folder;
      const config = join(path, 'config', 'llm-copilot');
      const root = join(path, 'work');
      mkdirSync(config, { recursive: true });
      mkdirSync(root);
      writeFileSync(
        join(config, 'config.yaml'),
        `sandbox:\n  kind: ${kind}\n${image === undefined ? '' : `  image: "${image}"\n`}`,
      );
      const env = {
        XDG_CONFIG_HOME: join(path, 'config'),
        LLM_COPILOT_DATA_DIR: join(path, 'data'),
        ANTHROPIC_BASE_URL: server.url,
        ANTHROPIC_API_KEY: 'k',
        DOCKER_HOST: process.env.DOCKER_HOST,
      };
      const args = ['run', '--permission-mode', 'auto', '--verify', 'never', '--output-format', 'json', 'make litter'];
      const { child, ended } = startBinary(args, { cwd: root, env });
      const { pid = 0 } = child;
      // Two in five die at any time, while the sandbox starts too; the others once all children are there.
      const atRandom = round % 5 >= 3;
      if (atRandom) await sleep(100 + Math.random() * 1200);
      else {
        const deadline = performance.now() + 30_000;
        while (!existsSync(join(root, 'up')) && child.exitCode === null && performance.now() < deadline)
          await sleep(10);
        await sleep(Math.random() * 150);
      }
      const family = new Set(below(pid, processes()).map(({ id }) => id));
      const count = marked(mark).length;
      child.kill('SIGKILL');
      const killedAt = performance.now();
      const { signal, stderr } = await ended;
      expect(signal, stderr).toBe('SIGKILL');
      if (atRandom) early += 1;
      else counts.push(count);
      const survivors = await leftAfter(() => [
        ...marked(mark).map(({ pid: one, line }) => `${one} ${line}`),
        ...processes()
          .filter(({ id, line }) => family.has(id) || line.includes(path))
          .map(({ pid: one, line }) => `${one} ${line}`),
      ]);
      expect(survivors, `round ${round}, ${patienceMs} ms after the kill`).toEqual([]);
      waits.push(performance.now() - killedAt - lateMs);
      expect(await leftAfter(() => (kind === 'docker' ? containersOf(pid) : []))).toEqual([]);
      folder.remove();
    }
  } finally {
    await server.close();
    // Only after a failure is there anything left.
    folder?.remove();
    for (const { pid } of marked(mark)) end(pid);
  }
  const sorted = waits.sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  console.log(
    `${kind}: ${rounds} kills (${early} at random), marked processes at the kill: ${Math.min(...counts)} to ${Math.max(...counts)}; all gone after ${median.toFixed(0)} ms (median), ${(sorted.at(-1) ?? 0).toFixed(0)} ms (most)`,
  );
  // It proves something only when there was something to leave behind.
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(7);
};

test.runIf(bubblewrap)(
  `${rounds} kills of llm-copilot leave no process behind that its commands started in bubblewrap`,
  () => killWhileItRuns('bubblewrap'),
);

test.runIf(docker)(
  `${rounds} kills of llm-copilot leave no process and no container behind that its commands started in docker`,
  () => killWhileItRuns('docker'),
);
