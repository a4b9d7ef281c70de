// What the element offers, as a Custom Elements Manifest (https://github.com/webcomponents/custom-elements-manifest), from its own lists.

import { build } from 'esbuild';

import { at } from './run.mjs';

const SCHEMA = '2.1.0';
const MODULE = 'dist/element.js';
const CLASS = 'QkScopeElement';
const TAG = 'qk-scope';

/**
 * The lists of www/src/element/described.ts, as the types there say.
 *
 * @typedef {{ type: string, default?: string, about: string }} Described
 * @typedef {object} Lists
 * @property {(Described & { name: string })[]} attributes
 * @property {Record<string, Described>} fields
 * @property {Record<string, Described>} events
 * @property {Record<string, string>} parts
 * @property {Record<string, string>} slots
 * @property {Record<string, string>} properties
 *
 * @param {import('esbuild').BuildOptions} options
 * @returns {Promise<Lists>}
 */
export async function described(options) {
  const entryPoints = [at('www/src/element/described.ts')];
  const { outputFiles } = await build({ ...options, entryPoints, format: 'esm', write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** @param {Lists} lists */
export function elementsManifest({ attributes, fields, events, parts, slots, properties }) {
  const declaration = { name: CLASS, module: MODULE };
  return {
    schemaVersion: SCHEMA,
    readme: 'README.md',
    modules: [
      {
        kind: 'javascript-module',
        path: MODULE,
        declarations: [
          {
            kind: 'class',
            name: CLASS,
            description: 'A figure of attention.',
            superclass: { name: 'HTMLElement' },
            customElement: true,
            tagName: TAG,
            attributes: attributes.map(({ name, ...each }) => ({
              ...typed(name, each),
              ...(name in fields && { fieldName: name }),
            })),
            members: Object.entries(fields).map(([name, each]) => ({ kind: 'field', ...typed(name, each) })),
            events: Object.entries(events).map(([name, each]) => typed(name, each)),
            cssParts: named(parts),
            cssProperties: named(properties),
            slots: named(slots),
          },
        ],
        exports: [
          { kind: 'js', name: CLASS, declaration },
          { kind: 'custom-element-definition', name: TAG, declaration },
        ],
      },
    ],
  };
}

const named = (descriptions) => Object.entries(descriptions).map(([name, description]) => ({ name, description }));

/** @param {string} name @param {Described} described The default is the value itself, as attributes have it. */
const typed = (name, { type, about, default: otherwise }) => ({
  name,
  type: { text: type },
  ...(otherwise !== undefined && { default: otherwise }),
  description: about,
});
