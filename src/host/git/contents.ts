import type { Place } from './place.ts';
import { gitFailure } from './run-git.ts';

/** Bytes of the largest object that is kept. */
const largest = 2_000_000;

/** Reads what `git cat-file --batch` prints, piece by piece; of objects that are not wanted nothing is kept. */
const batchReader = (maxBytes: number, onObject: (id: string, bytes: Buffer) => void): ((chunk: Buffer) => void) => {
  let head: Buffer[] = [];
  let object: { id: string; kept?: Buffer[]; left: number } | undefined;
  return (chunk) => {
    let from = 0;
    while (from < chunk.length) {
      if (object === undefined) {
        const end = chunk.indexOf(10, from);
        head.push(chunk.subarray(from, end < 0 ? chunk.length : end));
        if (end < 0) return;
        from = end + 1;
        const [id = '', type = '', size = ''] = Buffer.concat(head).toString().split(' ');
        head = [];
        // "<id> missing" and "<id> ambiguous" have nothing behind them.
        if (size === '') continue;
        const isWanted = type === 'blob' && Number(size) <= maxBytes;
        // What it holds ends with a line feed of its own.
        object = { id, left: Number(size) + 1, ...(isWanted ? { kept: [] } : {}) };
      }
      const piece = chunk.subarray(from, from + object.left);
      object.kept?.push(piece);
      object.left -= piece.length;
      from += piece.length;
      if (object.left > 0) continue;
      if (object.kept !== undefined) onObject(object.id, Buffer.concat(object.kept).subarray(0, -1));
      object = undefined;
    }
  };
};

/** Of these objects the ones of that size at most. Git prints an object whole, also one of gigabytes nobody wants. */
const smallOnes = async (
  { git }: Place,
  ids: readonly string[],
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<string[]> => {
  const { stdout } = await git(['cat-file', '--batch-check'], { input: `${ids.join('\n')}\n`, signal });
  return stdout
    .toString()
    .split('\n')
    .flatMap((line) => {
      const [id = '', type, size] = line.split(' ');
      return type === 'blob' && Number(size) <= maxBytes ? [id] : [];
    });
};

/** Texts of objects by their ids, those that are there, are files, and are not too large. */
export const readContents = async (
  place: Place,
  ids: readonly string[],
  maxBytes = largest,
  signal?: AbortSignal,
): Promise<Map<string, string>> => {
  const named = [...new Set(ids)].filter((id) => /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(id));
  // Who takes large ones has some among them; elsewhere it would only cost time.
  const wanted = maxBytes > largest && named.length > 0 ? await smallOnes(place, named, maxBytes, signal) : named;
  const texts = new Map<string, string>();
  if (wanted.length === 0) return texts;
  const read = batchReader(maxBytes, (id, bytes) => texts.set(id, bytes.toString('utf8')));
  const input = `${wanted.join('\n')}\n`;
  const { code, stderr } = await place.git(['cat-file', '--batch'], {
    input,
    onOutput: (chunk) => read(chunk),
    signal,
  });
  if (code !== 0) throw gitFailure('read contents', stderr);
  return texts;
};
