/**
 * Tensors from a caller, checked once. The glue of a release build checks no numbers (2^32 + 1 would arrive as 1), so
 * this is where sizes are proven to be what they say.
 */
import { misshapen, mistyped, shapeless, tag } from './advice.ts';
import type { Axes, Kind } from './advice.ts';
import type { Mask, Tensor } from './api.ts';
import { QkscopeError, show } from './error.ts';

/** A shape with all four axes. */
export type Shape4 = readonly [number, number, number, number];

/** A checked input: data in memory of our own. */
export interface Checked<Data extends Float32Array | Uint8Array> {
  data: Data;
  shape: Shape4;
}

/** Any tensor: checked and copied. */
export function copyTensor(subject: string, tensor: Tensor, axes: Axes): Checked<Float32Array> {
  const { data, shape } = checkTensor(subject, tensor, axes);
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
export function checkTensor(subject: string, tensor: Tensor, axes: Axes): Checked<Float32Array> {
  const { data, shape } = checked(subject, tensor, 'Float32Array', axes);
  return { data: data as Float32Array, shape };
}

/** Numbers whose shape is known: checked and copied. */
export function copyData(subject: string, data: Float32Array, shape: readonly number[]): Float32Array {
  checkData(subject, data, 'Float32Array');
  checkLength(subject, data.length, shape, subject);
  return new Float32Array(data);
}

/** A parameter with 1 to 4 axes of its own: checked and copied. The kernel checks that its shape fits. */
export function copyNumbers(subject: string, tensor: Tensor): { data: Float32Array; shape: number[] } {
  if (!isRecord(tensor)) throw shapeless(subject, tensor, 'Float32Array');
  const { data, shape } = tensor;
  checkData(`${subject}.data`, data, 'Float32Array');
  if (!Array.isArray(shape) || shape.length < 1 || shape.length > 4 || !shape.every(isSize)) {
    throw new QkscopeError('shape', `${subject}.shape`, '1 to 4 whole numbers from 0 to 2^53 - 1', show(shape));
  }
  const copy = new Float32Array(data);
  checkLength(subject, copy.length, shape);
  return { data: copy, shape: [...shape] };
}

/** A mask: checked and copied. */
export function copyMask(subject: string, mask: Mask, axes: Axes): Checked<Uint8Array> {
  const { data, shape } = checked(subject, mask, 'Uint8Array', axes);
  const copy = new Uint8Array(data as Uint8Array);
  const at = strange(copy);
  if (at < 0) return { data: copy, shape };
  const place = show(placeOf(at, mask.shape));
  const [name, expected, found] = [`${subject}.data[${at}]`, '1 (may attend) or 0 (removed)', show(copy[at])];
  throw new QkscopeError('parameter', name, expected, found, `${name}, at ${place}, must be ${expected}, not ${found}`);
}

/** The first entry of a mask that is neither 0 nor 1; -1 where there is none. A loop, as masks are as large as weights. */
function strange(mask: Uint8Array): number {
  for (let at = 0; at < mask.length; at++) if (mask[at]! > 1) return at;
  return -1;
}

/** The indices of the entry at `at`, an axis each. */
function placeOf(at: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(at % shape[axis]!);
    at = Math.floor(at / shape[axis]!);
  }
  return place;
}

/** The shape with its missing leading axes, 2 to 4 of them, each a whole number that a double holds exactly. */
function shape4(subject: string, shape: readonly number[], axes: Axes): Shape4 {
  const fits = Array.isArray(shape) && shape.length >= 2 && shape.length <= 4 && shape.every(isSize);
  if (!fits) throw misshapen(subject, shape, axes);
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

function checked(subject: string, tensor: Tensor | Mask, type: Kind, axes: Axes) {
  if (!isRecord(tensor)) throw shapeless(subject, tensor, type, axes);
  const { data } = tensor;
  checkData(`${subject}.data`, data, type);
  const shape = shape4(subject, tensor.shape, axes);
  checkLength(subject, data.length, shape);
  return { data, shape };
}

function checkData(name: string, data: unknown, type: Kind): void {
  // By tag, not by instanceof: arrays of a frame, or of a test runner's realm, are as good as ours.
  if (!ArrayBuffer.isView(data) || tag(data) !== type) throw mistyped(name, data, type);
  // Another thread could change shared memory between the check and the copy.
  if (tag(data.buffer) !== 'ArrayBuffer') {
    const [expected, found] = [`a ${type} over an ArrayBuffer`, `one over a ${tag(data.buffer)}`];
    throw new QkscopeError('tensor', name, expected, found);
  }
}

function checkLength(subject: string, length: number, shape: readonly number[], name = `${subject}.data`): void {
  const count = elements(subject, shape);
  if (count === length) return;
  const found = length === 0 ? '0 elements (a transferred buffer is empty)' : `${length} elements`;
  throw new QkscopeError('shape', name, `${count} elements for shape ${show([...shape])}`, found);
}

/** An object that may have `data` and `shape`: arrays are objects too, but numbers alone. */
function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
