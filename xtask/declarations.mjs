// The types of the package: tsc writes a tree of declarations as deep as the sources, and the package needs the few that
// its entry reaches, side by side.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { runNode, targetFolder } from './run.mjs';

const SOURCES = 'www/src';

/**
 * Writes the declarations of `entry` and of every module that they name into `folder`.
 *
 * @param {string} entry a TypeScript source, from the repository's root.
 * @param {string} folder
 */
export async function declarations(entry, folder) {
  const tree = await mkdtemp(path.join(await targetFolder(), 'types-'));
  try {
    // Types are checked by `npm test`; a page that is being written should build before its last type is right.
    const emit = ['--noEmit', 'false', '--noCheck', '--declaration', '--emitDeclarationOnly', '--stripInternal'];
    await runNode('typescript/bin/tsc', ['-p', 'tsconfig.json', ...emit, '--rootDir', SOURCES, '--outDir', tree], {
      show: true,
    });
    const start = path.join(tree, path.relative(SOURCES, entry).replace(/\.ts$/, '.d.ts'));
    await flatten(start, folder);
  } finally {
    await rm(tree, { recursive: true });
  }
}

const IMPORT = /(from |import\()(['"])(\.[^'"]+)\2/g;

/** Copies a declaration file and those it imports, all into one folder: names are unique in the sources. */
async function flatten(start, folder) {
  await mkdir(folder, { recursive: true });
  const seen = new Set([start]);
  for (const file of seen) {
    const text = await readFile(file, 'utf8');
    const flat = text.replace(IMPORT, (_, before, quote, target) => {
      seen.add(path.resolve(path.dirname(file), target.replace(/\.[jt]s$/, '.d.ts')));
      return `${before}${quote}./${path.basename(target).replace(/\.ts$/, '.js')}${quote}`;
    });
    await writeFile(path.join(folder, path.basename(file)), flat);
  }
}
