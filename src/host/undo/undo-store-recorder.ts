import { appendFileSync, existsSync, lstatSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadCache, saveCache } from './undo-store-cache.ts';
import { sharing } from './undo-store-locks.ts';
import type { Objects, ObjectWriter } from './undo-store-objects.ts';
import { toBytes } from './undo-store-paths.ts';
import { treePath } from './undo-store-plan.ts';
import { kindOf, toHex, treeContent, type TreeEntry } from './undo-store-trees.ts';
import { visiting, type Visit } from './undo-store-visit.ts';
import { readContents, unknown, walker, writeChosen, type Known, type Wanted } from './undo-store-walk.ts';

/** What is recorded, and where. */
export interface RecorderOptions {
  root: string;
  /** One character per byte, empty for the top of the file system. */
  rootBytes: string;
  /** Folder of the store. */
  dir: string;
  dataDir: string;
  objects: Objects;
  exclude: readonly string[];
  maxFileBytes: number;
  /** Folders outside of the root, each ending in `/`. */
  added: readonly string[];
  most: { entries: number; bytes: number };
}

/** Takes snapshots, one at a time. */
export interface Recorder {
  /** Gives the id. @throws what the file system throws; RangeError when there is too much. */
  take(paths: readonly string[] | undefined): Promise<string>;
  /** Makes a snapshot that is under way fail soon. */
  stop(): void;
  /** Keeps what is known of the files for the next process. */
  end(): Promise<void>;
}

const config = `[core]
\trepositoryFormatVersion = 0
\tbare = true
\thooksPath = /dev/null
\tattributesFile = /dev/null
[gc]
\tauto = 0
\tpruneExpire = never
`;
const attributes = '* -text -eol -crlf -filter -ident !working-tree-encoding\n';
/** So many files read anew are worth being remembered at once. */
const worthSaving = 1000;
const branch = (whole: boolean): Wanted => ({ whole, children: new Map() });

const want = (tree: Wanted, path: string, whole: boolean): void => {
  let at = tree;
  for (const name of path.split('/')) {
    if (name === '') continue;
    let next = at.children.get(name);
    if (!next) at.children.set(name, (next = branch(false)));
    at = next;
  }
  at.whole ||= whole;
};

const stampOf = (path: string): string => {
  const info = statSync(path, { throwIfNoEntry: false });
  return info ? `${info.ino} ${info.mtimeMs}` : '';
};

/** Remembers what it saw of the files, so that the next snapshot reads only what changed. */
export const recorder = (options: RecorderOptions): Recorder => {
  const { root, rootBytes, dir, objects, added, most } = options;
  const barred = new Set([toBytes(resolve(options.dataDir))]);
  const walk = walker({ exclude: options.exclude, maxFileBytes: options.maxFileBytes, barred });
  let inside: Known = unknown(0o040755);
  let outside: Known = unknown(0o040755);
  let generation: string | undefined;
  let readAnew = 0;
  let isOpen = false;
  let isStopped = false;

  const forgetAll = (): void => {
    inside = unknown(0o040755);
    outside = unknown(0o040755);
  };
  /** Somebody pruned: what is remembered may be gone. */
  const forgetMissing = (known: Known): boolean => {
    let whole = true;
    for (const child of known.children?.values() ?? []) whole = forgetMissing(child) && whole;
    if (kindOf(known.mode) === 'left out') return true;
    if (!whole || (known.id !== '' && !objects.has(known.id))) known.id = '';
    return known.id !== '';
  };
  const make = (): void => {
    for (const folder of ['objects', 'refs', 'info']) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
    const files = { HEAD: 'ref: refs/heads/none\n', config, 'info/attributes': attributes, workspace: `${root}\n` };
    for (const [name, content] of Object.entries(files))
      if (!existsSync(join(dir, name))) writeFileSync(join(dir, name), content, { mode: 0o600 });
  };
  const open = (): void => {
    if (existsSync(join(dir, 'objects')) && isOpen) return;
    make();
    barred.add(toBytes(realpathSync(options.dataDir)));
    forgetAll();
    inside = loadCache(dir) ?? inside;
    generation = undefined;
    isOpen = true;
  };
  const catchUp = (): void => {
    const now = stampOf(join(dir, 'generation'));
    if (generation === now) return;
    const cachedAt = statSync(join(dir, 'cache'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const prunedAt = statSync(join(dir, 'generation'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (generation !== undefined || prunedAt >= cachedAt || (inside.id !== '' && !objects.has(inside.id))) {
      objects.refresh();
      forgetMissing(inside);
      outside = unknown(0o040755);
    }
    generation = now;
  };

  const wantedOf = (paths: readonly string[] | undefined): { inner: Wanted; outer: Wanted } => {
    const inner = branch(false);
    const outer = branch(false);
    for (const path of paths ?? ['.', ...added]) {
      const target = treePath(rootBytes, toBytes(resolve(root, path)));
      if (target.startsWith('/')) want(outer, target, path.endsWith('/'));
      else want(inner, target, true);
    }
    return { inner, outer };
  };

  const take = async (paths: readonly string[] | undefined, visit: Visit): Promise<string> => {
    catchUp();
    const { inner, outer } = wantedOf(paths);
    inside.mode = lstatSync(root).mode & 0o177777;
    const walked = await walk({ known: inside, path: rootBytes, isOutside: false }, inner, most.entries, visit);
    const left = most.entries - walked.entries;
    const further = await walk({ known: outside, path: '', isOutside: true }, outer, left, visit);
    const bytes = walked.unreadBytes + further.unreadBytes;
    if (bytes > most.bytes)
      throw new RangeError(
        `${Math.round(bytes / 1024 ** 2)} MB are new, more than ${Math.round(most.bytes / 1024 ** 2)}`,
      );
    let writer: ObjectWriter | undefined;
    try {
      writer = objects.writer();
      await readContents(walked.unread, writer, visit);
      await readContents(further.unread, writer, visit);
      const top: TreeEntry[] = [
        { name: 'root', mode: inside.mode, id: await writeChosen(inside, inner, writer, visit) },
      ];
      if (outer.children.size > 0)
        top.push({ name: 'outside', mode: 0o040755, id: await writeChosen(outside, outer, writer, visit) });
      const deep = (paths ?? added).filter((path) => path.startsWith('/') && path.endsWith('/'));
      if (deep.length > 0)
        top.push({ name: 'added', mode: 0o100644, id: writer.put('blob', Buffer.from(deep.join('\0'))) });
      const id = toHex(writer.put('tree', treeContent(top)));
      writer.finish();
      // Lines that a full disk cut off must not spoil the next one.
      appendFileSync(join(dir, 'journal'), `\n${Date.now()} ${id}\n`, { mode: 0o600 });
      readAnew += walked.unread.length;
      if (readAnew > worthSaving) save();
      return id;
    } catch (error) {
      writer?.abort();
      throw error;
    }
  };
  const save = (): void => {
    if (readAnew > 0) saveCache(dir, inside);
    readAnew = 0;
  };

  return {
    take: async (paths) => {
      open();
      const visit = visiting(() => isStopped);
      try {
        return await sharing(dir, () => take(paths, visit));
      } catch (error) {
        // What was noted of files may name objects that were never written.
        forgetAll();
        throw error;
      } finally {
        visit.relock();
      }
    },
    stop: () => (isStopped = true),
    end: () =>
      sharing(dir, async () => {
        catchUp();
        save();
      }),
  };
};
