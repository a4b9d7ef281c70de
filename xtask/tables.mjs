// `node xtask/tables.mjs` writes the tables of README.md: the kernel's own lists, as the last build left them, and the figures
// of the last whole benchmark.

import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { quoted } from '../benches/quoted.mjs';
import { GENERATED } from './kernel.mjs';
import { Failure, at, main } from './run.mjs';

/** The lists that README.md shows, by their heading. */
const TABLES = {
  Scores: 'scores',
  Normalizers: 'normalizers',
  Positions: 'positions',
  'Of each row of weights': 'statistics',
  'Of each head': 'headStatistics',
  'Patterns of heads': 'patterns',
  'Of pairs, values, heads and layers': 'measures',
};

/** What is made, by the name of its place. */
const PLACES = { members, speed: quoted };

/** @returns {Promise<string>} the text of README.md with its tables as they should be. */
export async function readme() {
  let text = await readFile(at('README.md'), 'utf8');
  for (const [name, make] of Object.entries(PLACES)) {
    const [start, end] = [`<!-- ${name}: made by \`node xtask/tables.mjs\` -->`, `<!-- ${name}: end -->`];
    const [before, rest] = text.split(start);
    const after = rest?.split(end)[1];
    if (after === undefined) throw new Failure(`README.md has no place for ${name}: ${start} … ${end}.`);
    text = [before, start, '\n\n', await make(), '\n\n', end, after].join('');
  }
  return text;
}

async function members() {
  const lists = await catalogue();
  return Object.entries(TABLES)
    .map(([heading, list]) => `### ${heading}\n\n${table(lists[list])}`)
    .join('\n\n');
}

/** The lists, out of the module that the build made of them. */
async function catalogue() {
  const source = await readFile(at(`${GENERATED}/catalog.ts`), 'utf8');
  return JSON.parse(
    source.slice(source.indexOf('= {', source.indexOf('export const catalog')) + 2).replace(/;\s*$/, ''),
  );
}

function table(members) {
  const rows = members.map(({ id, label, formula, parameters, source }) => [
    `\`${id}\``,
    label.en,
    formula && code(formula),
    parameters.map(({ name }) => code(name)).join(', '),
    source,
  ]);
  const columns = ['name', 'what', 'formula', 'parameters', 'source'];
  // A column that says nothing of any member is left out.
  const kept = columns.map((_, at) => rows.some((row) => row[at] !== ''));
  const line = (cells) => `| ${cells.filter((_, at) => kept[at]).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text) => `\`${text.replaceAll('|', '\\|')}\``;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(async () => writeFile(at('README.md'), await readme()));
}
