/** The engine of a file that carries all that it needs, the element and the page in one file: one module inside does everything. */
import { whole } from '../generated/wasm-inline.ts';
import { inflateModule, useModule } from './wasm.ts';

export * from './public.ts';

useModule('kernel', () => inflateModule(whole));
