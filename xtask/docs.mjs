// `npm run docs` writes what the types of the package say into docs/api, as static pages: all of them, and no page is written by hand.
//
// TypeDoc needs the API of a compiler that the project itself has outgrown: both are locked in xtask/docs, and installed when they are
// first needed.

import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import process from 'node:process';

import { build } from './build.mjs';
import { at, main, run } from './run.mjs';
import { npm } from './setup.mjs';
import { step } from './stamp.mjs';

const TOOL = 'target/docs';
const OPTIONS = 'xtask/docs/typedoc.json';
const MANUAL = 'www/src/engine/api.ts';
const LOCKED = ['package.json', 'package-lock.json'];

const install = () =>
  step('docs tools', {
    inputs: LOCKED.map((name) => `xtask/docs/${name}`),
    outputs: [`${TOOL}/node_modules/typedoc/package.json`],
    async make() {
      await mkdir(at(TOOL), { recursive: true });
      for (const name of LOCKED) await cp(at('xtask/docs', name), at(TOOL, name));
      await npm(['ci', '--prefix', at(TOOL), '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']);
    },
  });

/** Writes the pages of what was built into a folder. A link that leads nowhere, or a type that has no page, is a failure. */
export async function docs(folder) {
  await install();
  const front = at(TOOL, 'front.md');
  await writeFile(front, await frontPage());
  const options = ['--options', at(OPTIONS), '--readme', front, '--out', folder];
  await run(process.execPath, [at(TOOL, 'node_modules/typedoc/bin/typedoc'), ...options]);
}

/** What stands before all types: the letters and the promises that hold for every one of them. */
async function frontPage() {
  const [, comment] = /\/\*\*\n(.*?)\*\//s.exec(await readFile(at(MANUAL), 'utf8'));
  // A page of no module has to say which one a name is in.
  return comment.replaceAll(/^ \*? ?/gm, '').replaceAll('{@link ', '{@link index.');
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => {
    await build();
    await docs(at('docs/api'));
    console.log(`the documentation is at ${at('docs/api/index.html')}`);
  });
}
