// A static file server on this machine's own address, for `npm start` and the browser tests.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const HOST = '127.0.0.1';

/** A wasm module streams into the compiler only as `application/wasm`; a module script runs only as JavaScript. */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** What static hosts send compressed. */
const COMPRESSED = ['.css', '.html', '.js', '.json', '.map', '.md', '.svg', '.wasm'];

/**
 * Serves a folder until `close` is called.
 *
 * @param {string} folder
 * @param {{ port?: number, headers?: Record<string, string>, gzip?: boolean }} [options] `port` 0 is any free one; where the
 *   port is taken, the next free one is used. `headers` go with every answer. `gzip`: text
 *   and modules go compressed to whoever takes them so, whole.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve(folder, { port = 0, headers = {}, gzip = false } = {}) {
  const how = { headers, gzip };
  const server = createServer((request, response) => answer(path.resolve(folder), how, request, response));
  const bound = await listen(server, port);
  return {
    url: `http://${HOST}:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @returns {Promise<number>} the port. */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (error.code !== 'EADDRINUSE' || port >= 65535) return reject(error);
      resolve(listen(server, port + 1));
    });
    server.listen(port, HOST, () => {
      server.removeAllListeners('error');
      resolve(server.address().port);
    });
  });
}

async function answer(folder, { headers, gzip }, request, response) {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  try {
    const found = await locate(folder, request.url);
    if (found === undefined) return response.writeHead(404).end('not found\n');
    const { file, size, modified, tag } = found;
    response.setHeader('Content-Type', TYPES[path.extname(file)] ?? 'application/octet-stream');
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('Last-Modified', modified);
    response.setHeader('ETag', tag);
    if (gzip && COMPRESSED.includes(path.extname(file)) && takesGzip(request))
      return await compress(file, request, response);
    const part = partOf(request, found);
    if (part && part.start >= size) {
      return response.writeHead(416, { 'Content-Range': `bytes */${size}`, 'Content-Length': 0 }).end();
    }
    if (part) response.statusCode = 206;
    if (part) response.setHeader('Content-Range', `bytes ${part.start}-${part.end}/${size}`);
    response.setHeader('Content-Length', part ? part.end - part.start + 1 : size);
    if (request.method === 'HEAD') return response.end();
    await pipeline(createReadStream(file, part), response);
  } catch {
    // The visitor went away, or the file did: either way there is nobody left to tell.
    response.destroy();
  }
}

const takesGzip = ({ headers }) => /\bgzip\b/.test(String(headers['accept-encoding']));

/** Of what is compressed on the way there are no ranges, and its length is not known beforehand. */
async function compress(file, { method }, response) {
  response.removeHeader('Accept-Ranges');
  response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Vary', 'Accept-Encoding');
  if (method === 'HEAD') return response.end();
  await pipeline(createReadStream(file), createGzip(), response);
}

/**
 * The one range that a request asks for (RFC 9110, section 14), with both ends; its start is past the end of the file
 * where there are no such bytes. Undefined for all of the file: no range, several, one that makes no sense, or one of
 * another version of the file.
 */
function partOf({ method, headers }, { size, modified, tag }) {
  const condition = headers['if-range'];
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(headers.range ?? '') ?? [];
  if (method !== 'GET' || (condition !== undefined && condition !== tag && condition !== modified)) return undefined;
  if (first === undefined || first + last === '' || (first && last && Number(first) > Number(last))) return undefined;
  // The last so many bytes; the last 0 of them are none.
  if (first === '') return { start: Number(last) > 0 ? Math.max(0, size - Number(last)) : size, end: size - 1 };
  return { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/** The file that a request means, `index.html` for a folder; undefined when there is none inside `folder`. */
async function locate(folder, url) {
  let file = path.join(folder, decode(url));
  if (file.endsWith(path.sep)) file += 'index.html';
  if (!file.startsWith(folder + path.sep)) return undefined;
  const entry = await stat(file).catch(() => undefined);
  if (!entry?.isFile()) return undefined;
  const tag = `"${entry.size.toString(16)}-${Math.floor(entry.mtimeMs * 1000).toString(16)}"`;
  return { file, size: entry.size, modified: entry.mtime.toUTCString(), tag };
}

/** A request's path; a broken escape or a NUL names no file. */
function decode(url) {
  try {
    return decodeURIComponent(url.split(/[?#]/, 1)[0]).replaceAll('\0', '\uFFFD');
  } catch {
    return '/\uFFFD';
  }
}
