/**
 * Tables of vectors, to be made part of the database whose rows they belong to. They are the truth; an index is made
 * from them. `rev` counts changes of a space, so that whoever keeps an index finds what it has not seen; a row without
 * data tells that the vector went.
 */
export const vectorTables = `
  CREATE TABLE vector_spaces (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,             -- who made the vectors: spaces are never mixed
    dimensions INTEGER NOT NULL,
    rev INTEGER NOT NULL DEFAULT 0         -- the newest change
  );
  CREATE TABLE vectors (
    space INTEGER NOT NULL,
    id INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    data BLOB,
    PRIMARY KEY (space, id)
  ) WITHOUT ROWID;
  CREATE INDEX vectors_rev ON vectors (space, rev);
`;
