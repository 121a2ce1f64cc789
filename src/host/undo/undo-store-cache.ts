import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { temporaryName } from './undo-store-objects.ts';
import type { Known } from './undo-store-walk.ts';

const magic = 0x756e6431;
const notAFolder = 0xffffffff;
/** Magic, how many, bytes of names, checksum of the rest. */
const headerBytes = 16;
const statFields = 4;
const bytesEach = statFields * 8 + 4 + 4 + 20 + 1;

interface Row {
  name: string;
  known: Known;
}

/** Every node, level by level. */
const rowsOf = (root: Known): Row[] => {
  const rows: Row[] = [{ name: '', known: root }];
  // Rows are added while it goes through them.
  for (const row of rows) for (const [name, known] of row.known.children ?? []) rows.push({ name, known });
  return rows;
};

/** Keeps what is known of the files for the next process. A cache that cannot be written only costs time. */
export const saveCache = (dir: string, root: Known): void => {
  const rows = rowsOf(root);
  const names = Buffer.from(rows.map((row) => row.name).join('\0'), 'latin1');
  const count = rows.length;
  const body = Buffer.alloc(count * bytesEach);
  const stats = new Float64Array(body.buffer, body.byteOffset, count * statFields);
  const numbers = new Uint32Array(body.buffer, body.byteOffset + count * statFields * 8, count * 2);
  const ids = count * (statFields * 8 + 8);
  rows.forEach(({ known }, at) => {
    stats[at * statFields] = known.ino;
    stats[at * statFields + 1] = known.size;
    stats[at * statFields + 2] = known.mtimeMs;
    stats[at * statFields + 3] = known.ctimeMs;
    numbers[at * 2] = known.mode;
    numbers[at * 2 + 1] = known.children ? known.children.size : notAFolder;
    body.write(known.id === '' ? '\0'.repeat(20) : known.id, ids + at * 20, 'latin1');
    body[ids + count * 20 + at] = (known.settled ? 1 : 0) + (known.id === '' ? 0 : 2);
  });
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(magic, 0);
  header.writeUInt32BE(count, 4);
  header.writeUInt32BE(names.length, 8);
  header.writeUInt32BE(crc32(names, crc32(body)), 12);
  const temporary = join(dir, temporaryName());
  try {
    writeFileSync(temporary, Buffer.concat([header, body, names]), { mode: 0o600 });
    renameSync(temporary, join(dir, 'cache'));
  } catch {
    rmSync(temporary, { force: true });
  }
};

/** What an earlier process knew; undefined when there is nothing usable. */
export const loadCache = (dir: string): Known | undefined => {
  let file: Buffer;
  try {
    file = readFileSync(join(dir, 'cache'));
  } catch {
    return undefined;
  }
  if (file.length < headerBytes || file.readUInt32BE(0) !== magic) return undefined;
  const count = file.readUInt32BE(4);
  const end = headerBytes + count * bytesEach;
  if (file.length !== end + file.readUInt32BE(8)) return undefined;
  // Copied to where arrays of eight bytes may begin.
  const body = Buffer.from(new Uint8Array(file.subarray(headerBytes, end)).buffer);
  if (crc32(file.subarray(end), crc32(body)) !== file.readUInt32BE(12)) return undefined;
  const names = file.toString('latin1', end).split('\0');
  const stats = new Float64Array(body.buffer, 0, count * statFields);
  const numbers = new Uint32Array(body.buffer, count * statFields * 8, count * 2);
  const ids = body.toString('latin1', count * (statFields * 8 + 8), count * (statFields * 8 + 28));
  const flags = count * (bytesEach - 1);

  const nodes: Known[] = [];
  for (let at = 0; at < count; at += 1) {
    const flag = body[flags + at] ?? 0;
    nodes.push({
      mode: numbers[at * 2] ?? 0,
      ino: stats[at * statFields] ?? 0,
      size: stats[at * statFields + 1] ?? 0,
      mtimeMs: stats[at * statFields + 2] ?? 0,
      ctimeMs: stats[at * statFields + 3] ?? 0,
      id: (flag & 2) === 0 ? '' : ids.slice(at * 20, at * 20 + 20),
      settled: (flag & 1) === 1,
      children: numbers[at * 2 + 1] === notAFolder ? undefined : new Map<string, Known>(),
      parent: undefined,
    });
  }
  let next = 1;
  nodes.forEach((folder, at) => {
    if (!folder.children) return;
    const last = next + (numbers[at * 2 + 1] ?? 0);
    for (; next < last; next += 1) {
      const child = nodes[next];
      if (!child) return;
      child.parent = folder;
      folder.children.set(names[next] ?? '', child);
    }
  });
  return nodes[0];
};
