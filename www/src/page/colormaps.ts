// Which colour maps pictures have: the list says what takes the place of each on a dark ground.

import { catalog, type Colormap } from '../generated/catalog.ts';
import type { ColormapOf } from '../views/parts/palette.ts';

/** The map called `id`, and on a dark ground what the list has for it there. */
export function onGround(id: Colormap): ColormapOf {
  const dark = catalog.colormaps.find((map) => map.id === id)?.onDark ?? id;
  return { light: id, dark };
}
