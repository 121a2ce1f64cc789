import { jsonOf, packagesOf, textAt, type ProjectFacts } from './project-facts.ts';

const code = (text: string): string => `\`${text.replace(/[`\r\n]/g, ' ').trim()}\``;

/** How what the project needs is fetched, by its lockfile. */
const installs: readonly (readonly [lock: string, command: string])[] = [
  ['pnpm-lock.yaml', 'pnpm install --frozen-lockfile'],
  ['yarn.lock', 'yarn install --frozen-lockfile'],
  ['bun.lock', 'bun install --frozen-lockfile'],
  ['bun.lockb', 'bun install --frozen-lockfile'],
  ['package-lock.json', 'npm ci'],
  ['npm-shrinkwrap.json', 'npm ci'],
  ['uv.lock', 'uv sync'],
  ['poetry.lock', 'poetry install'],
  ['pdm.lock', 'pdm install'],
  ['Pipfile.lock', 'pipenv sync --dev'],
  ['Gemfile.lock', 'bundle install'],
  ['composer.lock', 'composer install'],
];
/** Where there is no lockfile. */
const looseInstalls: readonly (readonly [manifest: string, command: string])[] = [
  ['package.json', 'npm install'],
  ['requirements.txt', 'pip install -r requirements.txt'],
  ['Gemfile', 'bundle install'],
];

const installsOf = (top: ReadonlySet<string>): string[] => {
  const locked = installs.filter(([lock]) => top.has(lock)).map(([, command]) => command);
  const found = new Set(
    locked.length > 0 ? locked : looseInstalls.filter(([file]) => top.has(file)).map(([, command]) => command),
  );
  return [...found];
};

/** One test file, with the program the test command starts. */
const single = (facts: ProjectFacts): string | undefined => {
  const manifest = jsonOf(facts.texts.get('package.json'));
  const script = textAt(manifest, 'scripts', 'test') ?? '';
  const test = facts.checks.find(({ name }) => name === 'test')?.command ?? '';
  const packages = packagesOf(manifest);
  if (/\bvitest\b/.test(script) && packages.has('vitest')) return 'npx vitest run <file>';
  if (/\bjest\b/.test(script) && packages.has('jest')) return 'npx jest <file>';
  if (/\bmocha\b/.test(script) && packages.has('mocha')) return 'npx mocha <file>';
  if (/\bnode\b.*--test\b/.test(script)) return 'node --test <file>';
  if (/\bpytest\b/.test(test)) return `${test.replace(/\s+-q\b/, '')} <file>::<test>`;
  if (/^go test\b/.test(test)) return 'go test ./<package> -run <Test>';
  if (/^cargo test\b/.test(test)) return 'cargo test <name>';
  return undefined;
};

/** Commands of a project that its own files name, one item each. */
export const commandLines = (facts: ProjectFacts): string[] => {
  const top = new Set(facts.paths.filter((path) => !path.includes('/')));
  const scripts = jsonOf(facts.texts.get('package.json')).scripts;
  const format = ['format', 'fmt', 'prettier', 'format:fix'].find((name) => textAt(scripts, name) !== undefined);
  const runner = top.has('pnpm-lock.yaml')
    ? 'pnpm'
    : top.has('yarn.lock')
      ? 'yarn'
      : top.has('bun.lock') || top.has('bun.lockb')
        ? 'bun'
        : 'npm';
  const one = single(facts);
  return [
    ...installsOf(top).map((command) => `- install: ${code(command)}`),
    ...facts.checks.map(({ name, command, source }) => `- ${name}: ${code(command)} (${source})`),
    ...(one === undefined ? [] : [`- one test: ${code(one)}`]),
    ...(format === undefined ? [] : [`- format: ${code(`${runner} run ${format}`)}`]),
  ];
};
