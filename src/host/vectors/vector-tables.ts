/**
 * Tables of vectors, to be made part of the database whose rows they belong to. They are the truth; an index is made
 * from them. `rev` counts changes of a space, so that whoever keeps an index finds what it has not seen; a row without
 * data tells that the vector went.
 */
export const vectorTables = `
  CREATE TABLE vector_spaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    name TEXT NOT NULL UNIQUE,             -- who made the vectors: spaces are never mixed
    dimensions INTEGER NOT NULL,
    storage TEXT NOT NULL,                 -- float32, int8
    rev INTEGER NOT NULL DEFAULT 0,        -- the newest change
    live INTEGER NOT NULL DEFAULT 0,       -- rows with data
    gone INTEGER NOT NULL DEFAULT 0,       -- rows without
    forgotten INTEGER NOT NULL DEFAULT 0   -- rows without data were deleted up to this change
  );
  -- One tree in the order of space and id, found by one number. (WITHOUT ROWID would put a vector of 1,536 bytes on a
  -- page of its own.)
  CREATE TABLE vectors (
    key INTEGER PRIMARY KEY,               -- space × 2³² + id
    space INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    data BLOB
  );
  CREATE INDEX vectors_rev ON vectors (space, rev);
  -- A saved index names one of these. One that names none is of another database, or of a state this one never had.
  CREATE TABLE vector_saves (
    n INTEGER PRIMARY KEY,                 -- in the order they were made
    space INTEGER NOT NULL,
    token TEXT NOT NULL,
    rev INTEGER NOT NULL,                  -- the newest change at that time
    UNIQUE (space, token)
  );
`;
