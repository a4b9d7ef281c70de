// The page. Reads the link, wires source → problem → views, and writes the link again.
//
//     example or files ─▶ Source ─▶ Problem (AttentionMap) ─▶ Scope ─▶ MatrixView ─▶ point ─▶ CellView
//                                      ▲ settings (Controls, MaskPanel), place and stage (pickers)

import { QkscopeError, type AttentionMap, type Pool, type Stage } from './engine.ts';
import type { Text } from '../generated/catalog.ts';
import { MatrixView, type MatrixCell } from '../views/index.ts';
import { element } from '../views/parts/dom.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { Address } from './address.ts';
import { AssignPanel } from './assign.ts';
import { Awaited, markOf } from './awaited.ts';
import { Captions } from './captions.ts';
import { Controls } from './controls.ts';
import { Doubts, FIRST, placeIn } from './doubts.ts';
import { listenForDrops } from './drop.ts';
import { exportMatrix, type Taken } from './exports.ts';
import type { Frame } from './frame.ts';
import { HeadPanel } from './head.ts';
import { Inspector, type Context } from './inspector.ts';
import { Latest } from '../views/parts/latest.ts';
import { asItComes, inLayer, optionsIn, settingsIn, withSettings, type Layered } from './layered.ts';
import { Lens } from './lens.ts';
import { MaskPanel } from './mask.ts';
import { painter } from './painter.ts';
import { Busy, Notice } from './pickers.ts';
import { Pieces, type Piece } from './pieces.ts';
import { listenForPresence } from './presence.ts';
import { Problem, sayRowSums, type Request } from './problem.ts';
import type { Exported } from './story/section.ts';
import { TakeMenu } from './story/take.ts';
import type { Scope } from './scope.ts';
import { Recent } from './recent.ts';
import { alignmentMissing, faultOf, fileMissing, missesAlignment, PageError, reasonOf } from './reason.ts';
import { settingsFrom, toOptions, type Settings } from './settings.ts';
import {
  EXAMPLES,
  openExample,
  nameOf,
  ownOf,
  type Example,
  type Reading,
  type Source,
  type Unassigned,
} from './source.ts';
import { Stale } from './stale.ts';
import { applyLink, readLink, unreadSettings, writeLink, type Link, type Place, type Spot } from './state.ts';
import { OPENING, sequelOf } from './story/index.ts';
import { Opened } from './story/opened.ts';
import { Storyboard } from './story/story.ts';
import type { Sizes } from './tensors.ts';
import { text } from './text.ts';
import { sameTokens, tokensFor } from './tokens.ts';
import { renderPickers, renderSource, renderStages, sayAwaited, sayUnread } from './toolbar.ts';
import { openKept, Visit, type Kept } from './visit.ts';
import { WayBack } from './wayback.ts';

/** A matrix no longer than this is drawn cell by cell on every screen. */
const SMALL = 256;
/** How many addresses it is known of what was set there. */
const REMEMBERED = 100;

/** Where a source is entered: what a link says, and the place, query and key to look at where it says nothing that is there. */
interface Start {
  link?: Link | undefined;
  place?: Place;
  at?: readonly [number, number];
  /** Whether the address led here, and not the visitor's choice. */
  led?: boolean;
  /** What was set here before, with what no link can say. */
  layered?: Layered | undefined;
}

/** What is in the picture. While the next is computed, or could not be, it is another than what is chosen. */
interface Shown extends Layered {
  source: Source;
  map: AttentionMap;
  place: Place;
  stage: Stage;
  scope: Scope;
}

/** The page: what the visitor has chosen, and the parts that show it. */
export class Page {
  readonly #frame: Frame;
  #link: Link;
  readonly #awaited = new Awaited();
  readonly #doubts = new Doubts();
  /** Whether the visitor was at the explorer, or has changed something in it: links then lead there. */
  #exploring: boolean;
  #source: Source | undefined;
  #shown: Shown | undefined;
  /** What is set, over what the file says of the layer in sight. */
  #layered = asItComes(settingsFrom({}));
  #place: Place = { layer: 0, batch: 0, head: 0 };
  #counts = { layers: 1, batch: 1, heads: 1 };
  #stage: Stage;
  #colors: string | undefined;
  #pool: Pool = 'max';
  #isLarge = false;
  #language: Language;
  #chosenLanguage: Language | undefined;
  /** Why nothing is open, where that is not the visitor's choice. */
  #fault: unknown;

  #sizes: Sizes | undefined;

  readonly #problem = new Problem((sizes) => this.#resize(sizes));
  readonly #loads = new Latest(
    (error) => this.#openFailed(error),
    () => this.#settle(),
  );
  readonly #draws = new Latest(
    (error) => this.#drawFailed(error),
    () => this.#settle(),
  );
  readonly #sums = new Latest(
    () => undefined,
    () => this.#settle(),
  );
  /** What was set at each address, as long as its source is open: a mask or a tensor may be more than a link can say. */
  readonly #settingsAt = new Recent<Layered>(REMEMBERED);
  readonly #address = new Address({
    says: () => this.#said,
    written: (hash) => this.#keep(hash),
    arrived: (back) => this.#restore(back),
  });
  readonly #visit = new Visit();
  readonly #told = new WeakSet<Source>();
  readonly #notice = new Notice(part('notice'));
  readonly #back = new WayBack(() => part('heads'));
  readonly #pickers = element('div', { class: 'pickers' });
  readonly #stages = element('div', { class: 'stages' });
  readonly #captions = new Captions();
  readonly #matrixHost = element('div', { class: 'matrix' });
  readonly #matrix: MatrixView;
  readonly #lens: Lens;
  readonly #inspector: Inspector;
  readonly #busy: Busy;
  readonly #stale: Stale;
  readonly #assign = new AssignPanel(
    part('assign'),
    (source) => this.#answer(source),
    () => this.#leaveAssign(),
  );
  readonly #controls: Controls;
  readonly #mask: MaskPanel;
  readonly #head: HeadPanel;
  readonly #opened = new Opened({
    expected: () => (this.#source ? undefined : this.#counts),
    open: (at) => {
      this.#setPlace(at);
      this.#renderPickers();
    },
    see: () => this.#seeHead(),
    hasSample: true,
  });
  readonly #story: Storyboard;
  readonly #pieces: Pieces;
  readonly #takeMatrix = this.#menu(text.takeMatrix, (shown) => exportMatrix(this.#matrix, shown));
  readonly #takeCell = this.#menu(text.takeCell, (shown) => this.#inspector.exported(shown));
  #loading = '';

  constructor(hash: string, frame: Frame) {
    const link = readLink(hash, frame.follow(hash));
    this.#frame = frame;
    this.#link = this.#awaited.keep(link, undefined);
    this.#doubts.follow(link);
    this.#exploring = link.at === 'explore';
    this.#chosenLanguage = link.language;
    this.#language = frame.language;
    this.#stage = stageOf(this.#link);
    this.#colors = this.#link.colors;
    this.#pool = poolOf(this.#link);
    // Around the heat map, which is marked as busy, stands what must be heard meanwhile.
    const room = element('div', { class: 'matrix-room' }, this.#matrixHost);
    const mask = element('div', { class: 'mask' });
    const head = element('div', { class: 'section' });
    part('map').append(this.#back.element, this.#pickers, this.#stages, this.#captions.element, room, mask, head);
    part('map').append(this.#takeMatrix.element);
    const panel = element('div', { class: 'cell-panel' });
    part('cell').append(panel, this.#takeCell.element);
    this.#head = new HeadPanel(head);
    this.#matrix = new MatrixView(this.#matrixHost, painter);
    this.#lens = new Lens(this.#matrix, {
      ended: () => this.#inspect(this.#matrix.cell),
      again: () => this.#draw(true),
    });
    this.#inspector = new Inspector(
      panel,
      this.#matrix,
      () => this.#lens.resume(),
      (pair) => (this.#opened.pair = this.#matrix.locked ? pair : undefined),
    );
    this.#busy = new Busy(room, () => this.#cancel());
    room.append(this.#matrix.live);
    this.#stale = new Stale(room, this.#matrixHost, [part('controls'), mask]);
    this.#controls = new Controls(
      part('controls'),
      { settings: this.#layered.settings, language: this.#language },
      { change: (settings) => this.#changeSettings(settings), reset: () => this.#reset() },
    );
    this.#mask = new MaskPanel(mask, (settings) => this.#changeMask(settings));
    this.#story = new Storyboard({
      parts: [
        { host: part('opening'), sections: OPENING },
        { host: part('sequel'), sections: sequelOf(this.#opened) },
      ],
      language: this.#language,
      states: link.story,
      changed: (goes) => this.#address.write(goes),
      link: (id) => this.#linkTo(id),
      file: () => markOf(this.#source),
    });
    const plain = [...document.querySelectorAll<HTMLElement>('.top, .lead, .foot')].map((element) => ({ element }));
    this.#pieces = new Pieces([...plain, ...this.#story.pieces, this.#explorer], frame);
    this.#render();
    this.#listen();
    this.#loadExample(EXAMPLES.find(({ id }) => id === link.example) ?? first(EXAMPLES), this.#link);
    this.#goTo(link.at);
    this.#tellLink();
  }

  /** Whether the page says at the explorer, where the address leads, for which file that was made. */
  get waits(): boolean {
    return this.#awaited.link?.at === 'explore';
  }

  #listen(): void {
    this.#matrix.addEventListener('point', (event) => {
      this.#inspect((event as CustomEvent<MatrixCell>).detail);
      if (this.#matrix.locked) this.#address.write();
    });
    this.#matrix.addEventListener('lock', () => {
      this.#inspect(this.#matrix.cell);
      this.#address.write();
    });
    this.#matrix.addEventListener('sight', () => this.#address.write());
    this.#frame.heard = {
      language: (language) => this.#setLanguage(language),
      theme: () => this.#setTheme(),
    };
    listenForPresence(part('explore'), () => this.#beExploring());
    this.#matrix.addEventListener('levels', () => this.#caption());
    listenForDrops((files) => {
      this.#explore();
      this.#openFiles(files);
    });
    part('to-explore').addEventListener('click', (event) => {
      event.preventDefault();
      this.#beExploring(true);
      this.#goTo('explore');
      part('explore-title').focus({ preventScroll: true });
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#pieces.repaint());
  }

  // ---- opening

  #loadExample(example: Example, link?: Link, layered?: Layered): void {
    const [queries, keys] = example.size;
    const { layer, head, query, key } = example.start;
    const start: Start = { link, place: { layer, head, batch: 0 }, at: [query, key], led: link !== undefined };
    this.#matrix.reserve(queries, keys, example.longest);
    if (!this.#source) this.#expect(example);
    if (link && this.#source?.example === example.id) this.#show(this.#source, { ...start, layered });
    else this.#load(example.name[this.#language], (reading) => openExample(example, reading), start);
  }

  /** Draws the pickers as they will be, before the first source is there. */
  #expect({ layers, heads, batch, start, size }: Example): void {
    this.#isLarge = Math.max(...size) > SMALL;
    this.#counts = { layers, batch, heads };
    this.#place = placeIn(this.#counts, this.#link, { ...start, batch: 0 });
    this.#renderPickers();
  }

  #openFiles(files: File[]): void {
    if (files.length === 0) return this.#notice.show(text.noFile[this.#language], this.#language);
    this.#loadFiles(this.#visit.keep(files));
  }

  #loadFiles(kept: Kept): void {
    this.#load(nameOf(kept.files), (reading) => openKept(kept, reading));
  }

  #load(name: string, open: (reading: Reading) => Promise<Source | Unassigned>, start: Start = {}): void {
    this.#notice.clear();
    this.#matrix.message = '';
    this.#loads.run(async (signal) => {
      this.#loading = name;
      const work = this.#busy.start(phrase(text.reading, this.#language, { name }), this.#language);
      try {
        const opened = await open({ signal, onProgress: work.progress });
        signal.throwIfAborted();
        if ('assign' in opened) this.#assign.ask(opened, this.#language);
        else this.#show(opened, start);
      } finally {
        work.stop();
      }
    }, true);
    this.#settle();
  }

  #openFailed(error: unknown): void {
    const sentence = { name: this.#loading, reason: reasonOf(error, this.#language) };
    this.#notice.show(this.#cannotCompute(error) ?? phrase(text.openFailed, this.#language, sentence), this.#language);
    this.#stay(error);
  }

  /** That the page itself is not whole, where that is what went wrong, and what to do. */
  #cannotCompute(error: unknown): string | undefined {
    const file = fileMissing(error, this.#language);
    return file && phrase(text.cannotCompute, this.#language, { file });
  }

  #show(source: Source, start: Start = {}): void {
    const awaited = this.#fulfil(source);
    const { link, at, led, place = FIRST } = awaited ?? start;
    const followed = awaited !== undefined || led === true;
    this.#address.write(!followed);
    this.#doubts.enter(followed ? link : undefined, place);
    if (source !== this.#source) this.#settingsAt.clear();
    if (link || at) this.#matrix.start = { cell: at, lock: link?.lock, sight: link?.sight };
    this.#assign.ask(undefined, this.#language);
    this.#source = source;
    // How many heads and batch items there are is known once the layer is read.
    const counts = { layers: source.layers.length, batch: Infinity, heads: Infinity };
    this.#place = placeIn(counts, link, place);
    const { layer } = this.#place;
    const own = ownOf(source, layer);
    const comes = asItComes(settingsFrom(own.options));
    this.#layered = start.layered ?? withSettings(comes, link ? applyLink(comes.own, link) : comes.own);
    if (this.#doubts.link && !start.layered)
      this.#doubt(unreadSettings(this.#layered.settings, this.#doubts.link), { layer });
    // No problem has 0 layers: the pickers are drawn anew once the new one is there.
    this.#counts = { ...this.#counts, layers: 0 };
    this.#sizes = undefined;
    this.#controls.brings = own.brings;
    this.#controls.show(this.#layered.settings, this.#language);
    this.#showMask();
    this.#renderSource();
    this.#draw(true);
  }

  #cancel(): void {
    this.#loads.cancel();
    this.#draws.cancel();
    if (this.#shown?.source !== this.#source) this.#clearPicture();
    this.#stay();
  }

  /** The visitor has said which tensor is which: the panel goes, and the focus to what it asked for. */
  #answer(source: Source): void {
    this.#show(source);
    if (!this.#matrix.focus()) this.#leaveAssign();
  }

  #leaveAssign(): void {
    part('source').querySelector('button')?.focus();
  }

  /** Goes on with what is open, if anything is. */
  #stay(error?: unknown): void {
    this.#awaited.asks = true;
    if (!this.#source) {
      this.#fault = fileMissing(error, this.#language) === undefined ? undefined : error;
      this.#sayNothing();
      this.#opened.show(undefined, this.#fault);
    }
    this.#renderSource();
  }

  /** Says in place of a picture why there is none. */
  #sayNothing(): void {
    const language = this.#language;
    this.#matrix.message = this.#fault === undefined ? text.nothingOpen[language] : faultOf(this.#fault, language);
  }

  /** Says to assistive technology, and to tests, whether the picture is about to change. */
  #settle(): void {
    this.#matrixHost.setAttribute('aria-busy', String(this.#loads.busy || this.#draws.busy));
    this.#captions.busy = this.#sums.busy;
  }

  // ---- a link that was made for a file

  /** Takes over the link that was made for `source`, if one was followed. */
  #fulfil(source: Source): Start | undefined {
    const wasAsked = this.#awaited.file !== undefined;
    const link = this.#awaited.fulfil(source);
    // Where another file is open meanwhile, the one of the link comes no longer by itself.
    this.#awaited.asks = true;
    if (!link) return undefined;
    this.#takeView(link);
    this.#renderStages();
    if (wasAsked && link.at !== 'explore') this.#goTo(link.at);
    return { link };
  }

  #takeView(link: Link): void {
    this.#stage = stageOf(link);
    this.#colors = link.colors;
    this.#pool = poolOf(link);
  }

  /** Some of the link that led here means nothing to what is open: entries, or a place that is not the one it asks for. */
  #doubt(entries: Link['unread'], place: Partial<Place>): void {
    if (!this.#doubts.add(entries, place)) return;
    this.#renderSource();
    this.#tellLink();
  }

  /** Away from the explorer, which says it for itself, it is said at the foot of the window. */
  #tellLink(): void {
    if (this.#exploring) return;
    const [language, file] = [this.#language, this.#awaited.file];
    const words = [
      ...(file === undefined ? [] : [sayAwaited(file, this.#source, language)]),
      ...(this.#doubts.unread.length > 0 ? [sayUnread(this.#doubts.unread, language)] : []),
    ];
    if (words.length > 0) this.#notice.show(words.join(' '), language);
  }

  #hush(): void {
    this.#doubts.hush();
    this.#notice.clear('file');
    this.#renderSource();
  }

  #dismiss(): void {
    this.#awaited.drop();
    this.#notice.clear('file');
    this.#renderSource();
    this.#address.write();
  }

  // ---- drawing

  #draw(now = false): void {
    const source = this.#source;
    if (!source) return;
    this.#address.write();
    this.#draws.run(async (signal) => {
      const work = this.#busy.start(text.computing[this.#language], this.#language);
      try {
        await this.#compute(source, { signal, onProgress: work.progress });
      } finally {
        work.stop();
      }
    }, now);
    this.#settle();
  }

  async #compute(source: Source, reading: Reading): Promise<void> {
    const { signal } = reading;
    const [layered, stage] = [this.#layered, this.#stage];
    const request: Request = {
      source,
      place: this.#place,
      options: (sizes) => toOptions(layered.settings, source.options, sizes),
    };
    const map = await this.#problem.open(request, signal);
    signal.throwIfAborted();
    const place = this.#fit(map, request.place);
    const scope = await this.#lens.open({ map, place, stage }, reading);
    await this.#reveal({ source, map, place, stage, ...layered, scope });
  }

  /** Puts a picture in place of the last; from here on all that is said of the picture is said of this one. */
  async #reveal(shown: Shown): Promise<void> {
    const { source, map, scope } = shown;
    this.#controls.clearFaults();
    this.#notice.clear('picture');
    this.#shown = shown;
    this.#stale.show(true);
    this.#name(source, map);
    this.#lens.show(scope, { colors: this.#colors, pool: this.#pool });
    this.#problem.show(map);
    this.#tellStory(shown);
    this.#size(map.queries, map.keys);
    this.#sum(shown);
    try {
      await this.#matrix.drawn;
    } catch (error) {
      // The canvas may still hold the picture before.
      this.#clearPicture(error);
      throw error;
    }
  }

  /** What there is to choose from depends on whether blocks are drawn as cells. */
  #size(queries: number, keys: number): void {
    const large = Math.max(queries, keys) > SMALL;
    if (large === this.#isLarge) return;
    this.#isLarge = large;
    this.#renderPickers();
  }

  /** Writes the captions: at once what is known, and what the rows sum to when that is. */
  #sum(shown: Shown): void {
    const { map, place, source, scope } = shown;
    this.#head.show({ map, place, tokens: sameTokens(source) }, this.#language);
    this.#captions.sums = '';
    this.#caption();
    this.#sums.cancel();
    if (shown.stage !== 'weights') return;
    this.#sums.run(async () => {
      await scope.microscope.complete;
      const { statistics } = scope.microscope;
      if (this.#shown !== shown || !statistics) return;
      this.#captions.sums = sayRowSums(statistics, this.#language);
      this.#caption();
    }, true);
    this.#settle();
  }

  /** Keeps the place inside the problem, and the pickers in step with its size. */
  #fit(map: AttentionMap, at: Place): Place {
    const { batch, heads } = map;
    if (batch === 0 || heads === 0) throw new PageError(text.noHeads, { batch, heads });
    const last = { ...at, batch: batch - 1, head: heads - 1 };
    const fitted = placeIn({ layers: Infinity, batch, heads }, at, this.#doubts.place ?? last);
    // Chosen in the meantime: the next picture fits it in.
    if (this.#place !== at) return fitted;
    const layers = this.#source?.layers.length ?? 1;
    const before = this.#counts;
    const moved = fitted.batch !== at.batch || fitted.head !== at.head;
    const same = !moved && before.layers === layers && before.batch === batch && before.heads === heads;
    this.#counts = { layers, batch, heads };
    this.#place = fitted;
    if (!same) this.#renderPickers();
    if (moved) this.#showMask();
    const { lock } = this.#doubts.link ?? {};
    const lost = lock && (lock[0] >= map.queries || lock[1] >= map.keys);
    this.#doubt(lost ? [['lock', lock.join()]] : [], { batch: fitted.batch, head: fitted.head });
    this.#doubts.settle();
    this.#address.write();
    return fitted;
  }

  /** Names the rows and columns of the picture, and says once per source that its tokens do not fit. */
  #name(source: Source, map: AttentionMap): void {
    const language = this.#language;
    const { misfit, ...tokens } = tokensFor(source, map);
    this.#matrix.tokens = tokens;
    if (!misfit || this.#told.has(source)) return;
    this.#told.add(source);
    const values = { name: source.name[language], ...misfit, what: text[misfit.what][language] };
    this.#notice.show(phrase(text.tokensFault, language, values), language);
  }

  #caption(): void {
    if (this.#shown) this.#captions.show(this.#matrix.blocks, this.#pool, this.#language);
  }

  #drawFailed(error: unknown): void {
    const language = this.#language;
    const unaligned = missesAlignment(error) && this.#sizes;
    const sentence = unaligned ? alignmentMissing(unaligned, language) : reasonOf(error, language);
    if (this.#shown?.source !== this.#source) this.#clearPicture(error);
    this.#stale.refuse();
    if (error instanceof QkscopeError && this.#controls.fail(error.subject, sentence) === 'in sight') return;
    if (error instanceof QkscopeError && this.#mask.fail(error.subject, sentence)) return;
    const failed = unaligned ? sentence : phrase(text.computeFailed, language, { reason: sentence });
    const notice = this.#cannotCompute(error) ?? failed;
    this.#notice.show(notice, language, 'picture');
  }

  /** What is drawn is of another source than the one named above it, or was not drawn: better nothing. */
  #clearPicture(error?: unknown): void {
    this.#sums.cancel();
    this.#shown = undefined;
    this.#stale.show(false);
    this.#lens.clear();
    this.#problem.show(undefined);
    this.#opened.show(undefined, error);
    this.#inspector.clear();
    this.#head.show(undefined, this.#language);
    this.#captions.clear(this.#language);
    this.#renderPickers();
  }

  // ---- the story

  /** What the sections look at, from here on. */
  #tellStory(shown: Shown): void {
    const { source, map, place, settings, normalizerChosen } = shown;
    const { score, normalizer, position, options, masks } = settings;
    this.#opened.show({
      source,
      map,
      place,
      options: this.#problem.optionsOf(map),
      rules: [score, position, options, masks, normalizerChosen && normalizer],
      optionsOf: (layer, sizes) => optionsIn(shown, source, layer, sizes),
      settingsOf: (layer) => settingsIn(shown, source, layer),
    });
  }

  /** Brings a part of the page to the top of the window. */
  #goTo(spot: Spot | undefined): void {
    if (!spot) return;
    this.#matrix.settle();
    part(spot).scrollIntoView();
  }

  /** From here on links lead to the explorer; `goes`: by a way there, from which one may want to go back. */
  #beExploring(goes = false): void {
    if (this.#exploring && !goes) return;
    this.#address.write(goes);
    this.#exploring = true;
  }

  /** Shows the head that was opened from among all, with a way back to them. */
  #seeHead(): void {
    this.#beExploring(true);
    this.#back.leave(part('map'));
    this.#matrix.focus();
  }

  /** Brings what is opened into sight, if it is not. */
  #explore(): void {
    const { top } = part('source').getBoundingClientRect();
    if (top < 0 || top > innerHeight / 2) this.#goTo('explore');
    this.#beExploring();
  }

  /** A menu of what the explorer gives away. */
  #menu(name: Text, exported: (shown: Taken) => Exported | undefined): TakeMenu {
    return new TakeMenu({
      name,
      language: 'en',
      exported: () => {
        const shown = this.#shown;
        return shown && exported({ ...shown, pool: this.#pool, language: this.#language });
      },
      link: { address: () => this.#linkTo('explore'), file: () => markOf(this.#source) },
    });
  }

  // ---- one cell

  #inspect(cell: MatrixCell | undefined): void {
    if (cell && this.#shown) this.#inspector.inspect(cell, this.#context(this.#shown));
  }

  #context(shown: Shown): Context {
    return { ...shown, pool: this.#pool, pass: shown.scope.pass };
  }

  // ---- what the visitor sets

  #changeSettings(settings: Settings): void {
    this.#layered = withSettings(this.#layered, settings);
    this.#showMask();
    this.#draw();
  }

  /** The mask was edited: some of it is controls of the panel too. */
  #changeMask(settings: Settings): void {
    const before = this.#layered.settings;
    this.#changeSettings(settings);
    if (before.options !== settings.options) this.#controls.show(settings, this.#language);
    else this.#controls.masks = settings.masks;
  }

  #showMask(): void {
    const source = this.#source;
    if (!source) return;
    this.#mask.show({
      settings: this.#layered.settings,
      base: source.options,
      sizes: this.#sizes,
      place: this.#place,
      tokens: { queries: source.queryTokens, keys: source.keyTokens },
      language: this.#language,
    });
  }

  /** The problem is about to be opened, and has these sizes. */
  #resize(sizes: Sizes): void {
    const before = this.#sizes;
    this.#sizes = sizes;
    if (before && Object.entries(sizes).every(([name, size]) => before[name as keyof Sizes] === size)) return;
    this.#controls.sizes = sizes;
    this.#showMask();
  }

  #reset(): void {
    this.#layered = asItComes(this.#layered.own);
    this.#controls.show(this.#layered.settings, this.#language);
    this.#showMask();
    this.#draw();
  }

  #setPlace(change: Partial<Place>): void {
    this.#address.write(true);
    this.#doubts.settle();
    this.#place = { ...this.#place, ...change };
    if (change.layer !== undefined) this.#enterLayer(change.layer);
    this.#showMask();
    this.#draw();
  }

  /** Takes over what the file says of this layer alone. */
  #enterLayer(layer: number): void {
    if (!this.#source) return;
    const { brings, options } = ownOf(this.#source, layer);
    const before = this.#layered;
    this.#layered = inLayer(before, settingsFrom(options));
    if (this.#layered.settings === before.settings && this.#controls.brings === brings) return;
    this.#controls.brings = brings;
    this.#controls.show(this.#layered.settings, this.#language);
  }

  #setColors(id: string | undefined): void {
    this.#colors = id;
    this.#draw();
  }

  #setPool(id: string): void {
    this.#pool = id as Pool;
    this.#draw();
  }

  #setLanguage(language: Language): void {
    this.#chosenLanguage = language;
    this.#pieces.speak(language);
    this.#address.write();
  }

  /** What of a change of the whole page is the page's own. */
  get #explorer(): Piece {
    return {
      element: part('explore'),
      speak: (language) => {
        this.#language = language;
        this.#controls.show(this.#layered.settings, language);
        this.#showMask();
        this.#render();
        if (this.#opened.known && !this.#source && !this.#loads.busy) this.#sayNothing();
        this.#draw();
      },
      repaint: () => {
        this.#matrix.repaint();
        this.#mask.repaint();
      },
    };
  }

  #setTheme(): void {
    this.#pieces.repaint();
    this.#address.write();
  }

  /** There is another address. `back`: the visitor was there before; where he looked is the browser's to restore. */
  #restore(back: boolean): void {
    this.#loads.cancel();
    const now = { language: this.#chosenLanguage, theme: this.#frame.theme };
    const asked = { ...readLink(location.hash, this.#frame.read(location.hash)), ...(back ? now : {}) };
    if (this.#source && location.hash.slice(1) === this.#hash()) return;
    this.#notice.clear('file');
    const layered = back ? this.#settingsAt.get(location.hash.slice(1)) : undefined;
    const link = this.#awaited.keep(asked, this.#source);
    const kept = this.#visit.find(this.#awaited.file);
    if (kept) this.#awaited.asks = false;
    this.#link = link;
    this.#doubts.follow(asked);
    this.#exploring = asked.at === 'explore';
    if (!this.#awaited.link) this.#takeView(link);
    this.#chosenLanguage = link.language ?? this.#chosenLanguage;
    const { theme = 'auto' } = link;
    if (theme !== this.#frame.theme) {
      this.#frame.theme = theme;
      this.#pieces.repaint();
    }
    this.#pieces.speak(this.#chosenLanguage ?? this.#frame.language);
    this.#render();
    this.#story.restore(link.story);
    if (!back) this.#goTo(asked.at);
    const example = EXAMPLES.find(({ id }) => id === link.example);
    if (kept) this.#loadFiles(kept);
    else if (example || !this.#source) this.#loadExample(example ?? first(EXAMPLES), link, layered);
    else if (!this.#awaited.link) this.#show(this.#source, { link, led: true, layered });
    this.#tellLink();
  }

  /** The address that leads to a part of the page, and to what is seen. */
  #linkTo(spot: Spot): string {
    if (!this.#source) return location.href;
    return `${location.href.split('#', 1)[0]}#${this.#hash(spot)}`;
  }

  /** What the address should say; undefined as long as what it asks for is not open. */
  get #said(): string | undefined {
    return this.#awaited.link || !this.#source ? undefined : this.#hash();
  }

  /** The address leads back to what is set now, though it may not say all of it. */
  #keep(hash: string): void {
    this.#settingsAt.set(hash, this.#layered);
  }

  #hash(at: Spot | undefined = this.#exploring ? 'explore' : undefined): string {
    return writeLink({
      ...this.#place,
      at,
      example: this.#source?.example,
      file: markOf(this.#source),
      stage: this.#stage,
      colors: this.#colors,
      pool: this.#pool,
      sight: this.#matrix.sight,
      lock: this.#matrix.lockedPair,
      language: this.#chosenLanguage,
      theme: this.#frame.theme,
      story: this.#story.states,
      ...this.#layered,
    });
  }

  // ---- text and pickers

  #render(): void {
    const language = this.#language;
    // The words of the drop overlay, which is generated content.
    document.body.dataset['drop'] = text.dropNow[language];
    this.#lens.language = language;
    this.#inspector.language = language;
    this.#assign.language = language;
    this.#stale.language = language;
    this.#takeMatrix.speak(language);
    this.#takeCell.speak(language);
    this.#back.speak(language);
    this.#captions.begin(language);
    this.#renderSource();
    this.#renderPickers();
    this.#renderStages();
  }

  #renderSource(): void {
    const [language, source] = [this.#language, this.#source];
    const expected = EXAMPLES.find(({ id }) => id === this.#link.example) ?? first(EXAMPLES);
    renderSource(
      part('source'),
      { language, source, expected, awaited: this.#awaited.file, unread: this.#doubts.unread },
      {
        example: (example) => {
          this.#awaited.drop();
          this.#loadExample(example);
        },
        files: (files) => this.#openFiles(files),
        dismiss: () => this.#dismiss(),
        hush: () => this.#hush(),
      },
    );
  }

  #renderPickers(): void {
    const [language, place, colors] = [this.#language, this.#place, this.#colors];
    const layers =
      this.#source?.layers.map(String) ?? Array.from({ length: this.#counts.layers }, (_, layer) => String(layer));
    const pool = this.#isLarge ? this.#pool : undefined;
    renderPickers(
      this.#pickers,
      { ...this.#counts, language, place, layers, colors, pool },
      {
        place: (change) => this.#setPlace(change),
        colors: (id) => this.#setColors(id),
        pool: (id) => this.#setPool(id),
      },
    );
  }

  #renderStages(): void {
    renderStages(this.#stages, { language: this.#language, stage: this.#stage }, (stage) => {
      this.#stage = stage;
      this.#draw();
    });
  }
}

function stageOf(link: Link): Stage {
  return (link.stage ?? 'weights') as Stage;
}

function poolOf(link: Link): Pool {
  return (link.pool ?? 'max') as Pool;
}

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no part called ${id}`);
  return found;
}

function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new Error('the list is empty');
  return item;
}
