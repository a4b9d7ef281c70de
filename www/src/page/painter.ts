// Numbers to pixels, as every view of the page takes it: by the kernel.

import type { Painter } from '../views/parts/palette.ts';
import { paint, type Colormap } from './engine.ts';

export const painter: Painter = (values, size) => paint(values, { ...size, colormap: size.colormap as Colormap });
