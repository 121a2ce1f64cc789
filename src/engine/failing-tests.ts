import type { Reading } from './test-formats/format.ts';
import { jest, mocha, nodeSpec, vitest } from './test-formats/javascript.ts';
import { cargo, go, nextest } from './test-formats/native.ts';
import { dotnet, gradle, phpunit, rspec, surefire } from './test-formats/others.ts';
import { pytest, unittest } from './test-formats/python.ts';
import { tap } from './test-formats/tap.ts';

const formats = [
  nodeSpec,
  tap,
  vitest,
  jest,
  mocha,
  pytest,
  unittest,
  go,
  cargo,
  nextest,
  rspec,
  phpunit,
  surefire,
  gradle,
  dotnet,
];

// Colours and cursor movements (CSI), and links and titles (OSC, ended by BEL or ESC backslash).
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

// Vitest, nyc, Jest, node:test, pytest-cov: a second reason to fail, which no test's name stands for.
const uncovered = /\bcoverage\b.* (?:does not meet|not met|not reached)\b|^ERROR: Coverage failure:/i;

/**
 * Names of the failing tests in a runner's output, sorted: the same tests give the same names in another run, at another
 * time, and – with the `root` they ran in – in another copy of the project.
 *
 * Null when no format is recognised or the list would not be whole: the runner counted more failures than are named, stopped
 * early, a file, package or hook broke so that the tests behind it never ran, or coverage failed besides. An empty list says that none failed.
 */
export const failingTests = (output: string, root?: string): string[] | null => {
  const lines = output
    .replace(escapes, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, '').replace(/^.*\r/, ''));
  const file = relativeTo(root);
  const readings = formats
    .map((format) => format(lines, file))
    .filter((reading): reading is Reading => reading !== undefined);
  if (readings.length === 0 || readings.some((reading) => !reading.whole)) return null;
  if (lines.some((line) => uncovered.test(line))) return null;
  const names = readings.flatMap((reading) => reading.names);
  return [...new Set(names.map((name) => (root ? name.replaceAll(`${root}/`, '') : name)))].sort();
};

// Node and others print real paths, so the root may stand behind a prefix (`/private` on macOS). A path outside it keeps only
// its last part: the rest names a directory that another run need not have.
const relativeTo = (root: string | undefined) => (path: string) => {
  const plain = path.replaceAll('\\', '/');
  const base = root?.replaceAll('\\', '/');
  const at = base === undefined ? -1 : plain.indexOf(`${base}/`);
  if (base !== undefined && at >= 0) return plain.slice(at + base.length + 1);
  return /^(?:\/|[A-Za-z]:\/|file:)/.test(plain) ? plain.slice(plain.lastIndexOf('/') + 1) : plain.replace(/^\.\//, '');
};
