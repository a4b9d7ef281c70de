/** Another kernel for a script that carries one: only the element's, which may be told where there is one with relaxed SIMD. */
import { kernel } from '../generated/wasm-inline.ts';
import { fetchModule, inflateModule, multipliesAndAdds, useModule } from './wasm.ts';

let preferred = '';

/** Fetches the kernel at `address` where the browser has relaxed SIMD; the one inside stays for wherever that does not arrive. */
export function preferKernel(address: URL): void {
  if (address.href === preferred || !multipliesAndAdds()) return;
  preferred = address.href;
  useModule('kernel', () => fetchModule(address).catch(() => inflateModule(kernel)));
}
