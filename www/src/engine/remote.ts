/**
 * A file at an address, read by ranges (RFC 9110, section 14): its beginning at first, and what is wanted of the rest
 * when it is wanted. A host that does not know ranges, or does not let this page see which it sent, is asked for all of
 * the file at once; where one sends all of it later on, or a cache on the way does, that is kept. What a host does send is held
 * against what was asked for, and against what it said before.
 */
import { download, drop, fetchWhole, isForeign, refused, request, shown, takeWhole, unreadable } from './address.ts';
import { QkscopeError } from './error.ts';
import { Local } from './reading.ts';
import type { Reading, Source, Stretch } from './reading.ts';

/** Asked for at first, in bytes: more than the header of nearly every capture. */
const FIRST = 64 * 1024;

/** Which bytes an answer says it holds, both ends included, and of how many. */
interface Sent {
  from: number;
  to: number;
  size: number;
}

/** What tells a file from its next version, as far as the host says and shows it. */
type Version = Record<'ETag' | 'Last-Modified', string | null>;

/** Opens a file with one request, where the host knows ranges or sends all of it in answer to the first. */
export async function openRemote(address: URL, reading: Reading): Promise<Source> {
  const range = { offset: 0, length: FIRST };
  // Held against the host's own file once: ranges of two versions would not fit each other.
  const response = await request(address, reading, { range, cache: 'no-cache' }).catch((error: unknown) => {
    reading.signal?.throwIfAborted();
    // Older browsers ask a foreign host first whether it takes the header, and give up where it does not answer.
    if (isForeign(address)) return undefined;
    throw error;
  });
  if (response?.status === 416) return new Local(emptyFile(response, address), true);
  if (response && response.status !== 206) return new Local(await takeWhole(response, address, reading), false);
  const sent = response && sentIn(response);
  if (response && sent) return begin(address, response, sent, reading);
  if (response) drop(response);
  return new Local(await fetchWhole(address, reading), false);
}

async function begin(address: URL, response: Response, sent: Sent, reading: Reading): Promise<Source> {
  checkSent(address, { offset: 0, length: Math.min(FIRST, sent.size) }, sent, response);
  return new Remote(address, sent.size, versionOf(response), await take(response, address, sent, reading));
}

/** No range is right for a file without bytes, and each is for one with any. */
function emptyFile(response: Response, address: URL): Blob {
  if (sizeOf(response) !== 0) throw refused(response, address, `bytes ${ends({ offset: 0, length: FIRST })}`);
  drop(response);
  return new Blob([]);
}

class Remote implements Source {
  readonly ranged = true;
  readonly size: number;
  readonly #address: URL;
  readonly #version: Version;
  #head: Blob;

  constructor(address: URL, size: number, version: Version, head: Blob) {
    this.#address = address;
    this.size = size;
    this.#version = version;
    this.#head = head;
  }

  get head(): Blob {
    return this.#head;
  }

  async extend(end: number, reading: Reading): Promise<void> {
    const head = this.#head;
    if (end <= head.size) return;
    const rest = await this.#fetch({ offset: head.size, length: end - head.size }, reading);
    // It may be all of the file by now.
    if (end > this.#head.size) this.#head = new Blob([head, rest]);
  }

  async read(stretch: Stretch, reading: Reading): Promise<Blob> {
    const { offset, length } = stretch;
    // No range says "nothing".
    if (length === 0 || offset + length <= this.#head.size) return this.#head.slice(offset, offset + length);
    return this.#fetch(stretch, reading);
  }

  async #fetch(range: Stretch, reading: Reading): Promise<Blob> {
    const address = this.#address;
    const response = await request(address, reading, { range });
    if (response.ok) this.#checkVersion(response);
    if (response.status === 200) return this.#keep(response, range, reading);
    const sent = sentIn(response);
    const size = sent?.size ?? sizeOf(response) ?? this.size;
    if (size !== this.size) throw changed(address, response, `${this.size} bytes`, `${size} bytes`);
    if (response.status !== 206) throw refused(response, address, 'status 206, a range as before');
    if (!sent) {
      drop(response);
      const encoding = response.headers.get('content-encoding');
      const found = encoding ? `a range of a file in the encoding ${encoding}` : 'a range that does not say which';
      throw unreadable(address, found, `bytes ${ends(range)}`);
    }
    checkSent(address, range, sent, response);
    return take(response, address, sent, reading);
  }

  /** All of the file, in place of a range of it. */
  async #keep(response: Response, { offset, length }: Stretch, reading: Reading): Promise<Blob> {
    const whole = await takeWhole(response, this.#address, reading);
    if (whole.size !== this.size) throw changed(this.#address, response, `${this.size} bytes`, `${whole.size} bytes`);
    this.#head = whole;
    return whole.slice(offset, offset + length);
  }

  #checkVersion(response: Response): void {
    const version = versionOf(response);
    for (const name of ['ETag', 'Last-Modified'] as const) {
      const [before, now] = [this.#version[name], version[name]];
      if (before === null || now === null || before === now) continue;
      throw changed(this.#address, response, `${name} ${before}`, `${name} ${now}`);
    }
  }
}

/** Which bytes are in an answer; undefined where it does not say, or where they are not those of the file. */
function sentIn({ status, headers }: Response): Sent | undefined {
  // Of a compressed file the numbers count compressed bytes, and what arrives here is not.
  const encoding = headers.get('content-encoding') ?? 'identity';
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec(headers.get('content-range')?.trim() ?? '') ?? [];
  if (status !== 206 || encoding !== 'identity' || size === undefined) return undefined;
  return { from: Number(from), to: Number(to), size: Number(size) };
}

/** The size of the file in an answer that refuses a range. */
function sizeOf({ status, headers }: Response): number | undefined {
  const [, size] = /^bytes \*\/(\d+)$/i.exec(headers.get('content-range')?.trim() ?? '') ?? [];
  return status === 416 && size !== undefined ? Number(size) : undefined;
}

function versionOf({ headers }: Response): Version {
  return { ETag: headers.get('etag'), 'Last-Modified': headers.get('last-modified') };
}

function checkSent(address: URL, range: Stretch, { from, to, size }: Sent, response: Response): void {
  const fits = from === range.offset && to === range.offset + range.length - 1;
  if (fits && to < size && Number.isSafeInteger(size)) return;
  drop(response);
  throw unreadable(address, `bytes ${from}-${to} of ${size}`, `bytes ${ends(range)}`);
}

/** The body, as long as the answer says that it is. */
async function take(response: Response, address: URL, { from, to }: Sent, reading: Reading): Promise<Blob> {
  const length = to - from + 1;
  const expected = `the ${length} of bytes ${from}-${to}`;
  const blob = await download(response, address, reading, (size) => {
    if (size > length) throw unreadable(address, `${size} bytes or more`, expected);
    reading.onProgress?.(size / length);
  });
  if (blob.size < length) throw unreadable(address, `${blob.size} bytes`, expected);
  return blob;
}

function ends({ offset, length }: Stretch): string {
  return `${offset}-${offset + length - 1}`;
}

function changed(address: URL, response: Response, expected: string, found: string): QkscopeError {
  drop(response);
  const message = `${shown(address)} changed while it was read: it had ${expected}, and now has ${found}`;
  return new QkscopeError('changed', shown(address), expected, found, message);
}
