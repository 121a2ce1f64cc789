import Sqlite from 'better-sqlite3';

// As in host/log/database.ts: Node 24.19 and later can abort when objects of better-sqlite3 are collected.
const kept: unknown[] = [];

/** The database behind our back, as somebody with the file and SQLite has it. */
export const rawDatabase = (path: string): Sqlite.Database => {
  const database = new Sqlite(path);
  const prepare = database.prepare.bind(database);
  kept.push(database);
  return Object.assign(database, {
    prepare: (sql: string): unknown => {
      const statement = prepare(sql);
      kept.push(statement);
      return statement;
    },
  });
};
