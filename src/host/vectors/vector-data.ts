/** How a vector is kept: as it is, or as whole numbers of a byte with a factor (a quarter of the size). */
export type VectorStorage = 'float32' | 'int8';

/** Ids are below this. */
export const idLimit = 2 ** 32;

/** @throws RangeError unless it is an integer from 0 to 2³²−1. */
export const checkId = (id: number): void => {
  if (!Number.isInteger(id) || id < 0 || id >= idLimit)
    throw new RangeError(`A vector's id is an integer from 0 to 4294967295, not ${id}.`);
};

/**
 * The vector with the length 1; a zero vector stays one.
 * @throws RangeError for a wrong number of dimensions or a number that is not finite.
 */
export const normalised = (vector: ArrayLike<number>, dimensions: number): Float32Array => {
  if (vector.length !== dimensions)
    throw new RangeError(`The vector has ${vector.length} numbers; this space has ${dimensions}.`);
  let largest = 0;
  for (let index = 0; index < dimensions; index++) {
    const size = Math.abs(vector[index] ?? NaN);
    if (!(size < Infinity)) throw new RangeError(`Number ${index} of the vector is ${vector[index]}: not finite.`);
    if (size > largest) largest = size;
  }
  const unit = new Float32Array(dimensions);
  if (largest === 0) return unit;
  // Squares of very large and very small numbers leave the range of numbers: measured in the largest one they do not.
  let squares = 0;
  for (let index = 0; index < dimensions; index++) squares += ((vector[index] ?? 0) / largest) ** 2;
  const length = Math.sqrt(squares);
  for (let index = 0; index < dimensions; index++) unit[index] = (vector[index] ?? 0) / largest / length;
  return unit;
};

/** True for a vector that is near to nothing. */
export const isZero = (vector: Float32Array): boolean => vector.every((value) => value === 0);

/** Bytes of a stored vector: numbers of four bytes, or one factor of four bytes and numbers of one. */
export const bytesPerVector = (dimensions: number, storage: VectorStorage): number =>
  storage === 'float32' ? 4 * dimensions : 4 + dimensions;

/** A vector of length 1 as it is stored. The factor makes what is stored of length 1 again. */
export const toBytes = (unit: Float32Array, storage: VectorStorage): Buffer => {
  if (storage === 'float32') return Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength);
  const bytes = Buffer.alloc(4 + unit.length);
  let largest = 0;
  for (const value of unit) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return bytes;
  let squares = 0;
  for (const [index, value] of unit.entries()) {
    const whole = Math.round((value / largest) * 127);
    squares += whole * whole;
    bytes.writeInt8(whole, 4 + index);
  }
  bytes.writeFloatLE(1 / Math.sqrt(squares), 0);
  return bytes;
};

/** What `toBytes` stored. */
export const fromBytes = (bytes: Uint8Array, dimensions: number, storage: VectorStorage): Float32Array => {
  const unit = new Float32Array(dimensions);
  if (storage === 'float32') {
    new Uint8Array(unit.buffer).set(bytes);
    return unit;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const factor = view.getFloat32(0, true);
  for (let index = 0; index < dimensions; index++) unit[index] = view.getInt8(4 + index) * factor;
  return unit;
};
