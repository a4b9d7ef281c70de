/** The package in a browser: the kernel is a file beside this script, compiled while it arrives. */
import { fetchModule, useModule } from './wasm.ts';

export * from './public.ts';

// Literally so: bundlers look for exactly this expression, and copy the file.
useModule(() => fetchModule(new URL('./qkscope_bg.wasm', import.meta.url)));
