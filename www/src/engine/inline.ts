/** The package in Node, and wherever a second file is in the way: the kernel is inside this script. */
import packed from '../generated/wasm-inline.ts';
import { inflateModule, useModule } from './wasm.ts';

export * from './public.ts';

useModule(() => inflateModule(packed));
