// Steps that know when there is nothing to do.
//
// A step has inputs and outputs, files or folders. Beside the build its stamp keeps a hash of both; while neither
// changes, the step is up to date. Contents are hashed, not times: a checkout touches every time and changes nothing.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { at, timed } from './run.mjs';

/**
 * Runs `make` unless its outputs are those it made from the inputs that are there now.
 *
 * @param {string} name shown while it runs, and the stamp's file name.
 * @param {{ inputs: string[], outputs: string[], make: () => Promise<unknown> }} what paths from the repository's root,
 *   or absolute; a folder stands for every file in it.
 */
export async function step(name, { inputs, outputs, make }) {
  const stamp = at('target/stamps', name.replaceAll(/\W+/g, '-'));
  const before = await hash(inputs);
  if ((await read(stamp)) === `${before} ${await hash(outputs)}`) return;
  const { seconds } = await timed(make);
  // The inputs as they were read: a source that was saved meanwhile makes the stamp stale, as it should.
  await mkdir(path.dirname(stamp), { recursive: true });
  await writeFile(stamp, `${before} ${await hash(outputs)}`);
  console.log(`${name.padEnd(24)} ${seconds.padStart(6)} s`);
}

/** One hash over the names and contents of all files, wherever the checkout lies; one that is missing counts as such. */
async function hash(paths) {
  const sum = createHash('sha256');
  for (const file of (await Promise.all(paths.map(files))).flat()) {
    sum
      .update(`${path.relative(at(), file)}\0`)
      .update((await read(file, null)) ?? 'missing')
      .update('\0');
  }
  return sum.digest('hex');
}

/** Every file under a path, sorted; the path itself when it is no folder. */
async function files(start) {
  const full = path.resolve(at(), start);
  try {
    const entries = await readdir(full, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
      .sort();
  } catch (error) {
    if (error.code === 'ENOTDIR' || error.code === 'ENOENT') return [full];
    throw error;
  }
}

/** @param {string} file @param {BufferEncoding | null} encoding */
async function read(file, encoding = 'utf8') {
  try {
    return await readFile(file, encoding);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
