// Fails when a package of the lockfile, a development one included, has a licence this project does not accept.
import { existsSync, readFileSync } from 'node:fs';

const accepted = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
  'Python-2.0',
]);

// Used while developing only, never shipped: each with the reason it is accepted there.
const developmentOnly = [
  // Weak copyleft on its own files, which nothing here changes or ships: Vite's CSS compiler, brought by Vitest.
  { name: /^lightningcss(?:-[a-z0-9-]+)?$/, licence: 'MPL-2.0' },
  // Lists of licence names and exceptions: data with attribution, read by development tools.
  { name: /^spdx-(?:exceptions|ranges)$/, licence: 'CC-BY-3.0' },
  // Browser support tables: data with attribution, read by development tools.
  { name: /^caniuse-lite$/, licence: 'CC-BY-4.0' },
];

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Whether an SPDX expression lets us use the package: one side of an OR is enough, of an AND both are needed. */
const allows = (expression) => {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const one = () => {
    if (tokens[at] !== '(') return accepted.has(tokens[at++]);
    at += 1;
    const inside = either();
    at += 1;
    return inside;
  };
  const both = () => {
    let result = one();
    while (tokens[at] === 'AND') {
      at += 1;
      result = one() && result;
    }
    return result;
  };
  const either = () => {
    let result = both();
    while (tokens[at] === 'OR') {
      at += 1;
      result = both() || result;
    }
    return result;
  };
  return tokens.length > 0 && either() && at >= tokens.length;
};

// Old packages write { type } or a list of such.
const textOf = (licence) =>
  Array.isArray(licence)
    ? `(${licence.map(textOf).join(' OR ')})`
    : typeof licence === 'object'
      ? licence?.type
      : licence;

const bundled = existsSync('dist/meta.json') ? read('dist/meta.json') : [];
const problems = [];
let count = 0;
for (const [path, entry] of Object.entries(read('package-lock.json').packages)) {
  if (path === '' || entry.link) continue;
  count += 1;
  const name = entry.name ?? path.replace(/^.*node_modules\//, '');
  const manifest = existsSync(`${path}/package.json`) ? read(`${path}/package.json`) : {};
  const licences = new Set([entry.license, textOf(manifest.license ?? manifest.licenses)].filter(Boolean));
  if (licences.size === 0) problems.push(`${name}@${entry.version}: no licence named`);
  for (const licence of licences) {
    if (allows(licence)) continue;
    const excused = developmentOnly.some((exception) => exception.name.test(name) && exception.licence === licence);
    const shipped = !entry.dev || bundled.some((file) => file.includes(`node_modules/${name}/`));
    if (!excused || shipped)
      problems.push(`${name}@${entry.version}: ${licence}${excused ? ' (accepted only while not shipped)' : ''}`);
  }
}
for (const problem of problems) console.error(`Licence not accepted: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
else console.log(`The licences of ${count} packages are accepted.`);
