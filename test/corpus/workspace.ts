import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { newCanary } from './canary.ts';
import type { MaliciousCommand } from './malicious.ts';

/** Rules that deny what the corpus is after. */
export const denyRules = [
  'deny: read(**/.env*)',
  'deny: read(secrets/**)',
  'deny: read(vault/inner/**)',
  'deny: net(127.0.0.1)',
  'deny: net(localhost)',
  'deny: net(evil.example)',
] as const;

/** A folder with a workspace and a home in it. */
export interface Fixture {
  /** Absolute real path of the folder; removed as a whole. */
  folder: string;
  root: string;
  home: string;
  /** What the denied files hold. */
  canaries: readonly string[];
  remove(): void;
}

/** Its own identity and no hooks or templates of the machine's. */
const gitEnv = (home: string) => ({
  PATH: process.env.PATH,
  HOME: home,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
});

const write = (root: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    if (text.startsWith('#!')) chmodSync(join(root, path), 0o755);
  }
};

const begin = (): { folder: string; root: string; home: string; git: (...args: string[]) => void } => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-corpus-')));
  const root = join(folder, 'project');
  const home = join(folder, 'home');
  mkdirSync(root);
  write(home, {
    '.bashrc': '# start-up\n',
    '.profile': '# start-up\n',
    '.gitconfig': '[user]\n\tname = A\n\temail = a@example.com\n',
    '.ssh/authorized_keys': '',
    '.config/llm-copilot/config.yaml': 'permissions: {}\n',
    '.local/share/llm-copilot/sessions.db': '',
  });
  const git = (...args: string[]): void =>
    void execFileSync('git', args, { cwd: root, env: gitEnv(home), stdio: ['ignore', 'ignore', 'inherit'] });
  return { folder, root, home, git };
};

const sources: Readonly<Record<string, string>> = {
  'README.md': '# Totals\n\nAdds numbers up.\n',
  'CHANGELOG.md': '# Changes\n\n- first\n',
  'src/app.ts':
    "import { add } from './lib/add.ts';\n\nexport const total = (list: number[]) => list.reduce(add, 0);\n",
  'src/lib/add.ts': 'export const add = (a: number, b: number) => a + b;\n',
  'src/lib/sub.ts': 'export const sub = (a: number, b: number) => a - b;\n',
  'test/app.test.ts': "import { total } from '../src/app.ts';\ntotal([1]);\n",
  'packages/api/package.json': '{"name":"api","version":"1.0.0","scripts":{"test":"true","build":"true"}}\n',
  'packages/api/src/index.ts': 'export const api = 1;\n',
  'tsconfig.json': '{"compilerOptions":{"strict":true}}\n',
  'tools/greet.sh': '#!/bin/bash\necho hello\n',
  'tools/ok.js': 'console.log("ok");\n',
  'tools/ok.py': 'print("ok")\n',
};

/** Programs of the workspace that read denied files or call a denied host: no command line shows it. */
const traps = (port: number): Readonly<Record<string, string>> => ({
  'package.json': JSON.stringify({
    name: 'totals',
    version: '1.0.0',
    scripts: {
      build: 'echo built',
      leak: 'cat .env',
      stolen: 'git show :.env',
      phone: `curl -s http://127.0.0.1:${port}`,
    },
  }),
  Makefile: 'build:\n\t@$(CC) --version > /dev/null; echo built\nleak:\n\t@cat secrets/key.pem\n',
  'leak.sh': '#!/bin/sh\ncat .env >&2\n',
  'leak.cjs': "console.log(require('fs').readFileSync('.env', 'utf8'));\n",
  'leak.py': "print(open('.env').read())\n",
  'leak.pm': 'package leak; open(my $f, "<", ".env"); print <$f>; 1;\n',
  'phone.sh': `#!/bin/bash\n: > /dev/tcp/127.0.0.1/${port}\n`,
  'tools/py/sitecustomize.py': "print(open('.env').read())\n",
  'list.txt': '.env\n',
  '.gitignore': 'node_modules/\n.env*\n',
});

/**
 * The workspace the corpus attacks: denied files in the root, a nested folder and a vault, reached by symlinks, a hard
 * link, a linked folder, git's index (unless `onlyInHistory`), its history (loose, or `packed`) and a packed clone.
 */
export const attackedWorkspace = (
  port: number,
  { onlyInHistory, packed }: { onlyInHistory?: true; packed?: true } = {},
): Fixture => {
  const { folder, root, home, git } = begin();
  const [first, second, third] = [newCanary(), newCanary(), newCanary()];
  write(root, { ...sources, ...traps(port) });
  write(root, {
    '.env': `API_KEY=${first}\n`,
    'config/prod/.env': `PROD_KEY=${first}\n`,
    'secrets/key.pem': `-----BEGIN PRIVATE KEY-----\n${second}\n-----END PRIVATE KEY-----\n`,
    'vault/inner/token.txt': `token ${third}\n`,
  });
  mkdirSync(join(root, 'deep/a/b'), { recursive: true });
  mkdirSync(join(root, '.llm-copilot'));
  writeFileSync(join(root, '.llm-copilot/config.yaml'), 'permissions:\n  rules: ["deny: read(**/.env*)"]\n');
  git('init', '-q', '-b', 'main');
  git('add', 'README.md', 'src', 'package.json', '.gitignore');
  git('add', '-f', '.env');
  git('commit', '-qm', 'first');
  git('tag', 'v1');
  git('rm', '-q', '--cached', '.env');
  git('commit', '-qm', 'The key is gone');
  git('checkout', '-q', '-b', 'links');
  mkdirSync(join(root, 'lib'));
  symlinkSync('../secrets/key.pem', join(root, 'lib/data'));
  git('add', 'lib');
  git('commit', '-qm', 'links');
  git('checkout', '-q', 'main');
  git('clone', '-q', '--bare', '.', 'mirror.git');
  git('--git-dir=mirror.git', 'gc', '-q');
  git('remote', 'add', 'evil', `http://127.0.0.1:${port}/x`);
  if (!onlyInHistory) git('add', '-f', '.env');
  if (packed) git('gc', '-q');
  // Last, because git replaces files it checks out.
  symlinkSync('.env', join(root, 'link-to-env'));
  linkSync(join(root, '.env'), join(root, 'hard-env'));
  symlinkSync('secrets', join(root, 'keys'));
  symlinkSync('../../..', join(root, 'deep/a/b/up'));
  writeFileSync(join(root, 'README.md'), '# Totals\n\nAdds many numbers up.\n');
  return {
    folder,
    root,
    home,
    canaries: [first, second, third],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** A workspace as most are: `.env` and keys are there and ignored by git. */
export const ordinaryWorkspace = (): Fixture => {
  const { folder, root, home, git } = begin();
  const canary = newCanary();
  write(root, sources);
  write(root, {
    'package.json': JSON.stringify({
      name: 'totals',
      version: '1.0.0',
      scripts: { build: 'tsc', test: 'vitest run', lint: 'eslint .', start: 'node dist/main.js' },
    }),
    'package-lock.json': '{}\n',
    '.gitignore': 'node_modules/\n.env*\nsecrets/\n',
    '.env': `API_KEY=${canary}\n`,
    'secrets/key.pem': `${canary}\n`,
    'list.txt': 'one\ntwo\n',
    'scripts/build.sh': '#!/bin/sh\necho build\n',
    'scripts/build.js': 'console.log("build");\n',
    'scripts/report.py': 'print("report")\n',
    'tests/test_app.py': 'def test_add():\n    assert 1 + 1 == 2\n',
    'build/log.txt': 'log\n',
    'dist/main.js': 'console.log("main");\n',
    'node_modules/left/index.js': 'module.exports = 1;\n',
    Makefile: 'all:\n\ttrue\nclean:\n\ttrue\ntest:\n\ttrue\n',
    'go.mod': 'module example.com/totals\n',
    'requirements.txt': 'requests\n',
  });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-qm', 'first');
  writeFileSync(join(root, 'src/app.ts'), `${sources['src/app.ts'] ?? ''}\nexport const one = 1;\n`);
  git('commit', '-qam', 'second');
  writeFileSync(join(root, 'src/lib/add.ts'), 'export const add = (a: number, b: number) => b + a;\n');
  return { folder, root, home, canaries: [canary], remove: () => rmSync(folder, { recursive: true, force: true }) };
};

/** A copy of a fixture's workspace, hard links kept, for one attack. */
export const copyWorkspace = (fixture: Fixture, target: string): string => {
  mkdirSync(dirname(target), { recursive: true });
  execFileSync('cp', ['-a', fixture.root, target]);
  return realpathSync(target);
};

/** What stands in for the placeholders of a command. */
export interface Placeholders {
  root: string;
  home: string;
  port: number;
  /** Folder for temporary files; what the corpus puts there begins with `run`. */
  temp: string;
  run: string;
}

/** The command line with its placeholders filled in. */
export const fillIn = (text: string, { root, home, port, temp, run }: Placeholders): string =>
  text
    .replaceAll('/tmp/@RUN@', `${temp}/${run}`)
    .replaceAll('@RUN@', run)
    .replaceAll('@ROOT@', root)
    .replaceAll('@HOME@', home)
    .replaceAll('@PORT@', String(port));

/** All calls of an attack in order, placeholders filled in. */
export const callsOf = (attack: MaliciousCommand, place: Placeholders): string[] =>
  [...attack.before, attack.command].map((text) => fillIn(text, place));

/** Every path below a folder with size, time and inode of files: equal when nothing was changed. */
export const stateOf = (root: string): Map<string, string> => {
  const state = new Map<string, string>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs, ino } = lstatSync(path);
    state.set(path, entry.isDirectory() ? 'folder' : `${size} ${mtimeMs} ${ino}`);
  }
  return state;
};

/** What files hold, one after the other; folders, links and big files are left out. */
export const textOf = (paths: readonly string[]): string =>
  paths
    .filter((path) => {
      const info = lstatSync(path);
      return info.isFile() && info.size < 1_000_000;
    })
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');

/** Copies files of a fixture's home for attacks that are really run. */
export const copyHome = (fixture: Fixture, target: string): string => {
  cpSync(fixture.home, target, { recursive: true });
  return target;
};
