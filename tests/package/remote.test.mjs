// Captures at an address: what is asked of the host, what comes of it, and hosts that fail or lie.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { json, noise, npy, npz, safetensors, tensor } from '../web/page.mjs';
import { host, whole } from './host.mjs';
import { qkscope, readBytes, refusal, serving } from './support.mjs';

const { openCapture } = qkscope;

const [LAYERS, HEADS, SHARED, N, M, D] = [6, 4, 2, 100, 120, 32];
const FIRST = 65536;

/** Six layers whose four query heads share two key heads, with sinks: 40 KB a tensor or so. */
const tensors = Object.fromEntries(
  Array.from({ length: LAYERS }, (_, layer) => [
    [`layers.${layer}.k`, tensor([1, SHARED, M, D], noise(SHARED * M * D, 3 * layer + 1))],
    [`layers.${layer}.q`, tensor([1, HEADS, N, D], noise(HEADS * N * D, 3 * layer + 2))],
    [`layers.${layer}.sinks`, tensor([HEADS], noise(HEADS, layer))],
    [`layers.${layer}.v`, tensor([1, SHARED, M, D], noise(SHARED * M * D, 3 * layer + 3))],
  ]).flat(),
);
const file = safetensors(tensors);

/** Where the bytes of a tensor are in a safetensors file, `[from, to)`. */
function placeOf(bytes, name) {
  const length = Number(bytes.readBigUInt64LE(0));
  const { data_offsets: ends } = JSON.parse(bytes.subarray(8, 8 + length).toString())[name];
  return ends.map((end) => end + 8 + length);
}

/** Opens the file at a host that answers so, and hands both to `look`. */
const opened = (bytes, change, look, options = {}) => {
  const { seen, listener } = host(bytes, change);
  return serving(listener, async (url) => look(await openCapture(url, options), seen));
};

/** Refused at once, or when a layer is read. */
const refused = (bytes, change, ...expected) => {
  const { seen, listener } = host(bytes, change);
  return serving(listener, async (url) => {
    await assert.rejects(async () => (await openCapture(url)).layer(5), refusal(...expected));
    assert.ok(seen.ranges.every(Boolean), 'the whole file was asked for');
  });
};

const headOf = ({ shape, data }, head) => {
  const size = shape.at(-2) * shape.at(-1);
  return data.slice(head * size, (head + 1) * size);
};

test('one head of one layer: the header, and no byte of another layer or head', () =>
  opened(file, undefined, async (capture, seen) => {
    assert.equal(capture.ranged, true);
    assert.equal(capture.layers.length, LAYERS);
    assert.deepEqual(seen.ranges, [[0, FIRST]]);
    const { query, key, value, options } = await capture.layer(4, { head: 3 });
    for (const [found, name, head, length] of [
      [query, 'q', 3, N],
      [key, 'k', 1, M],
      [value, 'v', 1, M],
    ]) {
      assert.deepEqual([...found.shape], [1, 1, length, D], name);
      assert.deepEqual(found.data, headOf(tensors[`layers.4.${name}`], head), name);
    }
    assert.deepEqual([...options.normalizer.sinks.data], [tensors['layers.4.sinks'].data[3]]);
    const wanted = ['k', 'q', 'sinks', 'v'].map((part) => placeOf(file, `layers.4.${part}`));
    const pieces = seen.ranges.slice(1).sort(([a], [b]) => a - b);
    assert.deepEqual(pieces, [
      [wanted[0][0] + M * D * 4, wanted[0][1]],
      [wanted[1][1] - N * D * 4, wanted[1][1]],
      [wanted[2][1] - 4, wanted[2][1]],
      [wanted[3][0] + M * D * 4, wanted[3][1]],
    ]);
    assert.equal(seen.bytes, FIRST + (2 * M + N) * D * 4 + 4);
    const { weights } = await qkscope.attention(query, key, value, { ...options, needWeights: true });
    const all = await capture.layer(4);
    const whole = await qkscope.attention(all.query, all.key, all.value, { ...all.options, needWeights: true });
    assert.deepEqual(weights.data, whole.weights.data.slice(3 * N * M), 'and it is that head');
  }));

test('a layer: each of its tensors in one request, and again where it is asked for again', () =>
  opened(file, undefined, async (capture, seen) => {
    const { query } = await capture.layer(5);
    assert.deepEqual(query.data, tensors['layers.5.q'].data);
    const places = ['k', 'q', 'sinks', 'v'].map((part) => placeOf(file, `layers.5.${part}`));
    assert.deepEqual(
      seen.ranges.slice(1).sort(([a], [b]) => a - b),
      places,
    );
    await capture.tensor('layers.5.q');
    assert.deepEqual(seen.ranges.slice(5), [places[1]]);
    await capture.tensor('layers.0.k');
    assert.equal(seen.ranges.length, 6, 'what came with the header is not asked for');
  }));

test('a longer header: exactly the rest of it', async () => {
  const long = safetensors(tensors, { text: 'long '.repeat(20_000) });
  const end = 8 + Number(long.readBigUInt64LE(0));
  assert.ok(end > FIRST);
  const parts = [];
  const options = { onProgress: (fraction) => parts.push(fraction) };
  await opened(
    long,
    undefined,
    async (capture, seen) => {
      assert.deepEqual(seen.ranges, [
        [0, FIRST],
        [FIRST, end],
      ]);
      assert.equal(capture.text.length, 100_000);
      assert.deepEqual((await capture.tensor('layers.3.v')).data, tensors['layers.3.v'].data);
      assert.deepEqual(seen.ranges[2], placeOf(long, 'layers.3.v'));
    },
    options,
  );
  assert.equal(parts.at(-1), 1);
  assert.equal(parts.filter((part) => part === 1).length, 1);
  assert.deepEqual(
    parts,
    [...parts].sort((a, b) => a - b),
  );
});

test('a small file is there after the first request', () => {
  const small = safetensors({ q: tensor([2, 3], noise(6)), k: tensor([2, 3], noise(6)) });
  return opened(small, undefined, async (capture, seen) => {
    assert.equal((await capture.layer(0)).query.data.length, 6);
    assert.deepEqual(seen.ranges, [[0, small.length]]);
    assert.equal(capture.ranged, true);
  });
});

test('a host without ranges: one request, all of the file, and the capture says so', () =>
  opened(file, whole(file), async (capture, seen) => {
    assert.equal(capture.ranged, false);
    assert.deepEqual((await capture.layer(5, { head: 1 })).query.data, headOf(tensors['layers.5.q'], 1));
    assert.equal(seen.ranges.length, 1);
    assert.equal(seen.bytes, file.length);
  }));

for (const [name, headers] of [
  ['compressed on the way', { 'content-encoding': 'gzip', 'content-range': `bytes 0-${FIRST - 1}/${file.length}` }],
  ['without Content-Range', {}],
  ['of a file of unknown size', { 'content-range': `bytes 0-${FIRST - 1}/*` }],
  ['in several parts', { 'content-type': 'multipart/byteranges; boundary=x' }],
]) {
  test(`a range ${name} is no range: one more request, for all of the file`, () =>
    opened(
      file,
      (_, nth) => (nth === 0 ? { headers } : undefined),
      async (capture, seen) => {
        assert.equal(capture.ranged, false);
        assert.deepEqual((await capture.tensor('layers.5.v')).data, tensors['layers.5.v'].data);
        assert.deepEqual(seen.ranges, [[0, FIRST], undefined]);
      },
    ));
}

test('what is not fetched by http has no ranges to speak of', async () => {
  assert.equal((await openCapture(file)).ranged, undefined);
  assert.equal((await openCapture(new Blob([file]))).ranged, undefined);
  assert.equal((await openCapture(URL.createObjectURL(new Blob([file])))).ranged, undefined);
});

test('an empty file is empty, whatever range is asked of it', async () => {
  const { seen, listener } = host(Buffer.alloc(0));
  await serving(listener, (url) => assert.rejects(openCapture(url), refusal('truncated')));
  assert.equal(seen.ranges.length, 1);
});

/** What the host says of the second range, or the first, in place of the truth. */
const says = (nth, contentRange) => (answer, at) =>
  at === nth ? { headers: { ...answer.headers, 'content-range': contentRange } } : undefined;
const [from, to] = placeOf(file, 'layers.5.v');
const size = file.length;

/** A host that tampers with the bytes of layer 5's values alone: `tamper` gets the honest answer. */
const tampered = (tamper) => (answer, _, range) => (range?.[0] === from ? tamper(answer) : undefined);

for (const [name, change, ...expected] of /** @type {[string, any, ...any[]][]} */ ([
  [
    'begins elsewhere at first',
    says(0, `bytes 5-${FIRST + 4}/${size}`),
    `bytes 5-${FIRST + 4}`,
    `bytes 0-${FIRST - 1}`,
  ],
  ['is shorter at first', says(0, `bytes 0-99/${size}`), 'bytes 0-99', `bytes 0-${FIRST - 1}`],
  ['ends past the end', says(0, `bytes 0-${FIRST - 1}/1000`), 'of 1000', 'bytes 0-999'],
  [
    'begins elsewhere',
    tampered(() => ({ headers: { 'content-range': `bytes 0-${to - from - 1}/${size}` } })),
    `bytes ${from}-${to - 1}`,
    `bytes 0-${to - from - 1} of ${size}`,
  ],
  [
    'ends early',
    tampered(({ body }) => ({
      headers: { 'content-range': `bytes ${from}-${to - 2}/${size}` },
      body: body.subarray(1),
    })),
    `bytes ${from}-${to - 1}`,
    `bytes ${from}-${to - 2}`,
  ],
  [
    'has a short body',
    tampered(({ body }) => ({ body: body.subarray(0, -7) })),
    `${to - from - 7} bytes`,
    `the ${to - from} of`,
  ],
  [
    'has a long body',
    tampered(({ body }) => ({ body: Buffer.concat([body, Buffer.alloc(9)]) })),
    `${to - from + 9} bytes or more`,
    `the ${to - from} of`,
  ],
  [
    'does not say which it is',
    tampered(() => ({ headers: {} })),
    'a range that does not say which',
    `bytes ${from}-${to - 1}`,
  ],
  [
    'is compressed',
    tampered(({ headers }) => ({ headers: { ...headers, 'content-encoding': 'gzip' } })),
    'a range of a file in the encoding gzip',
    `bytes ${from}-${to - 1}`,
  ],
  [
    'becomes a whole file of another size',
    tampered(() => ({ status: 200, headers: {}, body: file.subarray(1) })),
    'changed while it was read',
    `${size} bytes`,
    `${size - 1} bytes`,
  ],
  [
    'is not found any more',
    tampered(() => ({ status: 404, headers: {}, body: Buffer.alloc(0) })),
    'status 404',
    'status 206',
  ],
  [
    'is refused',
    tampered(() => ({ status: 416, headers: { 'content-range': `bytes */${size}` }, body: Buffer.alloc(0) })),
    'status 416',
  ],
  [
    'is refused at first',
    (_, nth) => nth === 0 && { status: 416, headers: { 'content-range': 'bytes */9' } },
    'status 416',
    `bytes 0-${FIRST - 1}`,
  ],
  [
    'is of a file that grew',
    tampered(() => ({ headers: { 'content-range': `bytes ${from}-${to - 1}/${size + 1}` } })),
    'changed while it was read',
    `${size} bytes`,
    `${size + 1} bytes`,
  ],
  [
    'is past the end of a file that shrank',
    tampered(() => ({ status: 416, headers: { 'content-range': 'bytes */70000' }, body: Buffer.alloc(0) })),
    'changed while it was read',
    `${size} bytes`,
    '70000 bytes',
  ],
  [
    'is of another version, by its tag',
    tampered(({ headers }) => ({ headers: { ...headers, etag: '"two"' } })),
    'changed while it was read',
    '"one"',
    '"two"',
  ],
  [
    'is of another version, by its date',
    tampered(({ headers }) => ({ headers: { ...headers, 'last-modified': 'Tue, 02 Jan 2024 00:00:00 GMT' } })),
    'changed while it was read',
    'Mon, 01',
    'Tue, 02',
  ],
  [
    'becomes another file',
    tampered(() => ({ status: 200, headers: { etag: '"two"' }, body: file })),
    'changed while it was read',
    '"one"',
    '"two"',
  ],
])) {
  test(`a range that ${name}: an error with both sides, and the file is not fetched for it`, () =>
    refused(file, change, expected[0].startsWith('changed') ? 'changed' : 'source', ...expected));
}

test('a host that sends all of the file in place of a range: it is kept, and nothing else is asked for', () =>
  opened(
    file,
    (_, nth) => nth > 0 && { status: 200, headers: {}, body: file },
    async (capture, seen) => {
      const [first, again] = [await capture.layer(5), await capture.layer(5)];
      for (const { value } of [first, again]) assert.deepEqual(value.data, tensors['layers.5.v'].data);
      assert.deepEqual((await capture.layer(1)).query.data, tensors['layers.1.q'].data);
      // The tensors of a layer are asked for together.
      assert.ok(seen.ranges.length <= 5, `${seen.ranges.length} requests`);
    },
  ));

test('a header that comes with all of the file is asked for once', () => {
  const long = safetensors(tensors, { text: 'a'.repeat(2 * FIRST) });
  return opened(
    long,
    (_, nth) => nth > 0 && { status: 200, headers: {}, body: long },
    async (capture, seen) => {
      assert.deepEqual((await capture.layer(5)).value.data, tensors['layers.5.v'].data);
      assert.equal(seen.ranges.length, 2);
    },
  );
});

test('a size that no number holds, or a header that lies, costs nothing', async () => {
  await refused(file, says(0, `bytes 0-${FIRST - 1}/99999999999999999999`), 'source', 'of 100000000000000000000');
  const claims = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, 0]), Buffer.from('{'.padEnd(FIRST))]);
  await refused(claims, says(0, `bytes 0-${FIRST - 1}/${2 ** 50}`), 'limit', 2 ** 40);
});

test('bodies that never end are left, and the limit holds where ranges are not known', async () => {
  const endless = (headers) => (_, response) => {
    response.writeHead(206, headers);
    const more = () => response.destroyed || response.write(Buffer.alloc(65536), () => setImmediate(more));
    more();
  };
  const range = { 'content-range': `bytes 0-${FIRST - 1}/${size}` };
  await serving(endless(range), (url) => assert.rejects(openCapture(url), refusal('source', `the ${FIRST} of`)));
  await serving(endless({}), (url) => assert.rejects(openCapture(url), refusal('source', 'status 206')));
});

test('a tensor over the limit is not asked for; one head of it may fit', () =>
  opened(
    file,
    undefined,
    async (capture, seen) => {
      await assert.rejects(capture.layer(5), refusal('limit', 'layers.5.q', N * D * HEADS * 4, 20_000));
      assert.equal(seen.ranges.length, 1);
      assert.equal((await capture.layer(5, { head: 2 })).query.data.length, N * D);
    },
    { maxBytes: 20_000 },
  ));

test('an abort stops what is under way, and a failure the other tensors of its layer', async () => {
  let waiting = 0;
  let closed = 0;
  const { listener } = host(file);
  const stuck = (when) => (request, response) => {
    const [, at, end] = /^bytes=(\d+)-(\d+)/.exec(request.headers.range) ?? [];
    if (!when(Number(at))) return listener(request, response);
    waiting++;
    response.on('close', () => closed++);
    response.writeHead(206, { 'content-range': `bytes ${at}-${end}/${size}` }).write('x');
  };
  const settled = async () => {
    for (let look = 0; closed < waiting && look < 200; look++) await new Promise((next) => setTimeout(next, 10));
    assert.equal(closed, waiting);
  };
  await serving(
    stuck(() => true),
    async (url) => {
      const controller = new AbortController();
      const opening = openCapture(url, { signal: controller.signal });
      setTimeout(() => controller.abort(), 50);
      await assert.rejects(opening, { name: 'AbortError' });
      assert.equal(waiting, 1);
      await settled();
    },
  );
  await serving(
    stuck((at) => at > FIRST && at !== placeOf(file, 'layers.5.sinks')[0]),
    async (url) => {
      const capture = await openCapture(url);
      const controller = new AbortController();
      const reading = capture.layer(5, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error('enough')), 50);
      await assert.rejects(reading, { message: 'enough' });
      await settled();
    },
  );
  const [first] = placeOf(file, 'layers.5.v');
  await serving(
    (request, response) =>
      request.headers.range?.startsWith(`bytes=${first}-`)
        ? setTimeout(() => response.writeHead(500).end(), 50)
        : stuck((at) => at > FIRST)(request, response),
    async (url) => {
      const capture = await openCapture(url);
      await assert.rejects(capture.layer(5), refusal('source', 'status 500'));
      assert.ok(waiting >= 4);
      await settled();
    },
  );
});

test('progress of a layer never falls and ends at 1; what it throws is the rejection', () =>
  opened(file, undefined, async (capture) => {
    const parts = [];
    await capture.layer(3, { onProgress: (fraction) => parts.push(fraction) });
    assert.equal(parts.at(-1), 1);
    assert.deepEqual(
      parts,
      [...parts].sort((a, b) => a - b),
    );
    const fault = new Error('the page is gone');
    const onProgress = () => {
      throw fault;
    };
    await assert.rejects(capture.layer(5, { onProgress }), (error) => error === fault);
  }));

test('npz and JSON are fetched whole, each byte once; of npy the header and what is asked for', async () => {
  const names = { 'layers.0.q': tensors['layers.0.q'], 'layers.0.k': tensors['layers.0.k'] };
  for (const [bytes, format] of [
    [npz(names), 'npz'],
    [json(names), 'json'],
  ]) {
    await opened(bytes, undefined, async (capture, seen) => {
      assert.equal(capture.format, format);
      assert.deepEqual((await capture.layer(0, { head: 1 })).query.data, headOf(names['layers.0.q'], 1));
      assert.deepEqual(seen.ranges, [
        [0, FIRST],
        [FIRST, bytes.length],
      ]);
    });
  }
  const large = npz({ q: tensor([1, 2500, 500], noise(1_250_000)), k: tensor([1, 2500, 500], noise(1_250_000)) });
  await opened(large, undefined, async (capture, seen) => {
    assert.equal((await capture.layer(0)).key.data.length, 1_250_000);
    assert.equal(seen.bytes, large.length);
    assert.equal(seen.ranges.length, 3);
  });
});

/** An npy file whose first axis runs fastest. */
function fortran({ shape, data }) {
  const bytes = npy({ shape, data: transposed(shape, data) });
  bytes.write('True, ', bytes.indexOf('False,'));
  return bytes;
}

/** Numbers in C order, in Fortran order. */
function transposed(shape, data) {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  return Float32Array.from(data).map((_, place) => {
    const at = shape.map((size, axis) => Math.floor(place / strides[axis]) % size);
    return data[at.reduce((index, one, axis) => index * shape[axis] + one, 0)];
  });
}

test('a head of npy: its own bytes in C order; in Fortran order, or of several batch items, cut from the whole', async () => {
  const x = tensor([6, 100, 64], noise(6 * 100 * 64));
  const assign = { query: 'array', key: 'array' };
  const header = 128;
  await opened(
    npy(x),
    undefined,
    async (capture, seen) => {
      assert.deepEqual((await capture.layer(0, { head: 4 })).key.data, headOf(x, 4));
      const each = 100 * 64 * 4;
      assert.deepEqual(seen.ranges[1], [header + 4 * each, header + 5 * each]);
    },
    { assign },
  );
  await opened(
    fortran(x),
    undefined,
    async (capture, seen) => {
      const { query } = await capture.layer(0, { head: 4 });
      assert.deepEqual([...query.shape], [1, 100, 64]);
      assert.deepEqual(query.data, headOf(x, 4));
      assert.deepEqual(seen.ranges[1], [header, header + 6 * 100 * 64 * 4]);
    },
    { assign },
  );
  const batch = tensor([2, 3, 100, 64], x.data);
  await opened(
    npy(batch),
    undefined,
    async (capture) => {
      const { query } = await capture.layer(0, { head: 1 });
      assert.deepEqual([...query.shape], [2, 1, 100, 64]);
      assert.deepEqual(query.data, Float32Array.from([...headOf(x, 1), ...headOf(x, 4)]));
    },
    { assign },
  );
});

test('one head is refused where there is none such, or where it would be drawn as another', async () => {
  const capture = await openCapture(file);
  for (const head of [4, -1, 0.5, '1', NaN]) {
    await assert.rejects(capture.layer(0, { head }), refusal('parameter', 'head', '0 to 3'));
  }
  await assert.rejects(capture.layer(0, { heads: 1 }), refusal('parameter', 'heads', 'head, signal'));
  const flat = await openCapture(safetensors({ q: tensor([2, 3], noise(6)), k: tensor([2, 3], noise(6)) }));
  assert.deepEqual([...(await flat.layer(0, { head: 0 })).query.shape], [2, 3]);
  for (const position of ['alibi', '{"id": "alibi"}']) {
    const biased = await openCapture(safetensors(tensors, { position }));
    await assert.rejects(biased.layer(0, { head: 1 }), refusal('parameter', 'head', 'alibi'));
    assert.equal((await biased.layer(0)).query.data.length, HEADS * N * D);
  }
});

test('a file that is replaced at a real static server is not read in halves', async () => {
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const { serve } = await import('../../xtask/server.mjs');
  const folder = await mkdtemp(join(tmpdir(), 'remote-'));
  const site = await serve(folder);
  try {
    await writeFile(join(folder, 'a.safetensors'), file);
    const address = new URL('a.safetensors', site.url);
    const capture = await openCapture(address);
    assert.equal(capture.ranged, true);
    assert.deepEqual((await capture.layer(5)).value.data, tensors['layers.5.v'].data);
    await new Promise((later) => setTimeout(later, 20));
    await writeFile(join(folder, 'a.safetensors'), Buffer.from(file).fill(0, size - 100));
    await assert.rejects(capture.layer(5), refusal('changed', 'changed while it was read', 'ETag'));
    assert.equal((await (await openCapture(address)).layer(5)).value.data.at(-1), 0);
  } finally {
    await site.close();
    await rm(folder, { recursive: true });
  }
});

test('the passage of the page: its header and one head', async () => {
  const passage = await readBytes('www/passage.safetensors');
  await opened(passage, undefined, async (capture, seen) => {
    await capture.layer(3, { head: 7 });
    assert.equal(seen.bytes, FIRST + 3 * 424 * 32 * 2);
  });
});
