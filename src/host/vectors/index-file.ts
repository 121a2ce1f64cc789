import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { VectorIndex } from '../../core/vector-index.ts';

const format = 1;
/** A library allocates by what it reads in the first bytes, so they are looked at before it reads any. */
const headBytes = 4096;
/** Files of a save that was cut off are left to it for so long. */
const leftoverMs = 600_000;

interface Header {
  format: number;
  kind: VectorIndex['kind'];
  dimensions: number;
  note: string;
  /** Of the index's own. */
  facts: Record<string, number>;
  data?: { name: string; size: number; head: string; sha1: string } | undefined;
}

/** What is written into the file of an index. */
export interface IndexFile {
  kind: VectorIndex['kind'];
  dimensions: number;
  note: string;
  facts: Record<string, number>;
  extra: Uint8Array;
  /** Writes a file beside it, for a library that writes files only. */
  writeData?: (path: string) => Promise<unknown>;
}

/** What was read from the file of an index. */
export interface ReadIndexFile {
  note: string;
  facts: Record<string, number>;
  extra: Uint8Array;
  dataPath: string;
  /** Looks at every byte of the file beside it; its size and beginning were looked at. @throws Error when it is not what was written. */
  verifyData: () => Promise<void>;
}

// SHA-1 finds accidents, and no more is asked of it: 168 MB take 90 ms, a CRC-32 in JavaScript 270 ms (Node 20 has none).
const checksumOf = async (path: string, upTo = Infinity): Promise<string> => {
  const hash = createHash('sha1');
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(Math.min(upTo, 4 << 20));
    for (let done = 0; done < upTo;) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, upTo - done));
      if (bytesRead === 0) break;
      hash.update(chunk.subarray(0, bytesRead));
      done += bytesRead;
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
};

const sweep = async (path: string, keep: string | undefined): Promise<void> => {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix) || name === keep) continue;
    const file = join(dirname(path), name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > leftoverMs) await rm(file, { force: true });
  }
};

const headerOf = (bytes: Buffer): { header: Header; extra: Uint8Array } => {
  const body = bytes.subarray(20);
  if (bytes.length < 24 || !createHash('sha1').update(body).digest().equals(bytes.subarray(0, 20)))
    throw new Error('its checksum is wrong');
  const end = 4 + body.readUInt32LE(0);
  return { header: JSON.parse(body.toString('utf8', 4, end)) as Header, extra: body.subarray(end) };
};

/** Writes an index whole or not at all: what is at the path stays until the new one is complete. */
export const writeIndexFile = async (path: string, file: IndexFile): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const token = randomBytes(8).toString('hex');
  const dataName = `${basename(path)}.${token}.data`;
  const dataPath = join(dirname(path), dataName);
  const headPath = `${path}.${token}.new`;
  const before = await readFile(path).catch(() => undefined);
  try {
    let data: Header['data'];
    if (file.writeData) {
      // Made here, because a library would let everybody read it.
      await writeFile(dataPath, '', { mode: 0o600 });
      await file.writeData(dataPath);
      const { size } = await stat(dataPath);
      data = { name: dataName, size, head: await checksumOf(dataPath, headBytes), sha1: await checksumOf(dataPath) };
    }
    const { kind, dimensions, note, facts } = file;
    const json = Buffer.from(JSON.stringify({ format, kind, dimensions, note, facts, data } satisfies Header));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length);
    const body = Buffer.concat([length, json, file.extra]);
    await writeFile(headPath, Buffer.concat([createHash('sha1').update(body).digest(), body]), { mode: 0o600 });
    await rename(headPath, path);
  } catch (error) {
    await rm(headPath, { force: true });
    await rm(dataPath, { force: true });
    throw error;
  }
  try {
    const old = before && headerOf(before).header.data?.name;
    if (old && old !== dataName && basename(old) === old) await rm(join(dirname(path), old), { force: true });
  } catch {
    // What was there was damaged: its file is swept away later.
  }
  await sweep(path, dataName).catch(() => undefined);
};

/**
 * Reads what `writeIndexFile` wrote; undefined when there is none.
 * @throws Error when it is damaged, or of another kind, length or format.
 */
export const readIndexFile = async (
  path: string,
  kind: VectorIndex['kind'],
  dimensions: number,
): Promise<ReadIndexFile | undefined> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const { header, extra } = headerOf(bytes);
  if (header.format !== format || header.kind !== kind || header.dimensions !== dimensions)
    throw new Error(`it is of format ${header.format}, ${header.kind}, ${header.dimensions} dimensions`);
  const { data } = header;
  const dataPath = join(dirname(path), basename(data?.name ?? ''));
  if (data && ((await stat(dataPath)).size !== data.size || (await checksumOf(dataPath, headBytes)) !== data.head))
    throw new Error('its checksum is wrong');
  const verifyData = async (): Promise<void> => {
    if (data && (await checksumOf(dataPath)) !== data.sha1) throw new Error('its checksum is wrong');
  };
  return { note: header.note, facts: header.facts, extra, dataPath, verifyData };
};
