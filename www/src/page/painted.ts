// The mask that a visitor paints or loads: one for all heads, others for single heads, and how a link holds it.

import type { Mask } from '../engine/index.ts';
import {
  inverted,
  isEmpty,
  markRange,
  noBits,
  sameBits,
  withBlock,
  type Bits,
  type Block,
} from '../views/parts/bits.ts';

/** Which pairs are taken away, marked in bits. A head without a mask of its own has that of all. */
export interface Painted {
  readonly queries: number;
  readonly keys: number;
  readonly all: Bits;
  readonly heads: ReadonlyMap<number, Bits>;
}

/** More pairs than this are not painted: the kernel wants a byte for each. */
export const MOST_PAIRS = 2 ** 24;
/** A link carries a mask whose codes together are no longer than this. */
const LONGEST_CODE = 1500;
/** A link carries no more pairs than this, of all heads together: a short code may stand for a large matrix. */
const MOST_LINKED = 2 ** 27;

/** A mask that takes nothing away. */
export function nothingPainted(queries: number, keys: number): Painted {
  return { queries, keys, all: noBits(queries, keys), heads: new Map() };
}

/** The marks that count for `head`. */
export function bitsOf(painted: Painted, head: number): Bits {
  return painted.heads.get(head) ?? painted.all;
}

/** The mask with `change` made to one head, or to all of them. Undefined where nothing is left to say. */
export function repaint(painted: Painted, head: number | 'all', change: (bits: Bits) => Bits): Painted | undefined {
  const heads = new Map(painted.heads);
  let all = painted.all;
  if (head === 'all') {
    all = change(all);
    for (const [each, bits] of heads) heads.set(each, change(bits));
  } else heads.set(head, change(bitsOf(painted, head)));
  for (const [each, bits] of heads) if (sameBits(bits, all)) heads.delete(each);
  return isEmpty(all) && heads.size === 0 ? undefined : { ...painted, all, heads };
}

/** The mask with a block taken away, or given back. */
export function paintBlock(painted: Painted, head: number | 'all', block: Block, remove: boolean): Painted | undefined {
  return repaint(painted, head, (bits) => withBlock(bits, block, remove));
}

/** The mask with taken and left changed over. */
export function invertPainted(painted: Painted, head: number | 'all'): Painted | undefined {
  return repaint(painted, head, inverted);
}

/** What was made last. Only that: a large mask has many megabytes, and undo keeps a hundred states. */
let last: { painted: Painted; count: number; mask: Mask } | undefined;

/** The mask as the kernel takes it: 1 may attend, for all heads or for each of `heads`. */
export function toMask(painted: Painted, heads: number): Mask {
  // A layer may have fewer heads than the one that was painted.
  const count = [...painted.heads.keys()].some((head) => head < heads) ? heads : 1;
  if (last?.painted !== painted || last.count !== count) last = { painted, count, mask: makeMask(painted, count) };
  return last.mask;
}

function makeMask(painted: Painted, count: number): Mask {
  const { queries, keys } = painted;
  const size = queries * keys;
  const data = new Uint8Array(count * size).fill(1);
  for (let head = 0; head < count; head += 1) {
    removeMarked(data.subarray(head * size, (head + 1) * size), bitsOf(painted, head));
  }
  return { data, shape: [1, count, queries, keys] };
}

function removeMarked(mask: Uint8Array, { data }: Bits): void {
  for (let at = 0; at < data.length; at += 1) {
    const byte = data[at] ?? 0;
    if (byte === 255) mask.fill(0, at * 8, at * 8 + 8);
    else for (let bit = 0; byte >> bit; bit += 1) if ((byte >> bit) & 1) mask[at * 8 + bit] = 0;
  }
}

// ---- in a link: the size, and how many pairs follow each other that are left, taken, left, … as base-128 numbers

const codes = new WeakMap<Bits, string | null>();

/** The code of a matrix of marks, or undefined where it is too long for a link. */
export function encodeBits(bits: Bits): string | undefined {
  const known = codes.get(bits);
  if (known !== undefined) return known ?? undefined;
  const runs = runsOf(bits);
  const code = runs && `${bits.queries}x${bits.keys}.${toBase64Url(runs)}`;
  const short = code !== undefined && code.length <= LONGEST_CODE ? code : undefined;
  codes.set(bits, short ?? null);
  return short;
}

function runsOf({ data, queries, keys }: Bits): number[] | undefined {
  const bytes: number[] = [];
  let [run, taken] = [0, false];
  const size = queries * keys;
  for (let index = 0; index < size; index += 1) {
    const byte = data[index >> 3] ?? 0;
    // Most masks are large areas: eight pairs at once.
    if ((index & 7) === 0 && index + 8 <= size && byte === (taken ? 255 : 0)) {
      run += 8;
      index += 7;
      continue;
    }
    const now = ((byte >> (index & 7)) & 1) === 1;
    if (now === taken) run += 1;
    else {
      writeNumber(bytes, run);
      [run, taken] = [1, now];
    }
    if (bytes.length > LONGEST_CODE) return undefined;
  }
  writeNumber(bytes, run);
  return bytes;
}

/** The marks that a code stands for, or undefined where it is none. */
export function decodeBits(code: string): Bits | undefined {
  const [queries, keys, runs] = sizeOf(code) ?? [];
  if (queries === undefined || keys === undefined || runs === undefined) return undefined;
  const lengths = readNumbers(fromBase64Url(runs));
  if (lengths.reduce((sum, run) => sum + run, 0) !== queries * keys) return undefined;
  const bits = noBits(queries, keys);
  let from = 0;
  lengths.forEach((length, run) => {
    if (run % 2 === 1) markRange(bits.data, from, from + length);
    from += length;
  });
  // The address goes on saying it as it came, without a search through all pairs.
  codes.set(bits, code);
  return bits;
}

/** The size that a code speaks of and its runs, or undefined where that is no mask for a link. */
function sizeOf(code: string): [queries: number, keys: number, runs: string] | undefined {
  const [, queries, keys, runs] = /^(\d{1,8})x(\d{1,8})\.([\w-]*)$/.exec(code) ?? [];
  const small = code.length <= LONGEST_CODE && Number(queries) * Number(keys) <= MOST_PAIRS;
  return small && runs !== undefined ? [Number(queries), Number(keys), runs] : undefined;
}

function writeNumber(bytes: number[], number: number): void {
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  bytes.push(rest);
}

function readNumbers(bytes: readonly number[]): number[] {
  const numbers: number[] = [];
  let [number, factor] = [0, 1];
  for (const byte of bytes) {
    number += (byte & 127) * factor;
    factor *= 128;
    if (byte & 128) continue;
    numbers.push(number);
    [number, factor] = [0, 1];
  }
  return numbers;
}

function toBase64Url(bytes: readonly number[]): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function fromBase64Url(text: string): number[] {
  try {
    return [...atob(text.replaceAll('-', '+').replaceAll('_', '/'))].map((character) => character.charCodeAt(0));
  } catch {
    return [];
  }
}

/** What a link says of the mask, by name: `mask`, and `mask.3` for a head; undefined where it is too much. */
export function linkOf(painted: Painted | undefined): Map<string, string> | undefined {
  const entries = new Map<string, string>();
  if (!painted) return entries;
  const parts: [string, Bits][] = [...painted.heads].map(([head, bits]) => [`mask.${head}`, bits]);
  if (!isEmpty(painted.all)) parts.unshift(['mask', painted.all]);
  for (const [name, bits] of parts) {
    const code = encodeBits(bits);
    if (code === undefined || !ENTRY.test(name)) return undefined;
    entries.set(name, code);
    if (!isLinkable(entries.values())) return undefined;
  }
  return entries;
}

/** What the marks of all heads, and of one of the first 10,000, are called in a link. */
const ENTRY = /^mask(?:\.(0|[1-9]\d{0,3}))?$/;

/** Whether codes are few and short enough to be read at once. */
function isLinkable(codes: Iterable<string>): boolean {
  let [length, pairs] = [0, 0];
  for (const code of codes) {
    const [queries = 0, keys = 0] = sizeOf(code) ?? [];
    length += code.length;
    pairs += queries * keys;
  }
  return length <= LONGEST_CODE && pairs <= MOST_LINKED;
}

/** Whether an entry of a link is one of a mask. */
export function isMaskName(name: string): boolean {
  return ENTRY.test(name);
}

/** The mask that a link says, or undefined where it says none that makes sense. */
export function paintedFrom(entries: ReadonlyMap<string, string>): Painted | undefined {
  const given = [...entries].filter(([name]) => isMaskName(name));
  if (!isLinkable(given.map(([, code]) => code))) return undefined;
  const heads = new Map<number, Bits>();
  let all: Bits | undefined;
  for (const [name, code] of given) {
    const bits = decodeBits(code);
    const head = ENTRY.exec(name)?.[1];
    if (head === undefined) all = bits;
    else if (bits) heads.set(Number(head), bits);
  }
  const some = all ?? [...heads.values()][0];
  if (!some) return undefined;
  const { queries, keys } = some;
  for (const [head, bits] of heads) if (bits.queries !== queries || bits.keys !== keys) heads.delete(head);
  return { queries, keys, all: all ?? noBits(queries, keys), heads };
}
