// A matrix of yes and no, eight entries to a byte: which pairs of a query and a key were marked.

/** `queries` x `keys` bits, row-major. Never changed once made: what comes next is a copy. */
export interface Bits {
  readonly queries: number;
  readonly keys: number;
  readonly data: Uint8Array;
}

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

/** Marks the entries [from, to), by index, in `data` that is being made. */
export function markRange(data: Uint8Array, from: number, to: number): void {
  const [first, last] = [Math.ceil(from / 8) * 8, Math.floor(to / 8) * 8];
  for (let index = from; index < Math.min(first, to); index += 1) setBit(data, index, true);
  if (first < last) data.fill(255, first / 8, last / 8);
  for (let index = Math.max(first, last); index < to; index += 1) setBit(data, index, true);
}

/** Whether the pair is marked. */
export function bitAt({ data, keys }: Bits, query: number, key: number): boolean {
  const index = query * keys + key;
  return (((data[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
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

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** How many entries of [from, to), by index, are marked in any of `all`. */
export function countBits(all: readonly Bits[], from: number, to: number): number {
  let count = 0;
  const [first, last] = [from >> 3, (to - 1) >> 3];
  for (let at = first; at <= last && from < to; at += 1) {
    let byte = 0;
    for (const { data } of all) byte |= data[at] ?? 0;
    // What stands before the first entry and behind the last does not count.
    if (at === first) byte &= 255 << (from & 7);
    if (at === last) byte &= 255 >> (7 - ((to - 1) & 7));
    count += ONES[byte & 255] ?? 0;
  }
  return count;
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
  const bit = 1 << (index & 7);
  const byte = data[index >> 3] ?? 0;
  data[index >> 3] = on ? byte | bit : byte & ~bit;
}
