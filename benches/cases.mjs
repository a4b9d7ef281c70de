// What is timed. Cases are data: the runner times them, and a test runs each once on a small problem.
//
// Cases of one group take turns, so that a ratio between them is not the weather on the machine. A ratio is to the case
// called `base`, timed for the same contestant.

/** The builds of this package, and what they are held against. */
const OURS = ['simd128', 'relaxed'];
const PEERS = ['onnxruntime-web', 'tfjs', 'plain JS'];
const ALL = [...OURS, ...PEERS];
/** Those that one would wait for where n is large. */
const FAST = ALL.filter((who) => who !== 'plain JS');

/** Largest error against the definition, relative to the largest number of the output: some 100 units in the last place. */
const BOUND = 1e-5;

/**
 * @typedef {object} Case
 * @property {string} group what takes turns with it.
 * @property {string} name no other case has it.
 * @property {string} why one sentence.
 * @property {{ heads: number, kvHeads: number, n: number, m: number, d: number, dv: number }} shape
 * @property {Record<string, any>} options those of `attention()`.
 * @property {'normal' | 'flat'} data how Q, K and V are drawn.
 * @property {string[]} who the contestants.
 * @property {string} [base] the case that its ratio is to.
 * @property {number} bound of the error.
 * @property {boolean} quick whether `--quick` times it.
 * @property {number} [calls] in a sample; default: as many as last as long as the clock needs.
 * @property {number} [rounds] in place of the runner's.
 * @property {boolean} [memory] watch the memory in place of the clock.
 * @property {string} [against] the contestant that its ratio is to, where it is not to another case.
 * @property {string[]} [identical] contestants whose outputs are the same bit for bit.
 * @property {string} [needs] the option that the package must know.
 */

/**
 * A square problem of one head with d = 64, or what the last argument says instead.
 *
 * @param {string} name
 * @param {string} why
 * @param {Partial<Case & Case['shape']>} [rest]
 * @returns {Case}
 */
function one(name, why, { n = 1024, m = n, d = 64, dv = d, heads = 1, kvHeads = heads, ...more } = {}) {
  const shape = { heads, kvHeads, n, m, d, dv };
  return { group: name, name, why, shape, options: {}, data: 'normal', who: OURS, bound: BOUND, quick: false, ...more };
}

/** @returns {Case[]} */
export function allCases(catalog) {
  return [
    ...growth(),
    ...sizes(),
    ...masks(),
    ...heads(),
    ...members(catalog),
    ...longRows(),
    ...decoding(),
    ...small(),
    ...pool(),
    ...statistics(),
    ...memory(),
  ];
}

/** The lengths of the chart of growth. */
export const LENGTHS = [256, 512, 1024, 2048, 4096, 8192];

const growth = () =>
  LENGTHS.map((n) =>
    one(`softmax n=${n}`, `one head of ${n} tokens: how time grows with n`, {
      n,
      who: n > 4096 ? FAST : ALL,
      quick: n === 1024,
    }),
  );

const sizes = () => [
  ...[1024, 2048, 4096].map((n) =>
    one(`softmax n=${n} d=128`, 'the head size of large language models', { n, d: 128, who: ALL }),
  ),
  one('softmax d=32', 'the head size of small sentence encoders', { d: 32, who: ALL }),
  one('softmax d=80', 'a head size that fills no power of two', { d: 80, who: ALL }),
];

function masks() {
  const short = { group: 'causal n=1024', base: 'full n=1024' };
  const long = { n: 4096, group: 'masks n=4096', base: 'full n=4096' };
  const window = (left) =>
    one(`window ${left}`, `causal, ${left} keys back: time should follow the keys seen, not n`, {
      ...long,
      options: { causal: true, leftWindowSize: left },
    });
  return [
    one('full n=1024', 'what the causal case is compared with', { group: short.group, who: FAST }),
    one('causal n=1024', 'half the pairs: half the time, at best', {
      ...short,
      options: { causal: true },
      who: FAST,
      quick: true,
    }),
    one('full n=4096', 'what the masks are compared with', { n: 4096, group: long.group, who: FAST }),
    one('causal n=4096', 'half the pairs, where blocks are small beside n', {
      ...long,
      options: { causal: true },
      who: FAST,
    }),
    ...[64, 256, 1024].map(window),
  ];
}

const heads = () => [
  one('8 heads', 'eight heads of their own keys', { heads: 8, group: 'grouped heads', who: ALL }),
  one('8 heads over 2', 'grouped queries, as in Llama 3: four heads share each head of keys and values', {
    heads: 8,
    kvHeads: 2,
    group: 'grouped heads',
    base: '8 heads',
    who: ALL,
  }),
];

/** Every member of the kernel's lists, one at a time in an otherwise plain problem. */
export function members({ scores, normalizers, positions }) {
  const list = (members, key, standard) => {
    const base = `${key} ${standard}`;
    return members.map(({ id }) =>
      one(`${key} ${id}`, `what this ${key} costs beside ${standard}`, {
        group: `${key}s`,
        base,
        options: { [key]: id },
      }),
    );
  };
  return [
    ...list(scores, 'score', 'scaled_dot'),
    ...list(normalizers, 'normalizer', 'softmax'),
    ...list(positions, 'position', 'none'),
  ];
}

/** Rows so long that finding a threshold may cost more than the products. */
function longRows() {
  const kinds = /** @type {const} */ ([
    ['normal', 'few keys are near the largest'],
    ['flat', 'every key is a candidate: the worst case of the search'],
  ]);
  return kinds.flatMap(([data, why]) => {
    const shape = { n: 64, m: 32768, group: `long rows, ${data}`, data, base: `long softmax, ${data}` };
    return ['softmax', 'sparsemax', 'entmax15', 'topk'].map((normalizer) =>
      one(`long ${normalizer}, ${data}`, why, {
        ...shape,
        options: { normalizer },
      }),
    );
  });
}

const decoding = () =>
  [4096, 32768].map((m) =>
    one(`decode M=${m}`, 'one new token looks back: bound by memory, not by arithmetic', {
      n: 1,
      m,
      who: [...OURS, 'problem open', ...PEERS, 'plain wasm'],
    }),
  );

const small = () => [
  one('small call', 'what a call costs before it computes anything: 10,000 calls in samples of 100', {
    n: 16,
    d: 32,
    who: ALL,
    calls: 100,
    rounds: 100,
    quick: true,
  }),
];

/** The peers fall back to one thread on a page without COOP and COEP headers. */
function pool() {
  const workers = ['1 worker', '2 workers'];
  const who = { who: [...workers, 'onnxruntime-web', 'tfjs'], identical: workers, against: '1 worker' };
  return [
    one('pool, 8 heads', 'heads spread over workers', { heads: 8, ...who }),
    one('pool, one head n=4096', 'blocks of rows of one head spread over workers', { n: 4096, ...who }),
  ];
}

const statistics = () => [
  one('without statistics', 'the output alone', { group: 'statistics', needs: 'needStatistics' }),
  one('with statistics', 'entropy, distance and their kin of each row come along', {
    group: 'statistics',
    base: 'without statistics',
    options: { needStatistics: true },
    needs: 'needStatistics',
  }),
];

/** The peers' matrix of 8192 is 256 MiB; that of 32768 would be 4 GiB, which is all that a wasm memory can have. */
const memory = () => [
  one('memory n=8192', 'the most memory that the module took', {
    n: 8192,
    memory: true,
    who: [...OURS, ...PEERS.slice(0, 2)],
  }),
  one('memory n=32768', 'where the matrix alone would take 4 GiB', { n: 32768, memory: true }),
];

/** The same case on a problem so small that a test has time for it. */
export function shrunk(entry) {
  const { heads, kvHeads, n, m, d, dv } = entry.shape;
  const length = (size, most) => Math.min(size, most);
  const shape = {
    heads,
    kvHeads,
    n: length(n, 24),
    m: length(m, n === m ? 24 : 40),
    d: length(d, 8),
    dv: length(dv, 8),
  };
  const options = { ...entry.options };
  if (options.leftWindowSize !== undefined) options.leftWindowSize = Math.ceil(options.leftWindowSize / 128);
  return { ...entry, shape, options, calls: 1 };
}
