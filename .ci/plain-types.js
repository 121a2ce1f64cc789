// Writes out the types of declarations that were made by zod: who uses the package has no zod, it is bundled.
import { writeFileSync } from 'node:fs';
import ts from 'typescript';

const schemas = /\bz\./;

/** Rewrites a declaration file in place: `z.infer<…>` becomes what it stands for, exported schemas become `unknown`. */
export const writePlainTypes = (file) => {
  const program = ts.createProgram([file], {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noEmit: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;
  const plain = (statement) => {
    const whole = statement.getFullText(source);
    const comment = whole.slice(0, whole.length - statement.getText(source).length);
    if (ts.isImportDeclaration(statement) && /^zod\b/.test(statement.moduleSpecifier.text)) return '';
    if (!schemas.test(statement.getText(source))) return whole;
    const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (ts.isVariableStatement(statement)) {
      const names = statement.declarationList.declarations.map(({ name }) => name.getText(source));
      return isExported ? `${comment}export declare const ${names.map((name) => `${name}: unknown`).join(', ')};` : '';
    }
    if (!ts.isTypeAliasDeclaration(statement) || !isExported) throw new Error(`${file}: cannot write out ${whole}`);
    const type = checker.typeToString(checker.getTypeAtLocation(statement.name), undefined, flags);
    // Types are lost where a module is not found, and nobody would see it.
    if (type === 'any') throw new Error(`${file}: ${statement.name.text} has no type`);
    return `${comment}export type ${statement.name.text} = ${type};`;
  };
  const text = source.statements.map(plain).join('').trimStart();
  if (schemas.test(text.replace(/\/\*[\s\S]*?\*\//g, ''))) throw new Error(`${file}: zod is left in it`);
  writeFileSync(file, `${text}\n`);
};
