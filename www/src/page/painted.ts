// The mask that a visitor paints or loads: one for all heads, others for single heads, and how a link holds it.

import type { Mask } from '../engine/index.ts';
import {
  bitsFrom,
  inverted,
  isEmpty,
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
/** A link carries a mask whose code is no longer than this. */
const LONGEST_CODE = 1500;

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

const memory = new WeakMap<Painted, Mask>();

/** The mask as the kernel takes it: 1 may attend, for all heads or for each. */
export function toMask(painted: Painted, heads: number): Mask {
  const made = memory.get(painted) ?? makeMask(painted, heads);
  memory.set(painted, made);
  return made;
}

function makeMask(painted: Painted, heads: number): Mask {
  const { queries, keys } = painted;
  const size = queries * keys;
  const count = painted.heads.size ? heads : 1;
  const data = new Uint8Array(count * size);
  for (let head = 0; head < count; head += 1) {
    const bits = bitsOf(painted, head);
    for (let index = 0; index < size; index += 1) {
      data[head * size + index] = ((bits.data[index >> 3] ?? 0) >> (index & 7)) & 1 ? 0 : 1;
    }
  }
  return { data, shape: [1, count, queries, keys] };
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
  const [, queries, keys, runs] = /^(\d{1,8})x(\d{1,8})\.([\w-]*)$/.exec(code) ?? [];
  if (queries === undefined || keys === undefined || runs === undefined) return undefined;
  const size = Number(queries) * Number(keys);
  const lengths = readNumbers(fromBase64Url(runs));
  if (size > MOST_PAIRS || lengths.reduce((sum, run) => sum + run, 0) !== size) return undefined;
  let [run, end] = [0, lengths[0] ?? 0];
  return bitsFrom(Number(queries), Number(keys), (index) => {
    while (index >= end && run + 1 < lengths.length) end += lengths[(run += 1)] ?? 0;
    return run % 2 === 1;
  });
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
  let length = 0;
  for (const [name, bits] of parts) {
    const code = encodeBits(bits);
    length += code?.length ?? Infinity;
    if (code === undefined || length > LONGEST_CODE) return undefined;
    entries.set(name, code);
  }
  return entries;
}

/** The mask that a link says, or undefined where it says none that makes sense. */
export function paintedFrom(entries: ReadonlyMap<string, string>): Painted | undefined {
  const read = (name: string): Bits | undefined => decodeBits(entries.get(name) ?? '');
  const heads = new Map<number, Bits>();
  for (const name of entries.keys()) {
    const head = /^mask\.(\d{1,5})$/.exec(name)?.[1];
    const bits = head === undefined ? undefined : read(name);
    if (bits) heads.set(Number(head), bits);
  }
  const some = read('mask') ?? [...heads.values()][0];
  if (!some) return undefined;
  const { queries, keys } = some;
  for (const [head, bits] of heads) if (bits.queries !== queries || bits.keys !== keys) heads.delete(head);
  return { queries, keys, all: read('mask') ?? noBits(queries, keys), heads };
}
