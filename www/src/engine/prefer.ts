/** Another module for a script that carries one: only the element's, which may be told where there is one with relaxed SIMD. */
import { whole } from '../generated/wasm-inline.ts';
import { checked, fetchModule, inflateModule, isLoaded, multipliesAndAdds, readable, useModule } from './wasm.ts';

let chosen = false;

/**
 * Fetches the kernel at `address` where the browser has relaxed SIMD; the one inside stays for wherever that does not arrive. The first
 * address counts, and none does once the kernel is there: its bits may differ, and all figures of a page are to have the same.
 */
export function preferKernel(address: URL): void {
  if (chosen || isLoaded('kernel') || !multipliesAndAdds()) return;
  chosen = true;
  const fetched = async () => checked('kernel', await fetchModule(address));
  useModule('kernel', () =>
    fetched().catch((error: unknown) => {
      console.warn(`qkscope: the module at wasm-url is not used: ${readable(error, 'kernel').message}`);
      return inflateModule(whole);
    }),
  );
}
