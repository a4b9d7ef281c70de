// `npm run build`: Rust → wasm → glue → pkg/ (the npm package) and dist/ (the static page).
//
//     src/ ─▶ kernel.mjs ─▶ www/src/generated/ ─▶ bundle.mjs ─▶ pkg/, dist/
//
// Every step knows whether there is something to do (stamp.mjs), so a build with nothing changed takes a second.

import { pathToFileURL } from 'node:url';
import process from 'node:process';

import { integrities } from './integrity.mjs';
import { kernel } from './kernel.mjs';
import { main, timed } from './run.mjs';
import { setup } from './setup.mjs';

/** Sets up what is missing and builds everything that changed. */
export async function build() {
  await setup();
  await kernel();
  // Only now: it imports esbuild, which the set-up may just have installed.
  const { bundle } = await import('./bundle.mjs');
  await bundle();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    const { seconds } = await timed(build);
    for (const line of await integrities('pkg/dist')) console.log(line);
    console.log(`built pkg/ and dist/ in ${seconds} s`);
  });
}
