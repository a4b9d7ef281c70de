// Files that carry all that they need: modules that fetch are taken for others that have it inside.

import path from 'node:path';

import { at } from './run.mjs';

const SOURCES = at('www/src');

/**
 * What stands in for modules of the engine: the other has the same exports, and answers from what is inside. Paths from www/src, without
 * their ending.
 */
const REPLACED = {
  'engine/index': 'engine/inline',
  'engine/glues': 'engine/wholeglues',
  'engine/homes': 'engine/wholehomes',
  'generated/worker-source': 'generated/worker-source-whole',
};

/** Bundles so; `more` are modules that something else stands in for as well. */
export function carrying(more = {}) {
  const replaced = { ...REPLACED, ...more };
  return {
    name: 'carrying',
    setup(build) {
      build.onResolve({ filter: /\.ts$/ }, ({ path: wanted, resolveDir }) => {
        const found = path.relative(SOURCES, path.resolve(resolveDir, wanted)).split(path.sep).join('/');
        const other = replaced[found.replace(/\.ts$/, '')];
        return other && { path: path.join(SOURCES, `${other}.ts`) };
      });
    },
  };
}
