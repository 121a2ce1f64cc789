import type { CheckName } from '../../core/evidence.ts';
import { unfit } from './scripts.ts';
import type { Candidate, Source } from './source.ts';

const table = (text: string | undefined, name: string): boolean =>
  text?.split('\n').some((line) => line.trim().replace(/\s/g, '').startsWith(`[${name}`)) ?? false;

/** Cargo.toml and go.mod: languages whose own tool knows how to build and test. */
export const nativeChecks: Source = (files) => {
  const checks: Candidate[] = [];
  const notes: string[] = [];
  const cargo = files.get('Cargo.toml');
  if (cargo !== undefined) {
    const source = 'Cargo.toml';
    const all = table(cargo, 'workspace') ? ' --workspace' : '';
    if (
      table(cargo, 'lints') ||
      table(cargo, 'workspace.lints') ||
      files.has('clippy.toml') ||
      files.has('.clippy.toml')
    )
      checks.push({ name: 'lint', command: `cargo clippy${all} --all-targets -- -D warnings`, source });
    else notes.push('Cargo.toml: clippy not taken, nothing configures it ([lints] or clippy.toml).');
    checks.push({ name: 'build', command: `cargo build${all}`, source });
    // Without the flag it stops at the first target that fails, and the list of failing tests is not whole.
    checks.push({ name: 'test', command: `cargo test${all} --no-fail-fast`, source });
  }
  if (files.has('go.mod')) {
    const linted = ['.golangci.yml', '.golangci.yaml', '.golangci.toml'].find((name) => files.has(name));
    const source = 'go.mod';
    checks.push(
      linted
        ? { name: 'lint', command: 'golangci-lint run', source: linted }
        : { name: 'lint', command: 'go vet ./...', source },
      { name: 'build', command: 'go build ./...', source },
      { name: 'test', command: 'go test ./...', source },
    );
  }
  return { checks, notes };
};

/** pyproject.toml, setup.cfg, tox.ini and the files of single tools. */
export const pythonChecks: Source = (files) => {
  const checks: Candidate[] = [];
  const notes: string[] = [];
  const pyproject = files.get('pyproject.toml');
  const setup = files.get('setup.cfg');
  const tox = files.get('tox.ini');
  const runners: [string, string][] = [
    ['uv.lock', 'uv run '],
    ['poetry.lock', 'poetry run '],
    ['pdm.lock', 'pdm run '],
    ['Pipfile.lock', 'pipenv run '],
  ];
  const runner = runners.find(([lock]) => files.has(lock))?.[1];
  const tool = (name: string, rest = ''): string => (runner ? `${runner}${name}${rest}` : `python3 -m ${name}${rest}`);
  const first = (places: [boolean, string][]): string | undefined => places.find(([present]) => present)?.[1];

  const ruff = first([
    [table(pyproject, 'tool.ruff'), 'pyproject.toml [tool.ruff]'],
    [files.has('ruff.toml'), 'ruff.toml'],
    [files.has('.ruff.toml'), '.ruff.toml'],
  ]);
  const flake8 = first([
    [files.has('.flake8'), '.flake8'],
    [table(setup, 'flake8'), 'setup.cfg [flake8]'],
    [table(tox, 'flake8'), 'tox.ini [flake8]'],
  ]);
  if (ruff) checks.push({ name: 'lint', command: tool('ruff', ' check .'), source: ruff });
  else if (flake8) checks.push({ name: 'lint', command: tool('flake8'), source: flake8 });

  const pytest = first([
    [files.has('pytest.ini'), 'pytest.ini'],
    [table(pyproject, 'tool.pytest'), 'pyproject.toml [tool.pytest]'],
    [table(setup, 'tool:pytest'), 'setup.cfg [tool:pytest]'],
    [table(tox, 'pytest]'), 'tox.ini [pytest]'],
    [files.has('conftest.py'), 'conftest.py'],
    [
      /^\s*["']?pytest["']?\s*(?:[=<>~!,\]"'[]|$)/m.test(pyproject ?? '') ||
        /["']pytest\s*[<>=~!"'[]/.test(pyproject ?? ''),
      'pyproject.toml (names pytest)',
    ],
  ]);
  if (pytest) checks.push({ name: 'test', command: tool('pytest'), source: pytest });
  else if (table(tox, 'tox') || table(tox, 'testenv'))
    checks.push({ name: 'test', command: tool('tox'), source: 'tox.ini' });
  else if (pyproject !== undefined || setup !== undefined)
    notes.push(`${pyproject === undefined ? 'setup.cfg' : 'pyproject.toml'}: nothing in it says how tests are run.`);
  return { checks, notes };
};

/** Maven, Gradle, Composer and RSpec. */
export const otherChecks: Source = (files) => {
  const checks: Candidate[] = [];
  const notes: string[] = [];
  if (files.has('pom.xml')) {
    const mvn = files.has('mvnw') ? './mvnw' : 'mvn';
    checks.push({ name: 'build', command: `${mvn} -B -DskipTests test-compile`, source: 'pom.xml' });
    checks.push({ name: 'test', command: `${mvn} -B test`, source: 'pom.xml' });
  }
  const gradleFile = ['build.gradle.kts', 'build.gradle'].find((name) => files.has(name));
  if (gradleFile) {
    const gradle = files.has('gradlew') ? './gradlew' : 'gradle';
    checks.push({ name: 'build', command: `${gradle} --console=plain assemble`, source: gradleFile });
    checks.push({ name: 'test', command: `${gradle} --console=plain --continue test`, source: gradleFile });
  }
  const composer = files.get('composer.json');
  if (composer !== undefined) {
    for (const name of ['lint', 'test'] as const) {
      if (new RegExp(`"scripts"\\s*:\\s*\\{[^{}]*"${name}"\\s*:`).test(composer))
        checks.push({ name, command: `composer ${name}`, source: `composer.json scripts.${name}` });
      else notes.push(`composer.json: no scripts.${name}.`);
    }
  }
  if (files.has('.rspec'))
    checks.push({ name: 'test', command: files.has('Gemfile') ? 'bundle exec rspec' : 'rspec', source: '.rspec' });
  return { checks, notes };
};

const targets: Readonly<Record<CheckName, readonly string[]>> = {
  lint: ['lint'],
  build: ['build'],
  test: ['test', 'tests', 'check'],
};

/** Targets of a Makefile. */
export const makeChecks: Source = (files) => {
  const checks: Candidate[] = [];
  const notes: string[] = [];
  // The order in which GNU make looks for them.
  const file = ['GNUmakefile', 'makefile', 'Makefile'].find((name) => files.has(name));
  const recipes = recipesOf(files.get(file ?? '') ?? '');
  for (const [name, candidates] of Object.entries(targets) as [CheckName, readonly string[]][]) {
    for (const target of candidates) {
      const recipe = recipes.get(target);
      if (recipe === undefined) continue;
      const why = recipe === '' ? undefined : unfit(recipe);
      if (why) {
        notes.push(`${file ?? ''} target ${target}: not taken, it ${why}.`);
        continue;
      }
      checks.push({ name, command: `make ${target}`, source: `${file ?? ''} target ${target}` });
      break;
    }
  }
  if (file !== undefined && checks.length === 0) notes.push(`${file}: no target test, check, lint or build.`);
  return { checks, notes };
};

const recipesOf = (makefile: string): Map<string, string> => {
  const recipes = new Map<string, string>();
  let current: string[] = [];
  for (const line of makefile.split(/\r?\n/)) {
    const [, names, rest = ''] = /^([\w./ -]+?)\s*::?(?!=)(.*)$/.exec(line) ?? [];
    if (line.startsWith('\t')) {
      for (const name of current)
        recipes.set(name, [recipes.get(name), line.trim().replace(/^[@-]+/, '')].filter(Boolean).join('; '));
    } else if (names !== undefined && !names.startsWith('.')) {
      current = names.split(/\s+/);
      for (const name of current) recipes.set(name, recipes.get(name) ?? rest.replace(/^[^;]*;?/, '').trim());
    }
  }
  return recipes;
};
