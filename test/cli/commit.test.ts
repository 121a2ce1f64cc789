// `llm-copilot commit` with real git: what is committed, what stops it, and that nothing else changes.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import builtins from '../../plugins/index.ts';
import { main } from '../../src/cli/main.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';
import { wireServer, type Script, type WireServer } from '../support/wire/wire-server.ts';

interface Told {
  message: string;
  committed: boolean;
  hash: string | null;
  type: string;
  candidates: string[];
}

const awsKey = ['AKIA', 'QYLPMN5HHHFPZAM2'].join('');
const source = 'export const upload = (file) => send(file);\n';
const withRetry = `${source}\nexport const retryUpload = (file, times) => upload(file, times);\n`;

describe('commit', () => {
  let harness: ReturnType<typeof cliHarness>;
  let project: TempProject;
  beforeEach(() => {
    harness = cliHarness();
    writeFileSync(
      join(harness.home, '.gitconfig'),
      '[user]\n  name = Test\n  email = test@example.invalid\n[commit]\n  gpgsign = false\n[protocol "file"]\n  allow = always\n',
    );
    project = tempProject({ 'src/upload.js': source, 'README.md': '# Uploads\n' });
  });
  afterEach(() => {
    project.close();
    harness.close();
  });
  const commit = (args: string[] = [], options: Parameters<typeof harness.cli>[1] = {}) =>
    harness.cli(['commit', ...args], { cwd: project.root, ...options });
  const stage = (path: string, content: string): void => {
    project.write(path, content);
    project.git('add', '--', path);
  };
  const lastMessage = (): string => project.git('log', '-1', '--format=%B').trim();
  const count = (): string => project.git('rev-list', '--count', 'HEAD').trim();
  /** Index, work tree and HEAD, so that a test can say that nothing moved. */
  const state = (): string =>
    [
      project.git('status', '--porcelain=v2', '--branch'),
      project.git('ls-files', '--stage'),
      project.git('stash', 'list'),
    ].join('\n');
  const hook = (name: string, script: string): void => {
    const path = join(project.root, '.git', 'hooks', name);
    mkdirSync(join(project.root, '.git', 'hooks'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  const printed = async (...args: string[]): Promise<string> => {
    const ran = await commit(['--print', ...args]);
    expect(ran).toMatchObject({ code: 0 });
    return ran.stdout;
  };

  test('commits what is staged with a message about it, and only that', async () => {
    stage('src/upload.js', withRetry);
    project.write('README.md', '# Other\n');
    const ran = await commit();
    expect(ran.code).toBe(0);
    expect(lastMessage()).toBe('feat: add retryUpload');
    expect(project.git('status', '--porcelain')).toBe(' M README.md\n');
    expect(ran.stderr).toContain('only new definitions');
  });

  test('--print and --dry-run print the message and change nothing', async () => {
    stage('src/upload.js', withRetry);
    const before = state();
    expect(await printed()).toBe('feat: add retryUpload\n');
    expect((await commit(['--dry-run'])).stdout).toBe('feat: add retryUpload\n');
    expect(state()).toBe(before);
  });

  test('--json prints one object and commits', async () => {
    stage('src/upload.js', withRetry);
    const { stdout, code } = await commit(['--json']);
    const told = JSON.parse(stdout) as Told;
    expect(code).toBe(0);
    expect(told).toMatchObject({ committed: true, type: 'feat', hash: project.git('rev-parse', 'HEAD').trim() });
    expect(told.candidates).toHaveLength(3);
  });

  test('--type, --scope, --no-body and --candidates are obeyed', async () => {
    stage('src/upload.js', withRetry);
    expect(await printed('--type', 'perf', '--scope', 'net')).toMatch(/^perf\(net\): /);
    expect((await commit(['--type', 'feet'])).stderr).toContain('Did you mean "feat"?');
    expect((await commit(['-n', '12'])).code).toBe(2);
    const { stdout } = await commit(['--print', '--json', '-n', '2']);
    expect((JSON.parse(stdout) as Told).candidates).toHaveLength(2);
  });

  test('-m with a message of one’s own says what it is for', async () => {
    stage('src/upload.js', withRetry);
    const ran = await commit(['-m', 'fix: my words']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('git commit -m');
  });

  test('nothing staged is exit 2, with what to do; so is --all without a change', async () => {
    const ran = await commit();
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr).toContain('--all');
    project.write('new.js', source);
    expect((await commit(['--all'])).code).toBe(2);
    expect(count()).toBe('1');
  });

  test('--all takes tracked files, staged or not, and no untracked ones', async () => {
    project.write('src/upload.js', withRetry);
    project.write('untracked.js', source);
    stage('added.js', 'export const added = 1;\n');
    const before = state();
    const message = await printed('--all');
    expect(message).toContain('retryUpload');
    expect(message).not.toContain('untracked');
    expect(state()).toBe(before);
    expect((await commit(['-a'])).code).toBe(0);
    expect(project.git('show', '--name-only', '--format=', 'HEAD').trim().split('\n')).toEqual([
      'added.js',
      'src/upload.js',
    ]);
    expect(project.git('status', '--porcelain')).toBe('?? untracked.js\n');
  });

  test('--amend writes the last commit anew, with what is staged', async () => {
    stage('src/upload.js', withRetry);
    project.git('commit', '-qm', 'wip');
    stage('README.md', '# Uploads\n\n## Retries\n');
    const ran = await commit(['--amend']);
    expect(ran.code).toBe(0);
    expect(count()).toBe('2');
    expect(lastMessage()).toContain('retryUpload');
    expect(project.git('show', '--name-only', '--format=', 'HEAD').trim().split('\n')).toEqual([
      'README.md',
      'src/upload.js',
    ]);
  });

  test('a hook can refuse: exit 1, what it said is shown, nothing is committed or lost', async () => {
    hook('pre-commit', 'echo "no tabs please" >&2; exit 1');
    stage('src/upload.js', withRetry);
    const before = state();
    const ran = await commit();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('no tabs please');
    expect(state()).toBe(before);
  });

  test('hooks see the message and may change it', async () => {
    hook('commit-msg', 'printf "\\nChecked-by: hook\\n" >> "$1"');
    stage('src/upload.js', withRetry);
    expect((await commit()).code).toBe(0);
    expect(lastMessage()).toBe('feat: add retryUpload\n\nChecked-by: hook');
  });

  test('--edit opens git’s editor with the message, and an empty one stops the commit', async () => {
    stage('src/upload.js', withRetry);
    const empty = await commit(['--edit'], { env: { GIT_EDITOR: 'true >' } });
    expect(empty.code).toBe(1);
    expect(count()).toBe('1');
    const ran = await commit(['--edit'], { env: { GIT_EDITOR: 'sed -i s/retryUpload/retries/' } });
    expect(ran.code).toBe(0);
    expect(lastMessage()).toBe('feat: add retries');
  });

  test('--signoff adds the trailer', async () => {
    stage('src/upload.js', withRetry);
    await commit(['--signoff']);
    expect(lastMessage()).toContain('Signed-off-by: Test <test@example.invalid>');
  });

  test('a secret on a staged line stops it with exit 4, named by file and line and not shown', async () => {
    stage('src/keys.js', `// keys\nexport const key = '${awsKey}';\n`);
    const before = state();
    const ran = await commit(['--json']);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('src/keys.js:2');
    expect(ran.stdout + ran.stderr).not.toContain(awsKey);
    expect(state()).toBe(before);
  });

  test('a secret somebody gave a reason for does not stop it, in the list of the project or beside the line', async () => {
    project.write('made-up.js', `const key = '${awsKey}'; // llm-copilot-ignore secret: of an example\n`);
    project.git('add', '--all');
    expect((await commit(['--print'])).code).toBe(0);
    project.write('test/key.js', `const key = '${awsKey}';\n`);
    project.git('add', '--all');
    expect((await commit(['--print'])).code).toBe(4);
    project.write('.llm-copilot/review-ignore.yaml', '- { rule: secret, path: test/**, reason: made up }\n');
    expect((await commit(['--print'])).code).toBe(0);
    project.write('.llm-copilot/review-ignore.yaml', '- { rule: secret, path: test/** }\n');
    expect((await commit(['--print'])).code).toBe(3);
  });

  test('a secret that only --all would take stops it too, and so does one in the commit that is amended', async () => {
    project.write('src/upload.js', `${source}const key = '${awsKey}';\n`);
    const before = state();
    expect((await commit(['--all'])).code).toBe(4);
    expect(state()).toBe(before);
    project.git('commit', '-qam', 'wip');
    expect((await commit(['--amend'])).code).toBe(4);
  });

  test('a secret in a file that git takes for binary stops it, and a token in the name of one, which is not told', async () => {
    project.write('.gitattributes', '*.dat -diff\n');
    stage('a.dat', `x = 1\naws = '${awsKey}'\n`);
    const { code, stderr } = await commit(['--no-model']);
    expect(code).toBe(4);
    expect(stderr).toContain('a.dat:2');
    project.git('rm', '-q', '--cached', 'a.dat');
    stage(`notes-${awsKey}.txt`, 'text\n');
    const named = await commit(['--no-model']);
    expect(named.code).toBe(4);
    expect(named.stderr).toContain('in the name of the file');
    expect(named.stderr).not.toContain(awsKey);
    expect(count()).toBe('1');
  });

  test('the message is said to be kept only where git has written it', async () => {
    stage('src/upload.js', withRetry);
    hook('pre-commit', 'exit 1');
    project.git('config', 'commit.cleanup', 'no-such-mode');
    const refused = await commit(['--no-model']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Nothing was committed.');
    expect(refused.stderr).not.toContain('COMMIT_EDITMSG');
    project.git('config', '--unset', 'commit.cleanup');
    hook('pre-commit', 'exit 0');
    hook('commit-msg', 'exit 1');
    expect((await commit(['--no-model'])).stderr).toContain('COMMIT_EDITMSG');
  });

  test('a new .env is a secret by its name; a secret that goes away is none', async () => {
    stage('.env', 'PORT=3000\n');
    const ran = await commit();
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('.env');
    project.git('rm', '-q', '--cached', '-f', '.env');
    stage('src/keys.js', `const key = '${awsKey}';\n`);
    project.git('commit', '-qm', 'oops');
    stage('src/keys.js', 'const key = process.env.KEY;\n');
    expect((await commit()).code).toBe(0);
  });

  test('the first commit has a message too', async () => {
    const fresh = tempProject({}, { git: false });
    try {
      fresh.git('init', '-q', '-b', 'main');
      fresh.write('src/a.js', source);
      fresh.git('add', '.');
      const ran = await commit([], { cwd: fresh.root });
      expect(ran.code).toBe(0);
      expect(fresh.git('log', '--format=%s').trim()).toMatch(/^\w+: add upload$/);
      expect((await commit(['--amend'], { cwd: fresh.root })).code).toBe(0);
    } finally {
      fresh.close();
    }
  });

  test('commits on a detached HEAD and from a folder below', async () => {
    project.git('checkout', '-q', '--detach');
    stage('src/upload.js', withRetry);
    expect((await commit([], { cwd: join(project.root, 'src') })).code).toBe(0);
    expect(lastMessage()).toBe('feat: add retryUpload');
  });

  test('the branch’s issue is a footer', async () => {
    project.git('checkout', '-q', '-b', 'feature/ABC-42-retry');
    stage('src/upload.js', withRetry);
    expect(await printed()).toBe('feat: add retryUpload\n\nRefs: ABC-42\n');
  });

  test('conflicts are named; a merge keeps git’s own message', async () => {
    project.git('checkout', '-q', '-b', 'side');
    stage('README.md', '# Side\n');
    project.git('commit', '-qm', 'side');
    project.git('checkout', '-q', 'main');
    stage('README.md', '# Main\n');
    project.git('commit', '-qm', 'main');
    expect(() => project.git('merge', '-q', 'side')).toThrow();
    const before = state();
    const refused = await commit();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('README.md');
    expect((await commit(['--all'])).code).toBe(2);
    expect(state()).toBe(before);
    stage('README.md', '# Both\n');
    expect((await commit(['--amend'])).code).toBe(2);
    expect((await commit()).code).toBe(0);
    expect(lastMessage()).toBe("Merge branch 'side'");
    expect(project.git('log', '-1', '--format=%P').trim().split(' ')).toHaveLength(2);
  });

  test.each<[what: string, change: () => void, message: RegExp]>([
    ['a renamed file', () => project.git('mv', 'src/upload.js', 'src/send.js'), /: rename upload\.js to send\.js\n$/],
    [
      'a moved file',
      () => (mkdirSync(join(project.root, 'lib')), project.git('mv', 'src/upload.js', 'lib/upload.js')),
      /: move upload\.js to lib\n$/,
    ],
    ['a removed file', () => project.git('rm', '-q', 'README.md'), /: remove README\.md\n$/],
    ['a mode', () => project.git('update-index', '--chmod=+x', 'src/upload.js'), /: make upload\.js executable\n$/],
    [
      'a binary file',
      () => (
        writeFileSync(join(project.root, 'logo.png'), Buffer.from([137, 80, 78, 71, 0, 1, 2, 0])),
        project.git('add', '.')
      ),
      /: add logo\.png\n$/,
    ],
    [
      'a lockfile',
      () => stage('package-lock.json', '{ "lockfileVersion": 3 }\n'),
      /^build(?:\(deps\))?: update the lockfile\n$/,
    ],
    ['CRLF', () => stage('src/upload.js', withRetry.replaceAll('\n', '\r\n')), /^\w+: [^\r]*upload\n$/i],
    ['an empty file', () => stage('src/empty.js', ''), /: add empty\.js\n$/],
  ])('%s alone has a message', async (_what, change, message) => {
    change();
    expect(await printed()).toMatch(message);
    expect((await commit()).code).toBe(0);
  });

  test('a submodule has a message', async () => {
    const other = tempProject({ 'x.js': source });
    try {
      project.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.root, 'vendored');
      project.git('commit', '-qm', 'submodule');
      other.write('x.js', withRetry);
      other.git('commit', '-qam', 'more');
      project.git('-C', 'vendored', 'pull', '-q');
      project.git('add', 'vendored');
      expect(await printed()).toMatch(/: update submodule vendored\n$/);
    } finally {
      other.close();
    }
  });

  test('names with line breaks, escapes and other scripts keep the message whole', async () => {
    stage('a\nBREAKING CHANGE: no\n.js', source);
    stage('größe – 大.js', source);
    stage('\u001b[31mred.js', source);
    const message = await printed();
    expect(message.split('\n')[0]).toMatch(/^\w+: /);
    expect(message).not.toContain('\u001b');
    expect(message).not.toMatch(/^BREAKING/m);
    expect((await commit()).code).toBe(0);
    expect(lastMessage()).toBe(message.trim());
  });

  test('a diff of 100,000 lines has a message, and a secret in it is found', async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `export const value${index} = ${index};`);
    stage('src/big.js', `${lines.join('\n')}\n`);
    expect(await printed()).toMatch(/: add big\.js\n$/);
    lines[90_000] = `const key = '${awsKey}';`;
    stage('src/big.js', `${lines.join('\n')}\n`);
    const ran = await commit();
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('src/big.js:90001');
  });

  test('outside of a repository is exit 2', async () => {
    const ran = await commit([], { cwd: harness.home });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('git init');
  });

  describe('in a terminal', () => {
    const inTerminal = async (
      answers: string[],
      args: string[] = [],
      env: Record<string, string> = {},
      meanwhile: () => void = () => undefined,
    ) => {
      let said = '';
      const stdin = Object.assign(new PassThrough(), { isTTY: true });
      const stderr = Object.assign(
        new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            said += chunk.toString();
            if (chunk.toString().includes('Commit with which one?')) {
              meanwhile();
              const answer = answers.shift();
              setImmediate(() => (answer === undefined ? stdin.end() : stdin.write(`${answer}\n`)));
            }
            done();
          },
        }),
        { isTTY: true },
      );
      const stdout = new PassThrough();
      const code = await main(['commit', ...args], {
        ...{ version: '9.9.9', plugins: builtins },
        io: {
          ...{ stdin, stdout, stderr, cwd: project.root, onInterrupt: () => () => undefined },
          env: {
            PATH: process.env.PATH,
            HOME: harness.home,
            XDG_CONFIG_HOME: join(harness.home, 'config'),
            LLM_COPILOT_DATA_DIR: join(harness.home, 'data'),
            ...env,
          },
        },
      });
      return { code, said };
    };

    test('a number takes that candidate', async () => {
      stage('src/upload.js', withRetry);
      const { stdout } = await commit(['--print', '--json']);
      const { candidates } = JSON.parse(stdout) as Told;
      const { code, said } = await inTerminal(['7', '2']);
      expect(code).toBe(0);
      expect(said).toContain(candidates[0]!.split('\n')[0]);
      expect(lastMessage()).toBe(candidates[1]!.trim());
    });

    test('q and an end of input commit nothing', async () => {
      stage('src/upload.js', withRetry);
      expect(await inTerminal(['q'])).toMatchObject({ code: 0 });
      expect(await inTerminal([])).toMatchObject({ code: 0 });
      expect(count()).toBe('1');
    });

    test('what was changed while the question stood is not committed unseen', async () => {
      stage('src/upload.js', withRetry);
      const more = (): void => stage('key.js', `export const aws = '${awsKey}';\n`);
      const { code, said } = await inTerminal(['1'], [], {}, more);
      expect(code).toBe(2);
      expect(said).toContain('changed while the message was made');
      project.git('rm', '-q', '--cached', 'key.js');
      const all = await inTerminal(['1'], ['--all'], {}, () => project.write('README.md', awsKey));
      expect(all.code).toBe(2);
      expect(count()).toBe('1');
    });

    test('e opens the editor, --yes asks nothing', async () => {
      stage('src/upload.js', withRetry);
      await inTerminal(['e'], [], { GIT_EDITOR: 'sed -i s/add/offer/' });
      expect(lastMessage()).toBe('feat: offer retryUpload');
      stage('src/upload.js', source);
      const { said } = await inTerminal([], ['--yes']);
      expect(said).not.toContain('which one');
      expect(count()).toBe('3');
    });
  });

  describe('with a model', () => {
    const servers: WireServer[] = [];
    afterEach(async () => {
      await Promise.all(servers.splice(0).map((server) => server.close()));
    });
    const withModel = async (script: Script, args: string[] = []) => {
      const server = await wireServer(script, { validate: true });
      servers.push(server);
      const env = { ANTHROPIC_API_KEY: 'a-key', ANTHROPIC_BASE_URL: server.url };
      return { server, ran: await commit(['-m', 'anthropic/claude-sonnet-5-5', ...args], { env }) };
    };
    const answer = (...candidates: object[]) => ({
      text: JSON.stringify({ candidates: candidates.map((one) => ({ type: 'feat', scope: '', body: '', ...one })) }),
    });

    test('its subject and body are taken', async () => {
      stage('src/upload.js', withRetry);
      const { server, ran } = await withModel([
        answer({ subject: 'retry failed uploads', body: 'retryUpload hands the number of tries on to upload.' }),
      ]);
      expect(ran.code).toBe(0);
      expect(lastMessage()).toBe('feat: retry failed uploads\n\nretryUpload hands the number of tries on to upload.');
      expect(JSON.stringify(server.requests[0]?.body)).toContain('+export const retryUpload');
    });

    test('what it says of things that are not in the change is left out, and what is not valid is mended', async () => {
      stage('src/upload.js', withRetry);
      const { ran } = await withModel([
        answer(
          { type: 'feat', subject: 'call sendQueue from `src/queue.ts`' },
          {
            type: 'revert',
            scope: 'made-up',
            subject: `Retry uploads ${'again '.repeat(30)}.`,
            body: 'It also speeds up drainQueue. Uploads are retried.',
          },
        ),
      ]);
      expect(ran.code).toBe(0);
      const message = lastMessage();
      expect(message).toMatch(/^feat: retry uploads again/);
      expect(message.split('\n')[0]!.length).toBeLessThanOrEqual(100);
      expect(message).toContain('Uploads are retried.');
      expect(message).not.toMatch(/Queue|made-up/);
      expect(ran.stderr).toContain('sendQueue');
      expect(ran.stderr).toContain('mended');
    });

    test('when it is down the message is made by rules: one notice, exit 0', async () => {
      stage('src/upload.js', withRetry);
      const { ran } = await withModel(() => ({ fault: 'status', status: 401 }));
      expect(ran.code).toBe(0);
      expect(lastMessage()).toBe('feat: add retryUpload');
      expect(ran.stderr.match(/made by rules/g)).toHaveLength(1);
    });

    test('nothing is sent when there is a secret, or with --no-model', async () => {
      stage('src/keys.js', `const key = '${awsKey}';\n`);
      const { server, ran } = await withModel([answer({ subject: 'x' })]);
      expect(ran.code).toBe(4);
      expect(server.requests).toHaveLength(0);
      stage('src/keys.js', source);
      const second = await withModel([answer({ subject: 'x' })], ['--no-model']);
      expect(second.ran.code).toBe(0);
      expect(second.server.requests).toHaveLength(0);
    });

    test('a large change is summarised in parts, each below the cap', async () => {
      for (let file = 0; file < 6; file += 1)
        stage(
          `src/part${file}.js`,
          Array.from(
            { length: 220 },
            (_, index) => `export const part${file}Value${index} = compute(${index}, 'some text');`,
          ).join('\n'),
        );
      stage('package-lock.json', `{${'"x": 1,'.repeat(5000)} "y": 2}\n`);
      const { server, ran } = await withModel((request) =>
        JSON.stringify(request.body).includes('Summarise this part')
          ? { text: JSON.stringify({ summary: 'Adds values.' }) }
          : answer({ subject: 'add tables of values' }),
      );
      expect(ran.code).toBe(0);
      expect(lastMessage()).toMatch(/^feat: add tables of values/);
      expect(server.requests.length).toBeGreaterThan(2);
      for (const { body } of server.requests) expect(JSON.stringify(body).length).toBeLessThan(40_000);
      expect(JSON.stringify(server.requests.map(({ body }) => body))).not.toContain('\\"x\\": 1,\\"x\\": 1');
    });
  });

  test('-m without a key is told in one line, and the rules answer', async () => {
    stage('src/upload.js', withRetry);
    expect(readFileSync(join(project.root, 'src/upload.js'), 'utf8')).toBe(withRetry);
    const quiet = await commit(['--print']);
    expect(quiet).toMatchObject({ code: 0, stderr: '' });
  });
});
