// Which pairs of a query and a key are marked: packed, eight entries to a byte, or as a tensor has them.

/** `queries` x `keys` bits, row-major. Never changed once made: what comes next is a copy. */
export interface Bits {
  readonly queries: number;
  readonly keys: number;
  readonly data: Uint8Array;
}

/** The entries of a tensor that are `mark`, read where they stand: `queries` x `keys` of them, from `start` on. */
export interface Plane {
  readonly queries: number;
  readonly keys: number;
  readonly start: number;
  readonly data: ArrayLike<number>;
  readonly mark: number;
}

/** An axis of 1 is the same all along, as the kernel stretches it. */
export type Marks = Bits | Plane;

/** Rows and columns as half-open ranges. */
export interface Block {
  queries: readonly [number, number];
  keys: readonly [number, number];
}

/** A matrix without a mark. */
export function noBits(queries: number, keys: number): Bits {
  return { queries, keys, data: new Uint8Array(Math.ceil((queries * keys) / 8)) };
}

/** Marks each entry for which `marked` says so, given its index. */
export function bitsFrom(queries: number, keys: number, marked: (index: number) => boolean): Bits {
  const bits = noBits(queries, keys);
  for (let index = 0; index < queries * keys; index += 1) if (marked(index)) setBit(bits.data, index, true);
  return bits;
}

/** The entries of one head that are `mark`, of a tensor whose axes stretch. */
export function planeOf(
  { data, shape }: { data: ArrayLike<number>; shape: readonly number[] },
  { batch, head }: { batch: number; head: number },
  mark: number,
): Plane {
  const [keys = 1, queries = 1, heads = 1, items = 1] = [...shape].reverse();
  const before = (items > 1 ? batch * heads : 0) + (heads > 1 ? head : 0);
  return { queries, keys, start: before * queries * keys, data, mark };
}

/** Marks the entries [from, to), by index, in `data` that is being made. */
export function markRange(data: Uint8Array, from: number, to: number): void {
  const [first, last] = [Math.ceil(from / 8) * 8, Math.floor(to / 8) * 8];
  for (let index = from; index < Math.min(first, to); index += 1) setBit(data, index, true);
  if (first < last) data.fill(255, first / 8, last / 8);
  for (let index = Math.max(first, last); index < to; index += 1) setBit(data, index, true);
}

/** Whether the pair is marked. */
export function bitAt(marks: Marks, query: number, key: number): boolean {
  if ('mark' in marks) return entryAt(marks, query, key) === marks.mark;
  const index = indexIn(marks, query, key);
  return (((marks.data[byteOf(index)] ?? 0) >> (index & 7)) & 1) === 1;
}

/** What a tensor has for the pair. */
export function entryAt(plane: Plane, query: number, key: number): number | undefined {
  return plane.data[plane.start + indexIn(plane, query, key)];
}

function indexIn({ queries, keys }: Marks, query: number, key: number): number {
  return (queries > 1 ? query * keys : 0) + (keys > 1 ? key : 0);
}

/** Where the bit of an index is. No shift: that of a large matrix is beyond 32 bits. */
function byteOf(index: number): number {
  return Math.floor(index / 8);
}

/** A copy with all of `block` marked, or not. */
export function withBlock(bits: Bits, { queries, keys }: Block, marked: boolean): Bits {
  const data = bits.data.slice();
  for (let query = queries[0]; query < queries[1]; query += 1) {
    for (let key = keys[0]; key < keys[1]; key += 1) setBit(data, query * bits.keys + key, marked);
  }
  return { ...bits, data };
}

/** A copy with every mark turned over. */
export function inverted(bits: Bits): Bits {
  const data = bits.data.map((byte) => ~byte);
  const rest = (bits.queries * bits.keys) & 7;
  // Bits behind the last entry stay 0, so that equal matrices have equal bytes.
  const last = data.length - 1;
  if (rest) data[last] = (data[last] ?? 0) & ((1 << rest) - 1);
  return { ...bits, data };
}

/** So many keys are looked at together: with up to seven before them they fill 32 bits. */
const TOGETHER = 24;

/** How many keys of [from, to) are marked for the query in any of `all`. */
export function countBits(all: readonly Marks[], query: number, from: number, to: number): number {
  let count = 0;
  for (let key = from; key < to; key += TOGETHER) {
    const size = Math.min(TOGETHER, to - key);
    let word = 0;
    for (const marks of all) word |= wordOf(marks, query, key, size);
    count += ones(word);
  }
  return count;
}

/** The marks of `size` keys, as the lowest bits of a word. */
function wordOf(marks: Marks, query: number, key: number, size: number): number {
  const every = (1 << size) - 1;
  if (marks.keys === 1) return bitAt(marks, query, 0) ? every : 0;
  const index = indexIn(marks, query, key);
  if ('mark' in marks) return wordIn(marks, index, size);
  const { data } = marks;
  const at = byteOf(index);
  const low = (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8);
  const high = (data[at + 2] ?? 0) | ((data[at + 3] ?? 0) << 8);
  return ((low | (high << 16)) >>> (index & 7)) & every;
}

function wordIn({ data, start, mark }: Plane, index: number, size: number): number {
  let word = 0;
  for (let at = 0; at < size; at += 1) if (data[start + index + at] === mark) word |= 1 << at;
  return word;
}

/** How many bits of a word are set (Warren, Hacker's Delight, 5-1). */
function ones(word: number): number {
  const pairs = word - ((word >> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >> 2) & 0x33333333);
  return Math.imul((fours + (fours >> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Whether nothing is marked. */
export function isEmpty({ data }: Bits): boolean {
  for (let at = 0; at < data.length; at += 1) if (data[at]) return false;
  return true;
}

/** Whether two matrices are the same. */
export function sameBits(a: Bits | undefined, b: Bits | undefined): boolean {
  if (a === b || !a || !b) return a === b;
  if (a.queries !== b.queries || a.keys !== b.keys) return false;
  for (let at = 0; at < a.data.length; at += 1) if (a.data[at] !== b.data[at]) return false;
  return true;
}

function setBit(data: Uint8Array, index: number, on: boolean): void {
  const [at, bit] = [byteOf(index), 1 << (index & 7)];
  const byte = data[at] ?? 0;
  data[at] = on ? byte | bit : byte & ~bit;
}
