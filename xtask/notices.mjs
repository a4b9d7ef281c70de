// `node xtask/notices.mjs` writes THIRD-PARTY.md: what the shipped files hold of other people's work, and its licences.
// The crates come from Cargo.lock and their licence texts from their sources, so a test can tell when it is out of date.

import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { Failure, at, main, run } from './run.mjs';

const TARGET = 'wasm32-unknown-unknown';

const HEAD = `# Third-party notices

qkscope's own licence is in LICENSE-MIT and LICENSE-APACHE. This file lists what its npm package and its page hold of the
work of others. It is made by \`node xtask/notices.mjs\`.

## Sample data on the page

\`sentence.safetensors\` holds queries, keys and values that the model sentence-transformers/all-MiniLM-L6-v2 computes for one
sentence; \`student-teacher.json\` is derived from it. The model is by the sentence-transformers team and its contributors,
Apache License 2.0, whose text is in LICENSE-APACHE. \`NOTICE\`, beside the files, says more.

## Colour tables

- viridis: by Stéfan van der Walt and Nathaniel Smith, 2015, dedicated to the public domain (CC0 1.0).
- cividis: by Jamie R. Nuñez, Christopher R. Anderton and Ryan S. Renslow, "Optimizing colormaps with consideration for color
  vision deficiency to enable accurate interpretation of scientific data", PLOS ONE 13(7), 2018, doi:10.1371/journal.pone.0199239,
  CC0 1.0.

## Rust's standard library

Copyright (c) The Rust Project Contributors, MIT OR Apache-2.0; the terms of the MIT licence are those printed below under
adler2.

## Crates in the WebAssembly module
`;

/** @returns {Promise<string>} the text of THIRD-PARTY.md. */
export async function notices() {
  const crates = await linkedCrates();
  const rows = crates.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`);
  const table = ['| crate | version | licence |', '|---|---|---|', ...rows].join('\n');
  const texts = await Promise.all(crates.map(licenseText));
  return `${HEAD}\n${table}\n\n${sections(crates, texts).join('\n\n')}\n`;
}

/** The crates whose code is linked into the module: those of the browser's build, without macros and build tools. */
async function linkedCrates() {
  const tree = ['tree', '--locked', '--package', 'qkscope', '--target', TARGET, '--edges', 'normal,no-proc-macro'];
  const lines = (await run('cargo', [...tree, '--prefix', 'none', '--format', '{p}'])).split('\n');
  const linked = new Set(lines.map((line) => line.split(' ').slice(0, 2).join(' ')));
  const about = ['metadata', '--locked', '--format-version', '1', '--filter-platform', TARGET];
  const { packages } = JSON.parse(await run('cargo', about));
  return packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} v${version}`))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The text that comes with a crate: the MIT licence where there is a choice. */
async function licenseText({ name, manifest_path }) {
  const folder = path.dirname(manifest_path);
  const files = (await readdir(folder)).filter((file) => /^licen[cs]e/i.test(file)).sort();
  const file = files.find((candidate) => /mit/i.test(candidate)) ?? files[0];
  if (file === undefined) throw new Failure(`the crate ${name} has no licence file`);
  return tidy(await readFile(path.join(folder, file), 'utf8'));
}

const tidy = (text) =>
  text
    .replaceAll(/[ \t\r]+$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replace(/^\n+|\n+$/g, '');

/** Each text once, under the names of the crates that it belongs to. */
function sections(crates, texts) {
  const groups = new Map();
  for (const [i, { name }] of crates.entries()) groups.set(texts[i], [...(groups.get(texts[i]) ?? []), name]);
  return [...groups].map(([text, names]) => `### ${names.join(', ')}\n\n\`\`\`text\n${text}\n\`\`\``);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(async () => writeFile(at('THIRD-PARTY.md'), await notices()));
}
