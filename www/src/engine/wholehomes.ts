/** In place of `homes.ts` where one module does all. */
import type { Homes, ModuleName } from './protocol.ts';

export const homes: Homes = { kernel: 'kernel', layers: 'kernel', files: 'kernel' };

const file = 'qkscope_whole_bg.wasm';
export const moduleFiles: { readonly [name in ModuleName]: string } = { kernel: file, layers: file, files: file };
