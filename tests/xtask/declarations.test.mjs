// The types that the package ships, as its users' compilers see them.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { CommandFailed, at, runNode } from '../../xtask/run.mjs';

const folder = await mkdtemp(path.join(tmpdir(), 'user-'));
after(() => rm(folder, { recursive: true }));
await mkdir(path.join(folder, 'node_modules'));
await symlink(at('pkg'), path.join(folder, 'node_modules/qkscope'), 'junction');
await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');

/** What a strict compiler says about a program that uses the package; empty when it is content. */
async function compile(source, module) {
  const file = path.join(folder, 'user.ts');
  await writeFile(file, source);
  const config = {
    compilerOptions: { strict: true, noEmit: true, target: 'es2022', types: [], ...module },
    files: ['user.ts'],
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  try {
    return await runNode('typescript/bin/tsc', ['-p', folder]);
  } catch (error) {
    if (error instanceof CommandFailed) return error.output;
    throw error;
  }
}

const RESOLUTIONS = {
  bundlers: { module: 'esnext', moduleResolution: 'bundler' },
  Node: { module: 'nodenext', moduleResolution: 'nodenext' },
};

for (const [who, module] of Object.entries(RESOLUTIONS)) {
  test(`the types resolve for ${who}`, async () => {
    const use = `
      import { attention, type AttentionOptions, type Normalizer, type Tensor, catalog } from 'qkscope';
      import { openCapture } from 'qkscope/inline';
      const query: Tensor = { data: new Float32Array(4), shape: [2, 2] };
      const options: AttentionOptions = { normalizer: { id: 'sigmoid', bias: null }, causal: true };
      export const output: Float32Array | undefined = (await attention(query, query, null, options)).output?.data;
      export const names: Normalizer[] = catalog.normalizers.map((member) => member.id);
      export const capture = await openCapture(new Blob());`;
    assert.equal(await compile(use, module), '');
  });

  test(`the types of the element resolve for ${who}, and need no framework`, async () => {
    const use = `
      import { QkScopeElement, type ChangeDetail } from 'qkscope/element';
      import widget, { type Model } from 'qkscope/anywidget';
      const figure: QkScopeElement = document.createElement('qk-scope');
      figure.data = { q: [[1]], k: [[1]] };
      figure.options = { normalizer: 'softmax1' };
      figure.addEventListener('qk-change', ({ detail }) => show(detail));
      const show = (detail: ChangeDetail): string | number => (detail.view === 'matrix' ? detail.value : detail.state);
      export const close = (model: Model): (() => void) => widget.render({ model, el: document.body });`;
    assert.equal(await compile(use, module), '');
  });

  test(`a misspelled option is refused for ${who}`, async () => {
    const use =
      "import type { AttentionOptions } from 'qkscope'; export const o: AttentionOptions = { normaliser: 'softmax' };";
    assert.match(await compile(use, module), /normaliser/);
  });
}
