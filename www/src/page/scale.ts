// Which colours and which range a stage is drawn with.

import type { Colormap, Stage } from '../generated/catalog.ts';
import type { ColormapOf } from '../views/parts/palette.ts';
import { onGround } from './colormaps.ts';

/** A colour scale. */
export interface ColorScale {
  colormap: ColormapOf;
  low: number;
  high: number;
}

/** For weights, which start at zero; and for scores, which have both signs. */
const SEQUENTIAL: Colormap = 'viridis';
const DIVERGING: Colormap = 'blue_orange';

/** Weights run from 0 to the largest; scores run as far below 0 as above, so that the middle colour is 0. */
export function colorScale(stage: Stage, low: number, high: number, chosen: string | undefined): ColorScale {
  // What was chosen is shown as it is, whatever the ground.
  const as = (usual: Colormap): ColormapOf => (chosen ? { light: chosen, dark: chosen } : onGround(usual));
  if (stage === 'weights') return { colormap: as(SEQUENTIAL), low: 0, high: high > 0 ? high : 1 };
  const most = Math.max(Math.abs(low), Math.abs(high));
  const reach = Number.isFinite(most) && most > 0 ? most : 1;
  return { colormap: as(DIVERGING), low: -reach, high: reach };
}
