// Files for the visitor: what is made in the page is saved as the browser saves.

import { element } from '../views/parts/dom.ts';

/** Saves `file` under `name`. */
export function download(name: string, file: Blob): void {
  const url = URL.createObjectURL(file);
  element('a', { href: url, download: name }).click();
  // The browser has taken what it needs once it is idle again.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
