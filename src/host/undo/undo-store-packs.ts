import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32, inflateSync } from 'node:zlib';
import { toHex } from './undo-store-trees.ts';

/** Kinds of objects, numbered as packs do. */
export const objectTypes = { tree: 2, blob: 3 } as const;

/** One of {@link objectTypes}. */
export type ObjectType = keyof typeof objectTypes;

/** An object ready to be written. */
export interface PackedObject {
  /** 20 bytes, one character each. */
  id: string;
  type: ObjectType;
  /** Bytes before compression. */
  size: number;
  deflated: Buffer;
}

/** A pack as it grows. */
export interface PackWriter {
  add(object: PackedObject): void;
  /** Bytes written so far. */
  bytes(): number;
  /** Puts pack and index in place. */
  finish(): void;
  /** Removes what was written. */
  abort(): void;
}

/** A pack that can be read. Packs of ours hold no deltas. */
export interface Pack {
  readonly path: string;
  ids(): string[];
  has(id: string): boolean;
  /** Undefined when it is not in here. */
  read(id: string): Buffer | undefined;
  /** As it lies in the pack, to be copied. */
  raw(id: string): PackedObject | undefined;
  /** Bytes it takes on the disk. */
  bytesOf(id: string): number;
  close(): void;
}

const bufferBytes = 1024 * 1024;
const headerBytes = 12;
const hashBytes = 20;

const entryHeader = (type: ObjectType, size: number): Buffer => {
  const bytes: number[] = [];
  let rest = Math.floor(size / 16);
  let byte = (objectTypes[type] << 4) | (size % 16);
  while (rest > 0) {
    bytes.push(byte | 0x80);
    byte = rest % 128;
    rest = Math.floor(rest / 128);
  }
  bytes.push(byte);
  return Buffer.from(bytes);
};

const packHeader = (count: number): Buffer => {
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  header.writeUInt32BE(count, 8);
  return header;
};

const hashOf = (path: string): Buffer => {
  const hash = createHash('sha1');
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(bufferBytes);
    for (let got = readSync(file, buffer); got > 0; got = readSync(file, buffer)) hash.update(buffer.subarray(0, got));
  } finally {
    closeSync(file);
  }
  return hash.digest();
};

interface IndexEntry {
  id: string;
  crc: number;
  offset: number;
}

/** Git's pack index, version 2. */
const indexContent = (entries: IndexEntry[], trailer: Buffer): Buffer => {
  entries.sort((a, b) => (a.id < b.id ? -1 : 1));
  const index = Buffer.alloc(8 + 1024 + entries.length * 28);
  index.write('\xfftOc\0\0\0\x02', 'latin1');
  const counts = new Uint32Array(256);
  for (const { id } of entries) counts[id.charCodeAt(0)] = (counts[id.charCodeAt(0)] ?? 0) + 1;
  let sum = 0;
  counts.forEach((count, at) => {
    sum += count;
    index.writeUInt32BE(sum, 8 + at * 4);
  });
  const names = 1032;
  const sums = names + entries.length * 20;
  const offsets = sums + entries.length * 4;
  entries.forEach(({ id, crc, offset }, at) => {
    index.write(id, names + at * 20, 'latin1');
    index.writeUInt32BE(crc, sums + at * 4);
    index.writeUInt32BE(offset, offsets + at * 4);
  });
  const body = Buffer.concat([index, trailer]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
};

const writeWhole = (file: number, data: Buffer, position: number): void => {
  for (let done = 0; done < data.length;) done += writeSync(file, data, done, data.length - done, position + done);
};

/** Starts a pack in the folder of packs; nobody sees it before `finish`. */
export const packWriter = (folder: string, temporary: string): PackWriter => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, temporary);
  const file = openSync(path, 'wx', 0o600);
  const entries: IndexEntry[] = [];
  let parts: Buffer[] = [packHeader(0)];
  let waiting = headerBytes;
  let written = 0;
  let open = true;
  const flush = (): void => {
    const data = Buffer.concat(parts);
    writeWhole(file, data, written);
    written += data.length;
    parts = [];
    waiting = 0;
  };
  const end = (): void => {
    if (open) closeSync(file);
    open = false;
  };
  return {
    add: ({ id, type, size, deflated }) => {
      const header = entryHeader(type, size);
      entries.push({ id, crc: crc32(deflated, crc32(header)), offset: written + waiting });
      parts.push(header, deflated);
      waiting += header.length + deflated.length;
      if (waiting > bufferBytes) flush();
    },
    bytes: () => written + waiting,
    finish: () => {
      flush();
      writeWhole(file, packHeader(entries.length), 0);
      const trailer = hashOf(path);
      writeWhole(file, trailer, written);
      end();
      const name = join(folder, `pack-${trailer.toString('hex')}`);
      const index = `${path}.idx`;
      const indexFile = openSync(index, 'wx', 0o600);
      try {
        writeWhole(indexFile, indexContent(entries, trailer), 0);
      } finally {
        closeSync(indexFile);
      }
      renameSync(path, `${name}.pack`);
      renameSync(index, `${name}.idx`);
    },
    abort: () => {
      end();
      rmSync(path, { force: true });
      rmSync(`${path}.idx`, { force: true });
    },
  };
};

/** Opens a pack by its path without `.idx`. @throws when it is damaged. */
export const openPack = (path: string): Pack => {
  const index = readFileSync(`${path}.idx`);
  if (index.length < 1072 || index.readUInt32BE(0) !== 0xff744f63) throw new Error(`${path}.idx is damaged`);
  const count = index.readUInt32BE(8 + 255 * 4);
  const size = statSync(`${path}.pack`).size;
  const names = 1032;
  const offsetsAt = names + count * 24;
  let file: number | undefined;
  let sorted: Uint32Array | undefined;

  const find = (id: string): number | undefined => {
    const first = id.charCodeAt(0);
    let low = first === 0 ? 0 : index.readUInt32BE(8 + (first - 1) * 4);
    let high = index.readUInt32BE(8 + first * 4);
    const target = Buffer.from(id, 'latin1');
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = target.compare(index, names + middle * hashBytes, names + (middle + 1) * hashBytes);
      if (order === 0) return index.readUInt32BE(offsetsAt + middle * 4);
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    return undefined;
  };
  /** Where the object that begins at an offset ends: where the next one begins. */
  const endOf = (offset: number): number => {
    sorted ??= Uint32Array.from({ length: count }, (_, at) => index.readUInt32BE(offsetsAt + at * 4)).sort();
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return sorted[low] ?? size - hashBytes;
  };
  const raw = (id: string): PackedObject | undefined => {
    const offset = find(id);
    if (offset === undefined) return undefined;
    file ??= openSync(`${path}.pack`, 'r');
    const data = Buffer.allocUnsafe(endOf(offset) - offset);
    for (let done = 0; done < data.length;) {
      const got = readSync(file, data, done, data.length - done, offset + done);
      if (got === 0) throw new Error(`${path}.pack is cut off`);
      done += got;
    }
    const first = data[0] ?? 0;
    const type = ((first >> 4) & 7) === objectTypes.tree ? 'tree' : 'blob';
    let bytes = first & 15;
    let at = 1;
    for (let scale = 16, more = first & 0x80; more !== 0; scale *= 128, at += 1) {
      const byte = data[at] ?? 0;
      bytes += (byte & 0x7f) * scale;
      more = byte & 0x80;
    }
    return { id, type, size: bytes, deflated: data.subarray(at) };
  };
  return {
    path,
    ids: () =>
      Array.from({ length: count }, (_, at) => index.toString('latin1', names + at * 20, names + (at + 1) * 20)),
    has: (id) => find(id) !== undefined,
    read: (id) => {
      const object = raw(id);
      if (!object) return undefined;
      const content = inflateSync(object.deflated);
      if (content.length !== object.size) throw new Error(`object ${toHex(id)} is damaged`);
      return content;
    },
    raw,
    bytesOf: (id) => {
      const offset = find(id);
      return offset === undefined ? 0 : endOf(offset) - offset;
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
};
