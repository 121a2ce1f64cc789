import { setImmediate as breath } from 'node:timers/promises';
import type { Neighbour, VectorIndex } from '../../core/vector-index.ts';
import { bestNeighbours } from './best-neighbours.ts';
import { writeIndexFile, readIndexFile } from './index-file.ts';
import { bytesPerVector, checkId, isZero, normalised, toBytes, type VectorStorage } from './vector-data.ts';
import type { PackedRows } from './vector-rows.ts';

const slabRows = 8192;
/** So many numbers are compared at a time, about 15 ms; other work comes in between. */
const sliceNumbers = 20_000_000;

/** An exact index that compares with everything. */
export interface ScanIndex extends VectorIndex {
  /** Takes rows as they are stored, without a copy; their ids must be new to the index. */
  load(rows: PackedRows): void;
}

/** Rows of bytes one after the other; the numbers of row n begin at n × stride + first. */
interface Slab {
  ids: Uint32Array;
  bytes: Uint8Array;
  values: Float32Array | Int8Array;
  /** What a row's products are multiplied with; 0 for a zero vector. */
  factors: Float32Array;
  rows: number;
}

// Four sums at a time: the processor need not wait for one to be added to the next (twice as fast).
const dot = (query: Float32Array, values: Float32Array | Int8Array, start: number): number => {
  const length = query.length;
  const whole = length & ~3;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let index = 0;
  for (let at = start; index < whole; index += 4, at += 4) {
    a += (query[index] ?? 0) * (values[at] ?? 0);
    b += (query[index + 1] ?? 0) * (values[at + 1] ?? 0);
    c += (query[index + 2] ?? 0) * (values[at + 2] ?? 0);
    d += (query[index + 3] ?? 0) * (values[at + 3] ?? 0);
  }
  for (; index < length; index++) a += (query[index] ?? 0) * (values[start + index] ?? 0);
  return a + b + c + d;
};

/** Makes an empty one. With `int8` it holds a quarter of the bytes, and what it finds is near to exact. */
export const scanIndex = (dimensions: number, storage: VectorStorage = 'float32'): ScanIndex => {
  const rowBytes = bytesPerVector(dimensions, storage);
  const [stride, first] = storage === 'float32' ? [dimensions, 0] : [rowBytes, 4];
  let slabs: Slab[] = [];
  /** Where an id is: slab × slabRows + row. Made when first asked for: reading rows is faster without. */
  let places: Map<number, number> | undefined;
  let size = 0;
  let changes = 0;

  const slabOf = (ids: Uint32Array, bytes: Uint8Array, rows: number): Slab => {
    // Numbers of four bytes must begin at a multiple of four.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    const { buffer, byteOffset, byteLength } = aligned;
    const values =
      storage === 'float32'
        ? new Float32Array(buffer, byteOffset, byteLength / 4)
        : new Int8Array(buffer, byteOffset, byteLength);
    const slab = { ids, bytes: aligned, values, factors: new Float32Array(ids.length), rows };
    for (let row = 0; row < rows; row++) setFactor(slab, row);
    return slab;
  };
  const setFactor = ({ bytes, values, factors }: Slab, row: number): void => {
    if (storage === 'float32') {
      let at = row * dimensions;
      while (at < (row + 1) * dimensions && values[at] === 0) at += 1;
      factors[row] = at < (row + 1) * dimensions ? 1 : 0;
    } else factors[row] = new DataView(bytes.buffer, bytes.byteOffset).getFloat32(row * rowBytes, true);
  };
  const placesOf = (): Map<number, number> => {
    if (places) return places;
    places = new Map();
    for (const [number, { ids, rows }] of slabs.entries())
      for (let row = 0; row < rows; row++) places.set(ids[row] ?? 0, number * slabRows + row);
    return places;
  };
  const slabAt = (place: number): Slab => {
    const slab = slabs[Math.floor(place / slabRows)];
    if (!slab) throw new Error('A vector is not where it was put.');
    return slab;
  };

  /** Puts bytes at a place, which is the first free one or one in use. */
  const place = (at: number, id: number, bytes: Uint8Array): void => {
    const slab = slabAt(at);
    const row = at % slabRows;
    slab.ids[row] = id;
    slab.bytes.set(bytes, row * rowBytes);
    setFactor(slab, row);
    slab.rows = Math.max(slab.rows, row + 1);
    placesOf().set(id, at);
  };
  const remove = (id: number): void => {
    const at = placesOf().get(id);
    if (at === undefined) return;
    placesOf().delete(id);
    // The last row takes the place of the one that goes.
    const last = slabs.at(-1);
    if (!last) return;
    const row = last.rows - 1;
    const lastId = last.ids[row] ?? 0;
    if (lastId !== id) place(at, lastId, last.bytes.subarray(row * rowBytes, (row + 1) * rowBytes));
    last.rows = row;
    if (row === 0) slabs.pop();
    size -= 1;
  };
  /** Puts bytes behind all others. Slabs in front of the last one are full, or a place would not tell its slab. */
  const append = (id: number, bytes: Uint8Array): void => {
    const last = slabs.at(-1);
    if (!last || last.rows === slabRows) {
      const capacity = last ? slabRows : 64;
      slabs.push(slabOf(new Uint32Array(capacity), new Uint8Array(capacity * rowBytes), 0));
    } else if (last.rows === last.ids.length) {
      const capacity = Math.min(slabRows, 2 * last.rows);
      const grown = slabOf(new Uint32Array(capacity), new Uint8Array(capacity * rowBytes), 0);
      grown.ids.set(last.ids);
      grown.bytes.set(last.bytes.subarray(0, last.rows * rowBytes));
      grown.factors.set(last.factors);
      grown.rows = last.rows;
      slabs[slabs.length - 1] = grown;
    }
    place((slabs.length - 1) * slabRows + (slabs.at(-1)?.rows ?? 0), id, bytes);
  };
  const put = (id: number, unit: Float32Array): void => {
    const bytes = toBytes(unit, storage);
    const known = placesOf().get(id);
    if (known === undefined) {
      append(id, bytes);
      size += 1;
    } else place(known, id, bytes);
  };

  const index: ScanIndex = {
    kind: 'scan',
    dimensions,
    size: () => size,
    load: ({ ids, bytes }) => {
      for (let row = 0; row < ids.length;) {
        const last = slabs.at(-1);
        if (last && last.rows < slabRows) {
          append(ids[row] ?? 0, bytes.subarray(row * rowBytes, (row + 1) * rowBytes));
          row += 1;
          continue;
        }
        const end = Math.min(ids.length, row + slabRows);
        const part = ids.slice(row, end);
        slabs.push(slabOf(part, bytes.subarray(row * rowBytes, end * rowBytes), part.length));
        places = undefined;
        row = end;
      }
      size += ids.length;
      changes += 1;
    },
    apply: async (list) => {
      const checked = list.map(({ id, vector }) => {
        checkId(id);
        return { id, unit: vector && normalised(vector, dimensions) };
      });
      for (const { id, unit } of checked)
        if (unit && !isZero(unit)) put(id, unit);
        else remove(id);
      changes += 1;
    },
    nearest: async (vector, { limit, among }) => {
      const query = normalised(vector, dimensions);
      if (isZero(query) || !(limit > 0)) return [];
      const best = bestNeighbours(limit);
      if (among && among.size < size / 8) {
        for (const id of among) {
          const at = placesOf().get(id);
          if (at === undefined) continue;
          const slab = slabAt(at);
          const row = at % slabRows;
          const factor = slab.factors[row] ?? 0;
          if (factor !== 0) best.offer(id, dot(query, slab.values, row * stride + first) * factor);
        }
        return best.sorted().map(clamped);
      }
      const scan = (found: ReturnType<typeof bestNeighbours>, slab: Slab): void => {
        const { ids, values, factors, rows } = slab;
        let worst = found.worst();
        for (let row = 0; row < rows; row++) {
          const similarity = dot(query, values, row * stride + first) * (factors[row] ?? 0);
          if (similarity < worst || factors[row] === 0) continue;
          const id = ids[row] ?? 0;
          if (among && !among.has(id)) continue;
          found.offer(id, similarity);
          worst = found.worst();
        }
      };
      const before = changes;
      let done = 0;
      for (const slab of slabs) {
        if (done >= sliceNumbers) {
          await breath();
          done = 0;
          if (changes !== before) break;
        }
        scan(best, slab);
        done += slab.rows * dimensions;
      }
      if (changes === before) return best.sorted().map(clamped);
      // It changed meanwhile: once more, without a break.
      const again = bestNeighbours(limit);
      for (const slab of slabs) scan(again, slab);
      return again.sorted().map(clamped);
    },
    save: async (path, note) => {
      const ids = Buffer.concat(slabs.map((slab) => Buffer.from(slab.ids.slice(0, slab.rows).buffer)));
      const rows = slabs.map((slab) => slab.bytes.subarray(0, slab.rows * rowBytes));
      const facts = { count: size, bytes: rowBytes };
      await writeIndexFile(path, { kind: 'scan', dimensions, note, facts, extra: Buffer.concat([ids, ...rows]) });
    },
    close: async () => {
      slabs = [];
      places = undefined;
      size = 0;
      changes += 1;
    },
  };
  return index;
};

// Rounding can make of two equal vectors a similarity above 1.
const clamped = ({ id, similarity }: Neighbour): Neighbour => ({
  id,
  similarity: Math.max(-1, Math.min(1, similarity)),
});

/** Reads one that was saved; undefined when there is none. @throws Error when it is damaged or of another kind. */
export const loadScanIndex = async (
  path: string,
  dimensions: number,
  storage: VectorStorage = 'float32',
): Promise<{ index: ScanIndex; note: string } | undefined> => {
  const file = await readIndexFile(path, 'scan', dimensions);
  if (!file) return undefined;
  const count = file.facts.count ?? 0;
  if (file.facts.bytes !== bytesPerVector(dimensions, storage)) throw new Error('it is stored in another way');
  const ids = new Uint32Array(new Uint8Array(file.extra.subarray(0, 4 * count)).buffer);
  const index = scanIndex(dimensions, storage);
  index.load({ ids, bytes: file.extra.subarray(4 * count) });
  return { index, note: file.note };
};
