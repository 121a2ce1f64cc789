import { closeSync, openSync, writeSync } from 'node:fs';

/** Keeps what a command writes: all of it while it is short, then head and tail, with the whole in a file. */
export interface OutputKeeper {
  readonly add: (chunk: Buffer) => void;
  /** Bytes added so far. */
  readonly bytes: () => number;
  /** Set once the output was too long to keep. */
  readonly file: () => string | undefined;
  /** What was kept, decoded. `elsewhere` names the file when another keeper has it. */
  readonly text: (elsewhere?: string) => string;
  /** Closes the file. */
  readonly end: () => void;
}

/** How many bytes at the end belong to a UTF-8 character that is not complete yet: 0 to 3. */
export const unfinishedBytes = (bytes: Uint8Array): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
};

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Number with spaces between thousands. */
const grouped = (value: number): string => value.toString().replace(/\B(?=(\d{3})+$)/g, ' ');

/**
 * @param maxBytes kept in memory, half of it from the beginning and half from the end.
 * @param newFile names the file for the whole output; called once, only when the output gets longer. No file without it.
 * @param maxFileBytes go to the file at most: a command that never stops must not fill the disk.
 */
export const outputKeeper = (
  maxBytes: number,
  newFile?: () => string,
  maxFileBytes = 256 * 1024 * 1024,
): OutputKeeper => {
  const half = Math.max(1, Math.floor(maxBytes / 2));
  let total = 0;
  let head: Buffer | undefined;
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let file: { path: string; fd: number | undefined; bytes: number; problem?: string } | undefined;

  // Synchronous on purpose: the file keeps up with the command, so nothing piles up in memory.
  const spool = (chunk: Buffer): void => {
    if (file?.fd === undefined || file.problem !== undefined) return;
    const room = maxFileBytes - file.bytes;
    if (room < chunk.length) file.problem = `the first ${grouped(maxFileBytes)} bytes are`;
    try {
      file.bytes += writeSync(file.fd, chunk, 0, Math.min(room, chunk.length));
    } catch {
      file.problem = `the first ${grouped(file.bytes)} bytes are`;
    }
  };

  const overflow = (): void => {
    const all = Buffer.concat(kept);
    head = all.subarray(0, half);
    kept = [all.subarray(half)];
    keptBytes -= half;
    if (!newFile) return;
    try {
      const path = newFile();
      file = { path, fd: openSync(path, 'wx', 0o600), bytes: 0 };
      spool(all);
    } catch {
      file = undefined;
    }
  };

  return {
    add: (chunk) => {
      total += chunk.length;
      kept.push(chunk);
      keptBytes += chunk.length;
      if (head === undefined) {
        if (total > maxBytes) overflow();
      } else {
        spool(chunk);
      }
      if (head === undefined) return;
      for (let first = kept[0]; first && keptBytes - first.length >= half; first = kept[0]) {
        kept.shift();
        keptBytes -= first.length;
      }
    },
    bytes: () => total,
    file: () => file?.path,
    text: (elsewhere) => {
      const all = Buffer.concat(kept);
      if (head === undefined) return all.toString();
      const start = head.subarray(0, head.length - unfinishedBytes(head));
      let from = Math.max(0, all.length - half);
      while (isContinuation(all[from])) from += 1;
      const end = all.subarray(from);
      const path = file?.path ?? elsewhere;
      const where = path === undefined ? '' : `; ${file?.problem ?? 'the whole output is'} in ${path}`;
      return `${start.toString()}\n… ${grouped(total - start.length - end.length)} bytes left out${where} …\n${end.toString()}`;
    },
    end: () => {
      if (file?.fd !== undefined) closeSync(file.fd);
      if (file) file.fd = undefined;
    },
  };
};
