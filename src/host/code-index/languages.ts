import { basename, extname } from 'node:path';

/** Grammars there are. C is read with that of C++. */
export type Grammar =
  'typescript' | 'tsx' | 'javascript' | 'python' | 'go' | 'rust' | 'java' | 'c-sharp' | 'cpp' | 'ruby' | 'php' | 'bash';

/** A language by its name, and what reads it; without a grammar it is cut by headings or lines. */
export interface FileLanguage {
  name: string;
  grammar?: Grammar;
}

const rows: readonly [FileLanguage, string][] = [
  [{ name: 'typescript', grammar: 'typescript' }, 'ts mts cts'],
  [{ name: 'tsx', grammar: 'tsx' }, 'tsx'],
  [{ name: 'javascript', grammar: 'javascript' }, 'js mjs cjs jsx es6'],
  [{ name: 'python', grammar: 'python' }, 'py pyi pyw'],
  [{ name: 'go', grammar: 'go' }, 'go'],
  [{ name: 'rust', grammar: 'rust' }, 'rs'],
  [{ name: 'java', grammar: 'java' }, 'java'],
  [{ name: 'c-sharp', grammar: 'c-sharp' }, 'cs csx'],
  [{ name: 'c', grammar: 'cpp' }, 'c h'],
  [{ name: 'cpp', grammar: 'cpp' }, 'cc cpp cxx c++ hh hpp hxx h++ inl ipp tpp cu cuh ino'],
  [{ name: 'ruby', grammar: 'ruby' }, 'rb rake gemspec ru rbi podspec'],
  [{ name: 'php', grammar: 'php' }, 'php phtml php5 php7 php8'],
  [{ name: 'bash', grammar: 'bash' }, 'sh bash zsh ksh bats ebuild'],
  [{ name: 'markdown' }, 'md markdown mdx'],
  [{ name: 'restructuredtext' }, 'rst'],
  [{ name: 'asciidoc' }, 'adoc asciidoc'],
];

const byEnding = new Map(rows.flatMap(([language, endings]) => endings.split(' ').map((ending) => [ending, language])));

const byName = new Map(
  [
    ['rb', 'Rakefile Gemfile Guardfile Vagrantfile Podfile Fastfile Brewfile Capfile Dangerfile config.ru'],
    ['sh', '.bashrc .bash_profile .bash_aliases .profile .zshrc .zprofile .zshenv PKGBUILD APKBUILD configure.ac'],
    ['py', 'SConstruct SConscript wscript BUILD WORKSPACE BUILD.bazel WORKSPACE.bazel'],
    ['js', 'Jakefile'],
  ].flatMap(([ending = '', names = '']) => names.split(' ').map((name) => [name, byEnding.get(ending)])),
);

const shebang = /^#!\s*\S*?(?:\benv\s+(?:-\S+\s+)*(?:\w+=\S*\s+)*)?([a-z]+)[\d.]*(?:\s|$)/;
const byProgram = new Map(
  [
    ['sh', 'sh bash dash zsh ksh bats'],
    ['py', 'python pypy'],
    ['js', 'node nodejs deno bun zx'],
    ['ts', 'tsx'],
    ['rb', 'ruby'],
    ['php', 'php'],
  ].flatMap(([ending = '', programs = '']) => programs.split(' ').map((program) => [program, byEnding.get(ending)])),
);

/** The language of a file, by its ending, its name or its first line. */
export const languageOf = (path: string, text: string): FileLanguage | undefined => {
  const name = basename(path);
  const known = byName.get(name) ?? byEnding.get(extname(name).slice(1).toLowerCase());
  if (known || !text.startsWith('#!')) return known;
  const line =
    text
      .slice(0, 200)
      .split('\n', 1)[0]
      ?.replace(/^#!\s*(?:\S*\/)?/, '#!') ?? '';
  return byProgram.get(shebang.exec(line)?.[1] ?? '');
};
