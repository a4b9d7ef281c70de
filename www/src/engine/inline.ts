/** The package in Node, and wherever a second file is in the way: the modules are inside this script. */
import * as packed from '../generated/wasm-inline.ts';
import { inflateModule, useModule } from './wasm.ts';

export * from './public.ts';

useModule('kernel', () => inflateModule(packed.kernel));
useModule('layers', () => inflateModule(packed.layers));
useModule('files', () => inflateModule(packed.files));
