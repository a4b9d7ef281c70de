/** The package in a browser: the modules are files beside this script, each compiled while it arrives. */
import { fetchModule, multipliesAndAdds, useModule } from './wasm.ts';

export * from './public.ts';

// Literally so: bundlers look for exactly these expressions, and copy the files.
useModule('kernel', () =>
  fetchModule(
    multipliesAndAdds()
      ? new URL('./qkscope_relaxed_bg.wasm', import.meta.url)
      : new URL('./qkscope_bg.wasm', import.meta.url),
  ),
);
useModule('layers', () =>
  fetchModule(
    multipliesAndAdds()
      ? new URL('./qkscope_layers_relaxed_bg.wasm', import.meta.url)
      : new URL('./qkscope_layers_bg.wasm', import.meta.url),
  ),
);
useModule('files', () => fetchModule(new URL('./qkscope_files_bg.wasm', import.meta.url)));
