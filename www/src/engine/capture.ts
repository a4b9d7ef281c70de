/** A file of named tensors. It is read by ranges, from here; parsing and decoding run in the pool. */
import type {
  Assignment,
  Capture,
  CaptureLayer,
  CaptureOptions,
  CaptureSource,
  Control,
  Format,
  LayerInfo,
  LayerOptions,
  ProblemOptions,
  Tensor,
  TensorInfo,
} from './api.ts';
import { catalog } from '../generated/catalog.ts';
import { QkscopeError, show } from './error.ts';
import { gather } from './gather.ts';
import { checkControl, checkNames, wholeNumber } from './options.ts';
import { headOf, keep, sinkOf, wholeTensor } from './part.ts';
import type { Part } from './part.ts';
import type { Pool, Ticket } from './pool.ts';
import { checkResult } from './problem.ts';
import type { RawCapture, RawLayer, RawTensor } from './raw.ts';
import { checkSize } from './reading.ts';
import type { Reading, Source } from './reading.ts';
import { openSource } from './source.ts';

const MAX_BYTES = 512 * 2 ** 20;

/** Opens a capture: what is in it, and where. No tensor is read yet. */
export async function readCapture(pool: Pool, source: CaptureSource, options: CaptureOptions): Promise<Capture> {
  checkNames('options', options, ['signal', 'onProgress', 'maxBytes', 'assign']);
  checkControl(options);
  const { signal, assign } = options;
  signal?.throwIfAborted();
  const maxBytes = wholeNumber('maxBytes', options.maxBytes ?? MAX_BYTES, 1, Number.MAX_SAFE_INTEGER);
  const until = milestones(options.onProgress);
  const parsed = assign ? 2 / 3 : 1;
  const opened = await openSource(source, { maxBytes, signal, onProgress: until(parsed / 2) });
  const raw = await parse(pool, opened, { maxBytes, signal }, (share) => until(parsed, share));
  const capture = new OpenCapture(pool, opened, raw, maxBytes);
  if (assign) await capture.assign(assign, { signal, onProgress: until(1) });
  return capture;
}

type Progress = Control['onProgress'];

/** Step by step, each from where the one before ended to `end`, or a share of the way there: a progress that never falls. */
function milestones(onProgress: Progress): (end: number, share?: number) => Progress {
  let done = 0;
  return (end, share = 1) => {
    const [from, way] = [done, (end - done) * share];
    const report = (part: number): void => {
      const next = part * share === 1 ? end : from + way * part;
      if (next > done) onProgress!((done = next));
    };
    return onProgress && report;
  };
}

/** Parses as much as is here, and fetches what is missing. */
async function parse(
  pool: Pool,
  source: Source,
  { maxBytes, signal }: Reading,
  until: (share: number) => Progress,
): Promise<RawCapture> {
  for (let tries = 0; ; tries++) {
    const job = { kind: 'parse', head: source.head, size: source.size, most: maxBytes } as const;
    const start = (onPart: (fraction: number) => void) => pool.run<'parse'>(job, { onProgress: onPart });
    const complete = source.head.size === source.size;
    const [raw] = await gather([{ share: 1, start }], { signal, onProgress: until(complete ? 1 : 1 / 2) });
    if (typeof raw === 'string') {
      until(1)?.(1);
      return JSON.parse(raw) as RawCapture;
    }
    // A header says at once how long it is. Whoever asks again wants all of the file, a piece at a time.
    const end = tries === 0 ? raw! : source.size;
    await source.extend(end, { maxBytes, signal, onProgress: until(1 / 2) });
  }
}

/** What is read of a layer, by role. */
type LayerParts = Record<'query' | 'key', Part> & Record<'value' | 'sinks', Part | undefined>;

/** The axis of heads, where there is one. */
function headsOf({ shape }: RawTensor): number {
  return shape.at(-3) ?? 1;
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
  readonly ranged: boolean | undefined;
  readonly #pool: Pool;
  readonly #source: Source;
  readonly #maxBytes: number;
  readonly #raw: RawCapture;
  /** By name in a Map: a tensor may well be called `__proto__`. */
  readonly #entries: ReadonlyMap<string, RawTensor>;
  #layers: readonly LayerInfo[];

  constructor(pool: Pool, source: Source, raw: RawCapture, maxBytes: number) {
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
    this.ranged = source.ranged;
    this.#pool = pool;
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#raw = raw;
    this.#entries = new Map(raw.tensors.map((entry) => [entry.name, entry]));
    this.#layers = raw.layers;
  }

  get layers(): readonly LayerInfo[] {
    return this.#layers;
  }

  async tensor(name: string, options: Control = {}): Promise<Tensor> {
    const [tensor] = await this.#readAll([wholeTensor(this.#entry(name))], options);
    return tensor!;
  }

  async layer(index: number, options: LayerOptions = {}): Promise<CaptureLayer> {
    checkNames('options', options, ['head', 'signal', 'onProgress']);
    const layer = this.#layers[this.#layerIndex(index)]!;
    const parts = options.head === undefined ? this.#wholeLayer(layer) : this.#headOfLayer(layer, options.head);
    const there = Object.entries(parts).filter((entry): entry is [string, Part] => entry[1] !== undefined);
    const tensors = await this.#readAll(
      there.map(([, part]) => part),
      options,
    );
    const read = new Map(there.map(([role], at) => [role, tensors[at]!]));
    return {
      query: read.get('query')!,
      key: read.get('key')!,
      value: read.get('value') ?? null,
      options: this.#optionsWith(read.get('sinks')),
    };
  }

  #wholeLayer(layer: LayerInfo): LayerParts {
    const [query, key] = this.#pair(layer);
    const part = (name: string | undefined) => (name === undefined ? undefined : wholeTensor(this.#entry(name)));
    return { query: wholeTensor(query), key: wholeTensor(key), value: part(layer.value), sinks: part(layer.sinks) };
  }

  /** The query's head, the one of keys and values that it shares with its neighbours, and its own sink. */
  #headOfLayer(layer: LayerInfo, asked: number): LayerParts {
    const [query, key] = this.#pair(layer);
    const [heads, shared] = [headsOf(query), headsOf(key)];
    const head = wholeNumber('head', asked, 0, heads - 1);
    this.#checkAlone();
    const other = Math.floor(head / (heads / shared));
    const part = (name: string | undefined, cut: (entry: RawTensor) => Part) =>
      name === undefined ? undefined : cut(this.#entry(name));
    return {
      query: headOf(query, head),
      key: headOf(key, other),
      value: part(layer.value, (entry) => headOf(entry, other)),
      sinks: part(layer.sinks, (entry) => sinkOf(entry, head)),
    };
  }

  #pair({ query, key, layer }: LayerInfo): [RawTensor, RawTensor] {
    if (query !== undefined && key !== undefined) return [this.#entry(query), this.#entry(key)];
    const found = query === undefined ? 'no query' : 'no key';
    const message = `layer ${layer} has ${found}: call assign() to say which tensors are Q and K`;
    throw new QkscopeError('unknown', `layer ${layer}`, 'a query and a key', found, message);
  }

  /** A bias of position is another one for each head, and a head by itself would have that of the first. */
  #checkAlone(): void {
    const { position } = this.options;
    const id = typeof position === 'object' ? position.id : position;
    if (!catalog.positions.some((one) => one.id === id && one.biases)) return;
    const message = `position ${id} differs from head to head: read the whole layer, without the option head`;
    throw new QkscopeError('parameter', 'head', `not given, with position ${id}`, 'given', message);
  }

  /** All parts or none: the first error stops the others, and so does the signal. */
  async #readAll(parts: readonly Part[], control: Control): Promise<Tensor[]> {
    checkControl(control);
    for (const { entry, shape } of parts) {
      checkSize(`tensor ${show(entry.name)}`, entry.length, this.#maxBytes);
      checkResult(`tensor ${show(entry.name)}`, shape);
    }
    const jobs = parts.map((part) => ({
      share: part.entry.length,
      start: (onProgress: (fraction: number) => void) => this.#read(part, onProgress),
    }));
    const numbers = await gather(jobs, { signal: control.signal, onProgress: control.onProgress });
    return parts.map((part, at) => ({ data: keep(part, numbers[at]!), shape: part.shape }));
  }

  /** Fetches and decodes; to cancel it stops whichever is under way. */
  #read({ entry }: Part, onProgress: (fraction: number) => void): Ticket<Float32Array> {
    const stop = new AbortController();
    let decoding: Ticket<Float32Array> | undefined;
    const read = async () => {
      const bytes = await this.#source.read(entry, { maxBytes: this.#maxBytes, signal: stop.signal, onProgress });
      stop.signal.throwIfAborted();
      const job = { kind: 'tensor', bytes, length: entry.length, entry: JSON.stringify(entry) } as const;
      decoding = this.#pool.run<'tensor'>({ ...job, most: this.#maxBytes });
      return decoding.result;
    };
    const cancel = (reason: unknown) => {
      stop.abort(reason);
      decoding?.cancel(reason);
    };
    return { result: read(), cancel };
  }

  /** The options of the file, and its sinks where the softmax is theirs to change. */
  #optionsWith(sinks: Tensor | undefined): ProblemOptions {
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
    const list = (tokens: readonly string[] | undefined) => tokens && JSON.stringify(tokens);
    const job = {
      kind: 'assign',
      tensors: JSON.stringify(tensors),
      queryTokens: list(queryTokens),
      keyTokens: list(keyTokens),
      assignment,
    } as const;
    const [layer] = await gather([{ share: 1, start: () => this.#pool.run<'assign'>(job) }], { signal, onProgress });
    this.#layers = [JSON.parse(layer!) as RawLayer];
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
