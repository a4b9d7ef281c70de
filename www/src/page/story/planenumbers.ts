// The plane's questions to the kernel: every number that is drawn is computed there.

import { attention, type AttentionOptions, type AttentionResult, type Tensor } from '../../engine/index.ts';
import type { PlaneNumbers } from '../../views/index.ts';
import type { Vector } from '../../views/parts/vectors.ts';
import type { PlaneState } from './planestate.ts';

/** Each key is judged on its own, without the −ln n that fits a sum of one to scores near zero. */
const SIGMOID = { id: 'sigmoid', bias: 0 } as const;

/** All numbers of `state`. */
export async function planeNumbers(state: PlaneState, signal: AbortSignal): Promise<PlaneNumbers> {
  const vectors = tensorOf(state.keys);
  const { turns } = state;
  const made = (degrees: number): Promise<Tensor> => projected(vectors, turning(degrees), signal);
  const [query, key] = state.query
    ? [tensorOf([state.query]), vectors]
    : await Promise.all([made(turns.query), made(turns.key)]);
  const ask = (options: AttentionOptions): Promise<AttentionResult> =>
    attention(query, key, null, { ...options, signal });
  const { score, temperature } = state;
  const both = joined(query, key);
  const weights = { score, temperature, needWeights: true, needStatistics: true };
  const [dots, cosines, softmax, sigmoid, norms] = await Promise.all([
    ask({ score: 'scaled_dot', stages: ['raw', 'scaled'] }),
    ask({ score: 'cosine', stages: ['raw'] }),
    ask({ ...weights, normalizer: 'softmax' }),
    ask({ ...weights, normalizer: SIGMOID }),
    attention(both, both, null, { score: 'dot', stages: ['raw'], signal }),
  ]);
  const lengths = lengthsOf(dataOf(norms.stages?.raw), both);
  return {
    dot: dataOf(dots.stages?.raw),
    scaled: dataOf(dots.stages?.scaled),
    cosine: dataOf(cosines.stages?.raw),
    softmax: dataOf(softmax.weights),
    sigmoid: dataOf(sigmoid.weights),
    sums: { softmax: massOf(softmax), sigmoid: massOf(sigmoid) },
    queryNorms: lengths.subarray(0, query.data.length / 2),
    keyNorms: lengths.subarray(query.data.length / 2),
    queryEnds: query.data,
    keyEnds: key.data,
  };
}

/** Each vector times a matrix: its dot products with the rows. */
async function projected(vectors: Tensor, matrix: Tensor, signal: AbortSignal): Promise<Tensor> {
  const { stages } = await attention(vectors, matrix, null, { score: 'dot', stages: ['raw'], signal });
  return { data: dataOf(stages?.raw), shape: vectors.shape };
}

/** The matrix that turns by so many degrees, to the left. */
export function turning(degrees: number): Tensor {
  const angle = (degrees * Math.PI) / 180;
  // A quarter turn has zeros in it, not what is left of π.
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)].map((value) => Math.round(value * 1e6) / 1e6);
  const [c, s] = [cosine ?? 1, sine ?? 0];
  return { data: Float32Array.of(c, -s, s, c), shape: [1, 1, 2, 2] };
}

function tensorOf(vectors: readonly Vector[]): Tensor {
  return { data: Float32Array.from(vectors.flat()), shape: [1, 1, vectors.length, 2] };
}

/** The vectors of both, one after the other. */
function joined(one: Tensor, other: Tensor): Tensor {
  const data = Float32Array.of(...one.data, ...other.data);
  return { data, shape: [1, 1, data.length / 2, 2] };
}

/** Lengths from the dot products of all with all: v·v is |v|². The kernel's own norms would fetch another module. */
function lengthsOf(products: Float32Array, { shape: [, , count = 0] }: Tensor): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.sqrt(products[at * (count + 1)] ?? NaN));
}

function dataOf(tensor: Tensor | undefined): Float32Array {
  if (!tensor) throw new Error('the kernel left out what it was asked for');
  return tensor.data;
}

function massOf({ statistics }: AttentionResult): Float32Array {
  if (!statistics) throw new Error('the kernel left out the statistics');
  return statistics.mass;
}
