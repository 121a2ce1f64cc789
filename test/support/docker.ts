import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

// No image is pulled: the tests run in one made of this machine's own programs.

/** What the image holds, as far as this machine has it. */
const programs = [
  ...['bash', 'dash', 'git', 'perl', 'busybox', 'xxd', 'ed', 'sed', 'grep', 'mawk', 'find', 'xargs', 'tar', 'gzip'],
  ...['cat', 'ls', 'cp', 'mv', 'rm', 'ln', 'mkdir', 'rmdir', 'mkfifo', 'mktemp', 'touch', 'chmod', 'chown', 'stat'],
  ...['head', 'tail', 'sort', 'uniq', 'wc', 'tr', 'cut', 'tee', 'dd', 'od', 'base64', 'sha256sum', 'seq', 'printf'],
  ...['echo', 'true', 'false', 'test', 'sleep', 'date', 'id', 'env', 'printenv', 'uname', 'hostname', 'readlink'],
  ...['realpath', 'dirname', 'basename', 'pwd', 'nohup', 'timeout', 'nice', 'setsid', 'kill', 'ps', 'yes', 'comm'],
  ...[
    'nproc',
    'expr',
    'split',
    'paste',
    'fold',
    'rev',
    'tac',
    'df',
    'du',
    'mount',
    'unshare',
    'nsenter',
    'diff',
    'cmp',
  ],
];
const timeoutMs = 60_000;

const run = (file: string, args: readonly string[], timeout = timeoutMs): string =>
  execFileSync(file, args, { encoding: 'utf8', timeout, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 });

const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** Where the machine's own programs are: version managers put shims in front of them. */
const folders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
const find = (name: string): string | undefined => folders.map((folder) => join(folder, name)).find(existsSync);

const named = (): boolean => (process.env.LLM_COPILOT_TEST_SANDBOXES ?? '').split(',').includes('docker');

let available: boolean | undefined;

/**
 * True when a Docker engine answers within five seconds: the tests that need one run. Always true when
 * `LLM_COPILOT_TEST_SANDBOXES` names docker, so that they fail instead of skipping.
 */
export const dockerAvailable = (): boolean =>
  (available ??=
    named() ||
    (process.platform === 'linux' &&
      attempt(() => run('docker', ['version', '--format', '{{.Server.Version}}'], 5000)) !== undefined));

/** The program and every library it loads, as ldd names them. */
const withLibraries = (path: string): string[] => {
  const listed = attempt(() => run('ldd', [path])) ?? '';
  return [path, ...[...listed.matchAll(/(?:=>\s*|^\s+)(\/\S+)/gm)].map((found) => found[1] ?? '')].filter(existsSync);
};

/** `/lib` and `/bin` are links into `/usr` in the image, whatever they are here. */
const inImage = (path: string): string => (path.startsWith('/usr/') ? path : `/usr${path}`);

const build = (tag: string, found: readonly string[]): void => {
  const stage = mkdtempSync(join(tmpdir(), 'llm-copilot-image-'));
  const copy = (from: string, to: string): void => {
    mkdirSync(dirname(join(stage, to)), { recursive: true });
    run('cp', ['-rL', from, join(stage, to)]);
  };
  try {
    for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
      mkdirSync(join(stage, 'usr', folder), { recursive: true });
      symlinkSync(`usr/${folder}`, join(stage, folder));
    }
    for (const folder of ['tmp', 'proc', 'sys', 'dev', 'etc', 'root', 'run']) mkdirSync(join(stage, folder));
    const node = realpathSync(process.execPath);
    const files = new Map<string, string>();
    for (const path of found) {
      const [program = path, ...libraries] = withLibraries(path);
      files.set(`/usr/bin/${basename(program)}`, program);
      for (const library of libraries) files.set(inImage(library), library);
    }
    for (const library of withLibraries(node).slice(1)) files.set(inImage(library), library);
    files.set('/usr/bin/node', node);
    for (const [to, from] of files) copy(from, to);
    symlinkSync('dash', join(stage, 'usr/bin/sh'));
    if (files.has('/usr/bin/mawk')) symlinkSync('mawk', join(stage, 'usr/bin/awk'));
    if (existsSync('/usr/share/git-core/templates'))
      copy('/usr/share/git-core/templates', '/usr/share/git-core/templates');
    writeFileSync(
      join(stage, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/sh\n',
    );
    writeFileSync(join(stage, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
    // The owner and the mode of the root folder are those of the stage: everybody must be able to look into it.
    run('sh', [
      '-c',
      'chmod 755 "$1" && chmod 1777 "$1/tmp" && tar -C "$1" --numeric-owner --owner=0 --group=0 -cf - . | docker import - "$2"',
      'sh',
      stage,
      tag,
    ]);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
};

let image: string | undefined;

/**
 * An image with bash, sh, git, node and the usual small programs of this machine, built when it is not there yet.
 * Undefined without an engine. @throws when it cannot be built within a minute.
 */
export const testImage = (): string | undefined => {
  if (!dockerAvailable()) return undefined;
  if (image !== undefined) return image;
  const found = programs.map(find).filter((path) => path !== undefined);
  const stamp = [realpathSync(process.execPath), ...found].map((path) => {
    const { size, mtimeMs } = statSync(path);
    return `${path} ${size} ${mtimeMs}`;
  });
  // Another recipe makes another image.
  stamp.push(readFileSync(import.meta.filename, 'utf8'));
  const hash = createHash('sha256').update(stamp.join('\n')).digest('hex').slice(0, 12);
  const tag = `llm-copilot-test:${hash}`;
  if (attempt(() => run('docker', ['image', 'inspect', tag], 10_000)) === undefined) build(tag, found);
  return (image = tag);
};
