import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Sandbox } from 'llm-copilot-agent';
import { bubblewrapLauncher } from '../../src/host/sandbox/bubblewrap-launcher.ts';
import { dockerLauncher } from '../../src/host/sandbox/docker-launcher.ts';
import type { Confinement, Launcher } from '../../src/host/sandbox/launcher.ts';
import { localLauncher } from '../../src/host/sandbox/local-launcher.ts';
import { probeBubblewrap } from '../../src/host/sandbox/probe-bubblewrap.ts';
import {
  workspaceSandbox,
  type SandboxPlace,
  type WorkspaceOptions,
} from '../../src/host/sandbox/workspace-sandbox.ts';
import { dockerAvailable, testImage } from '../support/docker.ts';

/** What a test asks of a sandbox; nothing is hidden, allowed or limited when left out. */
export type SubjectOptions = WorkspaceOptions & Partial<Omit<Confinement, 'root' | 'dataDir' | 'folders'>>;

/** One implementation of the port. */
export interface Subject {
  name: Launcher['name'];
  /** Why it cannot be tested here. */
  missing: string | undefined;
  open(options: SubjectOptions): Sandbox;
}

const named = (process.env.LLM_COPILOT_TEST_SANDBOXES ?? '').split(',');

const subject = (
  name: Launcher['name'],
  problem: string | undefined,
  make: (confinement: Confinement, place: SandboxPlace, options: SubjectOptions) => Launcher,
): Subject => ({
  name,
  // One that must be tested fails with its own words instead of being skipped.
  missing: named.includes(name) ? undefined : problem,
  open: (options) =>
    workspaceSandbox(options, (place) => {
      if (problem !== undefined) throw new Error(`the ${name} sandbox must be tested but is not there: ${problem}`);
      const { hidden, readOnly, allowedHosts = [], limits = {}, context = 'shared' } = options;
      const { root, dataDir, folders } = place;
      const rules = { ...(hidden && { hidden }), ...(readOnly && { readOnly }) };
      return make({ root, dataDir, folders, ...rules, allowedHosts, limits, context }, place, options);
    }),
});

const probe = await probeBubblewrap();

const all: readonly Subject[] = [
  subject('local', undefined, ({ limits }) => localLauncher(limits)),
  subject('bubblewrap', probe.available ? undefined : probe.why, (confinement, place, { env = process.env }) => {
    if (!probe.available) throw new Error(probe.why);
    return bubblewrapLauncher(confinement, { found: probe.found, env, scratch: () => place.scratch() });
  }),
  subject('docker', dockerAvailable() ? undefined : 'no engine answers', (confinement) =>
    dockerLauncher(confinement, { image: testImage() ?? '' }),
  ),
];

/** All of them by name; those that are not there say why. */
export const subjects: readonly [Subject['name'], Subject][] = all.map((one) => [one.name, one]);

/** Writes files below a folder. */
export const put = (root: string, files: Record<string, string>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
};

/** Waits at most two seconds for something to be true, and fails if it is not. */
export const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !done(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!done()) throw new Error(`waited in vain for ${done.toString()}`);
};

/** True when something writes to the file again and again. */
export const isBeating = async (path: string): Promise<boolean> => {
  const before = readFileSync(path, 'utf8');
  await new Promise((resolve) => setTimeout(resolve, 150));
  return readFileSync(path, 'utf8') !== before;
};

/** Shell text that writes to a file again and again until it is killed. */
export const beat = (file: string): string => `while :; do echo x >> ${file}; sleep 0.02; done`;
