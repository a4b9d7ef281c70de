// Where pictures come from: an example, which is a file of the page or made in it, or files of the visitor.

import { openCapture, type Capture, type Normalizer, type ProblemOptions, type Tensor } from './engine.ts';
import type { Text } from '../generated/catalog.ts';
import { clip, visibleToken } from '../views/parts/text.ts';
import { fileOf } from './files.ts';
import { PageError } from './reason.ts';
import { text } from './text.ts';

/** Characters of a file's own words that are shown: it may hold megabytes of them. */
const LONGEST_NAME = 200;
const LONGEST_ABOUT = 500;

/** Q and K of one layer: what scores and weights are made of. */
export interface Layer {
  query: Tensor;
  key: Tensor;
  /** The sinks of its heads, where its file has them. */
  sinks?: Tensor | undefined;
}

/** Whose parameter the sinks of a layer are. */
const SINK: { normalizer: Normalizer; parameter: string } = { normalizer: 'softmax_sink', parameter: 'sinks' };

/** Something to look at: layers of Q, K, V, with what their file says about them. */
export interface Source {
  name: Text;
  about: Text;
  /** What to know of how it came here. */
  note?: Text | undefined;
  /** The id of an example, to put in a link. */
  example?: string;
  /** The numbers of the layers in their model. */
  layers: readonly number[];
  /** What the file says of all layers. */
  options: ProblemOptions;
  /** What a layer has of its own, where layers differ. */
  own?(index: number): Own;
  queryTokens?: readonly string[] | undefined;
  keyTokens?: readonly string[] | undefined;
  /** What the batch items are called, if the file says so; as many as it says. */
  batchTokens?: readonly string[] | undefined;
  layer(index: number, signal: AbortSignal): Promise<Layer>;
  /** V of a layer, read when it is asked for: the heat map needs none. Null: there is none. */
  value(index: number, signal: AbortSignal): Promise<Tensor | null>;
}

/** What a layer has of its own. */
export interface Own {
  options: ProblemOptions;
  /** The parameter that it brings along, by its path: it counts where none is set. */
  brings?: string | undefined;
}

/** What the file says of one of its layers. */
export function ownOf(source: Source, index: number): Own {
  return source.own?.(index) ?? { options: source.options };
}

/** A tensor that could be Q, K or V. */
export interface Candidate {
  name: string;
  dtype: string;
  shape: readonly number[];
  supported: boolean;
  read(signal: AbortSignal): Promise<Tensor>;
}

/** Files whose names do not say which tensor is which; `name` is what to call them. */
export interface Unassigned {
  name: string;
  candidates: readonly Candidate[];
  /** What the names suggest, as indices of `candidates`. */
  guess: Roles;
  assign(roles: Roles): Source;
}

/** Indices of candidates; undefined is not chosen. */
export interface Roles {
  query: number | undefined;
  key: number | undefined;
  value: number | undefined;
}

/** How a long read is stopped and watched. */
export interface Reading {
  signal: AbortSignal;
  onProgress: (fraction: number) => void;
}

/** A source without its names. */
export type Content = Omit<Source, 'name' | 'about'>;

/** An example: a file beside the page, or made when it is chosen; and one honest sentence about it. */
export interface Example {
  id: string;
  name: Text;
  about: Text;
  from: { file: string } | { make: () => Content };
  /** Queries and keys; this and the next four are known before the file is there, so that room can be kept. */
  size: readonly [number, number];
  /** The longest labels of queries and keys, in characters. */
  longest: readonly [number, number];
  layers: number;
  heads: number;
  batch: number;
  /** Where to look first. */
  start: { layer: number; head: number; query: number; key: number };
}

export const EXAMPLES: readonly Example[] = [
  {
    id: 'sentence',
    name: { en: 'A sentence (MiniLM)', zh: '一个句子（MiniLM）' },
    about: {
      en: '“The animal didn’t cross the street because it was too tired.”, as all-MiniLM-L6-v2 reads it: 6 layers, each of which compares in 12 ways, its heads, with such a matrix each. In layer 3, head 1, “it” looks at “animal”. [CLS] and [SEP] mark the two ends.',
      zh: '“The animal didn’t cross the street because it was too tired.”：all-MiniLM-L6-v2 读它时有 6 层，每层以 12 种方式比较，即 12 个头，每个头各有这样一个矩阵。在第 3 层第 1 个头中，“it”看向“animal”。[CLS] 与 [SEP] 标记首尾。',
    },
    from: { file: 'sentence.safetensors' },
    size: [16, 16],
    longest: [7, 7],
    layers: 6,
    heads: 12,
    batch: 1,
    start: { layer: 3, head: 1, query: 10, key: 2 },
  },
  {
    id: 'passage',
    name: { en: 'A passage (MiniLM)', zh: '一段文章（MiniLM）' },
    about: {
      en: '424 tokens on why q·k is a similarity, read by all-MiniLM-L6-v2: 6 layers of 12 heads. In layer 0, head 2, most tokens look at the one before; ## goes on with a word. The numbers are rounded to float16, which keeps three digits.',
      zh: '一段 424 个词元的英文，讲为什么 q·k 是相似度，由 all-MiniLM-L6-v2 读入：6 层，每层 12 个头。在第 0 层第 2 个头中，多数词元看向前一个词元；## 表示接续前一部分的单词。数值已舍入为 float16，保留三位有效数字。',
    },
    from: { file: 'passage.safetensors' },
    size: [424, 424],
    longest: [12, 12],
    layers: 6,
    heads: 12,
    batch: 1,
    start: { layer: 0, head: 2, query: 56, key: 55 },
  },
  {
    id: 'student-teacher',
    name: { en: 'Students and teachers', zh: '学生与教师' },
    about: {
      en: 'softmax(query · key / soft): layers 0, 2 and 4 of MiniLM ask as students, layers 0 to 5 answer as teachers, one matrix per token. It shows the form; nothing here was trained to distil.',
      zh: 'softmax(query · key / soft)：MiniLM 的第 0、2、4 层作为学生提问，第 0 至 5 层作为教师回答，每个词元一个矩阵。这里展示的是形式，并未做过蒸馏训练。',
    },
    from: { file: 'student-teacher.json' },
    size: [3, 6],
    longest: [15, 15],
    layers: 1,
    heads: 1,
    batch: 16,
    start: { layer: 0, head: 0, query: 0, key: 0 },
  },
  {
    id: 'synthetic',
    name: { en: 'A billion weights (synthetic)', zh: '十亿个权重（合成）' },
    about: {
      en: '32,768 queries and keys, made in this page by a formula; no model computed them. Key 0 takes what weight is left over (a sink). From the top, a quarter each: near keys, every 4,096th key, what followed the same token before (induction), these by turns.',
      zh: '32,768 个查询与键，由公式在本页生成，并非出自模型。键 0 接收多余的权重（汇聚点，sink）。自上而下各占四分之一：相邻的键、每隔 4,096 个键、同一词元先前出现处的后一个键（归纳），以及三者轮流。',
    },
    from: { make: synthetic },
    size: [32768, 32768],
    longest: [5, 5],
    layers: 1,
    heads: 1,
    batch: 1,
    start: { layer: 0, head: 0, query: 0, key: 0 },
  },
];

/** Opens an example of the page. */
export async function openExample(example: Example, reading: Reading): Promise<Source> {
  const { id, name, about, from } = example;
  return { ...('file' in from ? await ofPage(from.file, reading) : from.make()), name, about, example: id };
}

async function ofPage(file: string, reading: Reading): Promise<Content> {
  const capture = await openCapture(await fileOf(file), reading);
  const excess = capture.ranged === false && capture.layers.length > 1;
  return { ...fromCapture(capture), note: excess ? text.fetchedWhole : undefined };
}

/** How many queries and keys the synthetic head has, and what it is made from. */
const SYNTHETIC = { length: 32768, seed: 1 };

function synthetic(): Content {
  const { length, seed } = SYNTHETIC;
  return {
    layers: [0],
    options: { causal: true },
    layer: async (_, signal) => (await import('./synthetic.ts')).makeHead(length, seed, signal),
    value: () => Promise.resolve(null),
  };
}

/** What files are called in a sentence. A name can hold anything, so it is shown as what it is. */
export function nameOf(files: readonly File[]): string {
  return clip(files.map(({ name }) => visibleToken(name)).join(', '), LONGEST_NAME);
}

/** Opens what the visitor dropped or picked: one capture, or several files of one tensor each. */
export async function openFiles(files: readonly File[], reading: Reading): Promise<Source | Unassigned> {
  const name = nameOf(files);
  const captures = [];
  for (const [index, file] of files.entries()) {
    const onProgress = (fraction: number): void => reading.onProgress((index + fraction) / files.length);
    captures.push(await openCapture(file, { signal: reading.signal, onProgress }));
  }
  const [first] = captures;
  if (captures.length === 1 && first && first.layers.length > 0) return captured(first, name);
  return unassigned(files, captures, name);
}

/** A capture that names its queries and keys as something to look at. */
export function captured(capture: Capture, name: string): Source {
  const content = fromCapture(capture);
  if (content.layers.length === 0) throw new PageError(text.weightsOnly);
  return named(content, name, capture);
}

function fromCapture(capture: Capture): Content {
  const whole = capture.layers.flatMap(({ query, key, value, sinks, layer }) =>
    query !== undefined && key !== undefined ? [{ layer, query, key, value, sinks }] : [],
  );
  const { options } = capture;
  const plain = chosenIn(options).id === 'softmax';
  const sunk: Own = {
    options: plain ? { ...options, normalizer: SINK.normalizer } : options,
    brings: `normalizer.${SINK.parameter}`,
  };
  return {
    layers: whole.map(({ layer }) => layer),
    options,
    own: (at) => (whole[at]?.sinks === undefined ? { options } : sunk),
    queryTokens: capture.queryTokens,
    keyTokens: capture.keyTokens,
    batchTokens: batchTokensOf(capture),
    layer: async (at, signal) => {
      const names = whole[at];
      if (!names) throw new RangeError(`there is no layer at ${at}`);
      const read = (name: string): Promise<Tensor> => capture.tensor(name, { signal });
      const [query, key, sinks] = await Promise.all([
        read(names.query),
        read(names.key),
        names.sinks === undefined ? undefined : read(names.sinks),
      ]);
      return { query, key, sinks: sinks && { data: sinks.data, shape: [sinks.data.length] } };
    },
    value: async (at, signal) => {
      const name = whole[at]?.value;
      return name === undefined ? null : capture.tensor(name, { signal });
    },
  };
}

/** The names of batch items in a file's metadata; none where it holds something else. */
function batchTokensOf({ metadata }: Capture): string[] | undefined {
  try {
    const found: unknown = JSON.parse(metadata.get('batch_tokens') ?? '');
    const isList = Array.isArray(found) && found.every((one) => typeof one === 'string');
    return isList ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The options with the sinks of a layer, where its normalizer has a place for them and none are set. */
export function withSinks(options: ProblemOptions, { sinks }: Layer): ProblemOptions {
  const chosen = chosenIn(options);
  if (!sinks || chosen.id !== SINK.normalizer || SINK.parameter in chosen) return options;
  return { ...options, normalizer: { ...chosen, [SINK.parameter]: sinks } as ProblemOptions['normalizer'] };
}

function chosenIn({ normalizer: given }: ProblemOptions): { id: string } {
  const normalizer = given ?? 'softmax';
  return typeof normalizer === 'string' ? { id: normalizer } : normalizer;
}

function named(source: Content, name: string, capture?: Capture): Source {
  // The text last: it is the one that is cut.
  const parts = [capture?.model, capture?.text].filter((part) => part !== undefined);
  const about = parts.map((part) => clip(part, LONGEST_ABOUT)).join(' · ') || name;
  return { ...source, name: { en: name, zh: name }, about: { en: about, zh: about } };
}

/** Makes the question "which is Q?" out of all tensors of all files; asked only where the names do not answer it. */
function unassigned(files: readonly File[], captures: readonly Capture[], name: string): Source | Unassigned {
  const candidates = captures.flatMap((capture, index) =>
    candidatesOf(capture, files[index]?.name ?? '', captures.length > 1),
  );
  if (!candidates.some(({ supported }) => supported)) throw new PageError(text.noTensor, { count: candidates.length });
  const guess = guessRoles(candidates);
  const [first] = captures;
  const assign = (roles: Roles): Source =>
    named(fromRoles(candidates, roles, captures), name, captures.length === 1 ? first : undefined);
  const sure =
    captures.length > 1 && guess.query !== undefined && guess.key !== undefined && !faultOf(candidates, guess);
  return sure ? assign(guess) : { name, candidates, guess, assign };
}

function candidatesOf(capture: Capture, file: string, several: boolean): Candidate[] {
  const stem = file.replace(/\.[^.]*$/, '');
  return capture.tensors.map(({ name, dtype, shape, supported }) => ({
    name: capture.tensors.length === 1 ? stem || name : several ? `${stem}: ${name}` : name,
    dtype,
    shape,
    supported,
    read: (signal) => capture.tensor(name, { signal }),
  }));
}

function guessRoles(candidates: readonly Candidate[]): Roles {
  const find = (letter: string, word: string): number | undefined => {
    const pattern = new RegExp(`(^|[^a-z])(${letter}|${word}s?)([^a-z]|$)`, 'i');
    const hits = candidates.flatMap(({ name, supported }, index) => (supported && pattern.test(name) ? [index] : []));
    return hits.length === 1 ? hits[0] : undefined;
  };
  return { query: find('q', 'quer(?:y|ie)'), key: find('k', 'key'), value: find('v', 'value') };
}

function fromRoles(candidates: readonly Candidate[], roles: Roles, captures: readonly Capture[]): Content {
  const tensor = (index: number | undefined, signal: AbortSignal): Promise<Tensor> | null =>
    index === undefined ? null : (candidates[index]?.read(signal) ?? null);
  const only = captures.length === 1 ? captures[0] : undefined;
  return {
    layers: [0],
    options: only?.options ?? {},
    queryTokens: only?.queryTokens,
    keyTokens: only?.keyTokens,
    layer: async (_, signal) => {
      const [query, key] = await Promise.all([tensor(roles.query, signal), tensor(roles.key, signal)]);
      if (!query || !key) throw new PageError(text.needsBoth);
      return { query, key };
    },
    value: async (_, signal) => tensor(roles.value, signal),
  };
}

/** Why these roles cannot work together, as a sentence with its numbers; undefined when they can. */
export function faultOf(candidates: readonly Candidate[], roles: Roles): PageError | undefined {
  const at = (index: number | undefined): Candidate | undefined =>
    index === undefined ? undefined : candidates[index];
  const [query, key, value] = [at(roles.query), at(roles.key), at(roles.value)];
  if (!query || !key) return new PageError(text.needsBoth);
  for (const one of [query, key, value]) {
    if (!one) continue;
    const { shape } = one;
    const name = visibleToken(one.name);
    if (shape.length < 2 || shape.length > 4) return new PageError(text.rankFault, { name, rank: shape.length });
    if (shape.includes(0)) return new PageError(text.emptyFault, { name, shape: shape.join(' × ') });
  }
  return sizeFault(query, key, value);
}

function sizeFault(query: Candidate, key: Candidate, value: Candidate | undefined): PageError | undefined {
  const [qBatch, qHeads, , qSize] = fourAxes(query.shape);
  const [kBatch, kHeads, keys, kSize] = fourAxes(key.shape);
  if (qSize !== kSize) return new PageError(text.sizeFault, { query: qSize, key: kSize });
  if (qBatch !== kBatch)
    return new PageError(text.batchFault, { query: qBatch, name: visibleToken(key.name), other: kBatch });
  if (qHeads % kHeads !== 0) return new PageError(text.headsFault, { query: qHeads, key: kHeads });
  if (!value) return undefined;
  const [vBatch, vHeads, values] = fourAxes(value.shape);
  if (vBatch !== qBatch)
    return new PageError(text.batchFault, { query: qBatch, name: visibleToken(value.name), other: vBatch });
  if (vHeads === kHeads && values === keys) return undefined;
  return new PageError(text.valueFault, { key: kHeads, keys, value: vHeads, values });
}

/** A shape of 2 to 4 axes as batch, heads, tokens, size. */
function fourAxes(shape: readonly number[]): [number, number, number, number] {
  const [batch = 1, heads = 1, tokens = 1, size = 1] = [
    ...Array<number>(Math.max(0, 4 - shape.length)).fill(1),
    ...shape,
  ];
  return [batch, heads, tokens, size];
}
