/** Which module does each part of the work, and its file's name: one each. */
import type { Homes, ModuleName } from './protocol.ts';

export const homes: Homes = { kernel: 'kernel', layers: 'layers', files: 'files' };

export const moduleFiles: { readonly [name in ModuleName]: string } = {
  kernel: 'qkscope_bg.wasm',
  layers: 'qkscope_layers_bg.wasm',
  files: 'qkscope_files_bg.wasm',
};
