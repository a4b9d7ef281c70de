// The files that come with the page, which asks for them here and nowhere else. In the single file `carried.ts` stands in for this.

import type { CaptureSource } from '../engine/index.ts';

/** A file by its name: beside the page, so that only what is drawn of it is fetched, where the host allows. */
export function fileOf(name: string): Promise<CaptureSource> {
  return Promise.resolve(new URL(name, document.baseURI));
}
