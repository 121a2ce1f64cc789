import { printableName } from '../../base/printable.ts';
import { inert } from '../changelog/inert.ts';
import { jsonOf, textAt, type ProjectFacts } from './project-facts.ts';

const languages: Readonly<Record<string, string>> = {
  ...{ ts: 'TypeScript', mts: 'TypeScript', cts: 'TypeScript', tsx: 'TypeScript', js: 'JavaScript', mjs: 'JavaScript' },
  ...{
    cjs: 'JavaScript',
    jsx: 'JavaScript',
    vue: 'Vue',
    svelte: 'Svelte',
    py: 'Python',
    pyi: 'Python',
    go: 'Go',
    rs: 'Rust',
  },
  ...{
    java: 'Java',
    kt: 'Kotlin',
    cs: 'C#',
    c: 'C',
    h: 'C',
    cc: 'C++',
    cpp: 'C++',
    hpp: 'C++',
    rb: 'Ruby',
    php: 'PHP',
  },
  ...{
    swift: 'Swift',
    sh: 'shell',
    md: 'Markdown',
    mdx: 'Markdown',
    rst: 'reStructuredText',
    sql: 'SQL',
    tf: 'Terraform',
  },
  ...{ css: 'CSS', scss: 'CSS', html: 'HTML', proto: 'Protocol Buffers' },
};

/** The language of a path by its ending. */
export const languageName = (path: string): string | undefined =>
  languages[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''];

const mostFolders = 24;

/** A path within a code span. */
const named = (path: string): string =>
  printableName(path)
    .replace(/[`\s]+/g, ' ')
    .trim();

const describe = (paths: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const name = languageName(path);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const main = [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .filter(([, count]) => count * 5 >= paths.length);
  const files = `${paths.length} ${paths.length === 1 ? 'file' : 'files'}`;
  return main.length === 0
    ? files
    : `${main
        .slice(0, 2)
        .map(([name]) => name)
        .join(', ')}; ${files}`;
};

/** What a folder's own manifest calls it. */
const purposeOf = (folder: string, texts: ProjectFacts['texts']): string | undefined => {
  const description = textAt(jsonOf(texts.get(`${folder}/package.json`)), 'description');
  return description === undefined || description.trim() === ''
    ? undefined
    : description.replace(/\s+/g, ' ').trim().slice(0, 100);
};

/** Folders whose folders are packages of their own. */
const isHolder = (folder: string, paths: readonly string[]): boolean => {
  const inner = new Set(paths.map((path) => path.split('/').slice(0, 2).join('/')));
  const manifests = paths.filter((path) =>
    /^[^/]+\/[^/]+\/(?:package\.json|go\.mod|Cargo\.toml|pyproject\.toml)$/.test(path),
  ).length;
  return inner.size > 1 && manifests * 2 > inner.size && folder !== 'node_modules';
};

/** The folders of a project, one item each: what they hold, by counting. */
export const layoutLines = ({ paths, texts }: ProjectFacts): string[] => {
  const top = new Map<string, string[]>();
  const files: string[] = [];
  for (const path of paths) {
    const at = path.indexOf('/');
    if (at < 0) {
      files.push(path);
      continue;
    }
    const folder = path.slice(0, at);
    const found = top.get(folder);
    if (found) found.push(path);
    else top.set(folder, [path]);
  }
  const folders = [...top].flatMap(([folder, inside]): [string, string[]][] => {
    if (!isHolder(folder, inside)) return [[folder, inside]];
    const groups = new Map<string, string[]>();
    for (const path of inside) {
      const name = path
        .split('/')
        .slice(0, path.split('/').length > 2 ? 2 : 1)
        .join('/');
      const found = groups.get(name);
      if (found) found.push(path);
      else groups.set(name, [path]);
    }
    return [...groups];
  });
  folders.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const shown = folders.slice(0, mostFolders).map(([folder, inside]) => {
    const purpose = purposeOf(folder, texts);
    return `- \`${named(folder)}/\`: ${describe(inside)}${purpose === undefined ? '' : ` – ${inert(purpose)}`}`;
  });
  if (folders.length > mostFolders) shown.push(`- and ${folders.length - mostFolders} more folders`);
  const read = files
    .filter((name) => /^(?:README|CONTRIBUTING|ARCHITECTURE|DESIGN|HACKING|DEVELOPMENT|SECURITY)[\w.-]*$/i.test(name))
    .sort();
  if (read.length > 0) shown.push(`- to read: ${read.map((name) => `\`${named(name)}\``).join(', ')}`);
  return shown.length > 0 ? shown : [`- ${files.length} files, no folders`];
};
