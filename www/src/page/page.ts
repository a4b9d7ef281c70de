// The page. Reads the link, wires source → problem → views, and writes the link again.
//
//     example or files ─▶ Source ─▶ Problem (AttentionMap) ─▶ MatrixView ─▶ point ─▶ CellView
//                                      ▲ settings (Controls), place and stage (pickers)

import { paint, QkscopeError, type AttentionMap, type Colormap, type Stage } from '../engine/index.ts';
import { catalog } from '../generated/catalog.ts';
import { MatrixView, type MatrixCell } from '../views/index.ts';
import { element } from '../views/parts/dom.ts';
import type { Painter } from '../views/parts/palette.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { AssignPanel } from './assign.ts';
import { Controls } from './controls.ts';
import { listenForDrops } from './drop.ts';
import { Inspector } from './inspector.ts';
import { Latest } from './latest.ts';
import { Busy, Notice } from './pickers.ts';
import { Problem, type Request } from './problem.ts';
import { colorScale } from './scale.ts';
import { reasonOf } from './reason.ts';
import { settingsFrom, toOptions, type Settings } from './settings.ts';
import {
  EXAMPLES,
  openExample,
  openFiles,
  type Example,
  type Reading,
  type Source,
  type Unassigned,
} from './source.ts';
import { applyLink, readLink, writeLink, type Link, type Place, type Theme } from './state.ts';
import { text } from './text.ts';
import { renderPickers, renderSource, renderStages, renderSwitches } from './toolbar.ts';

const painter: Painter = (values, size) => paint(values, { ...size, colormap: size.colormap as Colormap });

/** How long the view must rest before the address says it. */
const LINK_REST_MS = 100;

/** Where a source is entered: what a link says, and the query and key to look at first. */
interface Start {
  link?: Link;
  at?: readonly [number, number];
}

/** The page: what the visitor has chosen, and the parts that show it. */
export class Page {
  #link: Link;
  #source: Source | undefined;
  #drawn: Source | undefined;
  #own: Settings = settingsFrom({});
  #settings: Settings = this.#own;
  #place: Place = { layer: 0, batch: 0, head: 0 };
  #counts = { layers: 1, batch: 1, heads: 1 };
  #stage: Stage;
  #colors: string | undefined;
  #language: Language;
  #chosenLanguage: Language | undefined;
  #theme: Theme;
  #linkTimer: ReturnType<typeof setTimeout> | undefined;

  readonly #problem = new Problem();
  readonly #loads = new Latest(
    (error) => this.#openFailed(error),
    () => this.#settle(),
  );
  readonly #draws = new Latest(
    (error) => this.#drawFailed(error),
    () => this.#settle(),
  );
  readonly #notice = new Notice(part('notice'));
  readonly #pickers = element('div', { class: 'pickers' });
  readonly #stages = element('div', { class: 'stages' });
  readonly #rowsCaption = element('p', { class: 'axis-caption' });
  readonly #columnsCaption = element('p', { class: 'axis-caption' });
  readonly #matrixHost = element('div', { class: 'matrix' });
  readonly #matrix: MatrixView;
  readonly #inspector: Inspector;
  readonly #busy: Busy;
  readonly #assign = new AssignPanel(part('assign'), (source) => this.#show(source));
  readonly #controls: Controls;
  #loading = '';

  constructor(link: Link) {
    this.#link = link;
    this.#chosenLanguage = link.language;
    this.#language = link.language ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');
    this.#theme = link.theme ?? 'auto';
    this.#stage = (link.stage ?? 'weights') as Stage;
    this.#colors = link.colors;
    const captions = element('div', { class: 'axis-captions' }, this.#rowsCaption, this.#columnsCaption);
    part('map').append(this.#pickers, this.#stages, captions, this.#matrixHost);
    this.#matrix = new MatrixView(this.#matrixHost, painter);
    this.#inspector = new Inspector(part('cell'), this.#matrix, this.#problem);
    this.#busy = new Busy(this.#matrixHost, () => this.#cancel());
    this.#controls = new Controls(
      part('controls'),
      { settings: this.#settings, language: this.#language },
      { change: (settings) => this.#changeSettings(settings), reset: () => this.#reset() },
    );
    this.#applyTheme();
    this.#render();
    this.#listen();
    this.#loadExample(EXAMPLES.find(({ id }) => id === link.example) ?? first(EXAMPLES), link);
  }

  #listen(): void {
    this.#matrix.addEventListener('point', (event) => this.#inspect((event as CustomEvent<MatrixCell>).detail));
    this.#matrix.addEventListener('lock', () => this.#inspect(this.#matrix.cell));
    this.#matrix.addEventListener('resolution', () => this.#draw());
    listenForDrops((files) => this.#openFiles(files));
    addEventListener('hashchange', () => this.#restore());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#matrix.repaint());
  }

  // ---- opening

  #loadExample(example: Example, link?: Link): void {
    const [queries, keys] = example.size;
    const { layer, head, query, key } = example.start;
    this.#matrix.reserve(queries, keys, example.longest);
    if (!this.#source) this.#expect(example);
    const start = { layer, head, ...(link ?? { settings: new Map() }) };
    this.#load(example.name[this.#language], (reading) => openExample(example, reading), {
      link: start,
      at: [query, key],
    });
  }

  /** Draws the pickers as they will be, before the first source is there. */
  #expect({ layers, heads, batch, start }: Example): void {
    this.#counts = { layers, batch, heads };
    const { layer = start.layer, head = start.head, batch: item = 0 } = this.#link;
    this.#place = { layer, head, batch: item };
    this.#renderPickers();
  }

  #openFiles(files: File[]): void {
    if (files.length === 0) return this.#notice.show(text.noFile[this.#language], this.#language);
    this.#load(files.map(({ name }) => name).join(', '), (reading) => openFiles(files, reading));
  }

  #load(name: string, open: (reading: Reading) => Promise<Source | Unassigned>, start: Start = {}): void {
    this.#notice.clear();
    this.#matrix.message = '';
    this.#loads.run(async (signal) => {
      this.#loading = name;
      this.#busy.start(phrase(text.reading, this.#language, { name }), this.#language);
      try {
        const opened = await open({ signal, onProgress: (fraction) => this.#busy.progress(fraction) });
        signal.throwIfAborted();
        if ('assign' in opened) this.#assign.ask(opened, this.#language);
        else this.#show(opened, start);
      } finally {
        this.#busy.stop();
      }
    }, true);
    this.#settle();
  }

  #openFailed(error: unknown): void {
    const sentence = { name: this.#loading, reason: reasonOf(error, this.#language) };
    this.#notice.show(phrase(text.openFailed, this.#language, sentence), this.#language);
    this.#stay();
  }

  #show(source: Source, { link, at }: Start = {}): void {
    this.#matrix.start = at;
    this.#assign.ask(undefined, this.#language);
    this.#source = source;
    this.#own = settingsFrom(source.options);
    this.#settings = link ? applyLink(this.#own, link) : this.#own;
    const layer = Math.min(link?.layer ?? 0, source.layers.length - 1);
    this.#place = { layer, batch: link?.batch ?? 0, head: link?.head ?? 0 };
    // No problem has 0 layers: the pickers are drawn anew once the new one is there.
    this.#counts = { ...this.#counts, layers: 0 };
    this.#controls.show(this.#settings, this.#language);
    this.#renderSource();
    this.#draw(true);
  }

  #cancel(): void {
    this.#loads.cancel();
    this.#draws.cancel();
    this.#busy.stop();
    this.#stay();
  }

  /** Goes on with what is open, if anything is. */
  #stay(): void {
    if (!this.#source) this.#matrix.message = text.nothingOpen[this.#language];
    this.#renderSource();
  }

  /** Says to assistive technology, and to tests, whether the picture is about to change. */
  #settle(): void {
    this.#matrixHost.setAttribute('aria-busy', String(this.#loads.busy || this.#draws.busy));
  }

  // ---- drawing

  #draw(now = false): void {
    const source = this.#source;
    if (!source) return;
    this.#writeLink();
    this.#draws.run(async (signal) => {
      this.#busy.start(text.computing[this.#language], this.#language);
      try {
        await this.#compute(source, signal);
      } finally {
        this.#busy.stop();
      }
    }, now);
    this.#settle();
  }

  async #compute(source: Source, signal: AbortSignal): Promise<void> {
    const options = toOptions(this.#settings, source.options);
    const request: Request = {
      source,
      place: this.#place,
      options,
      stage: this.#stage,
      resolution: this.#matrix.resolution,
    };
    const map = await this.#problem.open(request, signal);
    request.place = this.#fit(map);
    const control = { signal, onProgress: (fraction: number): void => this.#busy.progress(fraction) };
    const overview = await this.#problem.overview(map, request, control);
    signal.throwIfAborted();
    this.#controls.clearFaults();
    this.#matrix.tokens = this.#tokens(source, map);
    const scale = colorScale(request.stage, overview.low, overview.high, this.#colors);
    const { queries, keys } = map;
    this.#drawn = source;
    this.#matrix.picture = { ...overview, ...scale, queries, keys, name: this.#stageName(request.stage) };
    await this.#matrix.drawn;
    const sums =
      request.stage === 'weights' ? await this.#problem.rowSums(map, request.place, this.#language, signal) : '';
    this.#caption(map, overview, sums);
  }

  /** Keeps the place inside the problem, and the pickers in step with its size. */
  #fit(map: AttentionMap): Place {
    const { layer, batch, head } = this.#place;
    this.#place = { layer, batch: Math.min(batch, map.batch - 1), head: Math.min(head, map.heads - 1) };
    const layers = this.#source?.layers.length ?? 1;
    const before = this.#counts;
    const moved = this.#place.batch !== batch || this.#place.head !== head;
    const same = !moved && before.layers === layers && before.batch === map.batch && before.heads === map.heads;
    this.#counts = { layers, batch: map.batch, heads: map.heads };
    if (!same) this.#renderPickers();
    this.#writeLink();
    return this.#place;
  }

  #tokens(
    source: Source,
    map: AttentionMap,
  ): { queries?: readonly string[] | undefined; keys?: readonly string[] | undefined } {
    const fitting = (
      tokens: readonly string[] | undefined,
      size: number,
      what: 'queries' | 'keys',
    ): readonly string[] | undefined => {
      if (!tokens || tokens.length === size) return tokens;
      const values = {
        name: source.name[this.#language],
        tokens: tokens.length,
        size,
        what: text[what][this.#language],
      };
      this.#notice.show(phrase(text.tokensFault, this.#language, values), this.#language);
      return undefined;
    };
    return {
      queries: fitting(source.queryTokens, map.queries, 'queries'),
      keys: fitting(source.keyTokens, map.keys, 'keys'),
    };
  }

  #caption(map: AttentionMap, picture: { rows: number; columns: number }, sums: string): void {
    const language = this.#language;
    this.#rowsCaption.textContent = [text.rows[language], sums].filter(Boolean).join(' · ');
    const pooled = picture.rows < map.queries || picture.columns < map.keys;
    const size = {
      rows: Math.ceil(map.queries / Math.max(1, picture.rows)),
      columns: Math.ceil(map.keys / Math.max(1, picture.columns)),
    };
    const note = pooled ? phrase(text.pooled, language, size) : '';
    this.#columnsCaption.textContent = [text.columns[language], note].filter(Boolean).join(' · ');
  }

  #drawFailed(error: unknown): void {
    const sentence = reasonOf(error, this.#language);
    if (this.#drawn !== this.#source) this.#clearPicture();
    if (error instanceof QkscopeError && this.#controls.fail(error.subject, sentence) === 'in sight') return;
    this.#notice.show(phrase(text.computeFailed, this.#language, { reason: sentence }), this.#language);
  }

  /** What is drawn is of another source than the one named above it: better nothing. */
  #clearPicture(): void {
    this.#matrix.picture = undefined;
    this.#inspector.clear();
    this.#renderPickers();
  }

  // ---- one cell

  #inspect(cell: MatrixCell | undefined): void {
    const [place, stage, settings, language] = [this.#place, this.#stage, this.#settings, this.#language];
    if (cell) this.#inspector.inspect(cell, { place, stage, settings, language });
  }

  #stageName(stage: Stage): string {
    return catalog.stages.find(({ id }) => id === stage)?.label[this.#language] ?? stage;
  }

  // ---- what the visitor sets

  #changeSettings(settings: Settings): void {
    this.#settings = settings;
    this.#draw();
  }

  #reset(): void {
    this.#settings = this.#own;
    this.#controls.show(this.#settings, this.#language);
    this.#draw();
  }

  #setPlace(change: Partial<Place>): void {
    this.#place = { ...this.#place, ...change };
    this.#draw();
  }

  #setColors(id: string | undefined): void {
    this.#colors = id;
    this.#draw();
  }

  #setLanguage(language: Language): void {
    this.#language = language;
    this.#chosenLanguage = language;
    this.#controls.show(this.#settings, language);
    this.#render();
    this.#draw();
  }

  #setTheme(theme: Theme): void {
    this.#theme = theme;
    this.#applyTheme();
    this.#matrix.repaint();
    this.#writeLink();
  }

  #applyTheme(): void {
    document.documentElement.dataset['theme'] = this.#theme;
  }

  #restore(): void {
    clearTimeout(this.#linkTimer);
    const link = readLink(location.hash);
    if (location.hash.slice(1) === this.#hash()) return;
    this.#link = link;
    this.#stage = (link.stage ?? 'weights') as Stage;
    this.#colors = link.colors;
    this.#theme = link.theme ?? 'auto';
    this.#chosenLanguage = link.language;
    this.#language = link.language ?? this.#language;
    this.#applyTheme();
    this.#render();
    const example = EXAMPLES.find(({ id }) => id === link.example);
    if (example || !this.#source) this.#loadExample(example ?? first(EXAMPLES), link);
    else this.#show(this.#source, { link });
  }

  #hash(): string {
    return writeLink({
      ...this.#place,
      example: this.#source?.example,
      stage: this.#stage,
      colors: this.#colors,
      language: this.#chosenLanguage,
      theme: this.#theme,
      settings: this.#settings,
      own: this.#own,
    });
  }

  /** Browsers refuse an address that changes a hundred times while a slider is dragged: written once it rests. */
  #writeLink(): void {
    clearTimeout(this.#linkTimer);
    this.#linkTimer = setTimeout(() => {
      const hash = this.#hash();
      if (location.hash.slice(1) !== hash) history.replaceState(null, '', `#${hash}`);
    }, LINK_REST_MS);
  }

  // ---- text and pickers

  #render(): void {
    const language = this.#language;
    document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
    document.title = text.documentTitle[language];
    // The words of the drop overlay, which is generated content.
    document.body.dataset['drop'] = text.dropNow[language];
    for (const node of document.querySelectorAll<HTMLElement>('[data-text]')) {
      node.textContent = text[node.dataset['text'] as keyof typeof text][language];
    }
    this.#matrix.language = language;
    this.#inspector.language = language;
    this.#assign.language = language;
    this.#rowsCaption.textContent ||= text.rows[language];
    this.#columnsCaption.textContent ||= text.columns[language];
    renderSwitches(
      part('switches'),
      { language, theme: this.#theme },
      { language: (chosen) => this.#setLanguage(chosen), theme: (chosen) => this.#setTheme(chosen) },
    );
    this.#renderSource();
    this.#renderPickers();
    this.#renderStages();
  }

  #renderSource(): void {
    const [language, source] = [this.#language, this.#source];
    const expected = EXAMPLES.find(({ id }) => id === this.#link.example) ?? first(EXAMPLES);
    renderSource(
      part('source'),
      { language, source, expected },
      { example: (example) => this.#loadExample(example), files: (files) => this.#openFiles(files) },
    );
  }

  #renderPickers(): void {
    const [language, place, colors] = [this.#language, this.#place, this.#colors];
    const layers =
      this.#source?.layers.map(String) ?? Array.from({ length: this.#counts.layers }, (_, layer) => String(layer));
    renderPickers(
      this.#pickers,
      { ...this.#counts, language, place, layers, colors },
      { place: (change) => this.#setPlace(change), colors: (id) => this.#setColors(id) },
    );
  }

  #renderStages(): void {
    renderStages(this.#stages, { language: this.#language, stage: this.#stage }, (stage) => {
      this.#stage = stage;
      this.#draw();
    });
  }
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
