// Files, from every kind of source, and a real model's attention through them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { at, deviation, qkscope, readBytes, refusal, serving } from './support.mjs';

const { openCapture, attention } = qkscope;
const sentence = await readBytes('www/sentence.safetensors');

test('the sentence: every layer of the real model within 2e-6 of its weights in double precision', async () => {
  const capture = await openCapture(sentence);
  const expected = await openCapture(await readBytes('tests/data/sentence.expected.safetensors'));
  assert.equal(capture.format, 'safetensors');
  assert.equal(capture.layers.length, 6);
  assert.equal(capture.queryTokens.length, 16);
  for (const [index, { layer }] of capture.layers.entries()) {
    const { query, key, value } = await capture.layer(index);
    const { weights } = await attention(query, key, value, { ...capture.options, needWeights: true });
    const reference = await expected.tensor(`layers.${layer}.weights`);
    assert.deepEqual([...weights.shape], [...reference.shape]);
    assert.ok(deviation(weights.data, reference.data) <= 2e-6, `layer ${layer}`);
  }
});

test('the passage: its rows within 2e-6', async () => {
  const capture = await openCapture(await readBytes('tests/data/passage.safetensors'));
  const expected = readPlain(await readBytes('tests/data/passage.expected.safetensors'));
  const rows = JSON.parse(expected.metadata.rows);
  assert.equal(rows.length, 28);
  for (const [index, { layer }] of capture.layers.entries()) {
    const { query, key } = await capture.layer(index);
    const map = await qkscope.openAttention(query, key, null, capture.options);
    const weights = expected.tensor(`layers.${layer}.weights`);
    for (let head = 0; head < map.heads; head++) {
      for (const [place, row] of rows.entries()) {
        const { data: found } = await map.rectangle({ head, rows: [row, row + 1], keys: [0, map.keys] });
        const start = (head * rows.length + place) * map.keys;
        assert.ok(deviation(found, weights.subarray(start, start + map.keys)) <= 2e-6, `layer ${layer} row ${row}`);
      }
    }
    map.free();
  }
});

test('the passage of the page is the one in float32, rounded to float16', async () => {
  const page = await openCapture(await readBytes('www/passage.safetensors'));
  const exact = await openCapture(await readBytes('tests/data/passage.safetensors'));
  const heads = JSON.parse(exact.metadata.get('heads'));
  assert.deepEqual(heads, [0, 5, 11]);
  assert.deepEqual(page.keyTokens, exact.keyTokens);
  assert.ok(page.tensors.length === 18 && page.tensors.every(({ dtype }) => dtype === 'F16'));
  for (const layer of page.layers.keys()) {
    for (const [place, head] of heads.entries()) {
      const [found, expected] = await Promise.all([page.layer(layer, { head }), exact.layer(layer, { head: place })]);
      for (const side of ['query', 'key']) {
        assert.deepEqual(found[side].shape, [1, 1, 424, 32]);
        assert.deepEqual(found[side].data, expected[side].data.map(toFloat16), `layer ${layer}, head ${head}, ${side}`);
      }
      assert.equal(found.value.data.length, 424 * 32);
    }
  }
  const { query, key, options } = await page.layer(0, { head: 2 });
  const { statistics } = await attention(query, key, null, { ...options, needStatistics: true });
  const before = statistics.argmax.filter((at, row) => at === row - 1).length;
  assert.ok(before > 0.7 * 424, `${before} tokens look most at the one before, as the page says`);
});

/** The nearest float16, ties to even (IEEE 754): 11 bits from 2^-14 on, and steps of 2^-24 below. None here overflows. */
function toFloat16(number) {
  const step = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(number)))) - 10);
  const steps = number === 0 ? 0 : number / step;
  const [down, rest] = [Math.floor(steps), steps - Math.floor(steps)];
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  return (down + Number(up)) * step;
}

/** A file of some rows of the weights is no capture, and is read without the package: float32 safetensors in ten lines. */
function readPlain(bytes) {
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const { __metadata__: metadata, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  const tensor = (name) => {
    const [from, to] = entries[name].data_offsets;
    return new Float32Array(bytes.slice(8 + size + from, 8 + size + to).buffer);
  };
  return { metadata, tensor };
}

test('sinks come with their layer, as the normalizer that they belong to', async () => {
  const file = {
    'layers.0.q': [[[1, 0]], [[0, 1]]],
    'layers.0.k': [
      [
        [1, 0],
        [0, 2],
      ],
      [
        [1, 1],
        [2, 0],
      ],
    ],
    'layers.0.sinks': [0.5, -1],
    'layers.1.q': [[[1, 0]], [[0, 1]]],
    'layers.1.k': [
      [
        [1, 0],
        [0, 2],
      ],
      [
        [1, 1],
        [2, 0],
      ],
    ],
    scale: 1,
  };
  const capture = await openCapture(new TextEncoder().encode(JSON.stringify(file)));
  const { query, key, options } = await capture.layer(0);
  assert.equal(options.scale, 1);
  assert.equal(options.normalizer.id, 'softmax_sink');
  const { weights } = await attention(query, key, null, { ...options, needWeights: true });
  const logits = [
    [1, 0],
    [1, 0],
  ];
  const expected = [0.5, -1].flatMap((sink, head) => {
    const sum = Math.exp(sink) + logits[head].reduce((total, l) => total + Math.exp(l), 0);
    return logits[head].map((l) => Math.exp(l) / sum);
  });
  assert.ok(deviation(weights.data, expected) < 1e-7);
  assert.deepEqual((await capture.layer(1)).options, capture.options, 'a layer without sinks');
  for (const normalizer of ['softmax', '{"id": "softmax"}']) {
    const named = await openCapture(new TextEncoder().encode(JSON.stringify({ ...file, normalizer })));
    assert.equal((await named.layer(0)).options.normalizer.id, 'softmax_sink', normalizer);
  }
  for (const normalizer of ['softmax1', '{"id": "softmax1"}']) {
    const other = await openCapture(new TextEncoder().encode(JSON.stringify({ ...file, normalizer })));
    assert.deepEqual((await other.layer(0)).options, other.options, normalizer);
  }
});

test('bytes are copied: the caller may reuse them at once', async () => {
  const bytes = sentence.slice();
  const opening = openCapture(bytes);
  bytes.fill(0);
  const capture = await opening;
  const { data } = await capture.tensor('layers.0.q');
  const { data: again } = await (await openCapture(sentence)).tensor('layers.0.q');
  assert.deepEqual(data, again);
});

test('shapes are copies: the capture keeps its own', async () => {
  const capture = await openCapture(sentence);
  const { shape } = await capture.tensor('layers.0.q');
  const listed = capture.tensors.find(({ name }) => name === 'layers.0.q');
  const kept = [...shape];
  shape.fill(1);
  listed.shape.fill(2);
  assert.deepEqual([...(await capture.tensor('layers.0.q')).shape], kept);
});

test('every kind of source gives the same capture', () =>
  serving(
    (_, response) => response.end(Buffer.from(sentence)),
    async (url) => {
      const padded = new Uint8Array(sentence.length + 16);
      padded.set(sentence, 8);
      const sources = {
        ArrayBuffer: sentence.slice().buffer,
        'part of a buffer': padded.subarray(8, 8 + sentence.length),
        Blob: new Blob([sentence]),
        File: new File([sentence], 'sentence.safetensors'),
        'file: URL': at('www/sentence.safetensors'),
        'http: text': `${url}/`,
        'http: URL': new URL(url),
        'data:': `data:application/octet-stream;base64,${Buffer.from(sentence).toString('base64')}`,
        'blob:': URL.createObjectURL(new Blob([sentence])),
      };
      for (const [name, source] of Object.entries(sources)) {
        const capture = await openCapture(source);
        assert.equal(capture.tensors.length, 18, name);
        assert.equal((await capture.tensor('layers.5.v')).data.length, 12 * 16 * 32, name);
      }
    },
  ));

test('a Blob of 5 GB is read by ranges only', async () => {
  const SIZE = 5 * 2 ** 30;
  const reads = [];
  class Large extends Blob {
    get size() {
      return SIZE;
    }
    slice(from, to) {
      reads.push(to - from);
      return super.slice(from, to);
    }
  }
  const capture = await openCapture(new Large([startOf(SIZE)]));
  assert.deepEqual([...capture.tensors[0].shape], [1, 8, (SIZE - 8192) / 16]);
  assert.ok(reads.reduce((sum, size) => sum + size, 0) < 10_000, `${reads}`);
  await assert.rejects(capture.tensor('layers.0.q'), refusal('limit', 'layers.0.q', 512 * 2 ** 20));
});

/** The first bytes of a safetensors file of `size` bytes: a header of 8 KB, and two tensors that fill the rest. */
function startOf(size) {
  const length = 8192 - 8;
  const half = (size - 8192) / 2;
  const entry = (from) => ({ dtype: 'U8', shape: [1, 8, half / 8], data_offsets: [from, from + half] });
  const header = JSON.stringify({ 'layers.0.q': entry(0), 'layers.0.k': entry(half) }).padEnd(length);
  const bytes = new Uint8Array(8192);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  new TextEncoder().encodeInto(header, bytes.subarray(8));
  return bytes;
}

test('what is no source is refused', async () => {
  for (const source of [null, undefined, 7, {}, [1, 2], new Float32Array(4)]) {
    await assert.rejects(openCapture(source), refusal('source', 'source'));
  }
  if (typeof SharedArrayBuffer === 'function') {
    await assert.rejects(openCapture(new Uint8Array(new SharedArrayBuffer(8))), refusal('source', 'shared'));
  }
});

test('addresses that are not fetched are refused', async () => {
  for (const address of ['javascript:alert(1)', 'ftp://example.invalid/x', 'about:blank', 'chrome://version']) {
    await assert.rejects(openCapture(address), refusal('source', new URL(address).protocol));
  }
  await assert.rejects(openCapture('no base'), refusal('source', 'an address'));
  await assert.rejects(openCapture(new URL('file:///nowhere/at/all')), refusal('source', 'cannot be read'));
});

const answers = {
  '/missing': (response) => response.writeHead(404).end(),
  '/elsewhere': (response) => response.writeHead(302, { location: 'file:///etc/hostname' }).end(),
  '/script': (response) => response.writeHead(302, { location: 'javascript:alert(1)' }).end(),
  '/cut': (response) => response.writeHead(200, { 'content-length': 1000 }).write('x', () => response.destroy()),
  '/stated': (response) => response.writeHead(200, { 'content-length': 2 ** 40 }).write('x'),
  '/endless': (response) => {
    const more = () => response.destroyed || response.write(Buffer.alloc(65536), () => setImmediate(more));
    more();
  },
};

test('servers that fail, redirect elsewhere, or never end', () =>
  serving(
    (request, response) => answers[request.url](response),
    async (url) => {
      await assert.rejects(openCapture(`${url}/missing`), refusal('source', '404'));
      await assert.rejects(openCapture(`${url}/elsewhere`), refusal('source', 'cannot be read'));
      await assert.rejects(openCapture(`${url}/script`), refusal('source', 'cannot be read'));
      await assert.rejects(openCapture(`${url}/cut`), refusal('source', 'cannot be read'));
      await assert.rejects(openCapture(`${url}/stated`), refusal('limit', 2 ** 40, 512 * 2 ** 20));
      await assert.rejects(openCapture(`${url}/endless`, { maxBytes: 1e6 }), refusal('limit', 1e6));
    },
  ));

test('what onProgress throws is the rejection, while a file is fetched as well', () =>
  serving(
    (_, response) => response.writeHead(200, { 'content-length': sentence.length }).end(Buffer.from(sentence)),
    async (url) => {
      const fault = new Error('the page is gone');
      const onProgress = () => {
        throw fault;
      };
      for (const source of [sentence, url])
        await assert.rejects(openCapture(source, { onProgress }), (error) => error === fault);
    },
  ));

test('a file that goes away, or was a directory, is named so', async () => {
  const gone = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
  const vanished = Object.defineProperty(new Blob([sentence]), 'slice', { value: () => ({ arrayBuffer: gone }) });
  await assert.rejects(openCapture(vanished), refusal('source', 'directory', 'NotFoundError'));
});

test('a broken file is refused with its own code, and the next one opens', async () => {
  await assert.rejects(openCapture(sentence.subarray(0, 5)), (error) => error instanceof qkscope.QkscopeError);
  await assert.rejects(openCapture(sentence.subarray(0, -1)), (error) => error instanceof qkscope.QkscopeError);
  assert.equal((await openCapture(sentence)).tensors.length, 18);
});

test('names that do not say what they are: the caller assigns', async () => {
  const json = JSON.stringify({
    apple: [
      [1, 0],
      [0, 1],
    ],
    pear: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    plum: [[1], [2], [3]],
    odd: [[1, 2, 3]],
  });
  const capture = await openCapture(new Blob([json]));
  assert.deepEqual([...capture.layers], []);
  await assert.rejects(capture.layer(0), refusal('unknown', 'assign()'));
  await capture.assign({ query: 'apple', key: 'pear', value: 'plum' });
  const { query, key, value } = await capture.layer(0);
  assert.deepEqual([...query.data], [1, 0, 0, 1]);
  assert.deepEqual([...(await attention(query, key, value)).output.shape], [1, 1, 2, 1]);

  await assert.rejects(capture.assign({ query: 'apple', key: 'fig' }), refusal('unknown', 'fig', 'pear'));
  await assert.rejects(
    capture.assign({ query: 'apple', key: 'odd' }),
    (error) => error instanceof qkscope.QkscopeError,
  );
  assert.equal(capture.layers[0].key, 'pear', 'a refusal changes nothing');
  await assert.rejects(capture.tensor('__proto__'), refusal('unknown', '__proto__'));
  const assigned = await openCapture(new Blob([json]), { assign: { query: 'apple', key: 'pear' } });
  assert.equal((await assigned.layer(0)).value, null);
});

test('progress never falls and ends at 1; an abort rejects once', async () => {
  const seen = [];
  await openCapture(sentence, { onProgress: (fraction) => seen.push(fraction) });
  assert.equal(seen.at(-1), 1);
  assert.deepEqual(seen, seen.toSorted?.((a, b) => a - b) ?? [...seen].sort((a, b) => a - b));

  const json = new Blob([JSON.stringify({ apple: [[1, 0]], pear: [[1, 2]] })]);
  const assign = { query: 'apple', key: 'pear' };
  const parts = [];
  await openCapture(json, { assign, onProgress: (fraction) => parts.push(fraction) });
  assert.deepEqual([...new Set(parts)], [2 / 3, 1], 'the assignment is the last part');
  const stop = new AbortController();
  const onProgress = () => stop.abort();
  await assert.rejects(openCapture(json, { assign, onProgress, signal: stop.signal }), { name: 'AbortError' });

  const aborted = AbortSignal.abort();
  await assert.rejects(openCapture(sentence, { signal: aborted }), { name: 'AbortError' });
  const controller = new AbortController();
  const opening = openCapture(sentence, { signal: controller.signal });
  controller.abort();
  await assert.rejects(opening, { name: 'AbortError' });
  assert.equal((await openCapture(sentence)).tensors.length, 18);
});
