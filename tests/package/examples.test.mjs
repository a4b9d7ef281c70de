// The examples in the types of the package: each compiles and runs as it stands, and what it prints is what it says.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { transform } from 'esbuild';

import { CommandFailed, at, runNode } from '../../xtask/run.mjs';

/** The files of the package that have examples, from the sources that they are made of. */
const FILES = ['engine.d.ts', 'api.d.ts'];

/** What needs a browser, and so has no example that runs here. */
const ELSEWHERE = ['paint'];

const COMMENT = /^\/\*\*((?:(?!\*\/).)*)\*\/\nexport (?:declare )?(function|const|interface) (\w+)/gms;
const EXAMPLE = /@example\n \* ```ts\n(.*?) \* ```/gs;

/** What is exported, with its examples. */
const documented = (await Promise.all(FILES.map((file) => readFile(at('pkg/dist', file), 'utf8')))).flatMap((text) =>
  [...text.matchAll(COMMENT)].map(([, comment, kind, name]) => ({
    ...{ kind, name },
    examples: [...comment.matchAll(EXAMPLE)].map(([, code]) => code.replaceAll(/^ \* ?/gm, '')),
  })),
);
const examples = documented.flatMap(({ name, examples }) =>
  examples.map((code, index) => ({ name: `${name}-${index}`, code })),
);

const folder = await mkdtemp(path.join(tmpdir(), 'examples-'));
after(() => rm(folder, { recursive: true }));
await mkdir(path.join(folder, 'node_modules'));
await symlink(at('pkg'), path.join(folder, 'node_modules/qkscope'), 'junction');
await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');

test('every function has an example', () => {
  const without = documented.filter(({ kind, examples }) => kind === 'function' && examples.length === 0);
  assert.deepEqual(
    without.map(({ name }) => name),
    ELSEWHERE,
  );
  assert.ok(documented.filter(({ kind }) => kind === 'function').length > 10);
});

test('all of them compile', async () => {
  for (const { name, code } of examples) await writeFile(path.join(folder, `${name}.ts`), code);
  const compilerOptions = {
    ...{ strict: true, noUncheckedIndexedAccess: true, noEmit: true, target: 'es2022', types: [] },
    ...{ module: 'nodenext', lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'] },
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  await runNode('typescript/bin/tsc', ['-p', folder]).catch((error) => {
    if (error instanceof CommandFailed) assert.fail(error.output);
    throw error;
  });
});

/** A line that prints, and what it says that it does: a value of JavaScript, its numbers to as many places as they are given. */
const PRINTS = /^console\.log\((.*)\); \/\/ (.+)$/gm;

for (const { name, code } of examples) {
  test(`${name.replace(/-0$/, '')}: what the example prints is what it says`, async () => {
    const lines = [...code.matchAll(PRINTS)].length;
    assert.equal(lines, code.split('console.log').length - 1, 'a line that prints says what');
    const told = code.replaceAll(
      PRINTS,
      (_, value, said) => `globalThis.told.push([${value}, ${JSON.stringify(said)}]);`,
    );
    const { code: script } = await transform(told, { loader: 'ts' });
    const file = path.join(folder, `${name}.mjs`);
    await writeFile(file, script);
    globalThis['told'] = [];
    await import(pathToFileURL(file).href);
    const { told: values } = globalThis;
    assert.equal(values.length, lines);
    for (const [value, said] of values) assert.equal(written(value, said), said);
  });
}

/** A value as an example writes it: in as many places as the number at the same place has there. */
function written(value, said) {
  const places = [...said.matchAll(/-?\d+(?:\.(\d+))?/g)].map(([, digits = '']) => digits.length);
  const write = (one) => {
    if (typeof one === 'number') return String(Number(one.toFixed(places.shift() ?? 15)));
    if (typeof one === 'string') return `'${one}'`;
    return `[${Array.from(one, write).join(', ')}]`;
  };
  return write(value);
}
