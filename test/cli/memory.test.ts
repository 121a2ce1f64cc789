import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MemoryItem, Recalled } from '../../src/core/memory.ts';
import { textOf } from '../../src/core/message.ts';
import type { Found } from '../../src/core/found.ts';
import { tempProject, type Script, type ScriptedTurn, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';

const files = {
  'package.json': JSON.stringify({ name: 'calc', type: 'module', scripts: { test: 'node --test' } }),
  'src/add.js': '// Adds.\nexport const add = (a, b) => a - b;\n',
  'test/add.test.js':
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { add } from '../src/add.js';\ntest('adds two numbers', () => assert.equal(add(1, 2), 3));\n",
};
let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeEach(() => {
  home = cliHarness();
  project = tempProject(files);
});
afterEach(() => {
  project.close();
  home.close();
});

type Options = Parameters<ReturnType<typeof cliHarness>['cli']>[1];
const cli = (argv: string[], options: Options = {}) => home.cli(argv, { cwd: project.root, ...options });
const memory = async (...argv: string[]): Promise<string> => {
  const ran = await cli(['memory', ...argv]);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
};
const json = async <T>(...argv: string[]): Promise<T> => JSON.parse(await memory(...argv, '--json')) as T;
const add = async (...argv: string[]): Promise<MemoryItem> => (await json<{ item: MemoryItem }>('add', ...argv)).item;

describe('memory', () => {
  test('keeps what it is told, finds it and forgets it', async () => {
    const item = await add('The database of staging is reached through port 5433.');
    expect(item).toMatchObject({
      kind: 'fact',
      status: 'accepted',
      sources: [{ type: 'user' }],
      scope: { type: 'repo' },
    });
    expect((await json<Recalled[]>('search', 'port of the staging database')).map((one) => one.item.id)).toEqual([
      item.id,
    ]);
    expect(await json<Recalled[]>('search', 'colour of the sky')).toEqual([]);
    expect(await memory('show', item.id)).toContain('staging is reached');
    expect(await memory('forget', item.id.slice(0, 8))).toContain(`forgot ${item.id}`);
    expect(await json<MemoryItem[]>('list')).toEqual([]);
  });

  test('is found by search too, when asked for', async () => {
    const { id } = await add('Releases are cut on Thursdays from the branch stable.');
    const ran = await cli(['search', '--kind', 'memory', '--json', 'when are releases cut']);
    expect((JSON.parse(ran.stdout) as Found[])[0]).toMatchObject({ kind: 'memory', path: id });
  });

  test('does not serve what rests on lines that changed, and serves it again when they come back', async () => {
    const { id } = await add('add.js subtracts although its comment says that it adds', '--file', 'src/add.js:1-2');
    const ask = () => json<Recalled[]>('search', 'what does add.js do, subtract or add?');
    expect(await ask()).toHaveLength(1);
    const before = readFileSync(join(project.root, 'src/add.js'), 'utf8');
    writeFileSync(join(project.root, 'src/add.js'), 'export const add = (a, b) => a + b;\n');
    expect(await ask()).toEqual([]);
    expect((await json<MemoryItem[]>('list', '--stale')).map((one) => one.id)).toEqual([id]);
    writeFileSync(join(project.root, 'src/add.js'), `// Moved down.\n\n${before}`);
    const [found] = await ask();
    expect(found?.moved).toEqual([{ path: 'src/add.js', startLine: 3, endLine: 4 }]);
    rmSync(join(project.root, 'src/add.js'));
    expect(await ask()).toEqual([]);
  });

  test('never keeps a secret', async () => {
    const key = `sk-ant-api03-${'Ab1'.repeat(31)}-xyzAA`;
    await add('The key of the staging account is', key);
    expect(await memory('list')).not.toContain(key);
    expect(readFileSync(join(home.home, 'data/memory/memory.db'), 'latin1')).not.toContain(key);
  });

  test('says it once when it is told twice, and shows what contradicts', async () => {
    await add('Use npm to install packages in this project');
    const again = await json<{ outcome: string }>('add', 'In this project, use npm to install packages.');
    expect(again.outcome).toBe('merged');
    const other = await add('Do not use npm to install packages in this project');
    expect(other.contradicts).toHaveLength(1);
    expect(await memory('show', other.id)).toMatch(/contradicts m_/);
  });

  test('holds where its scope says', async () => {
    const other = tempProject({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
    await add('Only here: the linter is oxlint');
    await add('Everywhere: I prefer tabs', '--scope', 'user');
    const seen = JSON.parse((await cli(['memory', 'list', '--json'], { cwd: other.root })).stdout) as MemoryItem[];
    expect(seen.map(({ text }) => text)).toEqual(['Everywhere: I prefer tabs']);
    other.close();
  });

  test('goes to another machine by an export, and waits there for a yes', async () => {
    const { id } = await add('Integration tests need the port 9222 free', '--expires', '30d');
    await memory('export', 'notes.jsonl');
    const there = cliHarness();
    const put = (...argv: string[]) => there.cli(['memory', ...argv], { cwd: project.root });
    expect((await put('import', 'notes.jsonl')).stdout).toContain('1 imported, waiting in the inbox');
    expect((await put('search', 'port of integration tests')).stderr).toContain('Nothing that fits');
    expect((await put('inbox', 'accept', id)).code).toBe(0);
    expect((await put('search', 'port of integration tests')).stdout).toContain('9222');
    expect((await put('import', 'notes.jsonl')).stdout).toContain('0 imported');
    there.close();
  });

  test('takes nothing from an import with a wrong line', async () => {
    await add('A note');
    const lines = (await memory('export')).split('\n');
    const hostile = JSON.parse(lines[1] ?? '') as MemoryItem;
    hostile.id = 'm_00000000001';
    hostile.sources = [{ type: 'file', path: '../../etc/passwd', startLine: 1, endLine: 1, hash: 'a'.repeat(64) }];
    writeFileSync(join(project.root, 'bad.jsonl'), [lines[0], JSON.stringify(hostile), 'nonsense'].join('\n'));
    const ran = await cli(['memory', 'import', 'bad.jsonl']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/line 2[\s\S]*line 3/);
    expect(await json<MemoryItem[]>('list')).toHaveLength(1);
    expect((await cli(['memory', 'import', 'nowhere.jsonl'])).code).toBe(2);
  });

  test('verifies, counts, and leaves a damaged file alone', async () => {
    await add('A note that stays');
    expect(await memory('verify')).toContain('1 item, all can be read');
    expect(await memory('stats')).toContain('1 items: 1 accepted');
    const path = join(home.home, 'data/memory/memory.db');
    for (const ending of ['-wal', '-shm']) rmSync(path + ending, { force: true });
    writeFileSync(path, 'no database at all, but somebody’s notes');
    const ran = await cli(['memory', 'list']);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/memory verify/);
    expect((await cli(['memory', 'verify'])).code).toBe(1);
    expect(readFileSync(path, 'utf8')).toContain('somebody’s notes');
  });

  test('reads from standard input, however slowly it comes, and not without end', async () => {
    const from = async (stdin: string) => cli(['memory', 'add', '-', '--json'], { stdin });
    const ran = await from('What was piped in,\nin two lines\n');
    expect(JSON.parse(ran.stdout)).toMatchObject({ item: { text: 'What was piped in,\nin two lines' } });
    expect(await from('')).toMatchObject({ code: 2 });
    const long = await from('word '.repeat(1_000_000));
    expect(long).toMatchObject({ code: 2, stdout: '' });
    expect(long.stderr.length).toBeLessThan(500);
    expect(await from('word '.repeat(3_000_000))).toMatchObject({ code: 2 });
  });

  test.each([
    [['memory', 'add', ' '], 'nothing to remember'],
    [['memory', 'add', 'x', '--file', '../outside.txt:1'], 'outside'],
    [['memory', 'add', 'x', '--file', 'src/add.js:1-99'], 'has 2 lines'],
    [['memory', 'add', 'x', '--file', 'src/add.js'], 'names no lines'],
    [['memory', 'add', 'x', '--confidence', '2'], 'from 0 to 1'],
    [['memory', 'add', 'x', '--expires', '2026-02-30'], 'no day and no span'],
    [['memory', 'add', 'x', '--expires', '99999y'], 'after the year 9999'],
    [['memory', 'show', 'm_nothing'], 'm_nothing'],
    [['memory', 'edit', 'm_nothing'], 'Nothing is to be changed'],
    [['memory', 'inbox', 'accept'], 'ids, or --all'],
  ])('refuses %j', async (argv, message) => {
    const ran = await cli(argv);
    expect(ran.code).toBe(2);
    expect(ran.stderr.toLowerCase()).toContain(message.toLowerCase());
  });
});

describe('a run', () => {
  const fix: ScriptedTurn = { calls: [{ name: 'edit', input: { path: 'src/add.js', old: 'a - b', new: 'a + b' } }] };
  const done: ScriptedTurn = { text: 'Fixed.\n\n```claims\ntests_pass: all tests pass\n```' };
  const run = (argv: string[], options: Options) =>
    cli(['run', '-m', 'script/one', '--output-format', 'json', '--permission-mode', 'auto', ...argv], options);

  test('is told what fits its task in one marked block, and says how it helped', async () => {
    const { id } = await add('The function add lives in src/add.js', '--file', 'src/add.js:1-1');
    let first = '';
    const ran = await run(['fix the function add'], {
      script: (request, turn) => {
        if (turn === 0) first = textOf(request.messages[0]?.content ?? []);
        return [fix, done][turn] ?? { text: 'Done.' };
      },
    });
    expect(ran.result).toMatchObject({ exitCode: 0, verified: true });
    expect(first).toMatch(
      /^<memory>\n[\s\S]*lives in src\/add\.js[\s\S]*src\/add\.js:1[\s\S]*<\/memory>\s*fix the function add$/,
    );
    const { item } = await json<{ item: MemoryItem }>('show', id);
    expect(item).toMatchObject({ uses: 1, helped: 1, harmed: 0 });
  });

  test('is told nothing when recall is switched off, or nothing fits', async () => {
    await add('Bananas are yellow');
    let first = '';
    const script: Script = (request) => {
      first = textOf(request.messages[0]?.content ?? []);
      return { text: 'Hello.' };
    };
    await run(['say hello'], { script });
    expect(first).toBe('say hello');
    await add('Say hello politely, always');
    await run(['say hello politely'], { script, env: { LLM_COPILOT_MEMORY_RECALL: 'false' } });
    expect(first).toBe('say hello politely');
    await run(['say hello politely'], { script });
    expect(first).toContain('<memory>');
  });

  test('proposes what was proven, and nothing else', async () => {
    await run(['what is this?'], { script: [{ text: 'A calculator.' }] });
    expect(await json<MemoryItem[]>('inbox')).toEqual([]);
    const ran = await run(['fix add'], { script: [fix, done] });
    expect(ran.stderr).toContain('memory inbox');
    const [item] = await json<MemoryItem[]>('inbox');
    expect(item).toMatchObject({ kind: 'episode', status: 'proposed' });
    expect(item?.text).toMatch(/Done: fix add\nChanged: src\/add\.js\nPassed: `npm test/);
    expect(item?.sources).toEqual([
      { type: 'session', session: ran.result.sessionId, seq: expect.any(Number) as number },
    ]);
  });

  test('remembers and recalls by tools; what it wants kept waits for a yes', async () => {
    await add('Tests run with node --test');
    const results: string[] = [];
    const script: Parameters<typeof cli>[1] = {
      script: (request, turn) => {
        results.push(
          textOf(
            request.messages.at(-1)?.content.flatMap((block) => (block.type === 'tool_result' ? block.content : [])) ??
              [],
          ),
        );
        return (
          [
            { calls: [{ name: 'load_tool', input: { name: 'recall' } }] },
            { calls: [{ name: 'recall', input: { query: 'how do tests run' } }] },
            { calls: [{ name: 'load_tool', input: { name: 'remember' } }] },
            { calls: [{ name: 'remember', input: { text: 'add.js holds one function', file: 'src/add.js:2' } }] },
            { text: 'Noted.' },
          ][turn] ?? { text: 'Done.' }
        );
      },
    };
    const ran = await run(['look around'], script);
    expect(ran.code, ran.stderr).toBe(0);
    expect(results[2]).toContain('node --test');
    expect(results[4]).toContain('proposed');
    expect((await json<MemoryItem[]>('inbox'))[0]).toMatchObject({
      text: 'add.js holds one function',
      sources: [{ type: 'file', path: 'src/add.js', startLine: 2 }],
    });
  });
});

describe('privacy', () => {
  test('shows and erases what is remembered of a repository, and all of it with everything', async () => {
    const marker = 'the-marker-of-this-note';
    await add(`A note with ${marker}`);
    await add('I like short answers', '--scope', 'user');
    expect((await cli(['privacy', 'export', '--repo', '.'])).stdout).toContain(marker);
    const erased = await cli(['privacy', 'erase', '--repo', '.', '--yes', '--json']);
    expect(JSON.parse(erased.stdout)).toMatchObject({ memory: 1 });
    expect((await json<MemoryItem[]>('list')).map(({ text }) => text)).toEqual(['I like short answers']);
    const bytes = readFileSync(join(home.home, 'data/memory/memory.db'), 'latin1');
    expect(bytes).not.toContain(marker);
    await cli(['privacy', 'erase', '--all', '--yes']);
    expect(await json<MemoryItem[]>('list')).toEqual([]);
  });

  test('erases what was remembered of a folder that is gone, and of repositories in a folder', async () => {
    const plain = tempProject({ 'a.txt': 'a' }, { git: false });
    await cli(['memory', 'add', 'A note of a folder without a repository'], { cwd: plain.root });
    plain.close();
    const erase = async (folder: string): Promise<object> => {
      const ran = await cli(['privacy', 'erase', '--repo', folder, '--yes', '--json'], { cwd: home.home });
      expect(ran.code, ran.stderr).toBe(0);
      return JSON.parse(ran.stdout) as object;
    };
    expect(await erase(plain.root)).toMatchObject({ memory: 1 });
    const outer = join(home.home, 'projects');
    cpSync(project.root, join(outer, 'calc'), { recursive: true });
    const inner = { cwd: join(outer, 'calc'), script: [{ text: 'Hello.' }] };
    await cli(['memory', 'add', 'A note of a repository within'], inner);
    await cli(['run', '-m', 'script/one', 'hello'], inner);
    expect(await erase(outer)).toMatchObject({ memory: 1 });
  });

  test('leaves no word of what is forgotten or said anew in any file', async () => {
    await add('A note that stays, about zebras');
    const first = await add('The zyxwvuts project has a quaggaphone');
    const { id } = await add('The xylothermic account belongs to Jabberwock');
    await memory('edit', first.id, 'Something else');
    await memory('forget', id);
    const folder = join(home.home, 'data');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const bytes = files.map((one) => readFileSync(join(one.parentPath, one.name), 'latin1').toLowerCase()).join('');
    expect(bytes).toContain('zebra');
    for (const word of ['zyxwvut', 'quaggaphon', 'xylotherm', 'jabberwock']) expect(bytes).not.toContain(word);
  });
});
