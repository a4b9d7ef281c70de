// The site that every browser is tried on: the built page as it is, and the package, each watched from its first line on.

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { serve } from '../../xtask/server.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const WATCH = '<script src="watch.js"></script>';

/** What the README asks of a page with a policy, and no more. */
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:";

const ENGINE = `<!doctype html><meta charset="utf-8" /><meta http-equiv="Content-Security-Policy" content="${POLICY}" />
${WATCH}<link rel="icon" href="favicon.svg" /><title>engine</title><script type="module" src="engine.js"></script>`;

/**
 * Lays the site out in a folder of its own, and serves it.
 *
 * @param {string} name of the folder.
 */
export async function serveSite(name) {
  const to = path.join(ROOT, 'target/browsers', name);
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  await cp(path.join(ROOT, 'dist'), to, { recursive: true });
  await cp(path.join(ROOT, 'pkg/dist'), path.join(to, 'package'), { recursive: true });
  for (const file of ['watch.js', 'engine.js']) await cp(path.join(ROOT, 'tests/browsers', file), path.join(to, file));
  const html = await readFile(path.join(ROOT, 'dist/index.html'), 'utf8');
  await writeFile(path.join(to, 'index.html'), html.replace('<meta charset="utf-8" />', `$&${WATCH}`));
  await writeFile(path.join(to, 'engine.html'), ENGINE);
  return { ...(await serve(to)), folder: to };
}
