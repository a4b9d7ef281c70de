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
 * @typedef {{ type: string, object?: string, default?: string, about: string, readonly?: true }} Described
 * @typedef {object} Lists
 * @property {(Described & { name: string })[]} attributes
 * @property {Record<string, Described>} objects
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
              ...(propertyOf(name) in fields && { fieldName: propertyOf(name) }),
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
const typed = (name, { type, about, default: otherwise, readonly }) => ({
  name,
  type: { text: type },
  ...(readonly && { readonly }),
  ...(otherwise !== undefined && { default: otherwise }),
  description: about,
});

/** Attributes as frameworks take them: numbers and truths as such, or as they are written. */
const WRITTEN = { number: 'number | `${number}`', boolean: "boolean | '' | 'true' | 'false'" };

/**
 * The types of what a tag takes in a framework: attributes as they are written, and properties, which take objects as well.
 *
 * @param {Lists} lists
 */
export function tagTypes({ attributes, objects }) {
  const line = (doc, name, type) => `  /** ${doc} */\n  ${name}?: ${type} | null | undefined;`;
  const said = attributes
    .filter(({ name }) => !(name in objects))
    .flatMap(({ name, type, object, about, default: otherwise }) => {
      const doc = otherwise ? `${about} Default: \`${otherwise}\`.` : about;
      const taken = [WRITTEN[type] ?? type, object].filter(Boolean).join(' | ');
      return namesOf(name).map((each) => line(doc, each, taken));
    });
  const set = Object.entries(objects).map(([name, { about }]) => line(about, name, `${CLASS}['${name}']`));
  return `${[
    '// Made from the lists of the element.',
    '',
    `import type { Marks, Numbers, ${CLASS} } from './element.js';`,
    "import type { Assignment, NormalizerOption, PositionOption, ScoreOption } from './index.js';",
    '',
    `/** What \`<${TAG}>\` takes in a framework: its attributes, and its properties. */`,
    'export interface QkScopeProps {',
    ...said,
    ...set,
    '}',
  ].join('\n')}\n`;
}

const propertyOf = (attribute) => attribute.replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** An attribute and its property. */
function namesOf(attribute) {
  const property = propertyOf(attribute);
  return property === attribute ? [attribute] : [`'${attribute}'`, property];
}
