// What axe-core has to say of a page.

import { readFile } from 'node:fs/promises';

const SOURCE = await readFile(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/**
 * What it finds, as text; of all of the page, or of what `part` selects. It is asked for faults alone: what it has to say of all that is
 * well takes it longer than to look, and stays in the page.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} [part]
 * @returns {Promise<string[]>}
 */
export async function axeFindings(page, part = 'html') {
  await page.evaluate(SOURCE);
  return page.evaluate(async (part) => {
    const { violations } = await globalThis['axe'].run(part, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, part);
}
