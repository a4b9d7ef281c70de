/** The package in a browser: the kernel is one of two files beside this script, compiled while it arrives. */
import { fetchModule, multipliesAndAdds, useModule } from './wasm.ts';

export * from './public.ts';

// Literally so: bundlers look for exactly these expressions, and copy the files.
useModule(() =>
  fetchModule(
    multipliesAndAdds()
      ? new URL('./qkscope_relaxed_bg.wasm', import.meta.url)
      : new URL('./qkscope_bg.wasm', import.meta.url),
  ),
);
