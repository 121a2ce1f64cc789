import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { openPack, packWriter, type ObjectType, type Pack, type PackWriter } from './undo-store-packs.ts';
import { toHex, treeEntries, type TreeEntry } from './undo-store-trees.ts';

/** Takes objects in; they are on the disk once `finish` returned. */
export interface ObjectWriter {
  /** Gives the object's id, and keeps the object unless it is known. */
  put(type: ObjectType, content: Buffer): string;
  finish(): void;
  abort(): void;
}

/** Git objects in a folder: files of their own when they are few, packs when they are many. */
export interface Objects {
  readonly folder: string;
  has(id: string): boolean;
  /** @throws when it is not there or damaged. */
  readonly read: (id: string) => Buffer;
  readonly readTree: (id: string) => readonly TreeEntry[];
  writer(): ObjectWriter;
  packs(): readonly Pack[];
  /** Looks again at what is there, after somebody removed objects. */
  refresh(): void;
  close(): void;
}

interface NewObject {
  id: string;
  type: ObjectType;
  content: Buffer;
}

/** More new objects, or more bytes, than this go into a pack: a file for each costs more. */
const mostLoose = { objects: 100, bytes: 16 * 1024 * 1024 };
/** Offsets in an index have 31 bits. */
const maxPackBytes = 1024 ** 3;
const keptTrees = 20_000;

/** The id git gives to such an object: 20 bytes, one character each. */
export const objectId = (type: ObjectType, content: Buffer): string =>
  createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('binary');

/** Where an object lies when it has a file of its own. */
export const loosePath = (folder: string, id: string): string => {
  const hex = toHex(id);
  return join(folder, hex.slice(0, 2), hex.slice(2));
};

/** A name nobody else uses; leftovers of killed processes are told by their process id. */
export const temporaryName = (): string => `tmp_${process.pid}_${randomBytes(6).toString('hex')}`;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

const readLoose = (folder: string, id: string): Buffer | undefined => {
  let file: Buffer;
  try {
    file = readFileSync(loosePath(folder, id));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const whole = inflateSync(file);
  return whole.subarray(whole.indexOf(0) + 1);
};

/** Opens the objects below a folder; it need not exist yet. */
export const openObjects = (folder: string): Objects => {
  const packFolder = join(folder, 'pack');
  const packs = new Map<string, Pack>();
  const trees = new Map<string, readonly TreeEntry[]>();
  let looked = '';

  const look = (): void => {
    const info = statSync(packFolder, { bigint: true, throwIfNoEntry: false });
    const now = info ? `${info.ino}:${info.mtimeNs}` : '';
    if (now === looked) return;
    looked = now;
    for (const name of info ? readdirSync(packFolder) : []) {
      if (name.startsWith('pack-') && name.endsWith('.idx') && !packs.has(name))
        packs.set(name, openPack(join(packFolder, name.slice(0, -'.idx'.length))));
    }
  };
  const inPacks = <T>(ask: (pack: Pack) => T | undefined | false): T | undefined => {
    for (const pack of packs.values()) {
      const found = ask(pack);
      if (found !== undefined && found !== false) return found;
    }
    return undefined;
  };
  const has = (id: string): boolean => inPacks((pack) => pack.has(id)) === true || existsSync(loosePath(folder, id));
  const read = (id: string): Buffer => {
    const find = (): Buffer | undefined => inPacks((pack) => pack.read(id)) ?? readLoose(folder, id);
    let found = find();
    if (!found) {
      looked = '';
      look();
      found = find();
    }
    if (!found) throw new Error(`object ${toHex(id)} is not there any more`);
    return found;
  };

  const writeLoose = ({ id, type, content }: NewObject): void => {
    const header = Buffer.from(`${type} ${content.length}\0`);
    const path = loosePath(folder, id);
    const temporary = join(folder, temporaryName());
    const data = deflateSync(Buffer.concat([header, content]), { level: 1 });
    try {
      writeFileSync(temporary, data, { flag: 'wx', mode: 0o600 });
      try {
        renameSync(temporary, path);
      } catch (error) {
        if (!isMissing(error)) throw error;
        mkdirSync(join(path, '..'), { mode: 0o700, recursive: true });
        renameSync(temporary, path);
      }
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  };

  const writer = (): ObjectWriter => {
    look();
    const fresh = new Set<string>();
    let waiting: NewObject[] = [];
    let waitingBytes = 0;
    let pack: PackWriter | undefined;
    const toPack = ({ id, type, content }: NewObject): void => {
      if (pack && pack.bytes() > maxPackBytes) {
        pack.finish();
        pack = undefined;
      }
      pack ??= packWriter(packFolder, temporaryName());
      pack.add({ id, type, size: content.length, deflated: deflateSync(content, { level: 1 }) });
    };
    return {
      put: (type, content) => {
        const id = objectId(type, content);
        if (fresh.has(id) || has(id)) return id;
        fresh.add(id);
        if (pack) toPack({ id, type, content });
        else {
          waiting.push({ id, type, content });
          waitingBytes += content.length;
          if (waiting.length > mostLoose.objects || waitingBytes > mostLoose.bytes) {
            for (const one of waiting) toPack(one);
            waiting = [];
          }
        }
        return id;
      },
      finish: () => {
        for (const object of waiting) writeLoose(object);
        waiting = [];
        pack?.finish();
        pack = undefined;
        look();
      },
      abort: () => {
        pack?.abort();
        pack = undefined;
        waiting = [];
      },
    };
  };

  const close = (): void => {
    for (const pack of packs.values()) pack.close();
    packs.clear();
    trees.clear();
    looked = '';
  };
  return {
    folder,
    has,
    read,
    readTree: (id) => {
      const known = trees.get(id);
      if (known) return known;
      const entries = treeEntries(read(id));
      if (trees.size >= keptTrees) trees.clear();
      trees.set(id, entries);
      return entries;
    },
    writer,
    packs: () => {
      look();
      return [...packs.values()];
    },
    refresh: () => {
      close();
      look();
    },
    close,
  };
};
