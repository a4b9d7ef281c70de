// What the element offers, from its own lists: as a Custom Elements Manifest
// (https://github.com/webcomponents/custom-elements-manifest), and as types of its attributes.

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

/** Attributes as frameworks take them: numbers and truths as such, or as they are written. */
const WRITTEN = { number: 'number | `${number}`', boolean: "boolean | '' | 'true' | 'false'" };

/**
 * The types of attributes, and of what a tag takes in a framework: attributes and properties.
 *
 * @param {Lists} lists
 */
export function attributeTypes({ attributes, fields }) {
  const lines = (doc, name, type) => [`  /** ${doc} */`, `  ${name}?: ${type} | undefined;`];
  const said = attributes.flatMap(({ name, type, about, default: otherwise }) =>
    lines(
      otherwise ? `${about} Default: \`${otherwise}\`.` : about,
      name.includes('-') ? `'${name}'` : name,
      WRITTEN[type] ?? type,
    ),
  );
  const set = Object.entries(fields).flatMap(([name, { about }]) => lines(about, name, `${CLASS}['${name}']`));
  const both = Object.keys(fields).map((name) => `'${name}'`);
  return `${[
    `/** What \`<${TAG}>\` takes. Made from the lists of the element. */`,
    `import type { ${CLASS} } from './element.js';`,
    '',
    '/** Its attributes. */',
    'export interface QkScopeAttributes {',
    ...said,
    '}',
    '',
    '/** Its attributes and properties, as frameworks set them. */',
    `export interface QkScopeProps extends Omit<QkScopeAttributes, ${both.join(' | ')}> {`,
    ...set,
    '}',
  ].join('\n')}\n`;
}
