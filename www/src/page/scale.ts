// Which colours and which range a stage is drawn with.

import type { Colormap, Stage } from '../generated/catalog.ts';

/** A colour scale. */
export interface ColorScale {
  colormap: string;
  low: number;
  high: number;
}

/** For weights, which start at zero; and for scores, which have both signs. */
const SEQUENTIAL: Colormap = 'viridis';
const DIVERGING: Colormap = 'blue_orange';

/** Weights run from 0 to the largest; scores run as far below 0 as above, so that the middle colour is 0. */
export function colorScale(stage: Stage, low: number, high: number, chosen: string | undefined): ColorScale {
  if (stage === 'weights') return { colormap: chosen ?? SEQUENTIAL, low: 0, high: high > 0 ? high : 1 };
  const most = Math.max(Math.abs(low), Math.abs(high));
  const reach = Number.isFinite(most) && most > 0 ? most : 1;
  return { colormap: chosen ?? DIVERGING, low: -reach, high: reach };
}
