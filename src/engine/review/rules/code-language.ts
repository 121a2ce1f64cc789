/** Languages whose comments and strings rules can tell from code. */
export type CodeLanguage =
  | 'javascript'
  | 'typescript'
  | 'python'
  | 'go'
  | 'rust'
  | 'java'
  | 'kotlin'
  | 'c-sharp'
  | 'c'
  | 'swift'
  | 'ruby'
  | 'php'
  | 'shell';

const endings: Record<CodeLanguage, string> = {
  javascript: 'js mjs cjs jsx es6 vue svelte astro',
  typescript: 'ts mts cts tsx',
  python: 'py pyi pyw',
  go: 'go',
  rust: 'rs',
  java: 'java groovy scala dart',
  kotlin: 'kt kts',
  'c-sharp': 'cs csx',
  c: 'c h cc cpp cxx hh hpp hxx ipp inl cu m mm',
  swift: 'swift',
  ruby: 'rb rake gemspec ru',
  php: 'php phtml',
  shell: 'sh bash zsh ksh bats',
};

const byEnding = new Map(
  Object.entries(endings).flatMap(([language, list]) =>
    list.split(' ').map((ending) => [ending, language as CodeLanguage] as const),
  ),
);

const byName = new Map<string, CodeLanguage>([
  ['Rakefile', 'ruby'],
  ['Gemfile', 'ruby'],
  ['Jenkinsfile', 'java'],
]);

/** The last part of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The language of a file by its name; undefined of anything that is no code that is known. */
export const languageOf = (path: string): CodeLanguage | undefined => {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  return byName.get(name) ?? (dot > 0 ? byEnding.get(name.slice(dot + 1).toLowerCase()) : undefined);
};

/** True of JavaScript and TypeScript. */
export const isScript = (language: CodeLanguage | undefined): boolean =>
  language === 'javascript' || language === 'typescript';
