// Prints results as they come, and writes them down: figures, a picture of growth, and the machine.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { at } from '../xtask/run.mjs';
import { LENGTHS } from './cases.mjs';
import { chart } from './chart.mjs';
import { csv } from './csv.mjs';
import { figures } from './figures.mjs';
import { listed, machine } from './machine.mjs';
import { heading, lines } from './table.mjs';

/**
 * @param {object} about
 * @param {string} about.name of the files
 * @param {string} about.version of the browser
 * @param {{ name: string, size: number, gzip: number }[]} about.modules the payload: ours and the peers'
 * @param {string[]} about.skipped builds that do not run here
 * @param {{ kind: string, accumulators: number, gflops: number }[]} about.peaks
 * @param {string[]} about.unknown options that the package does not have yet
 */
export function openReport({ name, version, modules, skipped, peaks, unknown }) {
  const rows = [];
  const sizes = modules.map((module) => [`module ${module.name}`, `${module.size} bytes, gzipped ${module.gzip}`]);
  const ceilings = peaks.map(({ kind, gflops, accumulators }) => [
    `peak ${kind}`,
    `${gflops.toFixed(1)} GFLOP/s, ${accumulators} accumulators`,
  ]);
  const facts = Object.fromEntries([...sizes, ...ceilings]);
  console.log(`\n${version}\n${listed(facts)}`);
  for (const build of skipped) console.log(`the build ${build} does not run here: skipped`);
  for (const option of unknown) console.log(`the package has no option ${option} yet: its cases are skipped`);
  console.log(heading());
  return {
    add(cases, results) {
      const group = figures(cases, results);
      console.log(lines(group).join('\n'));
      rows.push(...group);
    },
    failed: () => rows.filter(({ failed }) => failed !== undefined).length,
    /** @returns {Promise<string[]>} the files */
    async write(folder) {
      const files = {
        [`${name}.csv`]: csv(rows.map((row) => ({ browser: name, ...row }))),
        [`${name}.txt`]: listed({ ...(await machine(version)), ...facts }),
        ...growth(name, version, rows),
      };
      await mkdir(at(folder), { recursive: true });
      for (const [file, content] of Object.entries(files)) await writeFile(at(folder, file), content);
      return Object.keys(files).map((file) => path.join(folder, file));
    },
  };
}

/** The picture, where there is more than one length. */
function growth(name, version, rows) {
  const cases = LENGTHS.map((n) => `softmax n=${n}`);
  const timed = rows.filter((row) => cases.includes(row.case) && row.ms);
  if (new Set(timed.map((row) => row.case)).size < 2) return {};
  const series = {};
  for (const { who, entry, ms } of timed) (series[who] ??= []).push({ n: entry.shape.n, ms });
  return { [`${name}.svg`]: chart(`One head of attention, d = 64, one thread, ${version}`, series) };
}
