// COMPARE of the story: the head that is open beside another, the same under another normalizer, or that of another capture.

import type { AttentionMap } from '../../engine/index.ts';
import { catalog, type Text } from '../../generated/catalog.ts';
import { CompareView, type ComparedFrame, type ComparedScene } from '../../views/index.ts';
import { largestAt } from '../../views/parts/comparing.ts';
import { element } from '../../views/parts/dom.ts';
import { formatShare } from '../../views/parts/format.ts';
import type { HeadAt } from '../../views/parts/headorder.ts';
import { Latest } from '../../views/parts/latest.ts';
import { filled, inARow, phrase, visibleToken, type Language } from '../../views/parts/text.ts';
import type { About } from '../about.ts';
import { Busy } from '../pickers.ts';
import { onGround } from '../colormaps.ts';
import { headName, inFileName } from '../headname.ts';
import { painter } from '../painter.ts';
import { faultOf, PageError, reasonOf } from '../reason.ts';
import { EXAMPLES, openExample, type Example, type Reading, type Source } from '../source.ts';
import type { Pair } from '../state.ts';
import type { Sizes } from '../tensors.ts';
import { text as pageText } from '../text.ts';
import { markOfFiles, openKept, Visit, type Kept } from '../visit.ts';
import { atlasOf, type Atlas } from './atlas.ts';
import { KINDS, normalizerOf, readChoice, resolved, writeChoice } from './comparechoice.ts';
import type { CompareChoice, Kind, ResolvedChoice } from './comparechoice.ts';
import { CompareControls } from './comparecontrols.ts';
import { compared, search, weightsIn, weightsOf, type Found, type Weights, type Which } from './comparison.ts';
import type { Exported, Mounted, Section, Story } from './section.ts';
import { WORDS } from './words.ts';

/** A, the head in the picture. Another head, or other weights, are another subject. */
export interface CompareSubject {
  map: Pick<AttentionMap, 'heads' | 'queries' | 'keys' | 'headSize' | 'batch' | 'rectangle'>;
  batch: number;
  head: number;
  /** The id of its normalizer. */
  normalizer: string;
  queryTokens?: readonly string[] | undefined;
  keyTokens?: readonly string[] | undefined;
}

/** What the section needs of the page. */
export interface CompareOf {
  /** The head in the picture; undefined: there is none. The same object as long as its weights are the same. */
  subject(): CompareSubject | undefined;
  /** Why there is none, where that is not the visitor's choice. */
  fault(): unknown;
  /** The layers of what is open, and which of them the head is of. */
  atlas(): Atlas | undefined;
  shown(): HeadAt | undefined;
  /** The query and key that are locked in the picture, to begin with. */
  readonly pair: Pair | undefined;
  /** Whether it is known if anything is open. */
  readonly known: boolean;
  /** Whether samples come along; without them no other file stands beside A. */
  readonly hasSample: boolean;
  /** Calls `changed` whenever one of these is another. */
  listen(changed: () => void): void;
}

const text = {
  empty: { en: 'Nothing is open.', zh: '尚未打开任何内容。' },
  choose: {
    en: 'Choose a file with as many queries and keys as A has.',
    zh: '请选择一份查询数和键数与 A 相同的数据。',
  },
  failed: { en: 'This could not be compared: {reason}.', zh: '无法比较：{reason}。' },
  unassigned: {
    en: 'the file does not say which of its tensors are queries and which are keys',
    zh: '文件没有说明哪些张量是查询、哪些是键',
  },
  fewer: {
    en: 'B has {layers} layers, and the one at place {layer} is asked for (the first is at 0)',
    zh: 'B 有 {layers} 层，没有序号为 {layer} 的层（序号从 0 开始）',
  },
  notSearched: { en: 'There was no search: {reason}.', zh: '未能搜索：{reason}。' },
  stopped: { en: 'Stopped.', zh: '已停止。' },
  again: { en: 'Go on', zh: '继续' },
  searching: { en: 'Searching', zh: '正在搜索' },
  furthest: {
    en: 'Of {among} candidates this one is furthest from A: {mean} bits on average.',
    zh: '在 {among} 个候选中，它与 A 相距最远：平均 {mean} 比特。',
  },
  nearest: {
    en: 'Of {among} candidates this one is nearest to A: {mean} bits on average.',
    zh: '在 {among} 个候选中，它与 A 最接近：平均 {mean} 比特。',
  },
  under: { en: '{head}, {name}', zh: '{head}，{name}' },
  shares: {
    en: 'For the divergence each row is divided by its sum.',
    zh: '求散度时，每行先除以该行之和。',
  },
  own: { en: 'B is computed as its own file says.', zh: 'B 按其文件自身的设置计算。' },
  names: { en: 'Tokens are those of A; B has others.', zh: '词元名取自 A；B 的词元与之不同。' },
  oneEach: {
    en: 'It has one line for each query, with the key that differs most.',
    zh: '每个查询一行，给出差异最大的键。',
  },
} satisfies Record<string, Text>;

const COLORS = { weights: onGround('viridis'), difference: onGround('blue_orange') };
/** More pairs than this are not all written into a table: it would take seconds to make, and to open. */
const MOST_LINES = 2 ** 15;
/** The room to keep as long as nothing is open: that of the first example. */
const [
  {
    size: [QUERIES, KEYS],
    longest: LONGEST,
    layers: LAYERS,
    heads: HEADS,
  },
] = EXAMPLES as [Example];

/** The section for what `of` says is open. */
export function compare(of: CompareOf): Section {
  return {
    ...WORDS.compare,
    mount: (host, story) => new Compare(host, story, of),
  };
}

/** What is drawn, or was tried: the same things give the same picture. */
interface Drawn {
  subject: CompareSubject;
  atlas: Atlas;
  choice: ResolvedChoice;
  own: Kept | undefined;
}

class Compare implements Mounted {
  readonly #story: Story;
  readonly #of: CompareOf;
  readonly #kinds: readonly Kind[];
  readonly #controls: CompareControls;
  readonly #view: CompareView;
  readonly #busy: Busy;
  readonly #said = element('p', { class: 'compare-said', role: 'status' });
  readonly #again = element('button', { type: 'button', class: 'button quiet', name: 'compare-again', hidden: true });
  readonly #jobs = new Latest(
    (error) => this.#fail(error),
    () => this.#settle(),
  );
  #language: Language;
  #choice: CompareChoice;
  /** The files of the visitor's that were B. */
  readonly #visit = new Visit();
  #subject: CompareSubject | undefined;
  #atlas: Atlas | undefined;
  #drawn: Drawn | undefined;
  #inSight = false;
  /** What to say of A and B where they are given away. */
  #about: Record<'a' | 'b', About> | undefined;
  /** What is said above the picture, which depends on the language. */
  #saying: (language: Language) => string = () => '';
  /** The last other capture: it is not opened anew for each head of it. */
  #other: { capture: string | Kept; source: Source } | undefined;

  constructor(host: HTMLElement, story: Story, of: CompareOf) {
    this.#story = story;
    this.#of = of;
    this.#language = story.language;
    this.#kinds = KINDS.filter((kind) => of.hasSample || kind !== 'captures');
    this.#choice = this.#read(story.state);
    this.#controls = new CompareControls(this.#kinds, {
      kind: (kind) => this.#change({ kind }),
      head: (head) => this.#change({ kind: 'heads', head }),
      normalizer: (normalizer) => this.#change({ kind: 'normalizers', normalizer }),
      example: (capture) => this.#change({ kind: 'captures', capture, file: undefined }),
      files: (files) => files.length > 0 && this.#open(files),
      search: (want) => this.#search(want),
    });
    this.#again.addEventListener('click', () => this.#retry());
    const line = element('div', { class: 'compare-line' }, this.#said, this.#again);
    host.append(this.#controls.element, line);
    this.#view = new CompareView(host, painter, COLORS);
    this.#view.language = story.language;
    this.#view.written = story.state;
    this.#view.addEventListener('state', () => this.#remember());
    this.#busy = new Busy(this.#view.room, () => this.#stop());
    of.listen(() => this.#work());
    new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)?.isIntersecting ?? false;
      this.#work();
    }).observe(host);
    this.#work();
  }

  speak(language: Language): void {
    this.#language = language;
    this.#view.language = language;
    this.#render();
  }

  repaint(): void {
    this.#view.repaint();
  }

  restore(state: string): void {
    this.#choice = this.#read(state);
    this.#view.written = state;
    this.#work();
  }

  /** What a state says, as far as it can be had here. */
  #read(state: string): CompareChoice {
    const choice = readChoice(state);
    return { ...choice, kind: this.#kinds.find((kind) => kind === choice.kind) };
  }

  exported(): Exported {
    const { compared, names } = this.#view;
    const columns = ['query', 'query token', 'key', 'key token', 'a', 'b', 'difference', 'divergence'];
    const rows = compared ? rowsOf(compared.scene, compared.order, names) : [];
    const { queries = 0, keys = 0 } = compared?.scene ?? {};
    const note = queries * keys > MOST_LINES ? text.oneEach : undefined;
    const { a, b } = compared?.scene.titles ?? {};
    const name = ['compare', ...(a && b ? [inFileName(a), inFileName(b)] : [])].join('-');
    return { name, columns, naming: 4, rows, note, about: this.#about, picture: () => this.#view.picture };
  }

  #remember(): void {
    this.#story.remember([writeChoice(this.#choice), this.#view.written].filter(Boolean).join('*'));
  }

  #open(files: File[]): void {
    this.#visit.keep(files);
    this.#change({ kind: 'captures', capture: undefined, file: markOfFiles(files) });
  }

  #change(change: Partial<CompareChoice>): void {
    this.#choice = { ...this.#choice, ...change };
    this.#remember();
    this.#work();
  }

  /** Where A is. */
  get #at(): HeadAt {
    return this.#of.shown() ?? { layer: 0, head: 0 };
  }

  /** What stands beside A; undefined: nothing is open. */
  get #resolved(): ResolvedChoice | undefined {
    const at = this.#of.shown();
    const [subject, atlas] = [this.#subject, this.#atlas];
    if (!subject || !atlas || !at) return undefined;
    const { heads } = subject.map;
    return resolved(this.#choice, { at, layers: atlas.layers.length, heads, normalizer: subject.normalizer });
  }

  // ---- what is to be drawn

  /** Takes over what is open now, and compares while somebody sees it. */
  #work(): void {
    const [subject, atlas] = [this.#of.subject(), this.#of.atlas()];
    if (subject !== this.#subject || atlas !== this.#atlas) this.#jobs.cancel();
    [this.#subject, this.#atlas] = [subject, atlas];
    this.#view.expect(frameOf(subject));
    const { pair } = this.#of;
    this.#view.start = pair && { query: pair[0], key: pair[1] };
    this.#render();
    if (!subject || !atlas) {
      this.#drawn = undefined;
      this.#view.show(undefined);
      const fault = this.#of.fault();
      const says = (language: Language): string =>
        fault === undefined ? text.empty[language] : faultOf(fault, language);
      this.#say((language) => (this.#of.known ? says(language) : ''));
      return this.#settle();
    }
    const wanted = this.#wanted;
    if (wanted && this.#inSight && !isSame(this.#drawn, wanted)) {
      this.#drawn = wanted;
      this.#say(() => '');
      this.#run(pageText.computing, (work) => this.#compare(wanted, work));
    }
    this.#settle();
  }

  /** What should be in sight; undefined: nothing is open. */
  get #wanted(): Drawn | undefined {
    const [subject, atlas, choice] = [this.#subject, this.#atlas, this.#resolved];
    const own = this.#visit.find(choice?.file);
    return subject && atlas && choice && { subject, atlas, choice, own };
  }

  /** Says whether the picture is about to change: something is computed, or waits until it comes into sight. */
  #settle(): void {
    const wanted = this.#wanted;
    const waits = wanted ? !isSame(this.#drawn, wanted) : !this.#of.known;
    this.#view.busy = this.#jobs.busy || waits;
  }

  #retry(): void {
    this.#drawn = undefined;
    this.#work();
  }

  #run(words: Text, job: (work: Reading) => Promise<void>): void {
    this.#jobs.run(async (signal) => {
      const sign = this.#busy.start(words[this.#language], this.#language);
      try {
        await job({ signal, onProgress: sign.progress });
      } finally {
        sign.stop();
      }
    }, true);
    this.#settle();
  }

  async #compare(wanted: Drawn, work: Reading): Promise<void> {
    const { subject, atlas, choice } = wanted;
    const about = atlas.about(this.#at);
    const a = await weightsIn(subject.map, subject, work);
    const other = await this.#beside(wanted, a, work);
    work.signal.throwIfAborted();
    if (!other) {
      this.#view.refuse();
      return this.#say((language) => sayMissing(choice, language));
    }
    const { difference, divergence } = await compared(a, other.weights, work);
    work.signal.throwIfAborted();
    this.#about = { a: about, b: other.about };
    this.#view.show({
      queries: a.queries,
      keys: a.keys,
      a: a.data,
      b: other.weights.data,
      difference: withRemoved(difference.data, a, other.weights),
      divergence: divergence.data,
      ...this.#words(choice, other.source),
    });
  }

  /** B; undefined: it is still to be chosen. */
  async #beside(
    { subject, atlas, choice, own }: Drawn,
    a: Weights,
    work: Reading,
  ): Promise<{ weights: Weights; about: About; source?: Source } | undefined> {
    const which = whichOf(choice, this.#at, subject.batch);
    const read = async (from: Atlas) => ({ weights: await weightsOf(from, which, a, work), about: from.about(which) });
    if (choice.kind !== 'captures') return read(atlas);
    const source = await this.#capture(own ?? choice.capture, work);
    if (!source) return undefined;
    const layers = source.layers.length;
    if (which.layer >= layers) throw new PageError(text.fewer, { layers, layer: which.layer });
    return { ...(await read(atlasOf(source, subject.batch))), source };
  }

  async #capture(capture: string | Kept | undefined, reading: Reading): Promise<Source | undefined> {
    if (capture === undefined) return undefined;
    if (this.#other?.capture !== capture) this.#other = { capture, source: await opened(capture, reading) };
    return this.#other.source;
  }

  /** What A and B are called, and what to know of them. */
  #words(choice: ResolvedChoice, source: Source | undefined): Pick<ComparedScene, 'titles' | 'note'> {
    const at = this.#at;
    const layers = this.#atlas?.layers ?? [];
    const { batch = 0, map } = this.#subject ?? {};
    const counts = { heads: map?.heads ?? 1, batch: map?.batch ?? 1 };
    const head = ({ layer, head }: HeadAt, names = layers): Text =>
      headName({ layer: names[layer] ?? layer, head, batch }, { ...counts, layers: names.length });
    const under = (id: string): Text =>
      filled(text.under, { head: head(at), name: normalizerOf(id)?.label ?? { en: id, zh: id } });
    const notes: Text[] = [text.shares];
    if (source) notes.push(text.own);
    if (source && hasOtherTokens(source, this.#subject)) notes.push(text.names);
    const note = inARow(notes);
    switch (choice.kind) {
      case 'heads':
        return { titles: { a: head(at), b: head(choice.head) }, note };
      case 'normalizers':
        return { titles: { a: under(this.#subject?.normalizer ?? ''), b: under(choice.normalizer.id) }, note };
      case 'captures': {
        const name = source?.name ?? { en: '', zh: '' };
        return { titles: { a: head(at), b: filled(text.under, { head: head(at, source?.layers), name }) }, note };
      }
    }
  }

  // ---- the search

  #search(want: 'furthest' | 'nearest'): void {
    const [subject, atlas, choice, at] = [this.#subject, this.#atlas, this.#resolved, this.#of.shown()];
    if (!subject || !atlas || !choice || !at) return;
    const candidates = candidatesOf(choice, subject, atlas, at);
    // A comparison that was under way is given up for this, and made up for after it.
    if (this.#jobs.busy) this.#drawn = undefined;
    this.#say(() => '');
    this.#run(text.searching, async (work) => {
      try {
        const a = await weightsIn(subject.map, subject, work);
        const found = await search(atlas, a, candidates, want, work);
        work.signal.throwIfAborted();
        this.#take(found, want);
      } catch (error) {
        work.signal.throwIfAborted();
        this.#work();
        this.#say((language) => phrase(text.notSearched, language, { reason: reasonOf(error, language) }));
      }
    });
  }

  #take({ which, mean, among }: Found, want: 'furthest' | 'nearest'): void {
    const { layer, head, normalizer } = which;
    this.#change(normalizer ? { kind: 'normalizers', normalizer } : { kind: 'heads', head: { layer, head } });
    this.#say((language) => phrase(text[want], language, { among, mean: formatShare(mean) }));
  }

  // ---- what is said

  #render(): void {
    const choice = this.#resolved;
    this.#again.textContent = text.again[this.#language];
    this.#said.textContent = this.#saying(this.#language);
    this.#controls.element.classList.toggle('compare-waiting', !choice);
    const layers = this.#atlas?.layers ?? Array.from({ length: LAYERS }, (_, layer) => layer);
    const { map } = this.#subject ?? {};
    const usual = { at: { layer: 0, head: 0 }, layers: LAYERS, heads: HEADS, normalizer: 'softmax' };
    this.#controls.show(
      {
        choice: choice ?? resolved(this.#choice, usual),
        layers,
        heads: map?.heads ?? HEADS,
        sizes: map && sizesIn(map),
        file: this.#visit.find(this.#choice.file) && this.#choice.file,
      },
      this.#language,
    );
  }

  #say(saying: (language: Language) => string, again = false): void {
    this.#saying = saying;
    this.#again.hidden = !again;
    this.#said.textContent = saying(this.#language);
  }

  #stop(): void {
    this.#jobs.cancel();
    this.#say((language) => text.stopped[language], true);
  }

  /** There is nothing to be seen beside A: better nothing than what stood there before. */
  #fail(error: unknown): void {
    this.#view.refuse();
    this.#say(
      (language) => phrase(text.failed, language, { reason: reasonOf(error, language) }),
      !(error instanceof PageError),
    );
  }
}

/** The room and the names of what is open, or of what is likely to be. */
function frameOf(subject: CompareSubject | undefined): ComparedFrame {
  if (!subject) return { queries: QUERIES, keys: KEYS, longest: LONGEST };
  const { map, queryTokens, keyTokens } = subject;
  return { queries: map.queries, keys: map.keys, queryTokens, keyTokens };
}

function sizesIn({ batch, heads, queries, keys, headSize }: CompareSubject['map']): Sizes {
  return { batch, heads, queries, keys, headSize, keySize: headSize };
}

/** Whether two pictures would be the same. */
function isSame(one: Drawn | undefined, other: Drawn): boolean {
  const same = one?.subject === other.subject && one.atlas === other.atlas;
  return same && writeChoice(one.choice) === writeChoice(other.choice) && one.own === other.own;
}

function whichOf({ kind, head, normalizer }: ResolvedChoice, at: HeadAt, batch: number): Which {
  if (kind === 'heads') return { ...head, batch };
  return { layer: at.layer, head: at.head, batch, ...(kind === 'normalizers' && { normalizer }) };
}

/** Everything that could stand beside A: all other heads, or all other normalizers as they come. */
function candidatesOf({ kind }: ResolvedChoice, subject: CompareSubject, atlas: Atlas, at: HeadAt): Which[] {
  const { batch, map, normalizer: own } = subject;
  if (kind === 'normalizers') {
    const others = catalog.normalizers.filter(({ id }) => id !== own);
    return others.map(({ id }) => ({ layer: at.layer, head: at.head, batch, normalizer: { id, values: {} } }));
  }
  const all = atlas.layers.flatMap((_, layer) =>
    Array.from({ length: map.heads }, (_, head) => ({ layer, head, batch })),
  );
  return all.filter(({ layer, head }) => layer !== at.layer || head !== at.head);
}

/** That B is to be chosen, and which file a link was made for. */
function sayMissing({ file }: ResolvedChoice, language: Language): string {
  return file === undefined ? text.choose[language] : phrase(pageText.awaited, language, { name: visibleToken(file) });
}

/** Opens an example, or the visitor's own files. */
async function opened(capture: string | Kept, reading: Reading): Promise<Source> {
  if (typeof capture !== 'string') {
    const source = await openKept(capture, reading);
    if ('assign' in source) throw new PageError(text.unassigned);
    return source;
  }
  const example = EXAMPLES.find(({ id }) => id === capture);
  if (!example) throw new RangeError(`there is no example called ${capture}`);
  return openExample(example, reading);
}

/** The difference, marked where the key is removed on both sides. */
function withRemoved(difference: Float32Array, a: Weights, b: Weights): Float32Array {
  for (let at = 0; at < difference.length; at += 1) {
    if (a.data[at] === -Infinity && b.data[at] === -Infinity) difference[at] = -Infinity;
  }
  return difference;
}

function hasOtherTokens({ queryTokens, keyTokens }: Source, subject: CompareSubject | undefined): boolean {
  const differ = (one: readonly string[] | undefined, other: readonly string[] | undefined): boolean =>
    one !== undefined && other !== undefined && one.some((token, at) => token !== other[at]);
  return differ(queryTokens, subject?.queryTokens) || differ(keyTokens, subject?.keyTokens);
}

/** The pairs as they stand, a line each; of very many, of each query the one that differs most. */
function rowsOf(
  { queries, keys, a, b, difference, divergence }: ComparedScene,
  order: Uint32Array,
  names: { query(index: number): string; key(index: number): string },
): (number | string)[][] {
  const plain = (value = NaN): number => (value === -Infinity ? 0 : value);
  const line = (query: number, key: number): (number | string)[] => {
    const at = query * keys + key;
    const numbers = [plain(a[at]), plain(b[at]), plain(difference[at]), divergence[query] ?? NaN];
    return [query, names.query(query), key, names.key(key), ...numbers];
  };
  if (queries * keys <= MOST_LINES)
    return [...order].flatMap((query) => Array.from({ length: keys }, (_, key) => line(query, key)));
  return [...order].map((query) =>
    line(query, Math.max(0, largestAt(difference.subarray(query * keys, (query + 1) * keys)))),
  );
}
