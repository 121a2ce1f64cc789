import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const code = /\.(?:ts|tsx|js|mjs|cjs)$/;

const filesIn = (folder: string): string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .filter((file) => !file.startsWith('test/fixtures/'))
        .sort()
    : [];

interface Import {
  specifier: string;
  line: number;
  lazy: boolean;
  typeOnly: boolean;
}

interface File {
  path: string;
  text: string;
  lines: number;
  tree: ts.SourceFile;
  imports: Import[];
}

const read = (path: string): File => {
  const text = readFileSync(join(root, path), 'utf8');
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  return { path, text, lines: text.replace(/\n$/, '').split('\n').length, tree, imports: importsOf(tree) };
};

const lineOf = (tree: ts.SourceFile, node: ts.Node): number =>
  tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;

const visit = (node: ts.Node, see: (node: ts.Node) => void): void => {
  see(node);
  node.forEachChild((child) => visit(child, see));
};

const isTypeOnly = (node: ts.ImportDeclaration | ts.ExportDeclaration): boolean => {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (!clause) return false;
  const bindings = clause.namedBindings;
  const allTypes =
    !clause.name &&
    !!bindings &&
    ts.isNamedImports(bindings) &&
    bindings.elements.every((element) => element.isTypeOnly);
  return clause.phaseModifier === ts.SyntaxKind.TypeKeyword || allTypes;
};

const importsOf = (tree: ts.SourceFile): Import[] => {
  const imports: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, lazy: boolean, typeOnly: boolean) => {
    if (specifier && ts.isStringLiteralLike(specifier))
      imports.push({ specifier: specifier.text, line: lineOf(tree, node), lazy, typeOnly });
  };
  visit(tree, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
      add(node, node.moduleSpecifier, false, isTypeOnly(node));
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], true, false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal, true, true);
  });
  return imports;
};

const sources = [...filesIn('src'), ...filesIn('plugins')].filter((path) => code.test(path)).map(read);
const bins = filesIn('bin')
  .filter((path) => code.test(path))
  .map(read);
const tests = filesIn('test')
  .filter((path) => code.test(path))
  .map(read);

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
const packages = new Set(
  ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((field) => Object.keys(manifest[field] ?? {})),
);

/** The floor a file stands on: a folder of src, `public` for its entry points, or one plugin. */
const floorOf = (path: string): string => {
  const [top, second = ''] = path.split('/');
  if (top === 'src') return path.split('/').length === 2 ? 'public' : second;
  if (top === 'plugins') return path.split('/').length === 2 ? 'plugins' : `plugins/${second}`;
  return top ?? '';
};

/** What a specifier names: a floor, `node:x`, or `npm:x`. */
const targetOf = (file: File, specifier: string): string => {
  if (specifier.startsWith('.'))
    return floorOf(
      relative(root, resolve(root, dirname(file.path), specifier))
        .split(sep)
        .join('/'),
    );
  if (specifier.startsWith('node:') || /^llm-copilot-agent(?:\/|$)/.test(specifier)) return specifier;
  return `npm:${specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')}`;
};

const anyNode = /^node:/;
// Builtins that only compute: they reach neither files, processes nor the network.
const pureNode = /^node:(?:path|crypto)$/;
const anyPackage = /^npm:/;

/** Who may import whom, besides the own folder. `lazily` only by `import()`, or for types. */
const table: Record<string, { may: (string | RegExp)[]; lazily?: (string | RegExp)[] }> = {
  base: { may: [anyNode] },
  core: { may: ['base', 'npm:zod', pureNode] },
  engine: { may: ['core', 'base', pureNode] },
  host: { may: ['core', 'base', anyNode, anyPackage] },
  app: { may: ['engine', 'host', 'core', 'base', anyNode] },
  tui: { may: ['app', 'core', 'base', anyNode, anyPackage] },
  cli: { may: ['app', 'core', 'base', anyNode, anyPackage], lazily: ['tui'] },
  // One entry point may hand on another.
  public: { may: ['public', 'base', 'core', 'engine', 'host', anyNode] },
  plugins: { may: ['llm-copilot-agent', /^plugins\//] },
  'plugins/*': { may: ['llm-copilot-agent', 'llm-copilot-agent/testing', anyNode, anyPackage] },
};

const fits = (target: string, allowed: readonly (string | RegExp)[]): boolean =>
  allowed.some((one) => (typeof one === 'string' ? one === target : one.test(target)));

describe('the house', () => {
  it('has a row in the import table for every folder', () => {
    const floors = new Set(
      sources.map((file) => floorOf(file.path)).map((floor) => floor.replace(/^plugins\/.*/, 'plugins/*')),
    );
    expect([...floors].filter((floor) => !(floor in table))).toEqual([]);
  });

  it('imports only along the table', () => {
    const offences = sources.flatMap((file) => {
      const floor = floorOf(file.path);
      const row = table[floor] ?? table[floor.replace(/^plugins\/.*/, 'plugins/*')];
      return file.imports
        .filter(({ specifier, lazy, typeOnly }) => {
          const target = targetOf(file, specifier);
          if (target === floor && floor !== 'public') return false;
          return !fits(target, row?.may ?? []) && !((lazy || typeOnly) && fits(target, row?.lazily ?? []));
        })
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`);
    });
    expect(offences).toEqual([]);
  });

  it('names every package it imports in package.json', () => {
    const offences = sources.flatMap((file) =>
      file.imports
        .filter(({ specifier }) => {
          const target = targetOf(file, specifier);
          return target.startsWith('npm:') && !packages.has(target.slice(4));
        })
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
    );
    expect(offences).toEqual([]);
  });

  it('imports its public entry points from nowhere inside', () => {
    const offences = sources.flatMap((file) =>
      file.path.startsWith('src/') && floorOf(file.path) !== 'public'
        ? file.imports
            .filter(
              ({ specifier }) => targetOf(file, specifier) === 'public' || specifier.startsWith('llm-copilot-agent'),
            )
            .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`)
        : [],
    );
    expect(offences).toEqual([]);
  });

  it('starts from bin with what was built, and builds it from the command line and the plugins', () => {
    const allowed = (path: string, specifier: string): boolean =>
      path.endsWith('.ts')
        ? /^\.\.\/(?:src\/cli\/(?:main|hook-process)|src\/app\/models\/(?:client|chat-completions)|src\/host\/(?:vectors\/vector|code-index\/parser)-worker|plugins\/index)\.ts$/.test(
            specifier,
          )
        : specifier.startsWith('node:') || specifier.startsWith('../dist/');
    const offences = bins.flatMap((file) =>
      file.imports
        .filter(({ specifier }) => !allowed(file.path, specifier))
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
    );
    expect(offences).toEqual([]);
  });

  it('names the file it imports, with its extension', () => {
    const offences = sources.flatMap((file) =>
      file.imports
        .filter(({ specifier }) => specifier.startsWith('.') && !/\.(?:tsx?|json)$/.test(specifier))
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
    );
    expect(offences).toEqual([]);
  });

  it('has no import cycles', () => {
    const byPath = new Map(sources.map((file) => [file.path, file]));
    const cycles: string[] = [];
    const done = new Set<string>();
    const walk = (path: string, trail: string[]): void => {
      const at = trail.indexOf(path);
      if (at >= 0) cycles.push([...trail.slice(at), path].join(' → '));
      if (at >= 0 || done.has(path)) return;
      for (const { specifier, typeOnly } of byPath.get(path)?.imports ?? []) {
        if (typeOnly || !specifier.startsWith('.')) continue;
        walk(
          relative(root, resolve(root, dirname(path), specifier))
            .split(sep)
            .join('/'),
          [...trail, path],
        );
      }
      done.add(path);
    };
    for (const file of sources) walk(file.path, []);
    expect(cycles).toEqual([]);
  });
});

const find = (files: readonly File[], wrong: (node: ts.Node) => boolean): string[] =>
  files.flatMap((file) => {
    const found: string[] = [];
    visit(file.tree, (node) => {
      if (wrong(node)) found.push(`${file.path}:${lineOf(file.tree, node)} ${node.getText(file.tree).slice(0, 80)}`);
    });
    return found;
  });

const grep = (files: readonly { path: string; text: string }[], pattern: RegExp): string[] =>
  files.flatMap((file) =>
    file.text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1} ${line.trim()}`] : [])),
  );

describe('the code', () => {
  it('ends the process only in bin', () => {
    const exits = (node: ts.Node): boolean =>
      ts.isCallExpression(node) &&
      /^(?:globalThis\.)?process\.(?:exit|abort|reallyExit)$/.test(node.expression.getText());
    expect(find(sources, exits)).toEqual([]);
  });

  it('has no any', () => {
    expect(find([...sources, ...tests], (node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([]);
  });

  it('switches no lint rule off, in no file', () => {
    expect(
      grep([...sources, ...bins, ...tests], /(?:\/\/|\/\*)\s*(?:eslint-(?:disable|enable)|@ts-(?:ignore|nocheck))/),
    ).toEqual([]);
  });

  it('mocks no module in its tests', () => {
    const mocks = (node: ts.Node): boolean =>
      ts.isCallExpression(node) &&
      /^(?:vi|vitest|jest)\.(?:mock|doMock|hoisted|unstable_mockModule)$/.test(node.expression.getText());
    expect(find(tests, mocks)).toEqual([]);
  });

  it('has no file over 400 lines', () => {
    const long = [...sources, ...bins].filter((file) => file.lines > 400);
    expect(long.map((file) => `${file.path}:${file.lines}`)).toEqual([]);
  });

  it('names its files in kebab-case', () => {
    const named = ['src', 'plugins', 'bin', 'test', 'templates'].flatMap(filesIn);
    const plain = /^(?:README\.md|[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+)$/;
    expect(named.filter((path) => code.test(path) && !plain.test(basename(path)))).toEqual([]);
  });

  it('says above every export what it is', () => {
    const documented = (node: ts.Node): boolean => ts.getJSDocCommentsAndTags(node).some(ts.isJSDoc);
    const bare = (node: ts.Statement): boolean => {
      if (ts.isExportAssignment(node)) return !ts.isIdentifier(node.expression) && !documented(node);
      const exported =
        ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
      return exported === true && !documented(node);
    };
    const offences = sources.flatMap((file) => {
      const implementations = new Set<string>();
      return file.tree.statements.filter(bare).flatMap((node) => {
        // Of overloads one comment serves all.
        const name = ts.isFunctionDeclaration(node) ? (node.name?.text ?? '') : '';
        const overloaded = file.tree.statements.some(
          (other) =>
            ts.isFunctionDeclaration(other) && other !== node && other.name?.text === name && documented(other),
        );
        if (name !== '' && (overloaded || implementations.has(name))) return [];
        implementations.add(name);
        return [`${file.path}:${lineOf(file.tree, node)} ${node.getText(file.tree).split('\n')[0] ?? ''}`];
      });
    });
    expect(offences).toEqual([]);
  });

  it('names no directory of a machine it was written on', () => {
    const texts = ['src', 'plugins', 'bin', 'test', 'templates', 'completions', '.ci', '.github']
      .flatMap(filesIn)
      .map((path) => ({
        path,
        text: readFileSync(join(root, path), 'utf8'),
      }));
    expect(
      grep(texts, /(?<![\w.])\/(?:work\/(?:main|shared)|root\/(?!\.)|Users\/[a-z]|home\/(?:runner|ubuntu|user)\b)/),
    ).toEqual([]);
  });
});
