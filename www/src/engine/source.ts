/** Where a capture's bytes come from: whatever the caller has becomes a Blob, which is read by ranges. */
import type { CaptureSource } from './api.ts';
import { messageOf, QkscopeError, show } from './error.ts';

/** How reading is limited, stopped and watched. */
export interface Reading {
  maxBytes: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((fraction: number) => void) | undefined;
}

const FETCHED = ['http:', 'https:', 'data:', 'blob:'];

/** The bytes as a Blob of our own; a Blob or File is taken as it is. */
export async function toBlob(source: CaptureSource, reading: Reading): Promise<Blob> {
  if (source instanceof Blob) return source;
  if (typeof source === 'string' || source instanceof URL) return fromAddress(source, reading);
  const tag = Object.prototype.toString.call(source).slice(8, -1);
  if (tag === 'ArrayBuffer' || (tag === 'Uint8Array' && ArrayBuffer.isView(source))) return fromBytes(source, reading);
  const expected = 'an ArrayBuffer, Uint8Array, Blob, URL or string';
  throw new QkscopeError('source', 'source', expected, show(source));
}

/** A Blob's constructor copies: the caller may reuse the bytes at once. */
function fromBytes(bytes: ArrayBuffer | Uint8Array, { maxBytes }: Reading): Blob {
  const buffer = ArrayBuffer.isView(bytes) ? bytes.buffer : bytes;
  if (Object.prototype.toString.call(buffer) !== '[object ArrayBuffer]') {
    throw new QkscopeError('source', 'source', 'bytes in an ArrayBuffer', 'shared memory');
  }
  checkSize('source', bytes.byteLength, maxBytes);
  return new Blob([bytes as Uint8Array<ArrayBuffer>]);
}

async function fromAddress(source: URL | string, reading: Reading): Promise<Blob> {
  const address = resolve(source);
  if (address.protocol === 'file:') return fromFile(address);
  checkScheme(address.protocol);
  const response = await fetch(address, { signal: reading.signal ?? null }).catch((error: unknown) => {
    reading.signal?.throwIfAborted();
    throw unreadable(address, messageOf(error));
  });
  // Browsers refuse a redirect to another kind of address themselves; others may not.
  if (response.url) checkScheme(new URL(response.url).protocol);
  if (!response.ok) throw unreadable(address, `status ${response.status}`);
  return download(response, address, reading);
}

function resolve(source: URL | string): URL {
  const base = (globalThis as { document?: Document }).document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(source, base);
  } catch {
    const expected = 'an address with its scheme (https:, in Node also file:), or the bytes of a file';
    throw new QkscopeError('source', 'source', expected, show(String(source)));
  }
}

function checkScheme(protocol: string): void {
  if (FETCHED.includes(protocol)) return;
  throw new QkscopeError('source', 'source', `an address with ${FETCHED.join(' ')}`, show(protocol));
}

/** Counts while reading: the length that a server states is its word only. */
async function download(response: Response, address: URL, reading: Reading): Promise<Blob> {
  const stated = Number(response.headers.get('content-length') ?? 0);
  checkSize(shown(address), stated, reading.maxBytes);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const stream = response.body?.getReader();
  const broken = (error: unknown): never => {
    reading.signal?.throwIfAborted();
    throw unreadable(address, messageOf(error));
  };
  try {
    for (let read; stream && !(read = await stream.read().catch(broken)).done;) {
      chunks.push(read.value);
      size += read.value.byteLength;
      checkSize(shown(address), size, reading.maxBytes);
      if (stated > 0) reading.onProgress?.(Math.min(1, size / stated));
    }
  } catch (error) {
    // Not awaited: a body that never ends may never answer either.
    stream?.cancel().catch(() => {});
    throw error;
  }
  return new Blob(chunks);
}

interface NodeProcess {
  getBuiltinModule?(name: 'node:fs'): { openAsBlob(path: URL): Promise<Blob> };
}

/** Node only, and by ranges: no import, so that bundlers for browsers find nothing to resolve. */
async function fromFile(address: URL): Promise<Blob> {
  const { process } = globalThis as { process?: NodeProcess };
  const fs = process?.getBuiltinModule?.('node:fs');
  if (!fs) throw new QkscopeError('source', 'source', `an address with ${FETCHED.join(' ')}`, show('file:'));
  try {
    return await fs.openAsBlob(address);
  } catch (error) {
    throw unreadable(address, messageOf(error));
  }
}

/** Refuses what is larger than may be read at once. */
export function checkSize(subject: string, size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  const message = `${subject} has ${size} bytes or more, and at most ${maxBytes} are read at once (option maxBytes)`;
  throw new QkscopeError('limit', subject, `at most ${maxBytes} bytes`, `${size} bytes`, message);
}

function unreadable(address: URL, found: string): QkscopeError {
  const subject = shown(address);
  return new QkscopeError('source', subject, 'readable', found, `${subject} cannot be read: ${found}`);
}

/** Data addresses are as long as their data. */
function shown({ href }: URL): string {
  return href.length > 100 ? `${href.slice(0, 100)}…` : href;
}
