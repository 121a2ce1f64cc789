import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { permissionsFor, rulesFor } from '../../src/app/permissions.ts';
import type { Sandbox } from '../../src/core/sandbox.ts';
import { loadConfig } from '../../src/host/config/config.ts';
import { loadShellParser } from '../../src/host/shell-parser.ts';
import { openSandbox, type SandboxSettings } from '../../src/host/sandbox/open-sandbox.ts';
import { openUndoStore } from '../../src/host/undo/undo-store.ts';
import { ordinary } from '../corpus/ordinary.ts';
import { dockerAvailable, testImage } from '../support/docker.ts';
import { median, type Figure } from './measure.ts';

const signal = new AbortController().signal;

const time = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

const policyFigures = async (root: string): Promise<Figure[]> => {
  const config = await loadConfig({ HOME: root }, root, { flags: { permissions: { mode: 'auto' } } });
  const rules = rulesFor(config, {
    allowedTools: ['exec(npm test *)'],
    disallowedTools: ['read(**/.env*),net(evil.example)'],
  });
  const { policy } = permissionsFor(rules, { roots: [root], readable: [], home: '/home/nobody', own: [], env: {} });
  const decide = (command: string): Promise<unknown> =>
    Promise.resolve(policy.decide({ tool: 'shell', effects: [{ kind: 'exec', command }] }));
  const load = await time(loadShellParser);
  const first = await time(() => decide('true'));
  for (const { command } of ordinary) await decide(command);
  const warm: number[] = [];
  for (let round = 0; round < 5; round++)
    for (const { command } of ordinary) warm.push(await time(() => decide(command)));
  return [
    { name: 'grammar load, once, at the first command', value: load, unit: 'ms', target: 60, kind: 'most' },
    { name: 'first decision after it', value: first, unit: 'ms' },
    {
      name: 'policy.decide, warm, median',
      value: median(warm),
      unit: 'ms',
      target: 1,
      kind: 'most',
      note: `${ordinary.length} ordinary commands, slowest ${Math.max(...warm).toFixed(1)} ms`,
    },
  ];
};

const settings = (root: string, kind: SandboxSettings['kind'], image?: string): SandboxSettings => ({
  kind,
  ...(image === undefined ? {} : { image }),
  root,
  dataDir: join(dirname(root), `data-${kind}`),
  level: 'moderate',
  context: 'shared',
  addedFolders: [],
  allowedHosts: [],
  limits: {},
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
});

/** Medians of `true` in each sandbox, interleaved so that drift of the machine hits all alike. */
const execFigures = async (root: string): Promise<Figure[]> => {
  const image = dockerAvailable() ? testImage() : undefined;
  const run = (sandbox: Sandbox): Promise<number> =>
    time(() => sandbox.exec('true', { timeoutMs: 20_000, readOnly: false }, signal));
  const { sandbox: local } = await openSandbox(settings(root, 'local'));
  const { sandbox: wrapped } = await openSandbox(settings(root, 'bubblewrap'));
  const docker = image === undefined ? undefined : (await openSandbox(settings(root, 'docker', image))).sandbox;
  await run(local);
  await run(wrapped);
  const first = docker ? await run(docker) : NaN;
  const taken = { local: [] as number[], wrapped: [] as number[], docker: [] as number[] };
  for (let round = 0; round < 30; round++) {
    taken.local.push(await run(local));
    taken.wrapped.push(await run(wrapped));
    if (docker) taken.docker.push(await run(docker));
  }
  await Promise.all([local.close(), wrapped.close(), docker?.close()]);
  const base = median(taken.local);
  const over = (values: readonly number[]): number => median(values) - base;
  return [
    { name: 'command in the local sandbox', value: base, unit: 'ms' },
    { name: 'bubblewrap over local, per command', value: over(taken.wrapped), unit: 'ms', target: 15, kind: 'most' },
    ...(docker
      ? ([
          { name: 'docker, first command', value: first, unit: 'ms', target: 800, kind: 'most' },
          {
            name: 'docker over local, later commands',
            value: over(taken.docker),
            unit: 'ms',
            target: 80,
            kind: 'most',
          },
        ] as const)
      : []),
  ];
};

const undoFigures = async (root: string, dataDir: string): Promise<Figure[]> => {
  const files = 5000;
  const pathOf = (index: number): string => join(root, `folder-${index % 100}`, `file-${index}.txt`);
  for (let index = 0; index < files; index++) {
    if (index < 100) mkdirSync(dirname(pathOf(index)), { recursive: true });
    writeFileSync(pathOf(index), `file ${index}\n`.repeat(50));
  }
  const store = openUndoStore({ root, dataDir });
  const first = await time(() => store.snapshot());
  const later: number[] = [];
  for (let round = 0; round < 15; round++) {
    for (let change = 0; change < 10; change++) appendFileSync(pathOf((round * 331 + change * 97) % files), 'more\n');
    later.push(await time(() => store.snapshot()));
  }
  const one = await time(() => store.snapshot(['folder-1/file-1.txt']));
  await store.close();
  return [
    { name: `first snapshot of ${files} files`, value: first, unit: 'ms' },
    { name: 'snapshot after 10 changes', value: median(later), unit: 'ms', target: 40, kind: 'most' },
    { name: 'snapshot of one file', value: one, unit: 'ms' },
  ];
};

/** Figures of policy, sandboxes and undo. Docker's are left out where no engine answers. */
export const safetyFigures = async (): Promise<Figure[]> => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-bench-')));
  const folders = ['policy', 'exec', 'undo'].map((name) => join(folder, name, 'work'));
  for (const path of folders) mkdirSync(path, { recursive: true });
  const [forPolicy = '', forExec = '', forUndo = ''] = folders;
  try {
    return [
      ...(await policyFigures(forPolicy)),
      ...(await execFigures(forExec)),
      ...(await undoFigures(forUndo, join(folder, 'undo', 'data'))),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
