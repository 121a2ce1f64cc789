import type { Database } from '../log/database.ts';

/** What the index knows of who defines and uses which names, in columns; files and names are places in their lists. */
export interface CodeReferences {
  /** Sorted. */
  paths: string[];
  /** 1 for files that are read by people. */
  isDoc: Uint8Array;
  /** Defined in code, in few files. */
  names: string[];
  definitions: { file: Uint32Array; name: Uint32Array; line: Uint32Array };
  /** In the order of files. */
  uses: { file: Uint32Array; name: Uint32Array; count: Uint32Array };
  imports: { file: number; target: string }[];
}

/** Names in more files say nothing about which is meant; they would be most of the uses. */
const maxDefiners = 20;

type Columns = Record<'file' | 'name' | 'value', Uint32Array>;

/** Names with a number each, by file. One row per file: a row per name takes four times as long. */
const namesByFile = (database: Database, table: 'definitions' | 'uses', value: 'line' | 'count') => {
  const rows = database
    .prepare<[], [number, string, string]>(
      `SELECT file, json_group_array(name), json_group_array(${value}) FROM ${table} GROUP BY file`,
    )
    .raw()
    .all();
  return new Map(
    rows.map(([file, names, values]) => [
      file,
      { names: JSON.parse(names) as string[], values: JSON.parse(values) as number[] },
    ]),
  );
};

/** The names that few files define, numbered in the order they are met. */
const numbered = (files: Iterable<readonly string[]>): Map<string, number> => {
  const definers = new Map<string, number>();
  for (const names of files) for (const name of new Set(names)) definers.set(name, (definers.get(name) ?? 0) + 1);
  const numbers = new Map<string, number>();
  for (const [name, count] of definers) if (count <= maxDefiners) numbers.set(name, numbers.size);
  return numbers;
};

/** Reads all of it, in one state of the database. */
export const codeReferences = (database: Database): CodeReferences =>
  database.transaction(() => {
    const files = database
      .prepare<[], [number, string, number]>(
        `SELECT id, path, kind = 'doc' FROM files WHERE skipped IS NULL ORDER BY path`,
      )
      .raw()
      .all();
    const placeOf = new Map(files.map(([id], place) => [id, place]));
    const defined = namesByFile(database, 'definitions', 'line');
    const code = files.filter(([, , isDoc]) => isDoc === 0);
    const numbers = numbered(code.map(([id]) => defined.get(id)?.names ?? []));
    const columnsOf = (rows: ReturnType<typeof namesByFile>): Columns => {
      const [file, name, value]: [number[], number[], number[]] = [[], [], []];
      for (const [id] of code) {
        const { names, values } = rows.get(id) ?? { names: [], values: [] };
        for (const [at, text] of names.entries()) {
          const number = numbers.get(text);
          if (number === undefined) continue;
          file.push(placeOf.get(id) ?? 0);
          name.push(number);
          value.push(values[at] ?? 0);
        }
      }
      return { file: Uint32Array.from(file), name: Uint32Array.from(name), value: Uint32Array.from(value) };
    };
    const { value: line, ...definitions } = columnsOf(defined);
    const { value: count, ...uses } = columnsOf(namesByFile(database, 'uses', 'count'));
    const imports = database
      .prepare<[], [number, string]>('SELECT file, target FROM imports')
      .raw()
      .all()
      .flatMap(([id, target]) => {
        const place = placeOf.get(id);
        return place === undefined ? [] : [{ file: place, target }];
      });
    return {
      paths: files.map(([, path]) => path),
      isDoc: Uint8Array.from(files, ([, , isDoc]) => isDoc),
      names: [...numbers.keys()],
      definitions: { ...definitions, line },
      uses: { ...uses, count },
      imports,
    };
  })();

/** How a definition is written, by where it stands; its name where nothing better is known. */
export const signatures = (database: Database): ((place: { path: string; name: string; line: number }) => string) => {
  const around = database.prepare<[string, number, number], { symbol: string; signature: string }>(
    `SELECT symbol, signature FROM chunks WHERE file = (SELECT id FROM files WHERE path = ?)
     AND start_line <= ? AND end_line >= ? AND symbol IS NOT NULL AND signature IS NOT NULL ORDER BY start_line DESC`,
  );
  return ({ path, name, line }) =>
    around.all(path, line, line).find(({ symbol }) => symbol === name || symbol.endsWith(`.${name}`))?.signature ??
    name;
};
