import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failingTests } from '../../src/engine/failing-tests.ts';

const folder = join(import.meta.dirname, '../fixtures/test-output');
const output = (name: string): string => readFileSync(join(folder, `${name}.txt`), 'utf8');
const outputs = readdirSync(folder).filter((file) => file.endsWith('.txt'));

const node = [
  'a.test.js: cart > discount > never goes below zero',
  'a.test.js: cart > sums its items # not really',
  'a.test.js: subtracts',
];
const vitest = [
  'test/cart.test.ts > cart > discount > never goes below zero',
  'test/cart.test.ts > cart > sums its items',
];
const jest = ['sum.test.js: cart > discount > never goes below zero', 'sum.test.js: cart > sums its items'];
const mocha = ['cart > discount > never goes below zero', 'cart > sums its items'];
const pytest = [
  'test_cart.py::TestCart::test_sum',
  'test_cart.py::test_even[1]',
  'test_cart.py::test_subtracts',
  'test_cart.py::test_uses_db (error)',
];
const unittest = [
  'test_error (test_u.CartTest.test_error)',
  'test_sub (test_u.CartTest.test_sub) (i=0)',
  'test_sub (test_u.CartTest.test_sub) (i=1)',
  'test_sum (test_u.CartTest.test_sum)',
];
const go = [
  'example.com/shop/cart: TestDiscount',
  'example.com/shop/cart: TestDiscount/never_below_zero',
  'example.com/shop/cart: TestSums',
];
const rspec = ['spec/cart_spec.rb: Cart discount never goes below zero', 'spec/cart_spec.rb: Cart sums its items'];

const expected: Record<string, string[] | null> = {
  'node-20-spec-failed': node,
  'node-22-spec-failed': node,
  'node-24-spec-failed': node,
  'node-20-tap-failed': node,
  'node-22-tap-failed': node,
  'node-24-tap-failed': node,
  'node-20-spec-same-title': ['two/x/w.test.js: works', 'two/y/w.test.js: works'],
  'node-22-spec-hook': ['hook.test.js: with a broken hook > never runs', 'hook.test.js: with a broken hook > nor this'],
  'node-22-tap-hook': ['hook.test.js: with a broken hook > never runs', 'hook.test.js: with a broken hook > nor this'],
  'node-22-spec-passed': [],
  'node-tap-passed': [],
  'vitest-failed': vitest,
  'vitest-dot-failed': vitest,
  'vitest-tap-failed': vitest,
  'vitest-passed': [],
  'jest-failed': jest,
  'jest-verbose-failed': jest,
  'jest-passed': [],
  'mocha-spec-failed': mocha,
  'mocha-dot-failed': mocha,
  'mocha-tap-failed': ['cart discount never goes below zero', 'cart sums its items'],
  'mocha-spec-passed': [],
  'pytest-failed': pytest,
  'pytest-verbose-failed': pytest,
  'pytest-verbose-no-summary': pytest,
  'pytest-quiet-failed': pytest,
  'pytest-passed': [],
  'pytest-quiet-passed': [],
  'unittest-failed': unittest,
  'unittest-verbose-failed': unittest,
  'unittest-passed': [],
  'go-failed': go,
  'go-verbose-failed': go,
  'go-passed': [],
  'cargo-no-fail-fast': [
    'api tests/api.rs: from_outside',
    'cart doc: src/lib.rs - add',
    'cart src/lib.rs: tests::panics',
    'cart src/lib.rs: tests::sums',
  ],
  'cargo-passed': [],
  'nextest-failed-written-from-documentation': ['cart: tests::sums', 'cart::api: from_outside'],
  'rspec-failed': rspec,
  'rspec-documentation-failed': rspec,
  'rspec-passed': [],
  'phpunit-failed': [
    'CartTest::testError',
    'CartTest::testEven with data set "one"',
    'CartTest::testEven with data set "three"',
    'CartTest::testSum',
  ],
  'phpunit-passed': [],
  'maven-failed': ['shop.CartTest.error', 'shop.CartTest.even(int)[1]', 'shop.CartTest.sums'],
  'maven-passed': [],
  'gradle-failed-written-from-documentation': ['CartTest > even(int) > [1] 1', 'CartTest > sums()'],
  'dotnet-failed-written-from-documentation': ['Shop.Tests.CartTests.Sums'],
  // Not whole: something hides tests, or the runner stopped.
  'node-20-spec-broken-file': null,
  'node-22-spec-broken-file': null,
  'node-20-tap-broken-file': null,
  'node-22-tap-broken-file': null,
  'vitest-suite-failed': null,
  'vitest-unhandled-error': null,
  'jest-suite-failed': null,
  'mocha-spec-broken-hook': null,
  'mocha-tap-broken-hook': null,
  'pytest-no-names': null,
  'pytest-collection-error': null,
  'pytest-stopped-early': null,
  'unittest-import-error': null,
  'go-build-failed': null,
  'go-panic': null,
  'cargo-failed': null,
  'cargo-quiet-failed': null,
  'cargo-compile-error': null,
  'nextest-stopped-early-written-from-documentation': null,
  'rspec-load-error': null,
  'phpunit-testdox-failed': null,
};

describe('failing tests', () => {
  it.each(Object.entries(expected))('of %s', (name, names) => {
    expect(failingTests(output(name), '/project')).toEqual(names);
  });

  it('has an expectation for every output that is kept', () => {
    expect(outputs.map((file) => file.replace(/\.txt$/, '')).sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(outputs)(
    'are the same in another copy of the project, at another speed, on Windows line ends: %s',
    (file) => {
      const text = output(file.replace(/\.txt$/, ''));
      const other = text
        .replaceAll('/project', '/private/tmp/copy-7')
        .replace(/\d+\.\d+(?=(?:ms|s)\b| s\b| seconds)/g, '7.125')
        .replaceAll('\n', '\r\n');
      expect(failingTests(other, '/tmp/copy-7')).toEqual(failingTests(text, '/project'));
    },
  );

  it.each(outputs)('name no directory of the machine, also when the root is not known: %s', (file) => {
    expect(JSON.stringify(failingTests(output(file.replace(/\.txt$/, ''))))).not.toMatch(/project|\u001b|\d ?ms\b/);
  });

  it.each([
    '',
    'done',
    'Everything is fine.\n3 files formatted',
    'ok',
    'FAIL',
    'error TS2322: no',
    'make: *** [test] Error 2',
  ])('are not known from %j', (text) => {
    expect(failingTests(text)).toBeNull();
  });

  it('are not known when the output was cut: fewer names than the runner counted', () => {
    for (const name of [
      'node-20-spec-failed',
      'vitest-failed',
      'jest-failed',
      'mocha-spec-failed',
      'pytest-failed',
      'unittest-failed',
      'rspec-failed',
      'phpunit-failed',
      'maven-failed',
      'cargo-no-fail-fast',
      'nextest-failed-written-from-documentation',
      'gradle-failed-written-from-documentation',
      'dotnet-failed-written-from-documentation',
    ]) {
      const lines = output(name).split('\n');
      const ends = lines.slice(-4).join('\n');
      expect(failingTests(ends) ?? []).toEqual([]);
      expect(failingTests(lines.slice(0, 6).join('\n')) ?? []).toEqual([]);
    }
    expect(failingTests('1..3\nok 1 - a\nnot ok 2 - b\n')).toBeNull();
    expect(failingTests('TAP version 13\nnot ok 1 - b\n')).toBeNull();
    expect(failingTests(' RUN  v4.1.12 /project\n FAIL  a.test.ts > b\n')).toBeNull();
    expect(failingTests('--- FAIL: TestA (0.00s)\nok  \ta\t0.1s\n--- FAIL: TestB (0.00s)\n')).toBeNull();
  });

  it('are not known when coverage failed besides: that is no test', () => {
    const covered = `${output('vitest-failed')}\nERROR: Coverage for lines (80%) does not meet global threshold (85%)\n`;
    expect(failingTests(covered)).toBeNull();
  });

  it('of several runners in one output are put together', () => {
    expect(failingTests(output('go-failed') + output('pytest-failed'))).toEqual([...go, ...pytest]);
    expect(failingTests(output('go-failed') + output('pytest-no-names'))).toBeNull();
  });
});

describe('odd outputs', () => {
  it.each<[string, string, string[] | null]>([
    ['TAP of bats', '1..2\nok 1 adds\nnot ok 2 sums\n# (in test file a.bats, line 3)\n', ['sums']],
    ['TAP with directives', '1..3\nnot ok 1 - a # TODO later\nok 2 - b # SKIP\nnot ok 3 - c # time=3ms\n', ['c']],
    ['TAP that gave up', '1..1\nnot ok 1 - a\nBail out! no database\n', null],
    ['TAP with nothing in it', '1..0\nTAP is a format\n', null],
    ['TAP, an empty plan', 'TAP version 14\n1..0\n', []],
    ['TAP, a group that is a todo', '1..1\n    not ok 1 - a\n    1..1\nnot ok 1 - group # TODO\n', []],
    ['TAP, a brace group that fails by itself', '1..1\nnot ok 1 - group {\n    1..1\n    ok 1 - a\n}\n', ['group']],
    ['TAP, diagnostics of a test that passed', '1..1\nok 1 - a\n  ---\n  location: x\n  ...\n', []],
    [
      'TAP, a location without a number',
      "TAP version 13\nnot ok 1 - a\n  ---\n  location: 'x.js'\n  ...\n1..1\n",
      ['x.js: a'],
    ],
    ['a stray brace', '1..1\n}\nok 1\n', []],
    ['an after hook of node:test', '▶ s\n  ✔ a (1ms)\n✖ s (2ms)\nℹ fail 0\nℹ cancelled 0\n', ['s']],
    ['node:test 18, which closes suites with another sign', '▶ s\n  ✖ a (1ms)\n▶ s (2ms)\nℹ fail 1\n', ['s > a']],
    [
      'two runs of node:test',
      '✖ a (1ms)\nℹ fail 1\n✖ failing tests:\n\ntest at a.js:1:1\n✖ a (1ms)\n> next\n✖ b (1ms)\nℹ fail 1\n',
      ['a.js: a', 'b'],
    ],
    [
      'Jest that stopped early',
      'FAIL a.test.js (5.1 s)\n  ● b\nTest Suites: 1 failed, 1 of 3 total\nTests: 1 failed, 1 total\n',
      null,
    ],
    [
      'Jest with console output',
      'FAIL a.test.js\n  ● Console\n  ● b\nPASS c.test.js\n  ● d\nTests: 1 failed, 1 total\n',
      ['a.test.js: b'],
    ],
    [
      'pytest with dashes in parameters',
      'FAILED a.py::t[x - y] - no [1\nFAILED a.py::u[1\n2 failed in 0.1s\n',
      ['a.py::t[x - y]', 'a.py::u[1'],
    ],
    ['pytest with an unclosed bracket', 'FAILED a.py::t[x - y\n1 failed in 0.1s\n', ['a.py::t[x']],
    [
      'pytest under xdist',
      '[gw0] [ 50%] FAILED a.py::t \n[gw1] [100%] PASSED a.py::u\n1 failed, 1 passed in 0.1s\n',
      ['a.py::t'],
    ],
    ['pytest that found nothing', '===== test session starts =====\n===== no tests ran in 0.01s =====\n', []],
    ['pytest that was killed', '===== test session starts =====\na.py .\n', null],
    ['pytest that broke', 'INTERNALERROR> x\n1 passed in 0.1s\n', null],
    [
      'unittest with a class that could not be set up',
      'ERROR: setUpClass (a.T)\nRan 0 tests in 0.0s\nFAILED (errors=1)\n',
      null,
    ],
    [
      'unittest with an unexpected success',
      'UNEXPECTED SUCCESS: t (a.T)\nRan 1 test in 0.0s\nFAILED (unexpected successes=1)\n',
      ['t (a.T)'],
    ],
    ['go with a package that ended itself', 'exit status 3\nFAIL\ta\t0.1s\n', null],
    ['go without tests', '?   \ta\t[no test files]\n', []],
    [
      'cargo that was killed',
      'running 1 test\ntest a ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored\nrunning 2 tests\n',
      null,
    ],
    [
      'cargo with its streams apart',
      'running 1 test\nfailures:\n    a\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n',
      [': a'],
    ],
    [
      'nextest with a time-out',
      '     TIMEOUT [> 60.0s] a b\n     Summary [ 1.0s] 1 test run: 0 passed, 1 timed out, 0 skipped\n',
      ['a: b'],
    ],
    ['rspec with an id', "rspec './a_spec.rb[1:2]' # a b\n1 example, 1 failure\n", ['a_spec.rb: a b']],
    ['rspec, a line it does not print', 'rspec nothing\n1 example, 0 failures\n', []],
    [
      'PHPUnit with risky tests',
      'There was 1 risky test:\n\n1) A::b\n\nOK, but\nTests: 1, Assertions: 0, Risky: 1.\n',
      [],
    ],
    [
      'Surefire, a class that could not be set up',
      '[ERROR] Tests run: 1, Failures: 0, Errors: 1, Skipped: 0, Time elapsed: 0.1 s <<< FAILURE! -- in a.B\n[ERROR] a.B -- Time elapsed: 0.1 s <<< ERROR!\n[ERROR] Tests run: 1, Failures: 0, Errors: 1, Skipped: 0\n',
      null,
    ],
    [
      'Surefire 2',
      '[ERROR] sums(a.B)  Time elapsed: 0.1 s  <<< FAILURE!\n[ERROR] Tests run: 1, Failures: 1, Errors: 0, Skipped: 0\n',
      ['sums(a.B)'],
    ],
    ['dotnet that did not build', 'Failed!  - Failed:     0, Passed: 1\na.cs(1,1): error CS1002: ;\n', null],
  ])('%s', (_, text, names) => {
    expect(failingTests(text)).toEqual(names);
  });

  it('reads the text a progress line was overwritten with', () => {
    expect(failingTests('1..1\nworking 50%\rnot ok 1 - \u001b[31ma\u001b[39m\r\n')).toEqual(['a']);
  });

  it('cuts paths outside the project to their last part', () => {
    const tap = (path: string) => `TAP version 13\nnot ok 1 - a\n  ---\n  location: '${path}:1:2'\n  ...\n1..1\n`;
    expect(failingTests(tap('/tmp/x1/b.js'), '/project')).toEqual(['b.js: a']);
    expect(failingTests(tap('C:\\work\\b.js'))).toEqual(['b.js: a']);
    expect(failingTests(tap('C:\\work\\test\\b.js'), 'C:\\work')).toEqual(['test/b.js: a']);
  });

  it('never throws, and never names a test without a format', () => {
    const piece = fc.constantFrom(
      'not ok 1 - a',
      '1..1',
      '  ---',
      '}',
      '▶ s',
      '  ✖ a (1ms)',
      'ℹ fail 1',
      'FAIL x',
      '  ● a',
      'Tests: 1 failed, 1 total',
      '  1) a',
      '  1 failing',
      '\r',
      'failures:',
      '    a',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (lines) => {
        const names = failingTests(lines.join('\n'));
        return names === null || Array.isArray(names);
      }),
    );
  });
});
