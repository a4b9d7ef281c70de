// A host of one file that answers by ranges, keeps account of it, and can be made to lie.

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {Uint8Array} body
 */

/**
 * What a host answers to a request for `range`, bytes `[from, to)`, or all of the file where that is undefined. `nth`
 * counts requests from 0. Undefined leaves the answer as it would be.
 *
 * @typedef {(answer: Answer, nth: number, range: [number, number] | undefined) => Partial<Answer> | undefined | void} Change
 */

/**
 * A listener for a server, and what it was asked: the range of each request (undefined: all) and the bytes it sent.
 *
 * @param {Uint8Array} file
 * @param {Change} [change]
 */
export function host(file, change = () => undefined) {
  const seen = { /** @type {([number, number] | undefined)[]} */ ranges: [], bytes: 0 };
  /** @type {import('node:http').RequestListener} */
  const listener = (request, response) => {
    const range = rangeOf(request.headers.range, file.length);
    const nth = seen.ranges.push(range) - 1;
    const honest = answerFor(file, range);
    const answer = { ...honest, ...change(honest, nth, range) };
    seen.bytes += answer.body.length;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  return { seen, listener };
}

/** @returns {[number, number] | undefined} */
function rangeOf(header, size) {
  if (header === undefined) return undefined;
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  if (from === undefined) throw new Error(`the range is ${header}`);
  return [Number(from), Math.min(Number(to) + 1, size)];
}

/** @returns {Answer} */
function answerFor(file, range) {
  const same = { etag: '"one"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' };
  if (!range) return { status: 200, headers: same, body: file };
  const [from, to] = range;
  if (from >= file.length) {
    return { status: 416, headers: { ...same, 'content-range': `bytes */${file.length}` }, body: new Uint8Array() };
  }
  const headers = { ...same, 'content-range': `bytes ${from}-${to - 1}/${file.length}` };
  return { status: 206, headers, body: file.subarray(from, to) };
}

/** As a host that has never heard of ranges answers. */
export const whole = (file) => () => ({ status: 200, headers: {}, body: file });
