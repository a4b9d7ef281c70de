// The element in frameworks: their compilers know its tag, and what they make of it works.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { build } from 'esbuild';

import { CommandFailed, at, runNode } from '../../../xtask/run.mjs';
import { startSite } from '../../web/harness.mjs';
import { pack } from '../pack.mjs';
import { install, installPackage } from './project.mjs';

/** Tags that are as they should be. */
const good = ({ ready, css, tabindex }) => `
  <div>
    <qk-scope src="a.npz" view="steps" layer={3} head="1" controls theme="dark" ${css}="wide" id="one" />
    <qk-scope data={{ q: [[1]], k: [[1]] }} options={{ normalizer: { id: 'topk', k: 2 } }} causal={false} />
    <qk-scope data='{"q":[[1]],"k":[[1]]}' normalizer='{"id":"topk","k":2}' left-window-size={4} causal-alignment="upper_left" />
    <qk-scope ${ready}={(event) => event.detail.view satisfies string} ${tabindex}={0} />
    <qk-scope style={{ color: 'red' }}><p>instead</p></qk-scope>
  </div>`;

/** What Vue's compiler of types makes of attributes in templates. */
const TEMPLATE = `
import type { GlobalComponents } from 'vue';
type Props = InstanceType<GlobalComponents['qk-scope']>['$props'];
export const good: Props = { view: 'steps', head: '3', leftWindowSize: 4, class: 'wide' };
// @ts-expect-error
export const bad: Props = { leftWindowSize: 'x' };
`;

/** How programs of each are compiled, tags that are as they should be, and a program that runs. */
const FRAMEWORKS = {
  react: {
    jsx: { jsx: 'react-jsx' },
    tags: good({ ready: 'onqk-ready', css: 'className', tabindex: 'tabIndex' }),
    run: `
      import { createRoot } from 'react-dom/client';
      const root = createRoot(document.querySelector('main')!);
      export const show = (props: object) => root.render(<qk-scope {...props} onqk-ready={() => globalThis.told.push('ready')} />);`,
  },
  vue: {
    jsx: { jsx: 'preserve', jsxImportSource: 'vue' },
    tags: good({ ready: 'onQkReady', css: 'class', tabindex: 'tabindex' }),
    more: TEMPLATE,
    run: `
      import { h, render } from 'vue';
      export const show = (props: object) =>
        render(h('qk-scope', { ...props, onQkReady: () => globalThis.told.push('ready') }), document.querySelector('main')!);`,
  },
};

let folder;
before(async () => {
  await pack();
  folder = await install('frameworks');
  await installPackage('frameworks', folder);
});

/** What a strict compiler says about a program, the types of all packages included; '' when it is content. */
async function compile(name, source) {
  const place = at(folder, name);
  await mkdir(place, { recursive: true });
  await writeFile(path.join(place, 'main.tsx'), source);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, target: 'es2022', lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'] },
    ...{ module: 'esnext', moduleResolution: 'bundler', types: [], exactOptionalPropertyTypes: true },
    ...FRAMEWORKS[name].jsx,
  };
  await writeFile(path.join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.tsx'] }));
  try {
    return await runNode('typescript/bin/tsc', ['-p', place]);
  } catch (error) {
    if (error instanceof CommandFailed) return error.output;
    throw error;
  }
}

/** Attributes that are wrong, and what the compiler names. */
const BAD = {
  "view='stairs'": 'stairs',
  'layer={true}': 'true',
  'heads={1}': 'heads',
  'data={3}': 'number',
  "left-window-size='x'": 'left-window-size',
};

for (const [name, { tags, more = '' }] of Object.entries(FRAMEWORKS)) {
  const program = (tags) => `import 'qkscope/${name}';\nexport const tags = ${tags};\n`;

  test(`${name}: the tag has types, its own and those of every element`, async () => {
    assert.equal(await compile(name, program(tags) + more), '');
  });

  test(`${name}: what is wrong is refused`, async () => {
    const lines = Object.keys(BAD).map((attribute) => `  <qk-scope ${attribute} />,`);
    const said = (await compile(name, program(`[\n${lines.join('\n')}\n]`)))
      .split('\n')
      .filter((line) => /error TS/.test(line));
    Object.values(BAD).forEach((word, index) => {
      const line = said.find((each) => each.includes(`(${index + 3},`));
      assert.ok(line?.includes(word), `${word}: ${said.join('\n')}`);
    });
    assert.equal(said.length, lines.length);
  });
}

const site = await startSite({ folder: '.' });
after(() => site.close());

for (const [name, { run, jsx }] of Object.entries(FRAMEWORKS)) {
  test(`${name}: text, objects and switches arrive as what they are`, async () => {
    const file = `${folder}/${name}/run`;
    await mkdir(at(folder, name), { recursive: true });
    await writeFile(at(`${file}.tsx`), `import 'qkscope/${name}';\n${run}\nglobalThis.show = show;\n`);
    await build({
      ...{
        entryPoints: [at(`${file}.tsx`)],
        outfile: at(`${file}.js`),
        bundle: true,
        format: 'esm',
        logLevel: 'error',
      },
      ...{
        jsx: 'automatic',
        define: { 'process.env.NODE_ENV': '"production"' },
        tsconfigRaw: { compilerOptions: jsx },
      },
    });
    const html = `<!doctype html><html lang="en"><title>x</title><link rel="icon" href="data:," /><main></main>
      <script>globalThis.told = [];</script><script type="module" src="/${file}.js"></script></html>`;
    await site.visit({ html }, async (page) => {
      await page.waitForFunction(() => globalThis['show']);
      const show = async (props, times) => {
        await page.evaluate((given) => globalThis['show'](given), props);
        await page.waitForFunction((count) => globalThis['told'].length === count, times);
      };
      const numbers = { q: [[1], [2]], k: [[1], [2]] };
      const labels = () => page.locator('.axis-rows .axis-label:not(.axis-current)').allTextContents();
      const cell = page.locator('qk-scope .cell');
      await show(
        { data: JSON.stringify({ ...numbers, tokens: ['a', 'b'] }), controls: false, causal: true, lang: 'en' },
        1,
      );
      assert.deepEqual((await labels()).sort(), ['a', 'b']);
      assert.ok(await cell.isHidden());
      const value = async () => {
        await page.locator('.plot-cursor').focus();
        await page.keyboard.press('Control+Home');
        return page.locator('.plot-cursor').getAttribute('aria-label');
      };
      assert.match(await value(), /1\.000|\b1\b/);
      await show(
        { data: { ...numbers, tokens: ['c', 'd'] }, controls: true, causal: false, options: { normalizer: 'sigmoid' } },
        2,
      );
      assert.deepEqual((await labels()).sort(), ['c', 'd']);
      assert.ok(await cell.isVisible());
    });
  });
}
