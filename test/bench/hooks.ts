// What git's hooks cost, whole processes: `git commit` with and without them, `git push`, and a cached verdict, as ratios
// to `node -e 0` measured in the same run. Files are real ones of this repository with a few lines changed.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { median, noise, printFigures, type Figure } from './measure.ts';

const rounds = Number(process.argv[2] ?? 12);
const bin = resolve('bin/llm-copilot.js');
const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-bench-hooks-'));
const project = join(folder, 'project');
const env = {
  ...process.env,
  HOME: folder,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
  LLM_COPILOT_DATA_DIR: join(folder, 'data'),
  XDG_CONFIG_HOME: join(folder, 'config'),
};
writeFileSync(env.GIT_CONFIG_GLOBAL, '[user]\n\tname = Bench\n\temail = bench@example.org\n[gc]\n\tauto = 0\n');

const timed = (program: string, args: readonly string[]): number => {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(program, args, { cwd: project, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} exited ${String(status)}: ${stderr}`);
  return performance.now() - startedAt;
};
const git = (...args: string[]): number => timed('git', args);

cpSync('src', join(folder, 'project', 'src'), { recursive: true });
git('init', '--quiet');
git('add', '.');
git('commit', '--quiet', '-m', 'feat: begin');
for (let n = 0; n < 40; n++) git('commit', '--quiet', '--allow-empty', '-m', `feat: add part ${n}`);
timed(process.execPath, [bin, 'hooks', 'install']);
mkdirSync(join(folder, 'data'), { recursive: true });

const paths = spawnSync('git', ['ls-files', 'src'], { cwd: project, encoding: 'utf8' }).stdout.trim().split('\n');
let turn = 0;
/** Changes and stages files, about ten lines in each, differently each time. */
const stage = (count: number): void => {
  turn++;
  for (let n = 0; n < count; n++) {
    const path = join(project, paths[(n * 7 + turn) % paths.length] ?? '');
    mkdirSync(dirname(path), { recursive: true });
    const lines = Array.from(
      { length: 10 },
      (_, line) => `export const part${turn}Of${n}Line${line} = ${turn + line};`,
    );
    writeFileSync(path, `${readFileSync(path, 'utf8')}${lines.join('\n')}\n`);
  }
  git('add', '--all');
};

const node: number[] = [];
const samples: Record<string, number[]> = {};
const sample = (name: string, value: number): void => void (samples[name] ??= []).push(value);
for (let round = -1; round < rounds; round++) {
  const values: [string, () => number][] = [];
  node.push(timed(process.execPath, ['-e', '0']));
  for (const count of [1, 5, 30]) {
    values.push([
      `git commit without hooks, ${count} files`,
      () => (stage(count), git('commit', '-q', '--no-verify', '-m', 'feat: add')),
    ]);
    values.push([`hook pre-commit, ${count} files`, () => (stage(count), git('hook', 'run', 'pre-commit'))]);
    values.push([`hook pre-commit again, ${count} files`, () => git('hook', 'run', 'pre-commit')]);
    values.push([
      `git commit with hooks, ${count} files`,
      () => (stage(count), git('commit', '-q', '-m', 'feat: add')),
    ]);
  }
  // The first round warms the disk up.
  for (const [name, run] of values)
    if (round >= 0) sample(name, run());
    else run();
}

const base = median(node);
const targets: Record<string, number> = { 'hook pre-commit, 5 files': 300, 'hook pre-commit, 30 files': 700 };
const figures: Figure[] = Object.entries(samples).map(([name, values]) => ({
  name,
  value: median(values),
  unit: 'ms',
  note: `${(median(values) / base).toFixed(1)} × node -e 0`,
  ...(targets[name] === undefined ? {} : { target: targets[name], kind: 'most' as const }),
}));
console.log(
  `node ${process.version}, node -e 0: median ${base.toFixed(0)} ms, noise ±${((noise(node) * 100) / 2).toFixed(0)} %, ${rounds} rounds\n`,
);
printFigures(figures);
rmSync(folder, { recursive: true, force: true });
if (figures.some(({ value, target }) => target !== undefined && value > target)) process.exitCode = 1;
