import { posix } from 'node:path';

const relative = /(?:from\s*|import\s*\(?\s*|require\(\s*)['"](\.{1,2}\/[^'"]+)['"]/g;
const python = /^\s*(?:from\s+([\w.]+)\s+import|import\s+([\w.]+))/gm;
const endings = ['', '.ts', '.tsx', '.js', '.mjs', '.cjs', '.jsx', '/index.ts', '/index.js'];

/** Files a test's text imports, as they may be called; not each of them is there. */
export const testedBy = (path: string, text: string): string[] => {
  const folder = posix.dirname(path);
  if (path.endsWith('.py'))
    return [...text.matchAll(python)].flatMap(([, from, whole]) => {
      const name = (from ?? whole ?? '').replace(/^\.+/, '').replaceAll('.', '/');
      return name === '' ? [] : ['', 'src', folder].map((start) => posix.join(start, `${name}.py`));
    });
  return [...text.matchAll(relative)].flatMap(([, name = '']) => {
    const target = posix.normalize(posix.join(folder, name));
    // TypeScript is imported by the name it will have.
    const plain = target.replace(/\.[cm]?jsx?$/, '');
    return [...new Set([...endings.map((ending) => target + ending), ...endings.map((ending) => plain + ending)])];
  });
};
