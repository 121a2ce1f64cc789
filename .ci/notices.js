// Writes THIRD-PARTY-NOTICES.md: every package that is bundled into dist/ or installed along with this one, and its licence.
// The same on every platform: which packages there are comes from the lockfile and the list of bundled files, and packages
// that only some platforms install are listed without reading them. `--check` writes nothing and fails when the file is stale.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const target = 'THIRD-PARTY-NOTICES.md';
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

const packagePath = /^(?:[^:/]*:)?((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** Lockfile paths of the packages whose files esbuild took in. */
const bundledPaths = () => {
  const files = read('dist/meta.json');
  return new Set(files.flatMap((file) => packagePath.exec(file.replaceAll('\\', '/'))?.[1] ?? []));
};

const licenceText = (path) => {
  const names = existsSync(path) ? readdirSync(path) : [];
  return names
    .filter((name) => /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i.test(name) && !/\.(?:js|ts|json)$/.test(name))
    .sort()
    .map((name) =>
      readFileSync(join(path, name), 'utf8')
        .replaceAll('\r\n', '\n')
        .replace(/[ \t]+$/gm, '')
        .trim(),
    )
    .join('\n\n');
};

const notices = () => {
  const { packages } = read('package-lock.json');
  const bundled = bundledPaths();
  const listed = new Map();
  for (const [path, entry] of Object.entries(packages)) {
    const installed = !entry.dev && !entry.devOptional;
    if (path === '' || entry.link || !(installed || bundled.has(path))) continue;
    const name = entry.name ?? path.replace(/^.*node_modules\//, '');
    const platform = entry.os !== undefined || entry.cpu !== undefined;
    const manifest = !platform && existsSync(`${path}/package.json`) ? read(`${path}/package.json`) : {};
    listed.set(`${name}@${entry.version}`, {
      name,
      version: entry.version,
      licence: entry.license ?? manifest.license ?? 'not named',
      how: bundled.has(path) ? 'bundled' : platform ? 'installed on its platform' : 'installed',
      author: typeof manifest.author === 'object' ? manifest.author?.name : manifest.author,
      text: platform ? '' : licenceText(path),
    });
  }
  const unknown = [...bundled].filter((path) => !(path in packages));
  if (unknown.length > 0) throw new Error(`Bundled, but not in package-lock.json: ${unknown.join(', ')}`);
  const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1);
  return render([...listed.values()].sort(byName));
};

const render = (packages) => {
  const texts = new Map();
  for (const one of packages) {
    if (one.text === '') continue;
    // Line breaks differ between copies of the same words.
    const key = one.text.replace(/\s+/g, ' ');
    const known = texts.get(key) ?? { text: one.text, users: [] };
    known.users.push(`${one.name} ${one.version}`);
    texts.set(key, known);
  }
  const rows = packages.map((one) => {
    const author = one.text === '' && one.author ? ` – ${one.author}` : '';
    return `| ${one.name} | ${one.version} | ${one.licence} | ${one.how}${author} |`;
  });
  const sections = [...texts.values()].map(({ text, users }) => {
    const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
    return `### ${users.join(', ')}\n\n${fence}text\n${text}\n${fence}\n`;
  });
  return [
    '# Third-party notices\n',
    'LLM-CoPilot-Agent contains or installs the packages below. Written by `npm run notices`; do not edit.\n',
    `| Package | Version | Licence | How |\n|---|---|---|---|\n${rows.join('\n')}\n`,
    '## Licence texts\n',
    ...sections,
  ].join('\n');
};

if (!existsSync('dist/meta.json')) {
  console.error('dist/meta.json is missing. Run `npm run build` first.');
  process.exitCode = 1;
} else {
  const text = notices();
  const fresh = existsSync(target) && readFileSync(target, 'utf8').replaceAll('\r\n', '\n') === text;
  if (!process.argv.includes('--check')) {
    if (!fresh) writeFileSync(target, text);
    console.log(fresh ? `${target} is up to date.` : `${target} written.`);
  } else if (!fresh) {
    console.error(`${target} does not fit the lockfile and the bundle. Run \`npm run notices\`.`);
    process.exitCode = 1;
  }
}
