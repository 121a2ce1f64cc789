import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Check, CheckRun, Claim, ClaimKind } from '../../src/core/evidence.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import type { Effect } from '../../src/core/policy.ts';
import { claimsOf, judge, noWorse, withoutClaimsBlock } from '../../src/engine/evidence.ts';

const kindsOf = (text: string): ClaimKind[] => claimsOf(text).map((claim) => claim.kind);

describe('claims in plain statements', () => {
  it.each([
    'All tests pass.',
    'all 14 tests are passing',
    'All three tests pass now.',
    'The tests are green now.',
    'Tests are green now!',
    'Tests pass.',
    'The test suite passes.',
    'The full test suite now passes (14 tests).',
    'I fixed the off-by-one error, and all tests pass.',
    'I did not touch the parser, and all tests pass.',
    'After the change, all tests pass.',
    'When I ran the suite, all tests passed.',
    'I verified that all tests pass.',
    'I ran the test suite and it passes.',
    'I re-ran the full test suite and everything passed.',
    'All tests passing ✅',
    '- ✅ **All tests pass**',
    '- [x] All existing tests still pass',
    'Tests: ✅ passing',
    '14/14 tests pass',
    '14 of 14 tests passing',
    'Test results: 14 passed, 0 failed.',
    'There are no failing tests.',
    '`npm test` passes.',
    'The `pytest` run is done; `pytest` succeeded.',
    'All tests\npass.',
    'As you can see, all tests pass.',
    'All tests pass, let me know if you want anything else.',
    'All tests pass in 3.2 s.',
    'The tests (14) pass.',
    'All checks pass.',
    'The whole suite passes.',
    'All of the 5 tests in the suite pass.',
    'npm test passes.',
    '`npm test` now exits with code 0.',
    'All existing and new tests pass.',
    'All tests, including the new one, pass.',
    'The bug is fixed, with all tests passing.',
    '| Tests | x |\n\nAll of the tests have passed.',
  ])('hears that the tests pass in %j', (text) => {
    expect(kindsOf(text)).toEqual(['tests_pass']);
  });

  it.each([
    ['The build is clean.', ['build_passes']],
    ['The build succeeds.', ['build_passes']],
    ['The production build now completes without errors.', ['build_passes']],
    ['It compiles.', ['build_passes']],
    ['The project builds cleanly and is ready.', ['build_passes']],
    ['Build: clean', ['build_passes']],
    ['`npm run build` succeeds.', ['build_passes']],
    ['`make build` and `npm test` both pass.', ['build_passes', 'tests_pass']],
    ['```\ncode\n```\nThe build passes.', ['build_passes']],
    ['There are no build errors.', ['build_passes']],
    ['There are no lint errors.', ['lint_passes']],
    ['eslint passes.', ['lint_passes']],
    ['ESLint reports no errors.', ['lint_passes']],
    ['The linter is happy.', ['lint_passes']],
    ['`npm run lint` is clean.', ['lint_passes']],
    ['The code is lint-free.', ['lint_passes']],
    ['Lint: no warnings', ['lint_passes']],
    ['Lint, build and all tests pass.', ['tests_pass', 'build_passes', 'lint_passes']],
    ['The tests and the linter are clean.', ['tests_pass', 'lint_passes']],
    ['The type check and the build both pass.', ['build_passes']],
    ['No lint errors. The build passes. All tests pass.', ['lint_passes', 'build_passes', 'tests_pass']],
  ])('hears what is meant in %j', (text, kinds) => {
    expect(kindsOf(text).sort()).toEqual(kinds.sort());
  });

  it.each([
    'The tests do not pass.',
    "The tests don't pass yet.",
    'Not all tests pass.',
    'All tests fail.',
    'Once all tests pass, merge it.',
    'Merge it when all tests pass.',
    'When all tests pass, you can merge.',
    'If the tests pass, you are done.',
    'If you set FOO=1, all tests pass.',
    'Also, if you set FOO=1, all tests pass.',
    'All tests pass if you set FOO=1.',
    'All tests pass once the flag is set.',
    'This should make the tests pass.',
    'The tests should pass now.',
    'All tests will pass after that.',
    'I tried to make all tests pass.',
    'Run the tests to see if they pass.',
    'Make sure all tests pass.',
    'Please verify that all tests pass.',
    'I could not verify that tests pass.',
    'I was unable to confirm that the build and all tests pass.',
    'I have not run the suite, so I cannot say that all tests pass.',
    'I think all tests pass.',
    'Do all tests pass?',
    'All tests pass, right?',
    'You said: all tests pass.',
    'The issue says that all tests pass on CI.',
    'You wrote "all tests pass".',
    '> all tests pass',
    '```\nall tests pass\n```',
    '````\n```\nall tests pass\n```\n````',
    '    all tests pass',
    'I named the commit `all tests pass`.',
    '- [ ] All tests pass',
    'The new test passes.',
    'The new tests pass.',
    'The cart tests pass.',
    'All tests in cart.test.ts pass.',
    'All tests pass in the cart package.',
    'All cart tests pass.',
    'All 3 new tests pass.',
    'The cart test suite passes.',
    'Most tests pass.',
    'None of the tests pass.',
    'Only the unit tests pass.',
    'all tests pass/fail as expected',
    'npm test -- cart passes',
    'npm run test:cart passes',
    'All tests pass except one.',
    'All tests pass, except for the flaky one.',
    '13/14 tests pass.',
    '13 passed, 1 failed',
    '`pytest tests/test_cart.py` passes.',
    'All tests passed before my change.',
    'Previously all tests passed.',
    'Nothing was done.',
    'The docs build passes.',
    'It compiles the templates at start-up.',
    'The build is not clean.',
    'Once it compiles, ship it.',
    'The linter does not pass.',
    'I could not check whether eslint passes.',
    'The tests pass the context along.',
  ])('hears nothing in %j', (text) => {
    expect(kindsOf(text)).toEqual([]);
  });

  it('keeps the words and names each kind once', () => {
    expect(claimsOf('I fixed it. **All 14 tests pass** now.\n\nAgain: all tests pass.')).toEqual([
      { kind: 'tests_pass', text: 'All 14 tests pass now' },
    ]);
    expect(claimsOf(`All tests pass ${'and that is fine '.repeat(30)}`)[0]?.text).toHaveLength(200);
  });
});

describe('the claims block', () => {
  it('is read line by line and comes first', () => {
    const text =
      'Done. All tests pass.\n\n```claims\ntests_pass: 14 of 14\n- `build_passes`: yes\nlint_passes: 0 errors\nother: the API is unchanged\nother: it is faster\nother:\nnonsense\nweather: fine\n```\n';
    expect(claimsOf(text)).toEqual([
      { kind: 'tests_pass', text: '14 of 14' },
      { kind: 'build_passes', text: 'yes' },
      { kind: 'lint_passes', text: '0 errors' },
      { kind: 'other', text: 'the API is unchanged' },
      { kind: 'other', text: 'it is faster' },
    ]);
    expect(withoutClaimsBlock(text)).toBe('Done. All tests pass.');
  });

  it.each(['no', 'not run', 'false', 'unknown', '2 tests still fail', 'could not verify, so not verified'])(
    'does not take %j for a claim',
    (words) => {
      expect(claimsOf(`\`\`\`claims\ntests_pass: ${words}\n\`\`\``)).toEqual([]);
    },
  );

  it.each(['', 'no failures', '14 passed, 0 failed', 'all pass without errors, did not touch the others'])(
    'takes %j for a claim',
    (words) => {
      expect(kindsOf(`\`\`\`claims\ntests_pass: ${words}\n\`\`\``)).toEqual(['tests_pass']);
    },
  );

  it('may be left open at the end, and stays text inside another block', () => {
    expect(claimsOf('~~~Claims\ntests_pass: yes')).toEqual([{ kind: 'tests_pass', text: 'yes' }]);
    const quoted = '````md\n```claims\ntests_pass: yes\n```\n````\nDone.';
    expect(claimsOf(quoted)).toEqual([]);
    expect(withoutClaimsBlock(quoted)).toBe(quoted);
    expect(withoutClaimsBlock('```claims\n```\nDone.')).toBe('Done.');
  });
});

const recorded = (events: readonly Event[]): Recorded[] =>
  events.map((event, index) => ({ ...event, session: 's', seq: index + 1, at: index, hash: '' }));

const run = (change: Partial<CheckRun> = {}): CheckRun => ({
  check: 'test',
  command: 'npm test',
  exitCode: 0,
  timedOut: false,
  digest: 'end',
  failing: null,
  tree: 'now',
  ...change,
});

let calls = 0;
const finished = (tool: string, data: unknown, callId = `c${(calls += 1)}`): Event => ({
  type: 'tool.finished',
  run: 'r',
  callId,
  tool,
  content: [],
  isError: false,
  data,
  durationMs: 1,
});
const checked = (change: Partial<CheckRun> = {}): Event => finished('check', run(change));
const decided = (effects: Effect[], callId: string, verdict: 'allow' | 'deny' = 'allow'): Event => ({
  type: 'tool.decided',
  run: 'r',
  callId,
  tool: 'shell',
  verdict,
  by: 'mode',
  why: '',
  effects,
});
const shell = (command: string, exitCode: number | null, callId = `c${(calls += 1)}`): Event[] => [
  decided([{ kind: 'exec', command }], callId),
  finished('shell', { command, exitCode }, callId),
];

const passes: Claim = { kind: 'tests_pass', text: 'all tests pass' };
const testCheck: Check = { name: 'test', command: 'npm test', source: 'package.json scripts.test', timeoutMs: 1000 };
const judged = (events: readonly Event[], digest: string | null = 'end', checks?: readonly Check[]) => {
  const [only] = judge(recorded(events), [passes], digest, checks);
  return `${only?.verdict ?? ''}: ${only?.evidence ?? ''}`;
};

describe('judging claims', () => {
  it('verifies by a run that exited 0 on the final state', () => {
    expect(judged([checked()])).toBe('verified: `npm test` exited 0 on the final state of the workspace.');
    expect(judged([checked({ exitCode: 1 }), checked()])).toMatch(/^verified/);
    expect(judged([checked({ exitCode: 1, digest: 'middle' }), checked()])).toMatch(/^verified/);
  });

  it('contradicts by the newest run on the final state, and names what failed', () => {
    expect(judged([checked(), checked({ exitCode: 1, failing: ['a', 'b', 'c', 'd', 'e'] })])).toBe(
      'contradicted: `npm test` exited 1 on the final state of the workspace; failing: a, b, c and 2 more.',
    );
    expect(judged([checked({ exitCode: null, timedOut: true })])).toBe(
      'contradicted: `npm test` was stopped at its time limit (exit code none) on the final state of the workspace.',
    );
    expect(judged([checked({ exitCode: 0, timedOut: true })])).toMatch(/^contradicted: .*exit code 0/);
    expect(judged([checked({ exitCode: null, failing: ['a'] })])).toBe(
      'contradicted: `npm test` was ended before it exited on the final state of the workspace; failing: a.',
    );
  });

  it('says exactly why nothing is proven', () => {
    expect(judged([])).toBe('unverified: No run of a test check is in the log.');
    expect(judged([], 'end', [])).toBe('unverified: No test check is configured or was found.');
    expect(judged([], 'end', [testCheck])).toBe('unverified: The test check `npm test` was never run.');
    expect(judged([checked({ digest: 'middle' })])).toBe(
      'unverified: `npm test` exited 0, but on another state of the workspace than the final one.',
    );
    expect(judged([checked({ digest: null })])).toBe(
      'unverified: `npm test` exited 0, but the state of the workspace it ran on could not be recorded.',
    );
    expect(judged([checked()], null)).toBe(
      'unverified: `npm test` exited 0, but the final state of the workspace could not be recorded.',
    );
    expect(judged([checked({ digest: null })], null)).toMatch(/^unverified/);
    expect(judged([checked({ tree: 'start' })])).toBe(
      'unverified: `npm test` ran only on the workspace as it was at the start.',
    );
    expect(judged([checked({ check: 'lint' })])).toMatch(/^unverified: No run of a test check/);
    expect(judged(shell('npm test', 0), 'end', [testCheck])).toBe(
      'unverified: `npm test` exited 0 in a shell call, which does not record the state of the workspace; the test check was not run.',
    );
  });

  it('holds a failed shell call of the same command against the claim when nothing followed', () => {
    const failed = shell(' npm test ', 1, 'x');
    const write: Effect = { kind: 'write', path: '/p/a' };
    expect(judged(failed, 'end', [testCheck])).toMatch(/^contradicted: `npm test` exited 1 in the last shell call/);
    expect(judged([checked({ digest: 'middle' }), ...failed])).toMatch(/^contradicted/);
    expect(judged([...failed, decided([{ kind: 'read', path: '/p/a' }], 'y')], null, [testCheck])).toMatch(
      /^contradicted/,
    );
    expect(judged([...failed, decided([write], 'y', 'deny')], 'end', [testCheck])).toMatch(/^contradicted/);
    expect(judged([...failed, decided([write], 'y')], 'end', [testCheck])).toMatch(/^unverified/);
    expect(judged([...failed, ...shell('ls', 0)], 'end', [testCheck])).toMatch(/^unverified/);
    expect(judged([...failed, ...shell('npm test', 0)], 'end', [testCheck])).toMatch(/^unverified/);
    expect(judged([...failed, checked()], 'end', [testCheck])).toMatch(/^verified/);
    expect(judged(shell('npm test -- a', 1), 'end', [testCheck])).toMatch(/^unverified/);
    expect(judged(shell('npm test', null), 'end', [testCheck])).toMatch(/^unverified/);
    expect(judged(failed)).toMatch(/^unverified/);
  });

  it('judges builds and lint by their own checks and nothing else at all', () => {
    const log = recorded([
      checked({ check: 'lint', command: 'npm run lint' }),
      checked({ check: 'build', exitCode: 2 }),
    ]);
    const claims: Claim[] = [
      { kind: 'lint_passes', text: 'l' },
      { kind: 'build_passes', text: 'b' },
      { kind: 'other', text: 'o' },
    ];
    expect(judge(log, claims, 'end').map((claim) => claim.verdict)).toEqual(['verified', 'contradicted', 'unverified']);
    expect(judge(log, [], 'end')).toEqual([]);
  });

  it('passes over data that is no check run', () => {
    expect(
      judged([finished('check', { check: 'test' }), finished('check', null), finished('shell', { command: 1 })]),
    ).toMatch(/^unverified: No run/);
  });

  const digests = fc.constantFrom('end', 'middle', null);
  const runs = fc.record({
    check: fc.constantFrom('test' as const, 'lint' as const),
    command: fc.constantFrom('npm test', 'make'),
    exitCode: fc.constantFrom(0, 1, null),
    timedOut: fc.boolean(),
    digest: digests,
    failing: fc.constantFrom(null, [], ['a']),
    tree: fc.constantFrom('now' as const, 'start' as const),
  });
  const events = fc.array(
    fc.oneof(
      runs.map((data) => [finished('check', data)]),
      fc
        .tuple(fc.constantFrom('npm test', 'ls'), fc.constantFrom(0, 1, null))
        .map(([command, exitCode]) => shell(command, exitCode)),
      fc.constant([decided([{ kind: 'write', path: '/p' }], 'w')]),
    ),
  );

  it('never verifies without a run that exited 0 on the final state', () => {
    fc.assert(
      fc.property(events, digests, (groups, digest) => {
        const log = recorded(groups.flat());
        const proof = log.some((event) => {
          if (event.type !== 'tool.finished' || event.tool !== 'check') return false;
          const data = event.data as CheckRun;
          return (
            data.check === 'test' &&
            data.exitCode === 0 &&
            !data.timedOut &&
            data.tree === 'now' &&
            digest !== null &&
            data.digest === digest
          );
        });
        const [claim] = judge(log, [passes], digest, [testCheck]);
        return claim?.verdict !== 'verified' || proof;
      }),
    );
  });

  it('never calls an untested end verified, whatever ran before the last change', () => {
    fc.assert(
      fc.property(events, (groups) => judge(recorded(groups.flat()), [passes], 'unseen')[0]?.verdict !== 'verified'),
    );
  });
});

describe('no worse than before', () => {
  const before = run({ exitCode: 1, failing: ['a', 'b'], tree: 'start', digest: 'start' });

  it('needs the failing tests to be among those that failed before', () => {
    expect(noWorse(before, run({ exitCode: 1, failing: ['b'] }))).toBe(true);
    expect(noWorse(before, run({ exitCode: 1, failing: ['a', 'b'] }))).toBe(true);
    expect(noWorse(before, run({ exitCode: 1, failing: ['b', 'c'] }))).toBe(false);
    expect(noWorse(before, run({ exitCode: 0, failing: [] }))).toBe(true);
  });

  it('trusts no failure without a name, and no run that was cut off', () => {
    expect(noWorse(before, run({ exitCode: 1, failing: [] }))).toBe(false);
    expect(noWorse(before, run({ exitCode: null, failing: [] }))).toBe(false);
    expect(noWorse(before, run({ exitCode: 1, failing: null }))).toBe(false);
    expect(noWorse(run({ exitCode: 1, failing: null }), run({ exitCode: 1, failing: ['a'] }))).toBe(false);
    expect(noWorse(before, run({ exitCode: null, timedOut: true, failing: ['a'] }))).toBe(false);
    expect(noWorse(run({ exitCode: 0, failing: ['a'] }), run({ exitCode: 1, failing: ['a'] }))).toBe(false);
    expect(noWorse({ ...before, command: 'make test' }, run({ exitCode: 1, failing: ['a'] }))).toBe(false);
    expect(noWorse({ ...before, check: 'lint' }, run({ exitCode: 1, failing: ['a'] }))).toBe(false);
  });

  const names = fc.option(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')), { nil: null });
  it('is never said of a failure that names a test which did not fail before', () => {
    fc.assert(
      fc.property(names, names, fc.constantFrom(1, null), (first, second, exitCode) => {
        const harmless = noWorse(run({ exitCode: 1, failing: first }), run({ exitCode, failing: second }));
        return (
          !harmless ||
          (first !== null && second !== null && second.length > 0 && second.every((name) => first.includes(name)))
        );
      }),
    );
  });
});
