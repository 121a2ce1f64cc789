import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openUndoStore } from '../../../src/host/undo/undo-store.ts';

/** A stream of numbers from 0 up to below 1 that a seed determines. */
export const random = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Undefined when it fails: somebody without root's rights may not look everywhere. */
const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** Everything below a folder as text: path, type, mode, and content or target. Names are bytes. */
export const picture = (root: string, without: readonly string[] = []): string[] => {
  const lines: string[] = [];
  const look = (path: Buffer, name: string): void => {
    const info = attempt(() => lstatSync(path));
    if (!info) return;
    const mode = (info.mode & 0o7777).toString(8);
    if (info.isSymbolicLink()) lines.push(`${name} -> ${readlinkSync(path, 'buffer').toString('hex')}`);
    else if (info.isDirectory()) {
      lines.push(`${name}/ ${mode}`);
      for (const child of attempt(() => readdirSync(path, { encoding: 'buffer' })) ?? []) {
        const at = name === '' ? child.toString('latin1') : `${name}/${child.toString('latin1')}`;
        if (!without.includes(at)) look(Buffer.concat([path, Buffer.from('/'), child]), at);
      }
    } else if (info.isFile()) lines.push(`${name} ${mode} ${attempt(() => readFileSync(path).toString('hex'))}`);
    else lines.push(`${name} special`);
  };
  look(Buffer.from(root), '');
  return lines.sort();
};

const names = [
  'a',
  'b.txt',
  'c.js',
  'README.md',
  'with space',
  'new\nline',
  'quote\'s "x"',
  '-dash',
  '*',
  '.hidden',
  '.gitignore',
  '.gitattributes',
  'back\\slash',
  Buffer.from('žluťoučký').toString('latin1'),
  Buffer.from('日本').toString('latin1'),
  '\xff\xfe bytes',
  '\xc3',
  'e\xcc\x81',
];
const folders = [
  'src',
  'lib',
  'deep',
  'empty',
  'with space.d',
  Buffer.from('Ünï').toString('latin1'),
  '\xfe.d',
  'n\nl',
];
const fileModes = [0o644, 0o755, 0o600, 0o444, 0o400, 0o000, 0o664, 0o4755, 0o777];
const folderModes = [0o755, 0o700, 0o555, 0o2775, 0o1777, 0o750];
const contents = [
  '',
  'one\n',
  'one\r\ntwo\r\n',
  'x = 1\ny = 2\nz = 3\n',
  '* text=auto eol=lf\n*.js filter=upper ident\n',
  '*\n!keep\n',
  '$Id$\n',
  '\0\x01\x02binary\xff',
  'no newline at the end',
];

/** A random folder and random shell programs for it; the seed determines both. */
export interface Scene {
  root: string;
  dataDir: string;
  /** A random program, one character per byte. */
  program(mostLines?: number): string;
  /** Runs one in the root. */
  run(script: string): void;
  close(): void;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Makes a scene. */
export const scene = (next: () => number): Scene => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'undo-scene-')));
  const root = join(base, 'work');
  mkdirSync(root);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const bytes = (path: string): Buffer => Buffer.from(join(root, '') + path, 'latin1');
  const dirs = [''];
  const files: string[] = [];
  const inside = (dir: string, name: string): string => (dir === '' ? name : `${dir}/${name}`);
  const works = (work: () => unknown): boolean => attempt(() => [work()]) !== undefined;
  const content = (): Buffer =>
    Buffer.from(next() < 0.1 ? pick(contents).repeat(20_000) : pick(contents) + pick(contents), 'latin1');
  for (let count = 2 + Math.floor(next() * 5); count > 0; count -= 1) {
    const path = inside(pick(dirs), pick(folders));
    if (works(() => mkdirSync(bytes(`/${path}`)))) dirs.push(path);
  }
  for (let count = 3 + Math.floor(next() * 12); count > 0; count -= 1) {
    const path = inside(pick(dirs), pick(names));
    if (works(() => writeFileSync(bytes(`/${path}`), content(), { flag: 'wx' }))) files.push(path);
  }
  for (let count = Math.floor(next() * 5); count > 0; count -= 1) {
    const path = inside(pick(dirs), `link${count}`);
    const target = pick(['nowhere', `link${count}`, pick(dirs) || '.', `../${pick(folders)}`, pick(names), '.']);
    if (works(() => symlinkSync(Buffer.from(target, 'latin1'), bytes(`/${path}`)))) files.push(path);
  }
  const env = {
    PATH: process.env.PATH,
    HOME: base,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'T',
    GIT_AUTHOR_EMAIL: 't@example.invalid',
    GIT_COMMITTER_NAME: 'T',
    GIT_COMMITTER_EMAIL: 't@example.invalid',
  };
  const sh = (script: string): void => {
    const path = join(base, 'program.sh');
    writeFileSync(path, Buffer.from(script, 'latin1'));
    attempt(() => execFileSync('sh', [path], { cwd: root, env, stdio: 'ignore', timeout: 20_000 }));
  };
  const commitIn = (dir: string): string =>
    `(cd ${quote(`./${dir}`)} && git init -q . && git add -A . && git commit -qm x)`;
  if (next() < 0.4 && dirs.length > 1) sh(commitIn(dirs[1] ?? ''));
  if (next() < 0.2) sh(commitIn(''));
  // What could never be read cannot be brought back; root reads everything.
  const startModes = process.getuid?.() === 0 ? fileModes : fileModes.filter((one) => one !== 0);
  for (const path of files)
    if (next() < 0.4 && !lstatSync(bytes(`/${path}`)).isSymbolicLink()) chmodSync(bytes(`/${path}`), pick(startModes));
  for (const path of dirs) if (next() < 0.3) chmodSync(bytes(`/${path}`), pick(folderModes));

  const file = (): string => quote(`./${pick(next() < 0.85 && files.length > 0 ? files : names)}`);
  const dir = (): string => quote(`./${pick(next() < 0.85 ? dirs : folders)}`);
  const fresh = (): string => quote(`./${inside(pick(dirs), pick(next() < 0.5 ? names : folders))}`);
  const mode = (): string => pick(next() < 0.6 ? fileModes : folderModes).toString(8);
  const commands: (() => string)[] = [
    () => `rm -f ${file()}`,
    () => `rm -rf ${dir()}/*`,
    () => (next() < 0.5 ? `rm -rf ${quote(`./${pick(folders)}`)}` : `rmdir ${dir()}`),
    () => `mv ${file()} ${fresh()}`,
    () => `mv ${dir()} ${fresh()}`,
    () => `mv -T ${dir()} ${fresh()}`,
    () => `cp ${file()} ${fresh()}`,
    () => `cp -a ${dir()} ${fresh()}`,
    () => `chmod ${mode()} ${file()}`,
    () => `chmod ${mode()} ${dir()}`,
    () => `chmod -R u+rw,g-x ${dir()}`,
    () => `ln -s ${quote(pick([...names, ...folders, 'nowhere']))} ${fresh()}`,
    () => `ln -sfn ${quote(pick(folders))} ${file()}`,
    () => `ln ${file()} ${fresh()}`,
    () => `sed -i s/o/0/g ${file()}`,
    () => `truncate -s ${Math.floor(next() * 5000)} ${file()}`,
    () => `mkdir -p ${fresh()}/${quote(pick(folders))}`,
    () => `mkdir ${fresh()}`,
    () => `printf 'a\\r\\nb\\n' > ${fresh()}`,
    () => `echo more >> ${file()}`,
    () => `: > ${file()}`,
    () => `touch ${fresh()}`,
    () => `rm -rf ${file()}; mkdir ${file()}`,
    () => `rm -rf ${dir()}; echo file > ${dir()}`,
    () => `find . -path ./.git -prune -o -name 'a*' -exec rm -rf {} +`,
    () => `tar cf ${fresh()} ${file()}`,
    () => commitIn(dirs.length > 1 ? pick(dirs.slice(1)) : 'src'),
    () => `chmod ${pick(folderModes).toString(8)} .`,
    () => `rm -rf ${dir()}/.git`,
    () => `dd if=/dev/zero of=${fresh()} bs=1k count=${Math.floor(next() * 40)}`,
  ];
  return {
    root,
    dataDir: join(base, 'data'),
    program: (mostLines = 10) =>
      Array.from({ length: 1 + Math.floor(next() * mostLines) }, () => pick(commands)()).join('\n'),
    run: sh,
    close: () => {
      execFileSync('chmod', ['-R', 'u+rwx', base]);
      rmSync(base, { recursive: true, force: true });
    },
  };
};

const differences = (before: readonly string[], after: readonly string[]): string[] => {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `missing ${JSON.stringify(line.slice(0, 200))}`),
    ...after.filter((line) => !was.has(line)).map((line) => `too much ${JSON.stringify(line.slice(0, 200))}`),
  ];
};

/**
 * One to three random programs with snapshots around each, then everything back – at once, or step by step – and forth
 * again. Gives what went wrong, empty when every state came back to the byte.
 */
export const tryCase = async (seed: number): Promise<string[]> => {
  const next = random(seed);
  const stage = scene(next);
  const open = () => openUndoStore({ root: stage.root, dataDir: stage.dataDir });
  let store = open();
  const problems: string[] = [];
  const look = (): string[] => picture(stage.root, ['.git']);
  try {
    const steps: { before: string; after: string; script: string; was: string[] }[] = [];
    for (let count = 1 + Math.floor(next() * 3); count > 0; count -= 1) {
      const was = look();
      const before = await store.snapshot();
      const script = stage.program();
      stage.run(script);
      steps.push({ before, after: await store.snapshot(), script, was });
      if (next() < 0.3) {
        await store.close();
        store = open();
      }
    }
    const last = look();
    const back = steps.toReversed();
    const takeBack = async (ranges: typeof steps, expected: readonly string[], what: string): Promise<void> => {
      const { snapshot } = await store.now(ranges);
      const plan = await store.plan(ranges, snapshot);
      for (const { path, why } of plan.conflicts) problems.push(`${what}: conflict ${path} ${why}`);
      await store.restore(plan);
      problems.push(...differences(expected, look()).map((line) => `${what}: ${line}`));
    };
    const first = steps[0]?.was ?? [];
    const start = await store.snapshot();
    if (next() < 0.5) await takeBack(back, first, 'all at once');
    else for (const step of back) await takeBack([step], step.was, 'step by step');
    const undone = await store.snapshot();
    await takeBack([{ before: start, after: undone, script: '', was: last }], last, 'forth again');
    if (problems.length > 0) problems.unshift(`seed ${seed}`, ...steps.map((step) => step.script));
  } catch (error) {
    problems.push(`seed ${seed}`, String(error instanceof Error ? error.stack : error));
  } finally {
    await store.close();
    stage.close();
  }
  return problems;
};
