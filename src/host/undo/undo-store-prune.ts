import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packWriter, type ObjectType, type PackedObject } from './undo-store-packs.ts';
import { loosePath, temporaryName, type Objects } from './undo-store-objects.ts';
import { isRunning } from '../sandbox/process.ts';
import { fromHex, kindOf } from './undo-store-trees.ts';
import { breather } from './undo-store-visit.ts';
import { deflateSync } from 'node:zlib';

/** What to keep. */
export interface PruneOptions {
  /** Older snapshots go. */
  keepDays: number;
  /** The oldest go until the rest takes no more than this; the newest stays in any case. */
  maxBytes: number;
  /** Snapshots that stay whatever their age. */
  live?: readonly string[];
  /** Milliseconds since the epoch. */
  now?: number;
}

/** What a prune did. */
export interface Pruned {
  /** Snapshots that are left. */
  kept: number;
  dropped: number;
  /** Bytes on the disk. */
  bytesBefore: number;
  bytesAfter: number;
}

/** A snapshot and when it was taken last. */
export interface JournalLine {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const staleTemporaryMs = 60 * 60 * 1000;
/** Less waste than this is not worth writing everything anew. */
const worthBytes = 1024 * 1024;
const mostPacks = 10;
const temporary = /^tmp_(\d+)_/;

/** The snapshots that can still be read, newest first. */
export const readJournal = (dir: string): JournalLine[] => {
  let text = '';
  try {
    text = readFileSync(join(dir, 'journal'), 'utf8');
  } catch {
    return [];
  }
  const newest = new Map<string, number>();
  for (const [, at = '', id = ''] of text.matchAll(/^(\d+) ([0-9a-f]{40})$/gm))
    newest.set(id, Math.max(Number(at), newest.get(id) ?? 0));
  return [...newest].map(([id, at]) => ({ id, at })).sort((a, b) => b.at - a.at);
};

const diskBytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const sweepTemporary = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    const pid = temporary.exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (!isRunning(Number(pid)) || age > staleTemporaryMs) rmSync(path, { force: true });
  }
};

const looseFolders = (folder: string): string[] => readdirSync(folder).filter((name) => /^[0-9a-f]{2}$/.test(name));

const looseIds = (folder: string): string[] =>
  looseFolders(folder).flatMap((name) =>
    readdirSync(join(folder, name))
      .filter((rest) => /^[0-9a-f]{38}$/.test(rest))
      .map((rest) => fromHex(name + rest)),
  );

/** Every object the snapshot needs that is not yet known to be needed. */
async function* reach(id: string, objects: Objects, known: ReadonlyMap<string, ObjectType>) {
  const rest = breather();
  const pending: { id: string; type: ObjectType }[] = [{ id, type: 'tree' }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (known.has(next.id)) continue;
    await rest();
    yield next;
    if (next.type === 'blob') continue;
    for (const entry of objects.readTree(next.id)) {
      const kind = kindOf(entry.mode);
      if (kind !== 'left out') pending.push({ id: entry.id, type: kind === 'folder' ? 'tree' : 'blob' });
    }
  }
}

/**
 * Forgets old snapshots and the objects only they need. The caller makes sure that nobody else uses the store.
 * Killed at any moment it leaves every kept snapshot whole.
 */
export const pruneObjects = async (dir: string, objects: Objects, options: PruneOptions): Promise<Pruned> => {
  const now = options.now ?? Date.now();
  const { folder } = objects;
  const live = new Set(options.live);
  objects.refresh();
  sweepTemporary(dir);
  sweepTemporary(folder);
  const packs = objects.packs();
  if (packs.length > 0) sweepTemporary(join(folder, 'pack'));
  const loose = new Map(looseIds(folder).map((id) => [id, diskBytes(loosePath(folder, id))]));
  const packBytes = packs.reduce(
    (sum, pack) => sum + diskBytes(`${pack.path}.pack`) + diskBytes(`${pack.path}.idx`),
    0,
  );
  const bytesBefore = packBytes + [...loose.values()].reduce((sum, bytes) => sum + bytes, 0);
  const sizeOf = (id: string): number => loose.get(id) ?? packs.find((pack) => pack.has(id))?.bytesOf(id) ?? 0;

  const needed = new Map<string, ObjectType>();
  let bytes = 0;
  const journal = readJournal(dir);
  const kept: JournalLine[] = [];
  for (const line of journal) {
    const isLive = live.has(line.id);
    if (!isLive && (line.at < now - options.keepDays * dayMs || (bytes > options.maxBytes && kept.length > 0)))
      continue;
    const added: { id: string; type: ObjectType }[] = [];
    let more = 0;
    try {
      const seen = new Map<string, ObjectType>(needed);
      for await (const object of reach(fromHex(line.id), objects, seen)) {
        seen.set(object.id, object.type);
        added.push(object);
        more += sizeOf(object.id);
      }
    } catch {
      // Damaged: nothing can be restored from it.
      continue;
    }
    if (!isLive && kept.length > 0 && bytes + more > options.maxBytes) {
      bytes = Infinity;
      continue;
    }
    bytes += more;
    for (const { id, type } of added) needed.set(id, type);
    kept.push(line);
  }

  replaceFile(
    join(dir, 'journal'),
    kept
      .toReversed()
      .map(({ at, id }) => `${at} ${id}\n`)
      .join(''),
  );
  // Whoever remembers objects looks again whether they are still there.
  replaceFile(join(dir, 'generation'), `${now} ${temporaryName()}\n`);

  const packedNeeded = packs.reduce(
    (sum, pack) => sum + pack.ids().reduce((all, id) => all + (needed.has(id) ? pack.bytesOf(id) : 0), 0),
    0,
  );
  const isWasteful = packs.length > mostPacks || packBytes - packedNeeded > Math.max(worthBytes, packBytes / 4);
  if (needed.size === 0) {
    for (const pack of packs) remove(pack.path);
  } else if (isWasteful) {
    await repack(objects, needed);
  }
  for (const id of loose.keys()) {
    const isPacked = isWasteful && needed.has(id);
    if (!needed.has(id) || isPacked) rmSync(loosePath(folder, id), { force: true });
  }
  objects.refresh();
  const after = objects.packs();
  const bytesAfter =
    after.reduce((sum, pack) => sum + diskBytes(`${pack.path}.pack`) + diskBytes(`${pack.path}.idx`), 0) +
    looseIds(folder).reduce((sum, id) => sum + diskBytes(loosePath(folder, id)), 0);
  return { kept: kept.length, dropped: journal.length - kept.length, bytesBefore, bytesAfter };
};

const replaceFile = (path: string, content: string): void => {
  const next = `${path}.${temporaryName()}`;
  writeFileSync(next, content, { mode: 0o600 });
  renameSync(next, path);
};

/** The index first: a pack without one is invisible, an index without its pack is damaged. */
const remove = (path: string): void => {
  rmSync(`${path}.idx`, { force: true });
  rmSync(`${path}.pack`, { force: true });
};

/** Writes what is needed into a new pack, then removes the old ones. */
const repack = async (objects: Objects, needed: ReadonlyMap<string, ObjectType>): Promise<void> => {
  const rest = breather();
  const old = objects.packs();
  const writer = packWriter(join(objects.folder, 'pack'), temporaryName());
  try {
    for (const [id, type] of needed) {
      await rest();
      let object: PackedObject | undefined;
      for (const pack of old) object ??= pack.raw(id);
      if (!object) {
        const content = objects.read(id);
        object = { id, type, size: content.length, deflated: deflateSync(content, { level: 1 }) };
      }
      writer.add(object);
    }
    writer.finish();
  } catch (error) {
    writer.abort();
    throw error;
  }
  objects.refresh();
  // The same content gives the same name.
  const fresh = objects.packs().filter((pack) => !old.some((one) => one.path === pack.path));
  if (fresh.length > 0) for (const pack of old) remove(pack.path);
};
