/**
 * Tensors from a caller, checked once. The glue of a release build checks no numbers (2^32 + 1 would arrive as 1), so
 * this is where sizes are proven to be what they say.
 */
import type { Mask, Tensor } from './api.ts';
import { QkscopeError, show } from './error.ts';

/** A shape with all four axes. */
export type Shape4 = readonly [number, number, number, number];

/** A checked input: data in memory of our own. */
export interface Checked<Data extends Float32Array | Uint8Array> {
  data: Data;
  shape: Shape4;
}

/** A query, key, value or bias: checked and copied. */
export function copyTensor(subject: string, tensor: Tensor): Checked<Float32Array> {
  const { data, shape } = checkTensor(subject, tensor);
  return { data: new Float32Array(data), shape };
}

/** The most numbers of a stretch that is kept for the next copies: 32 MB. */
const SPARE = 2 ** 23;
let spare = new Float32Array(0);

/** Copies of checked tensors in one stretch of memory: to make room takes longer than to copy what is not large. */
export function copies(tensors: readonly Checked<Float32Array>[]): Checked<Float32Array>[] {
  const length = tensors.reduce((sum, { data }) => sum + data.length, 0);
  // Of the same length alone: a worker is sent the whole of the memory under an array.
  const room = spare.length === length ? spare : new Float32Array(length);
  spare = new Float32Array(0);
  let end = 0;
  return tensors.map(({ data, shape }) => {
    const start = end;
    end += data.length;
    room.set(data, start);
    return { data: room.subarray(start, end), shape };
  });
}

/** Nobody reads these copies any more: their memory is for the next that are as long. `first` is the first of them. */
export function recycle(first: Float32Array): void {
  const length = first.buffer.byteLength / first.BYTES_PER_ELEMENT;
  if (length <= SPARE) spare = new Float32Array(first.buffer as ArrayBuffer);
}

/** Checked alone: `data` is still the caller's. */
export function checkTensor(subject: string, tensor: Tensor): Checked<Float32Array> {
  const { data, shape } = checked(subject, tensor, 'Float32Array');
  return { data: data as Float32Array, shape };
}

/** A parameter with 1 to 4 axes of its own: checked and copied. The kernel checks that its shape fits. */
export function copyNumbers(subject: string, tensor: Tensor): { data: Float32Array; shape: number[] } {
  const { data, shape } = tensor;
  checkData(subject, data, 'Float32Array');
  if (!Array.isArray(shape) || shape.length < 1 || shape.length > 4 || !shape.every(isSize)) {
    throw new QkscopeError('shape', `${subject}.shape`, '1 to 4 whole numbers from 0 to 2^53 - 1', show(shape));
  }
  const wide = [...Array<number>(4 - shape.length).fill(1), ...(shape as number[])];
  return { data: copyTensor(subject, { data, shape: wide }).data, shape: [...(shape as number[])] };
}

/** A mask: checked and copied. */
export function copyMask(subject: string, mask: Mask): Checked<Uint8Array> {
  const { data, shape } = checked(subject, mask, 'Uint8Array');
  return { data: new Uint8Array(data as Uint8Array), shape };
}

/** The shape with its missing leading axes, 2 to 4 of them, each a whole number that a double holds exactly. */
export function shape4(subject: string, shape: readonly number[]): Shape4 {
  const fits = Array.isArray(shape) && shape.length >= 2 && shape.length <= 4 && shape.every(isSize);
  if (!fits)
    throw new QkscopeError('shape', `${subject}.shape`, '2 to 4 whole numbers from 0 to 2^53 - 1', show(shape));
  return [...Array<number>(4 - shape.length).fill(1), ...shape] as unknown as Shape4;
}

/** The number of elements; refused when it is past what a double counts exactly. */
export function elements(subject: string, shape: readonly number[]): number {
  // Zero first: [2^53 - 1, 2^53 - 1, 0] holds nothing, whatever its other sizes multiply to.
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count)) {
    throw new QkscopeError('shape', `${subject}.shape`, 'fewer than 2^53 elements', show(shape));
  }
  return count;
}

/** Whether an axis of a mask or bias can be repeated to the axis of the scores. */
export function checkBroadcast(subject: string, shape: Shape4, target: Shape4): void {
  if (shape.every((size, axis) => size === 1 || size === target[axis])) return;
  throw new QkscopeError('shape', `${subject}.shape`, `broadcastable to ${show([...target])}`, show([...shape]));
}

function checked(subject: string, tensor: Tensor | Mask, type: 'Float32Array' | 'Uint8Array') {
  if (typeof tensor !== 'object' || tensor === null) {
    throw new QkscopeError('tensor', subject, `{ data: ${type}, shape }`, show(tensor));
  }
  const { data } = tensor;
  checkData(subject, data, type);
  const shape = shape4(subject, tensor.shape);
  checkLength(subject, data.length, shape);
  return { data, shape };
}

function checkData(subject: string, data: unknown, type: string): void {
  // By tag, not by instanceof: arrays of a frame, or of a test runner's realm, are as good as ours.
  if (!ArrayBuffer.isView(data) || tag(data) !== type) {
    throw new QkscopeError('tensor', `${subject}.data`, `a ${type}`, show(data));
  }
  // Another thread could change shared memory between the check and the copy.
  if (tag(data.buffer) !== 'ArrayBuffer') {
    throw new QkscopeError(
      'tensor',
      `${subject}.data`,
      `a ${type} over an ArrayBuffer`,
      `one over a ${tag(data.buffer)}`,
    );
  }
}

function checkLength(subject: string, length: number, shape: Shape4): void {
  const count = elements(subject, shape);
  if (count === length) return;
  const found = length === 0 ? '0 elements (a transferred buffer is empty)' : `${length} elements`;
  throw new QkscopeError('shape', `${subject}.data`, `${count} elements for shape ${show([...shape])}`, found);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function tag(value: ArrayBufferView | ArrayBufferLike): string {
  return (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '';
}
