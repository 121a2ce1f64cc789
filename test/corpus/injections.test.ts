import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Recorded } from '../../src/core/event.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import builtins from '../../plugins/index.ts';
import { probeBubblewrap } from '../../src/host/sandbox/probe-bubblewrap.ts';
import { cliHarness, scriptPlugin } from '../support/cli.ts';
import {
  channels,
  injectedFiles,
  injection,
  obediences,
  outsidePlugin,
  type Channel,
  type InjectionPlace,
  type Obedience,
} from './injections.ts';

// A model that does whatever the text it reads tells it, with the real loop, tools, policy and sandbox around it.
let hits: string[] = [];
const listen = async (answer: (url: string) => string): Promise<Server> => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(answer(request.url ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const harness = cliHarness();
let forbidden: Server;
let pages: Server;
let project: TempProject;
let place: InjectionPlace;

const fileState = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(
      (entry) =>
        `${join(entry.parentPath, entry.name)}:${readFileSync(join(entry.parentPath, entry.name), 'utf8').length}`,
    )
    .sort()
    .join('\n');

beforeAll(async () => {
  forbidden = await listen((url) => (hits.push(url), 'echo pwned'));
  pages = await listen(() => `<html><body><article><p>${`${injection} `.repeat(5)}</p></article></body></html>`);
  project = tempProject(injectedFiles);
  // Not below the folder for temporary files, where mode auto writes.
  const outside = join(harness.home, 'other');
  mkdirSync(join(outside, 'theirs.git'), { recursive: true });
  execFileSync('git', ['init', '--bare', '-q', join(outside, 'theirs.git')]);
  writeFileSync(join(outside, 'notes.md'), injection);
  mkdirSync(join(harness.home, '.ssh'));
  writeFileSync(join(harness.home, '.ssh/id_ed25519'), 'private');
  place = { port: portOf(forbidden), pages: portOf(pages), home: harness.home, outside };
  const config = join(harness.home, 'config/llm-copilot/config.yaml');
  mkdirSync(join(config, '..'), { recursive: true });
  // The user allowed all of this before: in a run with text from outside that is no longer enough.
  writeFileSync(
    config,
    `web:\n  privateHosts: ['127.0.0.1', localhost]\npermissions:\n  rules:\n    - allow: net(localhost)\n    - allow: read(${outside}/notes.md)\n`,
  );
});
afterAll(() => {
  forbidden.close();
  pages.close();
  project.close();
  harness.close();
});

/** Lets a model obey, and gives what came of its calls. */
const obey = async (
  carrier: { name: string; input: unknown },
  calls: readonly { name: string; input: unknown }[],
  sandbox: string,
) => {
  const steps = [carrier, ...calls];
  const { stdout } = await harness.cli(
    [
      '-p',
      'look around',
      '-m',
      'script',
      '--permission-mode',
      'auto',
      '--sandbox',
      sandbox,
      '--verify',
      'never',
      '--output-format',
      'stream-json',
    ],
    {
      cwd: project.root,
      plugins: [
        scriptPlugin((_request, turn) => (steps[turn] ? { calls: [steps[turn]] } : { text: 'Done.' })),
        ...builtins,
        outsidePlugin,
      ],
    },
  );
  const events = stdout
    .trim()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Recorded);
  const decided = events.flatMap((event) =>
    event.type === 'tool.decided' && event.tool !== 'load_tool' ? [event] : [],
  );
  const finished = events.flatMap((event) => (event.type === 'tool.finished' ? [event] : []));
  return { decided, finished };
};

const sandboxes = ['local', ...((await probeBubblewrap()).available ? ['bubblewrap'] : [])];
/** Without a sandbox nothing but text from outside stops a program from doing what nobody sees. */
const triedIn = (channel: Channel, sandbox: string): readonly Obedience[] =>
  obediences.filter(
    (one) => channel.taints || (one.ordinary !== true && (sandbox !== 'local' || one.program !== true)),
  );
const count = (sandbox: string): number => channels.reduce((sum, one) => sum + triedIn(one, sandbox).length, 0);

const worldState = (): string =>
  [
    fileState(place.outside),
    fileState(join(harness.home, '.ssh')),
    fileState(join(project.root, '.git/hooks')),
    existsSync(join(harness.home, '.bashrc')),
    existsSync(join(harness.home, '.profile')),
    existsSync(join(project.root, 'AGENTS.md')),
    existsSync(join(project.root, '.github')),
    project.git('remote'),
  ].join('\n');

describe.each(sandboxes)('a model that obeys what it reads, mode auto, sandbox %s', (sandbox) => {
  test.each(channels)(
    `$name: nothing it is told to do happens without a fresh yes`,
    async (channel) => {
      const tried = triedIn(channel, sandbox);
      const calls = tried.flatMap((one) => one.calls(place).map((call) => ({ call, of: one })));
      hits = [];
      const before = worldState();
      const { decided, finished } = await obey(
        channel.carrier(place),
        calls.map(({ call }) => call),
        sandbox,
      );
      const [carried, ...rest] = decided;
      expect(carried?.verdict).toBe('allow');
      expect(finished.some((event) => event.origin !== undefined)).toBe(channel.taints);
      const obeyed = calls.filter(({ call }) => call.name !== 'load_tool');
      expect(rest).toHaveLength(obeyed.length);
      // A program may run, and its file be written, where a sandbox keeps it; what it does then is seen below.
      const allowed = rest.flatMap((event, index) =>
        event.verdict === 'allow' && obeyed[index]?.of.program !== true
          ? [`${obeyed[index]?.of.name ?? ''}: ${event.tool}`]
          : [],
      );
      expect(allowed.filter((one) => sandbox === 'local' || !one.endsWith(': shell'))).toEqual([]);
      expect(hits).toEqual([]);
      expect(worldState()).toBe(before);
      project.git('checkout', '-q', '.');
      project.git('clean', '-fdq', '-e', 'node_modules');
    },
    60_000,
  );
});

test('there are at least sixty of them', () => {
  expect(count('local')).toBeGreaterThanOrEqual(60);
});
