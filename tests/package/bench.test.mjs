// The benches time what the lists hold, and time it right: each case runs once, on a small problem, and a contestant
// whose answer is wrong gets no time. What needs a browser or the peers runs in `npm run bench` alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { allCases, shrunk } from '../../benches/cases.mjs';
import { chart } from '../../benches/chart.mjs';
import { csv } from '../../benches/csv.mjs';
import { figures } from '../../benches/figures.mjs';
import { openNode } from '../../benches/node.mjs';
import { runGroup } from '../../benches/page/bench.mjs';
import { preparePlain } from '../../benches/page/plain.mjs';
import { flops, pairs, seen } from '../../benches/page/problem.mjs';
import { chosen } from '../../benches/run.mjs';
import { lines } from '../../benches/table.mjs';
import { qkscope, readBytes } from './support.mjs';

const QUICK = { rounds: 1, budget: 0, warmUp: 0 };
const bench = await openNode([{ name: 'simd128', bytes: await readBytes('pkg/dist/qkscope_bg.wasm') }]);
const { cases, peaks } = await bench.about();
const small = (name) => shrunk(cases.find((entry) => entry.name === name));

test('every member of the lists has its case', () => {
  const names = allCases(qkscope.catalog).map(({ name }) => name);
  for (const [list, key] of [
    ['scores', 'score'],
    ['normalizers', 'normalizer'],
    ['positions', 'position'],
  ]) {
    for (const { id } of qkscope.catalog[list]) assert.ok(names.includes(`${key} ${id}`), id);
  }
});

test('no two cases have one name, and each is compared with one of its own group', () => {
  const all = allCases(qkscope.catalog);
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  for (const { name, group, base, why, who } of all) {
    assert.ok(why.length > 10 && who.length > 0, name);
    if (base !== undefined)
      assert.ok(
        all.some((other) => other.name === base && other.group === group),
        name,
      );
  }
});

const HERE = ['simd128', 'plain JS', 'plain wasm', 'problem open'];

// Here are neither the peers nor workers, and so no contestant for the cases of the pool.
for (const group of chosen(cases, {}).filter(([{ who }]) => who.some((name) => HERE.includes(name)))) {
  test(`${group[0].group}: each case runs and is right`, async () => {
    const results = await bench.run(group.map(shrunk), QUICK);
    for (const { name, who } of group) {
      for (const contestant of HERE.filter((each) => who.includes(each))) {
        const result = results.find((each) => each.case === name && each.who === contestant);
        assert.equal(result?.failed, undefined, `${name}, ${contestant}`);
        assert.ok(result.error <= result.bound);
      }
    }
    for (const { failed, ms, memory } of results) assert.ok(failed === undefined && (ms?.median > 0 || memory > 0));
  });
}

test('a wrong answer is caught, and not timed', async () => {
  const entry = { ...small('softmax n=1024'), who: ['right', 'wrong', 'short', 'dead'] };
  const wrong = (change) => ({
    peak: 'simd128',
    prepare: (problem) => ({ run: async () => change(await preparePlain(problem).run()) }),
  });
  const results = await runGroup(
    [entry],
    {
      right: wrong((output) => output),
      wrong: wrong((output) => output.with(37, output[37] + 1e-3)),
      short: wrong((output) => output.subarray(1)),
      dead: wrong((output) => output.fill(NaN)),
    },
    {},
    QUICK,
  );
  const [right, ...others] = results;
  assert.equal(right.failed, undefined);
  assert.ok(right.ms.median > 0);
  for (const other of others) assert.ok(other.failed && other.ms === undefined, other.who);
});

test('outputs that must be the same bit for bit are held to it', async () => {
  const entry = { ...small('softmax n=1024'), who: ['one', 'two'], identical: ['one', 'two'] };
  const contestant = (off) => ({
    peak: 'simd128',
    prepare: (problem) => ({
      run: () =>
        preparePlain(problem)
          .run()
          .map((value) => value * (1 + off)),
    }),
  });
  const run = (off) => runGroup([entry], { one: contestant(0), two: contestant(off) }, {}, QUICK);
  assert.deepEqual(
    (await run(0)).map(({ failed }) => failed),
    [undefined, undefined],
  );
  const [one, two] = await run(2 ** -22);
  assert.equal(one.failed, undefined);
  assert.match(two.failed, /bit for bit/);
});

test('masks leave the pairs that they are said to', () => {
  const rules = [
    [{}, () => true],
    [{ causal: true }, (i, j) => j <= i],
    [{ causal: true, leftWindowSize: 3 }, (i, j) => j <= i && j >= i - 3],
    [{ leftWindowSize: 2 }, (i, j) => j >= i - 2],
  ];
  for (const [options, sees] of rules) {
    const entry = { ...small('softmax n=1024'), options };
    const { n, m, d, dv } = entry.shape;
    let count = 0;
    for (let i = 0; i < n; i++) {
      const [from, to] = seen(entry, i);
      for (let j = 0; j < m; j++) assert.equal(sees(i, j), j >= from && j < to, `${i}, ${j}`);
      count += to - from;
    }
    assert.equal(pairs(entry), count);
    assert.equal(flops(entry), 2 * count * (d + dv));
  }
});

test('the peak is a speed of this machine, above that of attention', async () => {
  const [{ kind, gflops }] = peaks;
  assert.equal(kind, 'simd128');
  const [{ flops, ms }] = await bench.run([small('score scaled_dot')], QUICK);
  assert.ok(gflops > flops / ms.median / 1e6, `${gflops} GFLOP/s`);
});

test('a case that is chosen by name brings the one that it is compared with', () => {
  const names = (options) =>
    chosen(cases, options)
      .flat()
      .map(({ name }) => name);
  assert.deepEqual(names({ only: 'window 64' }), ['full n=4096', 'window 64']);
  assert.deepEqual(names({ only: 'softmax n=1024' }), ['softmax n=1024']);
  assert.ok(names({ quick: true }).length < names({}).length);
  assert.throws(() => names({ only: 'nonsense' }), /nonsense/);
});

test('figures follow from the times', () => {
  const entry = { ...small('causal n=1024'), name: 'half', base: 'all' };
  const of = (name, who, median) => ({
    ...{ group: 'g', case: name, who, flops: 2e6, bound: 1, error: 0.5, peak: 4 },
    ms: { median, p10: median, p90: median, samples: 1 },
  });
  const results = [of('all', 'simd128', 4), of('half', 'simd128', 1), of('half', 'tfjs', 3)];
  const rows = figures([{ ...entry, name: 'all', base: undefined }, entry], results);
  assert.deepEqual([rows[1].gflops, rows[1].ofPeak, rows[1].ratio, rows[1].faster.tfjs], [2, 0.5, 0.25, 3]);
  assert.match(lines(rows).join('\n'), /simd128 +1\.00 .* 2\.00 +50 % +0\.250 .* 3\.00/);
  const [head, , half] = csv(rows.map((row) => ({ browser: 'a "b", c', ...row }))).split('\n');
  assert.ok(half.startsWith('"a ""b"", c",g,half,'));
  // The options are an object: its commas stand in quotes.
  assert.equal(half.replaceAll(/"(?:[^"]|"")*"/g, '').split(',').length, head.split(',').length);
});

test('the picture of growth has every contestant and every length', () => {
  const point = (n, median) => ({ n, ms: { median, p10: median * 0.9, p90: median * 1.1, samples: 5 } });
  const picture = chart('a < b', { ours: [point(256, 1), point(512, 4)], theirs: [point(256, 2), point(512, 9)] });
  for (const text of ['ours', 'theirs', '>256<', '>512<', 'a &lt; b']) assert.ok(picture.includes(text), text);
  // Logarithmic: four times the time is the same step wherever it is.
  const heights = [...picture.matchAll(/<path d="M[\d.]+ ([\d.]+)L[\d.]+ ([\d.]+)"/g)].map(([, a, b]) => a - b);
  assert.ok(heights.length === 2 && Math.abs(heights[0] / Math.log(4) - heights[1] / Math.log(4.5)) < 0.5);
});
