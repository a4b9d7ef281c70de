/** The package in Node, wherever a second file is in the way, and in the element: one module inside this script does everything. */
import { whole } from '../generated/wasm-inline.ts';
import { inflateModule, useModule } from './wasm.ts';

export * from './public.ts';

useModule('kernel', () => inflateModule(whole));
