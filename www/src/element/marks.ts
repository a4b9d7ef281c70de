// What a mask and a bias take away from one head, as marks.

import type { AttentionMap, ProblemOptions } from '../engine/index.ts';
import type { Place } from '../page/state.ts';
import { bitsFrom, type Bits } from '../views/parts/bits.ts';
import type { Rules } from '../views/parts/rules.ts';

/** The marks of a head; its matrices stretch as the kernel stretches them: an axis of 1 is the same all along. */
export function marksOf(
  { attnMask, attnBias }: ProblemOptions,
  map: AttentionMap,
  place: Place,
): Pick<Rules, 'painted' | 'bias'> {
  return {
    painted: attnMask && marked(attnMask, map, place, (entry) => entry === 0),
    bias: attnBias && marked(attnBias, map, place, (entry) => entry === -Infinity),
  };
}

function marked(
  { data, shape }: { data: ArrayLike<number>; shape: readonly number[] },
  { queries, keys }: AttentionMap,
  { batch, head }: Place,
  isMarked: (entry: number | undefined) => boolean,
): Bits {
  const [columns = 1, rows = 1, heads = 1, items = 1] = [...shape].reverse();
  const plane = (items > 1 ? batch * heads : 0) + (heads > 1 ? head : 0);
  const [down, across] = [rows > 1 ? columns : 0, columns > 1 ? 1 : 0];
  return bitsFrom(queries, keys, (index) => {
    const key = index % keys;
    return isMarked(data[plane * rows * columns + ((index - key) / keys) * down + key * across]);
  });
}
