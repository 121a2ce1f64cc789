// The model half of `review`: what is sent, what is believed, and what happens when nobody answers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReviewReport } from '../../src/engine/review/report.ts';
import { countTokens } from '../../src/host/tokens.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness, type Ran } from '../support/cli.ts';
import { wireServer, type Script, type Turn, type WireServer } from '../support/wire/wire-server.ts';

const before = `export const total = (items) => {
  let sum = 0;
  for (const item of items) sum += item.price;
  return sum;
};
`;
const after = before.replace('sum += item.price', 'sum -= item.price * item.count');
const key = `sk-ant-api03-${'q7Zx9Kd2'.repeat(11)}AA`;

const finding = (over: object = {}): object => ({
  ...{ path: 'src/total.js', line: 3, side: 'new', kind: 'bug', severity: 'high', confidence: 'high' },
  ...{ message: 'The sum is subtracted.', evidence: 'sum -= item.price * item.count;', suggestion: 'Add it.' },
  replacement: '  for (const item of items) sum += item.price * item.count;',
  ...over,
});
const found = (...findings: object[]): Turn => ({ text: JSON.stringify({ findings }) });
const judged = (...verdicts: string[]): Turn => ({
  text: JSON.stringify({ verdicts: verdicts.map((verdict, at) => ({ finding: at + 1, verdict, why: 'so' })) }),
});

describe('review with a model', () => {
  let harness: ReturnType<typeof cliHarness>;
  let project: TempProject;
  let server: WireServer | undefined;
  beforeEach(() => {
    harness = cliHarness();
    project = tempProject({
      'src/total.js': before,
      'src/cart.js': "import { total } from './total.js';\nexport const cart = (items) => total(items).toFixed(2);\n",
      'package-lock.json': '{\n  "lockfileVersion": 3\n}\n',
    });
  });
  afterEach(async () => {
    await server?.close();
    project.close();
    harness.close();
  });
  const stage = (files: Record<string, string>): void => {
    for (const [path, text] of Object.entries(files)) project.write(path, text);
    project.git('add', '--all');
  };
  const review = async (script: Script, args: string[] = []): Promise<Ran> => {
    await server?.close();
    server = await wireServer(script, { validate: true });
    const env = { ANTHROPIC_API_KEY: 'a-key', ANTHROPIC_BASE_URL: server.url };
    return harness.cli(['review', ...args], { cwd: project.root, env });
  };
  const reportOf = async (script: Script, args: string[] = []): Promise<ReviewReport> =>
    JSON.parse((await review(script, ['--json', ...args])).stdout) as ReviewReport;
  const sent = (): string[] => (server?.requests ?? []).map(({ body }) => JSON.stringify(body));

  test('adds what cites a changed line and survives the second pass, with a patch that applies', async () => {
    stage({ 'src/total.js': after });
    const report = await reportOf([found(finding()), judged('holds')]);
    expect(report.findings).toMatchObject([
      {
        ...{ rule: 'model/bug', path: 'src/total.js', line: 3, severity: 'high', confidence: 'high', state: 'new' },
        suggestion: { text: 'Add it.', patch: expect.stringContaining('+  for (const item of items) sum += ') },
      },
    ]);
    expect(report).toMatchObject({ failed: true, model: { proposed: 1, uncited: 0, refuted: 0 } });
    const [first = '', second = ''] = sent();
    expect(first).toContain('+3   for (const item of items) sum -= item.price * item.count;');
    // The caller, as the index finds it in a small repository.
    expect(first).toContain('src/cart.js:2: export const cart = (items) => total(items).toFixed(2);');
    expect(second).toContain('1. src/total.js:3 bug (high): The sum is subtracted.');
    expect(second).toContain('4   return sum;');
  });

  test('drops what cites nothing that changed and what is refuted; what nobody is sure of never fails a review', async () => {
    stage({ 'src/total.js': after });
    const report = await reportOf([
      found(
        finding({ message: 'Holds.' }),
        finding({ evidence: 'return sum;', message: 'Not a changed line.' }),
        finding({ evidence: 'sum *= 3', message: 'Nowhere.' }),
        finding({ path: 'src/cart.js', message: 'Not a changed file.' }),
        finding({ evidence: '  let sum = 0;', message: 'Context.' }),
      ),
      judged('unsure'),
    ]);
    expect(report.findings).toMatchObject([{ message: 'Holds.', confidence: 'low' }]);
    expect(report).toMatchObject({ failed: false, model: { proposed: 5, uncited: 4, refuted: 0 } });
    const refuted = await reportOf([found(finding()), judged('wrong')]);
    expect(refuted).toMatchObject({ findings: [], failed: false, model: { refuted: 1 } });
  });

  test('finds the quoted line where the number is wrong', async () => {
    stage({ 'src/total.js': after });
    const report = await reportOf([
      found(finding({ line: 77, evidence: '+3   for (const item of items) sum -= item.price' })),
      judged('holds'),
    ]);
    expect(report.findings).toMatchObject([{ line: 3 }]);
  });

  test('does not repeat the same finding in other words', async () => {
    stage({ 'src/total.js': after });
    const [first] = (await reportOf([found(finding()), judged('holds')])).findings;
    const again = await review([found(finding({ message: 'It goes down.', kind: 'data-loss' })), judged('holds')]);
    expect(again.stdout).toContain('Nothing new');
    const { findings } = JSON.parse(
      (await review([found(finding()), judged('holds')], ['--json'])).stdout,
    ) as ReviewReport;
    expect(findings).toMatchObject([{ state: 'known', fingerprint: first?.fingerprint }]);
  });

  test('leaves out a patch that does not apply', async () => {
    stage({ 'src/total.js': after });
    // The commit that is reviewed is not what is checked out.
    project.git('commit', '--quiet', '--message=Count');
    stage({ 'src/total.js': `${after}// more\n` });
    project.git('commit', '--quiet', '--message=More');
    const report = await reportOf([found(finding()), judged('holds')], ['HEAD~1']);
    expect(report.findings).toMatchObject([{ suggestion: { text: 'Add it.' } }]);
    expect(report.findings[0]?.suggestion?.patch).toBeUndefined();
  });

  test('sends no lockfile and no secret, neither its line nor what belongs to it', async () => {
    // Not because requests are redacted on their way out.
    mkdirSync(join(harness.home, 'config', 'llm-copilot'), { recursive: true });
    writeFileSync(join(harness.home, 'config', 'llm-copilot', 'config.yaml'), 'redact:\n  requests: false\n');
    const pem = [
      '-----BEGIN RSA PRIVATE KEY-----',
      'MIIEpAIBAAKCAQEAabcd1234',
      'zyxw9876ABCDEFGH',
      '-----END RSA PRIVATE KEY-----',
    ];
    stage({
      'src/total.js': after,
      'package-lock.json': '{\n  "lockfileVersion": 3,\n  "packages": { "left-pad": {} }\n}\n',
      'src/config.js': `export const key = '${key}';\nexport const pem = \`${pem.join('\n')}\`;\nexport const other = 1;\n`,
      '.env': 'DB_PASSWORD=correct-horse-battery\n',
    });
    const report = await reportOf([found()]);
    expect(report.findings.filter(({ rule }) => rule === 'secret').length).toBeGreaterThan(1);
    const all = sent().join('\n');
    expect(sent()).toHaveLength(1);
    expect(all).toContain('export const other = 1;');
    for (const hidden of [key, 'MIIEpAIBAAKCAQEA', 'zyxw9876', 'correct-horse', 'left-pad', 'lockfileVersion'])
      expect(all, hidden).not.toContain(hidden);
  });

  test('sends at most 10,000 tokens in both passes and says what it left out', async () => {
    const noise = (file: number): string =>
      Array.from(
        { length: 400 },
        (_, at) => `export const value${file}_${at} = compute(${at}, 'some text ${at}');\n`,
      ).join('');
    stage({
      'src/total.js': after,
      ...Object.fromEntries(Array.from({ length: 12 }, (_, file) => [`src/noise${file}.js`, noise(file)])),
    });
    const ran = await review([found(finding()), judged('holds')], ['--json']);
    expect(ran.stderr).toMatch(/The model saw the \d+ riskiest of \d+ changed places/);
    const bodies = (server?.requests ?? []).map(({ body }) => JSON.stringify(body));
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toContain('sum -= item.price');
    // As Claude counts them, which is about half as many again.
    let tokens = 0;
    for (const body of bodies) tokens += await countTokens(body);
    expect(tokens * 1.5).toBeLessThan(10_000);
  });

  test('lets the rules’ findings stand when the model fails, unless one is required', async () => {
    stage({ 'src/total.js': after.replace('return sum', 'try { log(sum); } catch {}\n  return sum') });
    const refused = { fault: 'status', status: 401 } as const;
    const ran = await review(() => refused);
    expect(ran.stdout).toContain('swallowed-error');
    expect(ran.stderr).toMatch(/^The model could not be asked, only the rules looked at it: .*\n$/);
    expect(ran.code).toBe(0);
    expect((await review(() => ({ fault: 'status', status: 400 }), ['--require-model'])).code).toBe(6);
    const halfway = await review([found(finding()), refused], ['--all']);
    expect(halfway.stdout).toMatch(/model\/bug \(low confidence\)/);
    expect(halfway.stderr).toContain('could not be checked a second time');
  });

  test('asks nobody with --no-model or without a key, and says so only where somebody wanted it', async () => {
    stage({ 'src/total.js': after });
    expect((await review([found(finding())], ['--no-model'])).stderr).toBe('');
    expect(server?.requests).toEqual([]);
    const alone = (args: string[]): Promise<Ran> => harness.cli(['review', ...args], { cwd: project.root });
    expect(await alone([])).toMatchObject({ code: 0, stderr: '' });
    expect(await alone(['--require-model'])).toMatchObject({ code: 3 });
  });

  test('counts findings of models apart', async () => {
    stage({ 'src/total.js': after });
    await review([found(finding()), judged('holds')]);
    stage({ 'src/total.js': before.replace('0;', '1;') });
    await review([found()]);
    const { stdout } = await harness.cli(['review', '--stats', '--json'], { cwd: project.root });
    expect(JSON.parse(stdout)).toMatchObject({
      rules: [],
      models: [{ rule: 'model/bug', raised: 1, fixed: 1, open: 0 }],
    });
  });
});
