// The gallery: the pictures of all views for people, in pairs, made from the list that the test reads.

import { open } from 'node:fs/promises';

import { goldenOf } from '../tests/web/camera.mjs';
import { PICTURES, VIEWS } from '../tests/web/pictures.mjs';

const TITLE = { en: 'Every view of the page', zh: '页面的全部视图' };
const LEAD = {
  en:
    'Each view as it comes, in two pictures: wide in English, narrow in Chinese, one of them light, the other dark. ' +
    'The tests hold the page against these pictures.',
  zh: '每个视图初始的样子，各两张图：宽屏为英文，窄屏为中文；一张浅色，另一张深色。测试以这些图核对页面。',
};
const THEMES = { light: { en: 'light', zh: '浅色' }, dark: { en: 'dark', zh: '深色' } };

/** @returns {Promise<string>} a page; each picture comes with its size, so that nothing moves while it loads. */
export async function gallery() {
  const views = await Promise.all(VIEWS.map(section));
  return `<!doctype html>
<!-- made by \`npm run goldens\` -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>qkscope: every view of the page</title>
<link rel="icon" href="../../../www/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../../../www/src/style/base.css">
<link rel="stylesheet" href="../../../www/src/style/frame.css">
<link rel="stylesheet" href="gallery.css">
</head>
<body>
<main>
<header class="intro">
<h1>${inBoth(TITLE)}</h1>
${paragraphs(LEAD)}
</header>
<nav aria-label="Views">
<ul class="contents">
${VIEWS.map(({ name, title }) => `<li><a href="#${name}">${inBoth(title)}</a></li>`).join('\n')}
</ul>
</nav>
${views.join('\n')}
</main>
</body>
</html>
`;
}

async function section(view) {
  const pictures = PICTURES.filter((picture) => picture.view === view);
  return `<section class="view" id="${view.name}">
<h2>${inBoth(view.title)}</h2>
${paragraphs(view.says)}
<div class="pair">
${(await Promise.all(pictures.map(figure))).join('\n')}
</div>
</section>`;
}

async function figure(picture) {
  const { width, height } = await sizeOf(goldenOf(picture));
  const theme = THEMES[picture.theme];
  const english = picture.language.startsWith('en');
  const shown = english ? `${picture.width} px, English, ${theme.en}` : `${picture.width} px，中文，${theme.zh}`;
  const alt = english ? picture.view.title.en : picture.view.title.zh;
  const language = english ? 'en' : 'zh-Hans';
  return `<figure lang="${language}">
<a href="${picture.file}.png"><img src="${picture.file}.png" width="${width}" height="${height}" loading="lazy" alt="${alt}"></a>
<figcaption>${shown}</figcaption>
</figure>`;
}

const inBoth = ({ en, zh }) => `${en} <span lang="zh-Hans">${zh}</span>`;

const paragraphs = ({ en, zh }) => `<p>${en}</p>\n<p lang="zh-Hans">${zh}</p>`;

/** Of a PNG, as its header says. */
async function sizeOf(file) {
  const png = await open(file);
  try {
    const { buffer } = await png.read(Buffer.alloc(24), 0, 24, 0);
    return { width: buffer.readUInt32BE(16), height: buffer.readUInt32BE(20) };
  } finally {
    await png.close();
  }
}
