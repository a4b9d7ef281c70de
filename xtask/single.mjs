// The page in one file: script, styles, modules, samples and notices inside, under a policy that lets it ask for nothing.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { Failure } from './run.mjs';

/**
 * Puts everything into the page's HTML.
 *
 * @param {string} html the page's own
 * @param {{ script: string, style: string, icon: string, data: string[], notices: string[] }} parts text of the bundles and of the
 *   icon, an SVG; `data` are files that the page asks for, `notices` those that are there to be read
 */
export async function singleFile(html, { script, style, icon, data, notices }) {
  const blocks = await Promise.all([...notices.map(notice), ...data.map(block)]);
  const address = `data:image/svg+xml,${encodeURIComponent(icon)}`;
  return [
    [/(?<=http-equiv="Content-Security-Policy"\s+content=)"[^"]*"/, `"${policy(script, style)}"`],
    [/(?<=<link rel="icon" href=)"[^"]*"/, `"${address}"`],
    [/<link rel="stylesheet"[^>]*>/, `<style>${raw('style', style)}</style>`],
    [/(?<=<script type="module") src="[^"]*"/, ''],
    [/(?<=<script type="module"[^>]*>)/, raw('script', script)],
    [/(?=<\/body>)/, `${blocks.join('\n')}\n`],
  ].reduce(replaceOnce, html);
}

/** The replacement is what it is: scripts are full of dollars. */
function replaceOnce(html, [pattern, replacement]) {
  const { length } = [...html.matchAll(new RegExp(pattern, 'g'))];
  if (length !== 1) throw new Failure(`the page has ${length} of ${pattern}, and needs one`);
  return html.replace(pattern, () => replacement);
}

/**
 * What is inline counts by its hash; workers are made from the script, and the icon is an address that holds it. Nothing can be asked
 * for, since 'self' is nothing where the page is a file.
 */
function policy(script, style) {
  return [
    "default-src 'none'",
    `script-src ${hash(script)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    'worker-src blob:',
    'img-src data:',
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Text that a page's parser takes for what it is, to its last byte, as the hash does. */
function raw(tag, text) {
  const [broken] = new RegExp(`</${tag}|<!--|\\r|\\0`, 'i').exec(text) ?? [];
  if (broken !== undefined)
    throw new Failure(`the ${tag} holds ${JSON.stringify(broken)}, which HTML takes for something else`);
  return text;
}

/** A file as data, which nothing runs. Gzip takes back part of what base64 adds. */
async function block(file) {
  const packed = gzipSync(await readFile(file), { level: 9 }).toString('base64');
  return `<script type="application/gzip" data-file="${path.basename(file)}">${packed}</script>`;
}

async function notice(file) {
  const text = raw('script', await readFile(file, 'utf8'));
  return `<script type="text/plain" data-file="${path.basename(file)}">\n${text}</script>`;
}
