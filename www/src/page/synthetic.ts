// A head that no model made: queries and keys as long as wanted, from a seed, whose causal softmax shows the patterns that
// heads of language models are known for. It needs no file, so that a matrix of any size is one click away.
//
// What the 64 dimensions of a row are:
//
//     0–27   a clock: cosine and sine of the position on 14 circles of 8, 16, … 65,536 positions, as rotary embeddings have
//            them. Two rows agree on all circles only where they are close, and on the short circles alone wherever their
//            distance is a multiple of the longest of those: the first makes a local band, the second a stride.
//     28     the sink: key 0 has it and nothing else, and every query asks for it.
//     29–63  a code of 35 random signs for a token: queries have that of their own token, keys that of the token before.
//            From the middle on the text repeats what stood `period` tokens before, so that a query finds the key behind
//            the last occurrence of its token: induction.
//
// Which of them a query asks for depends on its row: local in the first quarter, stride in the second, induction in the
// third, and in the last the three by turns. Each is a logit of 22 to 27 against the sink's, which keeps a fifth to a half
// of the weight: exp makes anything much lower vanish among 32,768 keys, and 35 signs can agree by chance.

import type { Tensor } from '../engine/index.ts';
import { breathe } from './breathe.ts';
import { stirred } from './tensors.ts';

export const HEAD_SIZE = 64;
const CIRCLES = 14;
const SHORTEST = 8;
const LONGEST = SHORTEST << (CIRCLES - 1);
const SINK = 2 * CIRCLES;
const CODE = SINK + 1;
const SIGNS = HEAD_SIZE - CODE;

/** The logits at which a row's patterns peak. */
const LOGITS = [
  { local: 26, stride: 0, induction: 0, sink: 26 },
  { local: 0, stride: 26, induction: 0, sink: 26.7 },
  { local: 0, stride: 0, induction: 23, sink: 23 },
] as const;

/** Longest stretch of work between two looks at what the visitor does, in milliseconds; rows are made in blocks. */
const SLICE_MS = 8;
const BLOCK = 256;

/** Queries and keys of one head, and how far apart its patterns are. */
export interface Head {
  query: Tensor;
  key: Tensor;
  /** What stands at each position: equal numbers are equal tokens. */
  tokens: Int32Array;
  /** Distance between the stripes. */
  stride: number;
  /** Distance between a token of the second half and the one that it repeats. */
  period: number;
}

/** Makes a head of `length` queries and keys; the same for the same seed. It stops between two slices. */
export async function makeHead(length: number, seed: number, signal?: AbortSignal): Promise<Head> {
  const head = emptyHead(length, seed);
  const gains = gainsOf(head);
  // Around the longest circle; the shorter ones go round it in larger steps.
  const cosines = Float64Array.from({ length: LONGEST }, (_, at) => Math.cos((2 * Math.PI * at) / LONGEST));
  let end = performance.now() + SLICE_MS;
  for (let row = 0; row < length; row += BLOCK) {
    for (let at = row; at < Math.min(length, row + BLOCK); at += 1) fill(head, at, gains[kindOf(at, length)]!, cosines);
    // Whoever takes the head has work of his own: nothing is left of the last slice.
    if (performance.now() < end && row + BLOCK < length) continue;
    await breathe();
    signal?.throwIfAborted();
    end = performance.now() + SLICE_MS;
  }
  return head;
}

/** What the query in this row asks for: 0 local, 1 stride, 2 induction. */
export function kindOf(row: number, length: number): 0 | 1 | 2 {
  const quarter = Math.floor((4 * row) / length);
  return (quarter < 3 ? quarter : row % 3) as 0 | 1 | 2;
}

function emptyHead(length: number, seed: number): Head {
  const stride = Math.floor(length / 8);
  const period = Math.floor((length * 5) / 16);
  const tokens = new Int32Array(length);
  const middle = Math.floor(length / 2);
  for (let at = 0; at < length; at += 1) {
    tokens[at] = at < middle ? stirred(seed + Math.imul(at, 0x9e3779b9)) : tokens[at - period]!;
  }
  const rows = (): Tensor => ({ data: new Float32Array(length * HEAD_SIZE), shape: [length, HEAD_SIZE] });
  return { query: rows(), key: rows(), tokens, stride, period };
}

/** How much of each dimension a query has: a number for each circle, one for the sink, one for the signs. */
type Gains = readonly number[];

/** The gains of each kind of row. The scale divides by √d, and the circles that take part share a logit. */
function gainsOf({ tokens, stride }: Head): readonly Gains[] {
  const circles = Array.from({ length: CIRCLES }, (_, at) => SHORTEST << at);
  const near = circles.map((circle) => Number(circle > SHORTEST && circle <= 2 * tokens.length));
  const even = circles.map((circle) => Number(circle <= stride));
  const share = (parts: readonly number[], at: number): number =>
    parts[at]! / parts.reduce((sum, part) => sum + part, 0);
  return LOGITS.map(({ local, stride: regular, sink, induction }) => {
    const clock = circles.map((_, at) => (local && local * share(near, at)) + (regular && regular * share(even, at)));
    return [...clock, sink, induction].map((logit) => logit * Math.sqrt(HEAD_SIZE));
  });
}

/** Writes one query and one key. */
function fill({ query, key, tokens }: Head, at: number, gains: Gains, cosines: Float64Array): void {
  const from = at * HEAD_SIZE;
  for (let circle = 0; circle < CIRCLES; circle += 1) {
    const turn = (at << (CIRCLES - 1 - circle)) & (LONGEST - 1);
    const [x, y] = [cosines[turn]!, cosines[(turn + (LONGEST * 3) / 4) & (LONGEST - 1)]!];
    query.data[from + 2 * circle] = gains[circle]! * x;
    query.data[from + 2 * circle + 1] = gains[circle]! * y;
    key.data[from + 2 * circle] = x;
    key.data[from + 2 * circle + 1] = y;
  }
  query.data[from + SINK] = gains[CIRCLES]!;
  sign(query.data, from + CODE, tokens[at]!, gains[CIRCLES + 1]!);
  if (at > 0) return sign(key.data, from + CODE, tokens[at - 1]!, 1);
  key.data.fill(0, from, from + HEAD_SIZE);
  key.data[from + SINK] = 1;
}

/** Writes the code of a token: a vector of signs, `length` long. */
function sign(data: Float32Array, from: number, token: number, length: number): void {
  const each = length / Math.sqrt(SIGNS);
  const [first, rest] = [stirred(token), stirred(~token)];
  for (let at = 0; at < SIGNS; at += 1) {
    data[from + at] = ((at < 32 ? first >>> at : rest >>> (at - 32)) & 1) === 1 ? each : -each;
  }
}
