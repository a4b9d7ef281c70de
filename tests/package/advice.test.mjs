// What a first call gets wrong: the refusal names the argument, what it was, and what to write in its place.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { qkscope, refusal, tensor } from './support.mjs';

const { attention, compareWeights, headImportance, multiHeadAttention, openAttention, openCapture } = qkscope;
const { rollout, valueNorms, valueWeightedNorms } = qkscope;
const [query, key, value] = [tensor([3, 4]), tensor([5, 4]), tensor([5, 2])];
const weights = tensor([3, 5]);
/** With one axis. */
const flat = { data: new Float32Array(4), shape: [4] };

test('a shape of one axis: the shapes that there are, and what their letters count', async () => {
  const rowsOf = (x) => multiHeadAttention(x, { outProjWeight: tensor([4, 4]) }, { numHeads: 1 });
  const mask = { data: new Uint8Array(4), shape: [4] };
  const cases = [
    [attention(flat, key, value), 'query', '(N, d), (H, N, d) or (B, H, N, d)', 'N queries'],
    [attention(query, flat, value), 'key', '(M, d), (H, M, d) or (B, H, M, d)', 'M keys'],
    [openAttention(query, key, flat), 'value', '(M, dv), (H, M, dv) or (B, H, M, dv)', 'B batch items'],
    [attention(query, key, value, { attnMask: mask }), 'attnMask', '(N, M), (H, N, M) or (B, H, N, M)', 'H heads'],
    [attention(query, key, value, { attnBias: flat }), 'attnBias', '(N, M), (H, N, M) or (B, H, N, M)', 'H heads'],
    [rowsOf(flat), 'x', '(N, E) or (B, N, E)', 'E numbers in each row'],
    [compareWeights(weights, flat), 'other', '(N, M), (H, N, M) or (B, H, N, M)'],
    [rollout([flat]), 'layers[0]', '(N, N) or (H, N, N)'],
    [valueNorms(flat), 'value', '(B, H, M, dv)'],
    [valueNorms(value, { projection: flat }), 'projection', '(H * dv, E)'],
    [valueWeightedNorms(weights, flat), 'norms', '(H, M) or (B, H, M)'],
    [headImportance(flat), 'output', '(B, H, N, dv)', 'dv numbers in each value'],
  ];
  for (const [call, name, ...parts] of cases) {
    await assert.rejects(
      call,
      refusal('shape', `${name}.shape must be`, 'not [4]', 'a single row is [1, 4]', ...parts),
    );
  }
  const many = { data: new Float32Array(4), shape: [1, 1, 1, 2, 2] };
  await assert.rejects(attention(many, key, value), refusal('shape', 'query', '[1, 1, 1, 2, 2]', '(B, H, N, d)'));
});

test('arrays in place of a tensor: the line that makes them one is right', async () => {
  /** What is given as the query, the expression that the refusal proposes, and what that comes to. */
  const cases = [
    [[1, 2, 3, 4], { data: [1, 2, 3, 4], shape: [1, 4] }],
    [
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
      { data: [1, 2, 3, 4, 5, 6, 7, 8], shape: [2, 4] },
    ],
    [[[[1, 2, 3, 4]], [[5, 6, 7, 8]]], { data: [1, 2, 3, 4, 5, 6, 7, 8], shape: [2, 1, 4] }],
    [{ data: [1, 2, 3, 4], shape: [1, 4] }, [1, 2, 3, 4]],
    [{ data: [[1, 2, 3, 4]], shape: [1, 4] }, [1, 2, 3, 4]],
    [{ data: Float64Array.of(1, 2, 3, 4), shape: [1, 4] }, [1, 2, 3, 4]],
  ];
  for (const [given, expected] of cases) {
    const error = await attention(given, key, value).catch((error) => error);
    refusal('tensor', 'query', 'Float32Array')(error);
    const [, proposed] = /: give (.*)$/.exec(error.message) ?? [];
    const made = new Function('query', `return ${proposed.startsWith('{') ? `(${proposed})` : proposed}`)(given);
    const plain = Array.isArray(expected) ? made : made.data;
    assert.ok(plain instanceof Float32Array, error.message);
    assert.deepEqual([...plain], Array.isArray(expected) ? expected : expected.data);
    if (!Array.isArray(expected)) assert.deepEqual(made.shape, expected.shape);
  }
});

test('numbers without their shape, and what is no numbers at all', async () => {
  const bare = refusal(
    'tensor',
    'query must be { data: Float32Array, shape: [N, d] }',
    '{ data: query, shape: [N, d] }',
  );
  await assert.rejects(attention(new Float32Array(4), key, value), bare);
  await assert.rejects(attention(new Int8Array(4), key, value), refusal('tensor', 'Float32Array.from(query)'));
  await assert.rejects(attention(7, key, value), refusal('tensor', 'query', 'not 7'));
  const w = [[1, 2, 3, 4]];
  await assert.rejects(attention(query, key, value, { score: { id: 'general', w } }), refusal('tensor', 'score.w'));
  const inProjWeight = [[1]];
  await assert.rejects(
    multiHeadAttention(tensor([2, 4]), { inProjWeight }, { numHeads: 1 }),
    refusal('tensor', 'inProjWeight', 'shape: [1, 1]'),
  );
});

test('what would become other numbers is no advice', async () => {
  const silent = async (call, ...parts) => {
    const error = await call.catch((error) => error);
    refusal('tensor', ...parts)(error);
    assert.doesNotMatch(error.message, /\.from\(/);
  };
  await silent(attention([new Float32Array(4), new Float32Array(4)], key, value), 'query', 'an array');
  await silent(attention([tensor([4])], key, value), 'query');
  await silent(attention(['1', '2'], key, value), 'query');
  // A number is true or false as it stands, or is added.
  for (const data of [[0, -1e9], [[0, -Infinity]]]) {
    await silent(attention(query, key, value, { attnMask: { data, shape: [1, 2] } }), 'attnMask.data', 'attnBias');
    await silent(attention(query, key, value, { attnMask: data }), 'attnMask', 'attnBias');
  }
});

test('numbers of a parameter keep their one axis', async () => {
  const options = { normalizer: { id: 'softmax_sink', sinks: [0.5] } };
  const error = await attention(query, key, value, options).catch((error) => error);
  refusal('tensor', 'normalizer.sinks', 'Float32Array.from(normalizer.sinks)', 'shape: [1] }')(error);
  const sinks = tensor([1]);
  await attention(query, key, value, { normalizer: { id: 'softmax_sink', sinks } });
});

test('numbers to paint are named as they are given', async () => {
  const size = { rows: 1, columns: 2, width: 2, height: 1, low: 0, high: 1 };
  for (const values of [[1, 2], Float64Array.of(1, 2)]) {
    await assert.rejects(qkscope.paint(values, size), refusal('tensor', 'values must be', 'Float32Array.from(values)'));
  }
  await assert.rejects(qkscope.paint(new Float32Array(3), size), refusal('shape', 'values must be 2 elements'));
});

test('a value that is left out: what stands for none', async () => {
  await assert.rejects(attention(query, key), refusal('tensor', 'value must be', 'null where no output is wanted'));
});

test('an argument that is missing is named', async () => {
  const cases = [
    [attention(), 'query'],
    [attention(query), 'key'],
    [attention(query, key), 'value'],
    [openAttention(query, key), 'value'],
    [compareWeights(), 'weights'],
    [compareWeights(weights), 'other'],
    [valueWeightedNorms(weights), 'norms'],
    [headImportance(), 'output'],
    [multiHeadAttention(), 'numHeads'],
    [multiHeadAttention(undefined, {}, { numHeads: 1 }), 'x'],
  ];
  for (const [call, name] of cases) {
    const error = await call.catch((error) => error);
    assert.ok(error instanceof qkscope.QkscopeError, String(error));
    assert.equal(error.subject, name);
  }
});

test('weights over the same axes compare, with leading ones or without', async () => {
  const plain = await compareWeights(weights, tensor([3, 5], 2));
  for (const shape of [
    [1, 3, 5],
    [1, 1, 3, 5],
  ]) {
    const found = await compareWeights(weights, tensor(shape, 2));
    assert.deepEqual(found.difference, plain.difference);
    assert.deepEqual(found.divergence, plain.divergence);
    const turned = await compareWeights(tensor(shape, 1), tensor([3, 5], 2));
    assert.deepEqual(turned.difference, { data: plain.difference.data, shape });
  }
  const both = refusal('shape', 'other.shape', '[3, 5]', '[2, 3, 5]');
  await assert.rejects(compareWeights(weights, tensor([2, 3, 5])), both);
});

test('a mask of other numbers than 0 and 1: the first, and where it is', async () => {
  const data = new Uint8Array(2 * 3 * 5).fill(1);
  data[17] = 2;
  data[20] = 255;
  const heads = [tensor([2, 3, 4]), tensor([2, 5, 4]), null];
  const named = (name) => refusal('parameter', `${name}.data[17]`, 'at [1, 0, 2]', '1 (may attend)', 'not 2');
  await assert.rejects(attention(...heads, { attnMask: { data, shape: [2, 3, 5] } }), named('attnMask'));
  const layer = { inProjWeight: tensor([12, 4]), outProjWeight: tensor([4, 4]) };
  const x = { query: tensor([3, 4]), key: tensor([5, 4]) };
  const options = { numHeads: 2, attnMask: { data, shape: [2, 3, 5] } };
  await assert.rejects(multiHeadAttention(x, layer, options), named('attnMask'));
  const keyPaddingMask = { data: Uint8Array.of(1, 1, 0, 9, 1), shape: [1, 5] };
  const padding = refusal('parameter', 'keyPaddingMask.data[3]', 'at [0, 3]', 'not 9');
  await assert.rejects(multiHeadAttention(x, layer, { numHeads: 2, keyPaddingMask }), padding);
});

test('numbers to add are no mask, and truths become one', async () => {
  const added = { data: new Float32Array(15), shape: [3, 5] };
  await assert.rejects(attention(query, key, value, { attnMask: added }), refusal('tensor', 'attnMask', 'attnBias'));
  const truths = { data: Array(15).fill(true), shape: [3, 5] };
  const proposed = refusal('tensor', 'attnMask.data', 'Uint8Array.from(attnMask.data)');
  await assert.rejects(attention(query, key, value, { attnMask: truths }), proposed);
});

test('RoPE over an odd number of dimensions: why not, and what to set', async () => {
  const odd = [tensor([3, 5]), tensor([3, 5]), null];
  const refused = refusal('parameter', 'rotaryEmbeddingDim', 'pairs', 'rotaryEmbeddingDim: 4', '5');
  await assert.rejects(attention(...odd, { position: 'rope' }), refused);
  const { status } = await attention(...odd, { position: { id: 'rope', rotaryEmbeddingDim: 4 } });
  assert.deepEqual([...status], [0, 0, 0]);
});

test('a path in place of an address or bytes: the line that reads the file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'qkscope-path-'));
  try {
    const file = path.join(folder, 'q.json');
    await writeFile(file, '{"q": [[1, 2]], "k": [[3, 4]]}');
    for (const given of [file, 'q.json', './q.json', 'C:\\captures\\q.json', 'C:/captures/q.json']) {
      const parts = ['node:fs/promises', `await readFile(${JSON.stringify(given)})`, 'file:'];
      await assert.rejects(openCapture(given), refusal('source', ...parts));
    }
    assert.deepEqual((await openCapture(pathToFileURL(file))).layers.length, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
