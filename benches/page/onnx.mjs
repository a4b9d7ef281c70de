// The few ONNX models that the peer is timed on, written byte by byte: protobuf needs no library for this little.
// Field numbers are those of onnx.proto.

/** A variable-length integer: seven bits at a time, the lowest first. */
function varint(value) {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

const utf8 = (text) => [...new TextEncoder().encode(text)];
const float = (value) => [...new Uint8Array(Float32Array.of(value).buffer)];

/** Fields by their kind on the wire: a number; bytes, text or a message; four bytes. */
const number = (field, value) => [...varint(field << 3), ...varint(value)];
const bytes = (field, content) => [...varint((field << 3) | 2), ...varint(content.length), ...content];
const text = (field, value) => bytes(field, utf8(value));
const fixed = (field, value) => [...varint((field << 3) | 5), ...float(value)];

const FLOAT = 1;

function attribute(name, value) {
  // Whole numbers are marked as such, since JavaScript has one kind of number.
  if (typeof value === 'bigint') return [...text(1, name), ...number(3, value), ...number(20, 2)];
  if (Array.isArray(value)) return [...text(1, name), ...value.flatMap((each) => number(8, each)), ...number(20, 7)];
  return [...text(1, name), ...fixed(2, value), ...number(20, 1)];
}

/** @param {{ op: string, domain?: string, inputs: string[], outputs: string[], attributes?: object }} node */
function nodeProto({ op, domain = '', inputs, outputs, attributes = {} }) {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
    ...text(7, domain),
  ];
}

/** A named tensor of 32-bit floats. */
function valueInfo(name, shape) {
  const dimensions = shape.flatMap((size) => bytes(1, number(1, size)));
  const tensor = [...number(1, FLOAT), ...bytes(2, dimensions)];
  return [...text(1, name), ...bytes(2, bytes(1, tensor))];
}

/** The scalar constants of a graph. */
const scalar = (name, value) => [...number(2, FLOAT), ...text(8, name), ...bytes(9, float(value))];

/**
 * @param {object} graph
 * @param {Parameters<typeof nodeProto>[0][]} graph.nodes
 * @param {Record<string, number[]>} graph.inputs shapes by name
 * @param {Record<string, number[]>} graph.outputs
 * @param {Record<string, number>} [graph.constants]
 * @returns {Uint8Array} a model, opset 23.
 */
export function model({ nodes, inputs, outputs, constants = {} }) {
  const graph = [
    ...nodes.flatMap((node) => bytes(1, nodeProto(node))),
    ...text(2, 'attention'),
    ...Object.entries(constants).flatMap(([name, value]) => bytes(5, scalar(name, value))),
    ...Object.entries(inputs).flatMap(([name, shape]) => bytes(11, valueInfo(name, shape))),
    ...Object.entries(outputs).flatMap(([name, shape]) => bytes(12, valueInfo(name, shape))),
  ];
  const opset = (domain, version) => bytes(8, [...text(1, domain), ...number(2, version)]);
  return Uint8Array.from([...number(1, 11), ...bytes(7, graph), ...opset('', 23), ...opset('com.microsoft', 1)]);
}
