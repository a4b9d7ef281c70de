// The fonts in which pages are photographed and measured. Text is drawn by fonts of the machine: here these are three that are named,
// so that lines break alike everywhere. Where one is missing nothing is made, and a sentence says what to install.

import { FONT_PACKAGES, fonts } from './browser.mjs';
import { startSite } from './harness.mjs';

/** The fonts, and which text is in which. */
const FONTS = ['DejaVu Sans', 'DejaVu Sans Bold', 'Liberation Serif', 'Droid Sans Fallback'];
/** A figure has those of its own page, unless that says others. */
const FACES = `:root,
qk-scope {
  --sans: 'DejaVu Sans', 'Droid Sans Fallback';
  --math: 'Liberation Serif', 'DejaVu Sans', 'Droid Sans Fallback';
}`;

/** A site in a browser that has the fonts. @param {string[]} args of the browser */
export async function startWithFonts(args = []) {
  fonts();
  const site = await startSite({ args });
  const missing = await missingFonts(site);
  if (missing.length === 0) return site;
  await site.close();
  throw new Error(
    `Pages are compared and measured in fonts that are named, and ${missing.join(' and ')} cannot be found: ` +
      `install them (on Debian \`apt-get install ${Object.keys(FONT_PACKAGES).join(' ')}\`).`,
  );
}

async function missingFonts(site) {
  const { page, close } = await site.open({ path: 'about:blank' });
  const missing = await page.evaluate(async (names) => {
    const loads = names.map((name) => new FontFace('here', `local('${name}')`).load());
    return (await Promise.allSettled(loads)).flatMap(({ status }, at) => (status === 'fulfilled' ? [] : names[at]));
  }, FONTS);
  await close();
  return missing;
}

/** Puts a page into the fonts, and more `css` over its own. @param {import('playwright-core').Page} page */
export const dress = (page, css = '') =>
  page.evaluate((css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [sheet];
  }, `${FACES}\n${css}`);
