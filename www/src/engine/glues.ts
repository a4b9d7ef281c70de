/** The generated scripts, each of which starts one module of a thread. */
import * as kernel from '../generated/qkscope.js';
import * as files from '../generated/qkscope_files.js';
import * as layers from '../generated/qkscope_layers.js';
import type { RawGlues } from './raw.ts';

export const glues: RawGlues = { kernel, layers, files };
