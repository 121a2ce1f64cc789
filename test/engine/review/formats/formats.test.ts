import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { FormatOptions } from '../../../../src/engine/review/formats/format.ts';
import { reviewFormats, type ReviewFormatName } from '../../../../src/engine/review/formats/index.ts';
import type { ReviewedFinding, ReviewReport } from '../../../../src/engine/review/report.ts';

const plain = (text: string): string => text;
const options: FormatOptions = {
  ...{ version: '1.2.3', all: false },
  paint: { dim: plain, bold: plain, green: plain, red: plain, yellow: plain },
};

let number = 0;
const finding = (over: Partial<ReviewedFinding> = {}): ReviewedFinding => ({
  ...{ rule: 'secret', severity: 'high', confidence: 'high', path: 'src/a.js', line: 3, endLine: 3, side: 'new' },
  ...{ message: 'This is wrong.', evidence: 'bad();', state: 'new' },
  fingerprint: (number += 1).toString(16).padStart(20, '0'),
  ...over,
});
const report = (findings: ReviewedFinding[], over: Partial<ReviewReport> = {}): ReviewReport => ({
  ...{ title: 'staged', files: 1, added: 2, deleted: 1, findings, fixed: [], gate: 'high', failed: false, notices: [] },
  claims: { secret: 'It is a secret.' },
  ...over,
});
const print = (format: ReviewFormatName, findings: ReviewedFinding[], over: Partial<ReviewReport> = {}): string =>
  reviewFormats[format](report(findings, over), options);

const hostile = `a%b: c,d\r\n"<&>'\u0001\u001b[31m\ud800]]>é/x y#?.js`;
const zoo = (): ReviewedFinding[] => [
  finding(),
  finding({ state: 'known', severity: 'critical', rule: 'model/bug', confidence: 'low', endLine: 9 }),
  finding({ state: 'suppressed', suppressedBy: 'comment', reason: 'on purpose', severity: 'medium' }),
  finding({ state: 'suppressed', suppressedBy: 'file', reason: 'legacy', severity: 'low' }),
  finding({ state: 'baseline', reason: 'It is in the baseline.', line: 0, endLine: 0 }),
  finding({ state: 'dismissed', reason: 'no', side: 'old' }),
  finding({ path: hostile, message: hostile, evidence: hostile, rule: hostile }),
  finding({ suggestion: { text: 'Do it.', patch: '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+```\n' } }),
];

describe('SARIF', () => {
  const source = readFileSync(new URL('../../../fixtures/sarif-2.1.0.json', import.meta.url), 'utf8');
  const { id: _id, ...schema } = JSON.parse(source) as Record<string, unknown>;
  // Nothing in it is said differently in draft 7 but where the schema is named.
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false }).compile({
    ...schema,
    $schema: 'http://json-schema.org/draft-07/schema#',
  });
  interface Log {
    runs: {
      results: { baselineState: string; suppressions: object[]; locations: object[]; level: string }[];
      tool: { driver: { rules: object[] } };
    }[];
  }
  const log = (findings: ReviewedFinding[], over: Partial<ReviewReport> = {}): Log => {
    const parsed = JSON.parse(print('sarif', findings, over)) as Log;
    expect(validate(parsed), JSON.stringify(validate.errors)).toBe(true);
    return parsed;
  };

  test('is valid, with and without findings', () => {
    log(zoo(), { notices: ['something was left out'] });
    log([]);
    expect(validate({ version: '2.1.0', runs: [{ tool: {}, results: [{ level: 'terrible' }] }] })).toBe(false);
  });

  test('keeps what is suppressed with its justification, and says what is new', () => {
    const results = log(zoo()).runs[0]?.results ?? [];
    expect(results.map(({ baselineState }) => baselineState)).toEqual([
      ...['new', 'unchanged', 'unchanged', 'unchanged', 'unchanged', 'unchanged', 'new', 'new'],
    ]);
    expect(results[0]?.suppressions).toEqual([]);
    expect(results[2]?.suppressions).toMatchObject([
      { kind: 'inSource', status: 'accepted', justification: 'on purpose' },
    ]);
    expect(results[3]?.suppressions).toMatchObject([{ kind: 'external', justification: 'legacy' }]);
    expect(results[4]?.suppressions).toMatchObject([{ kind: 'external' }]);
  });

  test('names places by URIs, and lines only where the file still has them', () => {
    const [named, gone] = log([finding({ path: 'a b/ä#.js' }), finding({ side: 'old' })]).runs[0]?.results ?? [];
    expect(named?.locations).toMatchObject([
      { physicalLocation: { artifactLocation: { uri: 'a%20b/%C3%A4%23.js' }, region: { startLine: 3 } } },
    ]);
    expect(JSON.stringify(gone?.locations)).not.toContain('region');
  });

  test('names each rule once', () => {
    expect(log([finding(), finding()]).runs[0]?.tool.driver.rules).toMatchObject([
      { id: 'secret', shortDescription: { text: 'It is a secret.' }, properties: { 'security-severity': '8.0' } },
    ]);
  });
});

/** Refuses what an XML 1.0 parser would: unbalanced tags, bare `<` and `&`, characters that cannot be written. */
const checkXml = (text: string): void => {
  expect(text).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  const open: string[] = [];
  const rest = text
    .replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
    .replace(
      /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g,
      (_tag, close: string, name: string, attributes: string, single: string) => {
        expect(attributes.replace(/&(?:amp|lt|gt|quot|#\d+);/g, '')).not.toContain('&');
        if (close !== '') expect(open.pop()).toBe(name);
        else if (single === '') open.push(name);
        return '';
      },
    );
  expect(open).toEqual([]);
  expect(rest.replace(/&(?:amp|lt|gt|quot|#\d+);/g, '')).not.toMatch(/[<&]/);
};

describe('JUnit', () => {
  test('is well-formed whatever names and messages hold', () => {
    checkXml(print('junit', zoo()));
    checkXml(print('junit', [], { title: hostile }));
    expect(() => checkXml('<a b="&"></a>')).toThrow();
    expect(() => checkXml('<a><b></a></b>')).toThrow();
  });

  test('fails what fails the review, skips what is not open, and has a case when there is nothing', () => {
    const text = print('junit', [
      finding(),
      finding({ severity: 'low' }),
      finding({ state: 'dismissed', reason: 'no' }),
    ]);
    expect(text).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(text).toContain('<skipped message="dismissed: no"/>');
    expect(print('junit', [])).toContain('tests="1" failures="0"');
  });
});

describe('workflow commands of GitHub', () => {
  test('are one line each, with everything escaped that would end one early', () => {
    const lines = print('github', [finding({ path: hostile, message: hostile, rule: 'a,b:c' })])
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^::error file=a%25b%3A c%2Cd%0D%0A.*,line=3,endLine=3,title=a%2Cb%3Ac \(high\)::a%25b: c,d%0D%0A/,
    );
  });

  test('say nothing of what is not open, and no line that is gone', () => {
    const text = print('github', [
      finding({ state: 'baseline', reason: 'x' }),
      finding({ side: 'old', severity: 'low' }),
    ]);
    expect(text).toMatch(
      /^::notice file=src\/a\.js,title=secret \(low\)::This is wrong\. \[src\/a\.js:3 \(before\)\]%0A\w+\n/,
    );
    expect(text).toContain('1 finding, 1 suppressed, dismissed or in the baseline');
  });
});

describe('Markdown', () => {
  test('begins with the mark by which the comment is found again, also when there is nothing', () => {
    for (const findings of [[], zoo()]) expect(print('markdown', findings)).toMatch(/^<!-- llm-copilot-review -->\n/);
  });

  test('lets nothing from outside be markup, a mention or the end of a block', () => {
    const text = print('markdown', [
      finding({ message: '@everyone <img src=x> [a](http://b) `<b>`', evidence: '```\n# not a heading\n' }),
    ]);
    expect(text).toContain('@<!-- -->everyone &lt;img src=x&gt; \\[a\\]\\(http://b\\) `<b>`');
    expect(text).toContain('````\n```\n# not a heading\n````');
  });

  test('fits into a comment and says how much did not', () => {
    const many = Array.from({ length: 400 }, () => finding({ evidence: 'x'.repeat(400) }));
    const text = print('markdown', many);
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/\d+ more did not fit into a comment\./);
  });
});

describe('text', () => {
  test('begins no line as commands of GitHub begin', () => {
    const command = '::stop-commands::x';
    const patch = `--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n ${command}\n-a\n+b\n`;
    const text = print('text', [finding({ path: command, message: command, suggestion: { text: 'Do.', patch } })]);
    expect(text).toContain('stop-commands');
    expect(text.split('\n').filter((line) => line.trim().startsWith('::'))).toEqual([]);
  });

  test('shows what is new in full and the rest in a line', () => {
    expect(
      print(
        'text',
        [finding({ fingerprint: 'f'.repeat(20), suggestion: { text: 'Do not.' } }), finding({ state: 'known' })],
        { failed: true },
      ),
    ).toMatchInlineSnapshot(`
        "src/a.js:3  high  secret
          This is wrong.
          | bad();
          → Do not.
          ffffffffffffffffffff

        1 finding in staged (1 file, +2 −1); fails at high. Not shown: 1 raised before (--all shows them).
        "
      `);
  });

  test('is one line when nothing is new', () => {
    expect(print('text', [])).toBe('Nothing found in staged (1 file, +2 −1).\n');
    expect(print('text', [finding({ state: 'known' }), finding({ state: 'quiet', reason: 'x' })])).toBe(
      'Nothing new in staged (1 file, +2 −1). Not shown: 1 raised before, 1 of a kind that was dismissed again and again (--all shows them).\n',
    );
  });

  test('moves no cursor and keeps names on their line', () => {
    const text = print('text', [finding({ path: hostile, message: hostile, evidence: hostile, rule: hostile })]);
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\r');
  });
});

describe('JSON', () => {
  test('is one line with the whole report', () => {
    const text = print('json', zoo());
    expect(text.trimEnd()).not.toContain('\n');
    expect(JSON.parse(text)).toMatchObject({ version: 1, title: 'staged', gate: 'high', failed: false });
    expect((JSON.parse(text) as ReviewReport).findings).toHaveLength(8);
  });
});
