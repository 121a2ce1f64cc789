// The index of code: first, unchanged, after one change; and the map made from it.
// Alone: node .ci/run-ts.js test/bench/code-index.ts [files]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { codeMap } from '../../src/engine/code-map/code-map.ts';
import { codeReferences } from '../../src/host/code-index/reference-graph.ts';
import { openCodeStore } from '../../src/host/code-index/store.ts';
import { updateIndex } from '../../src/host/code-index/update.ts';
import { median, printFigures, type Figure } from './measure.ts';

const texts = /\.(?:[mc]?[jt]sx?|md|py|go|rs|java|cs|cc|cpp|c|h|rb|php|sh|css|ya?ml|json)$/;
const smallest = 300;
const largest = 60_000;

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && texts.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const { size } = statSync(path);
      return size >= smallest && size <= largest;
    })
    .sort();

/** Every copy has identifiers of its own, as other projects have. */
const suffixes = ['', 'Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon', 'Zeta', 'Eta', 'Theta', 'Iota', 'Kappa', 'Lambda'];
const renamed = (text: string, copy: number): string => {
  const suffix = suffixes[copy % suffixes.length] ?? '';
  return suffix === '' ? text : text.replace(/\b[A-Za-z]+[a-z][A-Z]\w*\b/g, (name) => name + suffix);
};

/** A repository made of this project's own files and of texts of what it depends on, copied as often as needed. */
export const makeTree = (root: string, files: number): number => {
  const own = ['src', 'plugins', 'test', 'templates'].flatMap(filesBelow);
  const others = filesBelow('node_modules');
  // As many of others as of our own: real repositories are of many hands, but declarations are not most of them.
  const step = Math.max(1, Math.floor(others.length / own.length));
  const sources = [...own, ...others.filter((_, at) => at % step === 0)];
  let bytes = 0;
  for (let file = 0; file < files; file += 1) {
    const copy = Math.floor(file / sources.length);
    const source = sources[file % sources.length] ?? '';
    const path = join(root, `package-${copy}`, source.replaceAll('node_modules', 'others'));
    const text = renamed(readFileSync(source, 'utf8'), copy);
    bytes += Buffer.byteLength(text);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, 1_700_000_000 + file, 1_700_000_000 + file);
  }
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-c', 'user.email=a@b.c', '-c', 'user.name=n', ...args], { cwd: root, stdio: 'ignore' });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'Everything');
  return bytes;
};

/** What nobody can do without: reading every file and hashing it. */
const readAndHash = (root: string): number => {
  const startedAt = performance.now();
  const paths = execFileSync('git', ['ls-files', '-z'], { cwd: root, maxBuffer: 1 << 28 })
    .toString()
    .split('\0');
  for (const path of paths)
    if (path !== '')
      createHash('sha1')
        .update(readFileSync(join(root, path)))
        .digest();
  return performance.now() - startedAt;
};

/** Figures of an index of so many files. */
export const codeIndexFigures = async (folder: string, files = 10_000): Promise<Figure[]> => {
  const root = join(folder, 'tree');
  const path = join(folder, 'index', 'code.db');
  mkdirSync(root, { recursive: true });
  const bytes = makeTree(root, files);
  const { signal } = new AbortController();
  /** As a new process does it, but for loading the program. */
  const update = async () => {
    const startedAt = performance.now();
    const store = openCodeStore({ path, root });
    const report = await updateIndex(store, { signal });
    const ms = performance.now() - startedAt;
    store.close();
    return { ms, report };
  };
  const plain = readAndHash(root);
  const cpuBefore = process.cpuUsage();
  const first = await update();
  const cpu = process.cpuUsage(cpuBefore);
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  const unchanged: number[] = [];
  for (let round = 0; round < 9; round += 1) unchanged.push((await update()).ms);
  const changed: number[] = [];
  const target = readdirSync(join(root, 'package-0', 'src'), { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && extname(entry.name) === '.ts',
  );
  const targetPath = join(target?.parentPath ?? '', target?.name ?? '');
  for (let round = 0; round < 9; round += 1) {
    appendFileSync(targetPath, `export const added${round} = ${round};\n`);
    const { ms, report } = await update();
    if (report.changed !== 1) throw new Error(`${report.changed} files changed, not 1`);
    changed.push(ms);
  }
  const store = openCodeStore({ path, root });
  const mapping: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const startedAt = performance.now();
    codeMap(codeReferences(store.database()), { tokens: 1000 });
    mapping.push(performance.now() - startedAt);
  }
  store.close();
  const { report } = first;
  const most = 'most' as const;
  return [
    {
      name: `first index of ${files} files`,
      value: first.ms / 1000,
      unit: 's',
      target: 60,
      kind: most,
      note: `${(bytes / 1e6).toFixed(0)} MB, ${report.chunks} chunks, CPU ${((cpu.user + cpu.system) / 1e6).toFixed(1)} s`,
    },
    { name: 'the same, files per second', value: (1000 * files) / first.ms, unit: '/s' },
    { name: 'the same, as a multiple of reading and hashing them', value: first.ms / plain, unit: '×' },
    { name: 'the same, peak memory', value: peakRssMb, unit: 'MB' },
    {
      name: 'size of the index',
      value: statSync(path).size / 1e6,
      unit: 'MB',
      note: `${((100 * statSync(path).size) / bytes).toFixed(0)} % of the texts`,
    },
    { name: `check of ${files} unchanged files`, value: median(unchanged), unit: 'ms', target: 1000, kind: most },
    { name: 'the same, as a multiple of reading and hashing them', value: median(unchanged) / plain, unit: '×' },
    { name: 'the same with one changed file', value: median(changed), unit: 'ms', target: 1000, kind: most },
    { name: `map of ${files} files`, value: median(mapping), unit: 'ms', target: 1000, kind: most },
  ];
};

if (basename(process.argv[1] ?? '') === 'test-bench-code-index.js') {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-bench-')));
  try {
    printFigures(await codeIndexFigures(folder, Number(process.argv[2] ?? 10_000)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
