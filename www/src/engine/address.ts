/** Addresses: which are fetched, and how their bytes arrive. What a server states is its word only. */
import { messageOf, QkscopeError, show } from './error.ts';
import { checkSize } from './reading.ts';
import type { Reading, Stretch } from './reading.ts';

/** Hosts may know ranges. */
const REMOTE = ['http:', 'https:'];
const FETCHED = [...REMOTE, 'data:', 'blob:'];

/** An address; in a page, one relative to it. */
export function resolve(source: URL | string): URL {
  const base = (globalThis as { document?: Document }).document?.baseURI ?? globalThis.location?.href;
  let address: URL;
  try {
    address = new URL(source, base);
  } catch {
    throw unaddressed(source);
  }
  // The letter of a drive looks like a scheme.
  if (/^[a-z]:$/.test(address.protocol)) throw unaddressed(source);
  return address;
}

/** A path, in all likelihood: where there are files, it says how their bytes are had. */
function unaddressed(source: URL | string): QkscopeError {
  const expected = 'an address with its scheme (https:, in Node also file:), or the bytes of a file';
  const found = show(String(source));
  const { process } = globalThis as { process?: object };
  // The whole path, or none of it: a part of one is another file.
  const path = String(source).length <= 80 ? found : 'path';
  const way = process ? `: of a path pass the bytes, await readFile(${path}), with readFile from node:fs/promises` : '';
  return new QkscopeError('source', 'source', expected, found, `source must be ${expected}, not ${found}${way}`);
}

export function isRemote({ protocol }: URL): boolean {
  return REMOTE.includes(protocol);
}

/** Whether browsers keep from the page what the host does not allow it to read. */
export function isForeign({ origin }: URL): boolean {
  const { location } = globalThis as { location?: Location };
  return location !== undefined && location.origin !== origin;
}

export function checkScheme(protocol: string): void {
  if (!FETCHED.includes(protocol)) throw unfetched(protocol);
}

export function unfetched(protocol: string): QkscopeError {
  return new QkscopeError('source', 'source', `an address with ${FETCHED.join(' ')}`, show(protocol));
}

/** One request, for a range or for all. The answer may be a refusal. */
export async function request(
  address: URL,
  { signal }: Reading,
  how: { range?: Stretch; cache?: RequestCache } = {},
): Promise<Response> {
  const { range, cache = 'default' } = how;
  const headers = range ? { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {};
  const response = await fetch(address, { signal: signal ?? null, headers, cache }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw unreadable(address, messageOf(error));
  });
  // Browsers refuse a redirect to another kind of address themselves; others may not.
  if (response.url) checkScheme(new URL(response.url).protocol);
  return response;
}

/** All of a file, in one request. */
export async function fetchWhole(address: URL, reading: Reading): Promise<Blob> {
  return takeWhole(await request(address, reading), address, reading);
}

/** The body of an answer that is the whole file. */
export async function takeWhole(response: Response, address: URL, reading: Reading): Promise<Blob> {
  // A part that nobody asked for is not the file.
  if (!response.ok || response.status === 206) throw refused(response, address);
  const stated = Number(response.headers.get('content-length') ?? 0);
  const { maxBytes, onProgress } = reading;
  checkSize(shown(address), stated, maxBytes);
  return download(response, address, reading, (size) => {
    checkSize(shown(address), size, maxBytes);
    if (stated > 0) onProgress?.(Math.min(1, size / stated));
  });
}

/** The body of an answer; `grown` hears of its size, and may end it by throwing. */
export async function download(
  response: Response,
  address: URL,
  { signal }: Reading,
  grown: (size: number) => void,
): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const stream = response.body?.getReader();
  const broken = (error: unknown): never => {
    signal?.throwIfAborted();
    throw unreadable(address, messageOf(error));
  };
  try {
    for (let read; stream && !(read = await stream.read().catch(broken)).done;) {
      chunks.push(read.value);
      size += read.value.byteLength;
      grown(size);
    }
  } catch (error) {
    // Not awaited: a body that never ends may never answer either.
    stream?.cancel().catch(() => {});
    throw error;
  }
  return new Blob(chunks);
}

/** Lets an answer go whose body is of no use. */
export function drop(response: Response): void {
  response.body?.cancel().catch(() => {});
}

/** An answer that is not the one that was asked for. */
export function refused(response: Response, address: URL, expected?: string): QkscopeError {
  drop(response);
  return unreadable(address, `status ${response.status}`, expected);
}

export function unreadable(address: URL, found: string, expected = 'readable'): QkscopeError {
  const subject = shown(address);
  const wanted = expected === 'readable' ? '' : `, not ${expected}`;
  return new QkscopeError('source', subject, expected, found, `${subject} cannot be read: ${found}${wanted}`);
}

/** Data addresses are as long as their data. */
export function shown({ href }: URL): string {
  return href.length > 100 ? `${href.slice(0, 100)}…` : href;
}
