/** Where a capture's bytes come from: whatever the caller has becomes a source, which is read by ranges. */
import { checkScheme, fetchWhole, isRemote, resolve, unfetched, unreadable } from './address.ts';
import type { CaptureSource } from './api.ts';
import { messageOf, QkscopeError, show } from './error.ts';
import { checkSize, Local } from './reading.ts';
import type { Reading, Source } from './reading.ts';
import { openRemote } from './remote.ts';

/** A Blob or File is taken as it is, bytes are copied, and of an address the beginning is fetched. */
export async function openSource(source: CaptureSource, reading: Reading): Promise<Source> {
  if (source instanceof Blob) return new Local(source);
  if (typeof source === 'string' || source instanceof URL) return fromAddress(resolve(source), reading);
  const tag = Object.prototype.toString.call(source).slice(8, -1);
  if (tag === 'ArrayBuffer' || (tag === 'Uint8Array' && ArrayBuffer.isView(source))) return fromBytes(source, reading);
  const expected = 'an ArrayBuffer, Uint8Array, Blob, URL or string';
  throw new QkscopeError('source', 'source', expected, show(source));
}

/** A Blob's constructor copies: the caller may reuse the bytes at once. */
function fromBytes(bytes: ArrayBuffer | Uint8Array, { maxBytes }: Reading): Source {
  const buffer = ArrayBuffer.isView(bytes) ? bytes.buffer : bytes;
  if (Object.prototype.toString.call(buffer) !== '[object ArrayBuffer]') {
    throw new QkscopeError('source', 'source', 'bytes in an ArrayBuffer', 'shared memory');
  }
  checkSize('source', bytes.byteLength, maxBytes);
  return new Local(new Blob([bytes as Uint8Array<ArrayBuffer>]));
}

async function fromAddress(address: URL, reading: Reading): Promise<Source> {
  if (address.protocol === 'file:') return fromFile(address);
  checkScheme(address.protocol);
  // What a data: or blob: address names is in memory already.
  return isRemote(address) ? openRemote(address, reading) : new Local(await fetchWhole(address, reading));
}

interface NodeProcess {
  getBuiltinModule?(name: 'node:fs'): { openAsBlob(path: URL): Promise<Blob> };
}

/** Node only: no import, so that bundlers for browsers find nothing to resolve. */
async function fromFile(address: URL): Promise<Source> {
  const { process } = globalThis as { process?: NodeProcess };
  const fs = process?.getBuiltinModule?.('node:fs');
  if (!fs) throw unfetched('file:');
  try {
    return new Local(await fs.openAsBlob(address));
  } catch (error) {
    throw unreadable(address, messageOf(error));
  }
}
