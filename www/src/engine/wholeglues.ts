/** In place of `glues.ts` where one module does all: each part of the work has the same glue, and in a thread one instance of it. */
import * as whole from '../generated/qkscope_whole.js';
import type { RawGlues } from './raw.ts';

export const glues: RawGlues = { kernel: whole, layers: whole, files: whole };
