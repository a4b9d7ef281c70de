// Attention as ONNX graphs, in the ways that ONNX Runtime has for it. All are tried, and the fastest is the peer.

import { model } from './onnx.mjs';

const scaleOf = ({ d }) => 1 / Math.sqrt(d);

/** The standard operator (ONNX 1.18). */
function attention({ shape, options }, masked) {
  const { heads, kvHeads, n, m, d, dv } = shape;
  const onlyCausal = masked && options.causal && options.leftWindowSize === undefined;
  const names = masked && !onlyCausal ? ['q', 'k', 'v', 'mask'] : ['q', 'k', 'v'];
  const attributes = { scale: scaleOf(shape), ...(onlyCausal && { is_causal: 1n }) };
  const inputs = { q: [1, heads, n, d], k: [1, kvHeads, m, d], v: [1, kvHeads, m, dv], mask: [n, m] };
  const nodes = [{ op: 'Attention', inputs: names, outputs: ['y'], attributes }];
  return graph(names, inputs, nodes, [1, heads, n, dv]);
}

/** The fused operator of ONNX Runtime itself. It knows no groups of queries and no window. */
function multiHeadAttention({ shape, options }, masked) {
  const { heads, kvHeads, n, m, d, dv } = shape;
  if (heads !== kvHeads || (masked && options.leftWindowSize !== undefined)) return undefined;
  const attributes = { num_heads: BigInt(heads), scale: scaleOf(shape), ...(masked && { unidirectional: 1n }) };
  const inputs = { q: [1, n, heads * d], k: [1, m, heads * d], v: [1, m, heads * dv] };
  const node = {
    op: 'MultiHeadAttention',
    domain: 'com.microsoft',
    inputs: ['q', 'k', 'v'],
    outputs: ['y'],
    attributes,
  };
  return { ...graph(['q', 'k', 'v'], inputs, [node], [1, n, heads * dv]), heads };
}

/** The parts: queries of a group lie along an axis of their own, over which keys and values broadcast. */
function parts({ shape }, masked) {
  const { heads, kvHeads, n, m, d, dv } = shape;
  const names = masked ? ['q', 'k', 'v', 'mask'] : ['q', 'k', 'v'];
  const inputs = { q: [kvHeads, heads / kvHeads, n, d], k: [kvHeads, 1, m, d], v: [kvHeads, 1, m, dv], mask: [n, m] };
  const product = { op: 'FusedMatMul', domain: 'com.microsoft', inputs: ['q', 'k'], outputs: ['scores'] };
  const nodes = [
    { ...product, attributes: { alpha: scaleOf(shape), transB: 1n } },
    ...(masked ? [{ op: 'Add', inputs: ['scores', 'mask'], outputs: ['logits'] }] : []),
    { op: 'Softmax', inputs: [masked ? 'logits' : 'scores'], outputs: ['weights'], attributes: { axis: -1n } },
    { op: 'MatMul', inputs: ['weights', 'v'], outputs: ['y'] },
  ];
  return graph(names, inputs, nodes, [kvHeads, heads / kvHeads, n, dv]);
}

/** `heads`, where a graph has them side by side in each row, in place of one behind the other. */
function graph(names, shapes, nodes, output) {
  const inputs = Object.fromEntries(names.map((name) => [name, shapes[name]]));
  return { inputs, bytes: model({ nodes, inputs, outputs: { y: output } }) };
}

/** By name, the fused ones first; one that a problem does not fit returns undefined. */
export const GRAPHS = { MultiHeadAttention: multiHeadAttention, Attention: attention, 'MatMul-Softmax-MatMul': parts };
