import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFiles, detectChecks, resolveChecks } from '../../src/engine/checks.ts';

const detect = (files: Record<string, string>) => detectChecks(new Map(Object.entries(files)));
const commands = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(detect(files).checks.map((check) => [check.name, check.command]));
const notes = (files: Record<string, string>): string => detect(files).notes.join('\n');
const manifest = (scripts: Record<string, string>, more: object = {}): string => JSON.stringify({ scripts, ...more });

describe('checks of a package', () => {
  const scripts = { test: 'node --test', lint: 'eslint .', build: 'tsc -p .', start: 'node .' };

  it('are its scripts, in the order they run', () => {
    expect(detect({ 'package.json': manifest(scripts), 'package-lock.json': '' })).toEqual({
      checks: [
        { name: 'lint', command: 'npm run lint', source: 'package.json scripts.lint', timeoutMs: 600_000 },
        { name: 'build', command: 'npm run build', source: 'package.json scripts.build', timeoutMs: 600_000 },
        { name: 'test', command: 'npm test', source: 'package.json scripts.test', timeoutMs: 600_000 },
      ],
      notes: [],
    });
  });

  it.each([
    ['pnpm-lock.yaml', 'pnpm test', 'pnpm run lint'],
    ['yarn.lock', 'yarn test', 'yarn run lint'],
    ['bun.lock', 'bun run test', 'bun run lint'],
    ['bun.lockb', 'bun run test', 'bun run lint'],
    ['npm-shrinkwrap.json', 'npm test', 'npm run lint'],
  ])('are run by the package manager of %s', (lock, test, lint) => {
    expect(commands({ 'package.json': manifest(scripts), [lock]: '' })).toMatchObject({ test, lint });
  });

  it('follow the packageManager field over lockfiles, and say when there is neither or more than one', () => {
    const pnpm = manifest(scripts, { packageManager: 'pnpm@9.1.0+sha512.0' });
    expect(commands({ 'package.json': pnpm, 'package-lock.json': '' })).toMatchObject({ test: 'pnpm test' });
    const odd = {
      'package.json': manifest(scripts, { packageManager: 'cnpm@1' }),
      'yarn.lock': '',
      'package-lock.json': '',
    };
    expect(commands(odd)).toMatchObject({ test: 'yarn test' });
    expect(notes(odd)).toContain('cnpm is not known here');
    expect(notes(odd)).toContain('(yarn.lock, package-lock.json): yarn is used');
    expect(notes({ 'package.json': manifest(scripts) })).toContain('no lockfile and no packageManager, so npm is used');
  });

  it.each([
    ['echo "Error: no test specified" && exit 1', 'is what npm writes when there are no tests'],
    ['echo ok', 'checks nothing'],
    ['', 'checks nothing'],
    ['exit 0', 'checks nothing'],
    ['jest --watch', 'watches and does not end'],
    ['jest --watchAll', 'watches and does not end'],
    ['vitest watch', 'watches and does not end'],
    ['mocha -w', 'watches and does not end'],
    ['tsc -w', 'watches and does not end'],
    ['npm run build && nodemon test.js', 'watches and does not end'],
    ['node --test --watch', 'watches and does not end'],
    ['ng test', 'watches and does not end'],
    ['karma start', 'watches and does not end'],
    ['vite', 'watches and does not end'],
    ['next dev', 'watches and does not end'],
    ['npm run watch', 'watches and does not end'],
    ['eslint . --fix', 'rewrites files'],
    ['prettier --write .', 'rewrites files'],
  ])('leave out a script %j', (test, why) => {
    const files = { 'package.json': manifest({ test, watch: 'tsx watch src' }), 'package-lock.json': '' };
    expect(commands(files)).toEqual({});
    expect(notes(files)).toContain(`package.json scripts.test: not taken, \`${test}\` ${why}.`);
  });

  it.each([
    'jest --watchAll=false',
    'vitest run',
    'ng test --watch=false',
    'karma start --single-run',
    'npm test -w packages/a',
    'vite build',
    'echo start && node --test',
  ])('take a script %j', (test) => {
    expect(commands({ 'package.json': manifest({ test }), 'package-lock.json': '' })).toEqual({ test: 'npm test' });
  });

  it('take `vitest`, which runs once without a terminal, and say so', () => {
    const files = { 'package.json': manifest({ test: 'vitest' }), 'package-lock.json': '' };
    expect(commands(files)).toEqual({ test: 'npm test' });
    expect(notes(files)).toContain('without one, as checks run, it runs once');
  });

  it('fall back to scripts of other names, and say so', () => {
    const files = {
      'package.json': manifest({
        test: 'jest --watch',
        'test:ci': 'jest',
        lint: 'eslint --fix .',
        'lint:check': 'eslint .',
        typecheck: 'tsc --noEmit',
      }),
      'package-lock.json': '',
    };
    expect(commands(files)).toEqual({
      lint: 'npm run lint:check',
      build: 'npm run typecheck',
      test: 'npm run test:ci',
    });
    expect(notes(files)).toContain('scripts.typecheck: taken as the build check');
  });

  it('survive scripts that call each other in a circle', () => {
    expect(
      commands({ 'package.json': manifest({ test: 'npm run a', a: 'npm run b', b: 'npm run a' }), 'yarn.lock': '' }),
    ).toEqual({
      test: 'yarn test',
    });
  });

  it.each(['{', '[]', '3', 'null', ''])('are none when package.json is %j, with a note', (text) => {
    expect(commands({ 'package.json': text })).toEqual({});
    expect(notes({ 'package.json': text })).toContain('package.json: not taken, it is not a JSON object.');
  });

  it('pass over scripts that are no texts, and name workspaces without scripts', () => {
    expect(commands({ 'package.json': '{"scripts":{"test":1}}' })).toEqual({});
    expect(commands({ 'package.json': '\ufeff{"scripts":3}' })).toEqual({});
    expect(notes({ 'package.json': '{"workspaces":["packages/*"]}', 'package-lock.json': '' })).toContain(
      'it has workspaces',
    );
  });

  it('are tasks of deno.json, comments and all', () => {
    const text =
      '{\n  // tasks\n  "tasks": { "test": "deno test -A", "lint": { "command": "deno lint" }, /* odd */ "build": {} , },\n}';
    expect(commands({ 'deno.jsonc': text })).toEqual({ test: 'deno task test', lint: 'deno task lint' });
    expect(notes({ 'deno.json': '{' })).toContain('deno.json: not taken');
  });
});

describe('checks of other languages', () => {
  it('Cargo', () => {
    const plain = { 'Cargo.toml': '[package]\nname = "a"\n' };
    expect(commands(plain)).toEqual({ build: 'cargo build', test: 'cargo test --no-fail-fast' });
    expect(notes(plain)).toContain('clippy not taken');
    expect(commands({ 'Cargo.toml': '[workspace]\n[workspace.lints.clippy]\n' })).toEqual({
      lint: 'cargo clippy --workspace --all-targets -- -D warnings',
      build: 'cargo build --workspace',
      test: 'cargo test --workspace --no-fail-fast',
    });
    expect(commands({ 'Cargo.toml': '', 'clippy.toml': '' }).lint).toContain('cargo clippy');
    expect(commands({ 'Cargo.toml': '[ lints.rust ]' }).lint).toContain('cargo clippy');
    expect(commands({ 'Cargo.toml': '', '.clippy.toml': '' }).lint).toContain('cargo clippy');
  });

  it('Go', () => {
    expect(commands({ 'go.mod': 'module a' })).toEqual({
      lint: 'go vet ./...',
      build: 'go build ./...',
      test: 'go test ./...',
    });
    expect(commands({ 'go.mod': 'module a', '.golangci.yml': '' }).lint).toBe('golangci-lint run');
  });

  it.each([
    [{ 'pytest.ini': '' }, { test: 'python3 -m pytest' }],
    [
      { 'pyproject.toml': '[tool.pytest.ini_options]\n[tool.ruff]\n', 'uv.lock': '' },
      { lint: 'uv run ruff check .', test: 'uv run pytest' },
    ],
    [
      { 'pyproject.toml': '[tool.poetry.group.dev.dependencies]\npytest = "^8"\n', 'poetry.lock': '' },
      { test: 'poetry run pytest' },
    ],
    [
      { 'pyproject.toml': '[project.optional-dependencies]\ntest = ["pytest>=8", "ruff"]\n', 'pdm.lock': '' },
      { test: 'pdm run pytest' },
    ],
    [
      { 'setup.cfg': '[tool:pytest]\n[flake8]\n', 'Pipfile.lock': '' },
      { lint: 'pipenv run flake8', test: 'pipenv run pytest' },
    ],
    [{ 'tox.ini': '[pytest]\n[flake8]\n' }, { lint: 'python3 -m flake8', test: 'python3 -m pytest' }],
    [{ 'tox.ini': '[tox]\nenvlist = py\n' }, { test: 'python3 -m tox' }],
    [{ 'tox.ini': '[testenv]\n' }, { test: 'python3 -m tox' }],
    [
      { 'conftest.py': '', 'ruff.toml': '' },
      { lint: 'python3 -m ruff check .', test: 'python3 -m pytest' },
    ],
    [{ '.ruff.toml': '', '.flake8': '' }, { lint: 'python3 -m ruff check .' }],
  ])('Python: %j', (files, expected) => {
    expect(commands(files as Record<string, string>)).toEqual(expected);
  });

  it('Python without a word on tests gets a note', () => {
    expect(notes({ 'pyproject.toml': '[project]\nname = "pytest-less"\n' })).toContain(
      'pyproject.toml: nothing in it says how tests are run.',
    );
    expect(notes({ 'setup.cfg': '[metadata]\n' })).toContain('setup.cfg: nothing in it');
  });

  it('Maven, Gradle, Composer and RSpec', () => {
    expect(commands({ 'pom.xml': '' })).toEqual({ build: 'mvn -B -DskipTests test-compile', test: 'mvn -B test' });
    expect(commands({ 'pom.xml': '', mvnw: '' }).test).toBe('./mvnw -B test');
    expect(commands({ 'build.gradle': '' }).test).toBe('gradle --console=plain --continue test');
    expect(commands({ 'build.gradle.kts': '', gradlew: '' }).build).toBe('./gradlew --console=plain assemble');
    expect(commands({ 'composer.json': '{"scripts": {"test": "phpunit"}}' })).toEqual({ test: 'composer test' });
    expect(notes({ 'composer.json': '{"scripts": {"test": "phpunit"}}' })).toContain('composer.json: no scripts.lint.');
    expect(commands({ '.rspec': '' })).toEqual({ test: 'rspec' });
    expect(commands({ '.rspec': '', Gemfile: '' })).toEqual({ test: 'bundle exec rspec' });
  });
});

describe('checks of a Makefile', () => {
  const makefile =
    '.PHONY: test lint\nCC := gcc\nall: build\n\nlint build:\n\t@./do $@\n\ntest: build\n\t@./t\n\t-./u\n';

  it('are its targets', () => {
    expect(commands({ Makefile: makefile })).toEqual({ lint: 'make lint', build: 'make build', test: 'make test' });
    expect(detect({ Makefile: makefile }).checks[2]?.source).toBe('Makefile target test');
    expect(commands({ GNUmakefile: 'check: ; ./a; ./b\n', Makefile: makefile })).toEqual({ test: 'make check' });
  });

  it('come only where the language has none, and say so', () => {
    const files = { 'package.json': manifest({ test: 'node --test' }), 'package-lock.json': '', Makefile: makefile };
    expect(commands(files)).toEqual({ lint: 'make lint', build: 'make build', test: 'npm test' });
    expect(notes(files)).toContain(
      'Makefile target test: `make test` not taken, package.json scripts.test has the test check.',
    );
  });

  it('leave out targets that watch or rewrite, and name a Makefile without any', () => {
    expect(commands({ makefile: 'test:\n\tjest --watch\ncheck:\n\tjest\n' })).toEqual({ test: 'make check' });
    expect(notes({ makefile: 'test:\n\tjest --watch\n' })).toContain('makefile target test: not taken, it watches');
    expect(commands({ makefile: 'lint: ; eslint --fix .\n' })).toEqual({});
    expect(notes({ Makefile: 'all:\n\t./x\n' })).toContain('Makefile: no target test, check, lint or build.');
  });
});

describe('finding checks', () => {
  it('says what is missing', () => {
    expect(detect({})).toEqual({
      checks: [],
      notes: [
        'No file that names checks was found (package.json, pyproject.toml, Cargo.toml, go.mod, Makefile, …).',
        'No lint, no build, no test check was found.',
      ],
    });
  });

  it('reads only files it asks for, and never throws whatever is in them', () => {
    const files = fc.dictionary(fc.constantFrom(...checkFiles), fc.oneof(fc.string(), fc.json()));
    fc.assert(
      fc.property(files, (texts) => {
        const { checks } = detect(texts);
        return new Set(checks.map((check) => check.name)).size === checks.length;
      }),
    );
  });
});

describe('configured checks', () => {
  const { checks: detected } = detect({ 'go.mod': '' });

  it('replace detected ones, switch them off, or add to them', () => {
    expect(resolveChecks({}, detected)).toEqual(detected);
    expect(resolveChecks({ test: 'make t', lint: false }, detected)).toEqual([
      detected[1],
      { name: 'test', command: 'make t', source: 'config checks.test', timeoutMs: 600_000 },
    ]);
    expect(resolveChecks({ build: 'make' }, []).map((check) => check.name)).toEqual(['build']);
  });
});
