/** A file of named tensors. Parsing and decoding run in the pool; the file itself is read by ranges. */
import type {
  Assignment,
  Capture,
  CaptureLayer,
  CaptureOptions,
  CaptureSource,
  Control,
  Format,
  LayerInfo,
  ProblemOptions,
  Tensor,
  TensorInfo,
} from './api.ts';
import { QkscopeError, show } from './error.ts';
import { gather } from './gather.ts';
import { checkControl, checkNames, wholeNumber } from './options.ts';
import type { Pool } from './pool.ts';
import { checkResult } from './problem.ts';
import type { RawCapture, RawLimits, RawTensor } from './raw.ts';
import { checkSize, toBlob } from './source.ts';

const MAX_BYTES = 512 * 2 ** 20;

interface Stoppable {
  signal?: AbortSignal | undefined;
}

/** Opens a capture: what is in it, and where. No tensor is read yet. */
export async function readCapture(pool: Pool, source: CaptureSource, options: CaptureOptions): Promise<Capture> {
  checkNames('options', options, ['signal', 'onProgress', 'maxBytes', 'assign']);
  checkControl(options);
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const maxBytes = wholeNumber('maxBytes', options.maxBytes ?? MAX_BYTES, 1, Number.MAX_SAFE_INTEGER);
  const [fetching, parsing, assigning] = portions(onProgress, options.assign ? 3 : 2);
  const blob = await toBlob(source, { maxBytes, signal, onProgress: fetching });
  const job = { kind: 'parse', source: blob, limits: { bytes: maxBytes } } as const;
  const start = (onPart: (fraction: number) => void) => pool.run<'parse'>(job, { onProgress: onPart });
  const [raw] = await gather([{ share: 1, start }], { signal, onProgress: parsing });
  const capture = new OpenCapture(pool, blob, raw!, maxBytes);
  if (options.assign) await capture.assign(options.assign, { signal, onProgress: assigning });
  return capture;
}

/** Fetching, parsing, assigning: one progress that never falls, and is 1 after the last. */
function portions(onProgress: Control['onProgress'], count: number): Control['onProgress'][] {
  return Array.from({ length: count }, (_, at) => onProgress && ((part) => onProgress((at + part) / count)));
}

class OpenCapture implements Capture {
  readonly format: Format;
  readonly tensors: readonly TensorInfo[];
  readonly model: string | undefined;
  readonly text: string | undefined;
  readonly queryTokens: readonly string[] | undefined;
  readonly keyTokens: readonly string[] | undefined;
  readonly metadata: ReadonlyMap<string, string>;
  readonly options: ProblemOptions;
  readonly #pool: Pool;
  readonly #source: Blob;
  readonly #limits: Required<RawLimits>;
  readonly #raw: RawCapture;
  /** By name in a Map: a tensor may well be called `__proto__`. */
  readonly #entries: ReadonlyMap<string, RawTensor>;
  #layers: readonly LayerInfo[];

  constructor(pool: Pool, source: Blob, raw: RawCapture, maxBytes: number) {
    this.format = raw.format as Format;
    this.tensors = raw.tensors.map(({ name, dtype, shape, supported, note }) => ({
      name,
      dtype,
      shape: [...shape],
      supported,
      note,
    }));
    this.model = raw.model;
    this.text = raw.text;
    this.queryTokens = raw.queryTokens;
    this.keyTokens = raw.keyTokens;
    this.metadata = new Map(raw.metadata);
    this.options = raw.options;
    this.#pool = pool;
    this.#source = source;
    this.#limits = { bytes: maxBytes };
    this.#raw = raw;
    this.#entries = new Map(raw.tensors.map((entry) => [entry.name, entry]));
    this.#layers = raw.layers;
  }

  get layers(): readonly LayerInfo[] {
    return this.#layers;
  }

  async tensor(name: string, options: Stoppable = {}): Promise<Tensor> {
    checkControl(options);
    const entry = this.#entry(name);
    checkSize(`tensor ${show(name)}`, entry.length, this.#limits.bytes);
    checkResult(`tensor ${show(name)}`, entry.shape);
    const job = { kind: 'tensor', source: this.#source, entry, limits: this.#limits } as const;
    const [data] = await gather([{ share: 1, start: () => this.#pool.run<'tensor'>(job) }], { signal: options.signal });
    return { data: data!, shape: [...entry.shape] };
  }

  async layer(index: number, options: Stoppable = {}): Promise<CaptureLayer> {
    const { query, key, value, sinks, layer } = this.#layers[this.#layerIndex(index)]!;
    if (query === undefined || key === undefined) {
      const found = query === undefined ? 'no query' : 'no key';
      const message = `layer ${layer} has ${found}: call assign() to say which tensors are Q and K`;
      throw new QkscopeError('unknown', `layer ${layer}`, 'a query and a key', found, message);
    }
    const read = async (name: string | undefined): Promise<Tensor | null> =>
      name === undefined ? null : this.tensor(name, options);
    const [q, k, v, s] = await Promise.all([query, key, value, sinks].map(read));
    return { query: q!, key: k!, value: v!, options: this.#optionsWith(s!) };
  }

  /** The options of the file, and its sinks where the softmax is theirs to change. */
  #optionsWith(sinks: Tensor | null): ProblemOptions {
    const { normalizer } = this.options;
    const id = typeof normalizer === 'object' ? normalizer.id : normalizer;
    if (!sinks || (id ?? 'softmax') !== 'softmax') return this.options;
    const numbers = { data: sinks.data, shape: [sinks.data.length] };
    return { ...this.options, normalizer: { id: 'softmax_sink', sinks: numbers } };
  }

  async assign(assignment: Assignment, { signal, onProgress }: Control = {}): Promise<void> {
    checkNames('assign', assignment, ['query', 'key', 'value']);
    const { query, key, value } = assignment;
    for (const name of [query, key, value ?? key]) this.#entry(name);
    const { tensors, queryTokens, keyTokens } = this.#raw;
    const capture = { tensors, ...(queryTokens && { queryTokens }), ...(keyTokens && { keyTokens }) };
    const job = { kind: 'assign', capture, assignment } as const;
    this.#layers = await gather([{ share: 1, start: () => this.#pool.run<'assign'>(job) }], { signal, onProgress });
  }

  #entry(name: string): RawTensor {
    const entry = this.#entries.get(name);
    if (!entry) {
      const there = [...this.#entries.keys()].slice(0, 8).map(show).join(', ');
      throw new QkscopeError(
        'unknown',
        'tensor',
        there,
        show(name),
        `no tensor is called ${show(name)}; there are ${there}`,
      );
    }
    if (entry.supported) return entry;
    const message = `tensor ${show(name)} cannot be read: ${entry.note ?? `its type is ${entry.dtype}`}`;
    throw new QkscopeError('unknown', name, 'a type that is read', entry.dtype, message);
  }

  #layerIndex(index: number): number {
    if (this.#layers.length > 0) return wholeNumber('layer', index, 0, this.#layers.length - 1);
    const message = 'the names do not say which tensors are Q, K and V: call assign()';
    throw new QkscopeError('unknown', 'layer', 'a capture with layers', 'none', message);
  }
}
