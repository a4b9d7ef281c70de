// `npm start`: set up, build, serve the page on this machine, and build again when a source changes.

import { watch } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { build } from './build.mjs';
import { Failure, at, main, timed } from './run.mjs';
import { serve } from './server.mjs';

const WATCHED = ['src', 'www'];
/** Editors save in several writes: wait until they are done. */
const QUIET_MS = 100;

main(async () => {
  await build();
  const { url } = await serve(at('dist'), { port: port(process.env.PORT) });
  console.log(`\n  ${url}\n\nThe page is built again when a source changes. Ctrl+C ends this.`);
  for (const folder of WATCHED) watch(at(folder), { recursive: true }, (_, file) => changed(file));
});

function port(text = '8080') {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65535) {
    throw new Failure(`PORT is a number from 0 (any free port) to 65535, and this is "${text}".`);
  }
  return value;
}

let timer;
function changed(file) {
  if (file?.split(path.sep).includes('generated')) return;
  clearTimeout(timer);
  timer = setTimeout(rebuild, QUIET_MS);
}

/** One build at a time; what changes meanwhile is built right after. */
let running = Promise.resolve();
function rebuild() {
  running = running.then(async () => {
    try {
      const { seconds } = await timed(build);
      console.log(`built in ${seconds} s: reload the page`);
    } catch (error) {
      console.error(error instanceof Failure ? error.message : error);
    }
  });
}
