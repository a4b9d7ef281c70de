// STEPS: one query on its way from scores to the output, a stage at a time.
//
// The view changes nothing itself: it says what the visitor does (StepsListener), and whoever listens shows the next scene.

import { element, focusedBeside, onResize, svg } from './parts/dom.ts';
import { dimensionUnder, drawDimensions } from './parts/dimensions.ts';
import { formulaText } from './parts/formula.ts';
import { ROW } from './parts/keyrow.ts';
import { drawRows, KeyRows, type KeyBars, type ShownKey } from './parts/keyrows.ts';
import { lettering } from './parts/lettering.ts';
import { nameElement } from './parts/name.ts';
import { Player } from './parts/player.ts';
import { standalone } from './parts/standalone.ts';
import { type Language } from './parts/text.ts';
import { TokenChoice, type Sequence } from './parts/tokenchoice.ts';

export { spanOfBars, spanOfShares, type KeyVectors, type ShownKey } from './parts/keyrows.ts';

/** What a stage says of each key. */
type StageBars = Pick<KeyBars, 'values' | 'span' | 'write' | 'vectors'>;

/** One stage of the way. */
export interface StepsStage {
  id: string;
  name: string;
  formula: string;
  /** The formula with the numbers of the chosen key, or of the chosen dimension. */
  plugged: string;
  /** A sentence: what happens here. */
  about: string;
  /** Why it is passed over; undefined: it is on the way. */
  off?: string | undefined;
  /** What stands below the bars: a sum. */
  total: string;
  /** A number for each key that is shown. */
  bars?: StageBars | undefined;
  /** In place of bars: a number for each dimension. */
  dimensions?: Float32Array | undefined;
}

/** What is seen. */
export interface StepsScene {
  queries: Sequence;
  query: number;
  keys: readonly ShownKey[];
  /** The place of the chosen key among those shown. */
  chosen: number;
  stages: readonly StepsStage[];
  /** The index of the stage that is shown, which is on the way. */
  at: number;
  /** The chosen dimension of the output. */
  dimension: number;
  /** What is to be known of the row, or of the keys that are not shown. */
  note: string;
}

/** What the visitor does. */
export interface StepsListener {
  query(index: number): void;
  /** To the stage at this index. */
  go(stage: number): void;
  /** The key at this place among those shown. */
  key(place: number): void;
  dimension(index: number): void;
}

/** The room of the picture: as high as so many rows at least, and the slider below the dimensions. */
const LEAST_ROWS = 5;
const SLIDER = 48;
const TAKEN = { width: 560, gap: 24, head: 72 } as const;

const text = {
  stages: { en: 'The way from scores to the output', zh: '从分数到输出' },
  keys: { en: 'Key', zh: '键' },
  dimension: { en: 'Dimension of the output', zh: '输出的维' },
};

/** The choice of the query, the buttons, the list of stages, and the stage in sight. */
export class StepsView {
  readonly element: HTMLElement;
  readonly #heard: StepsListener;
  readonly #queries: TokenChoice;
  readonly #player: Player;
  readonly #stages = element('ol', { class: 'steps-stages' });
  readonly #heading = element('h3', { class: 'steps-heading' });
  readonly #pair = element('span', { class: 'steps-pair' });
  readonly #plugged = element('span', { class: 'steps-plugged' });
  readonly #about = element('p', { class: 'steps-about' });
  readonly #rows: KeyRows;
  readonly #plot = svg('svg', { class: 'steps-picture steps-plot', 'aria-hidden': 'true' });
  readonly #dimension: HTMLInputElement;
  readonly #vector: HTMLElement;
  readonly #room = element('div', { class: 'steps-room' });
  readonly #total = element('p', { class: 'steps-total' });
  readonly #note = element('p', { class: 'steps-about' });
  #scene: StepsScene | undefined;
  #language: Language = 'en';

  constructor(heard: StepsListener) {
    this.#heard = heard;
    this.#queries = new TokenChoice((index) => heard.query(index));
    this.#player = new Player((step) => heard.go(this.#way[step] ?? 0));
    this.#rows = new KeyRows((place) => heard.key(place));
    this.#dimension = element('input', { type: 'range', name: 'steps-dimension', min: 0, step: 1 });
    this.#vector = element('div', { class: 'steps-vector' }, this.#plot, this.#dimension);
    this.#room.append(this.#rows.element, this.#vector);
    const words = element('div', { class: 'steps-words', 'aria-live': 'polite' });
    words.append(this.#heading, element('p', { class: 'steps-sum' }, this.#pair, this.#plugged));
    const below = element('div', { class: 'steps-below' }, this.#total, this.#about, this.#note);
    const stage = element('div', { class: 'steps-stage' }, words, this.#room, below);
    const body = element('div', { class: 'steps-body' }, this.#stages, stage);
    this.element = element('div', { class: 'steps' }, this.#queries.element, this.#player.element, body);
    this.#listen();
    onResize(this.#room, () => this.#draw());
  }

  #listen(): void {
    this.#dimension.addEventListener('input', () => this.#heard.dimension(this.#dimension.valueAsNumber));
    this.#plot.addEventListener('click', ({ offsetX }) => {
      const count = this.#stage?.dimensions?.length ?? 0;
      if (count > 0) this.#heard.dimension(dimensionUnder(offsetX, this.#plot.clientWidth, count));
    });
    // In the list of keys the arrows that point along the way go along it; up and down choose a key.
    this.#room.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by === undefined || event.target === this.#dimension || event.altKey || event.ctrlKey || event.metaKey)
        return;
      event.preventDefault();
      this.#player.move(by);
    });
  }

  /** The indices of the stages that are on the way. */
  get #way(): number[] {
    return (this.#scene?.stages ?? []).flatMap(({ off }, index) => (off === undefined ? [index] : []));
  }

  get #stage(): StepsStage | undefined {
    return this.#scene?.stages[this.#scene.at];
  }

  /** Shows `scene`; undefined: there is nothing to show. */
  show(scene: StepsScene | undefined, language: Language): void {
    const before = this.#scene;
    [this.#scene, this.#language] = [scene, language];
    this.element.hidden = scene === undefined;
    if (!scene) return this.#player.pause();
    if (before?.query !== undefined && before.query !== scene.query) this.#player.pause();
    this.#queries.show(scene.queries, scene.query, language);
    const way = this.#way;
    const names = way.map((index) => scene.stages[index]?.name ?? '');
    const { plugged = '', about = '' } = this.#stage ?? {};
    this.#player.show(names, Math.max(0, way.indexOf(scene.at)), language, plugged.length + about.length);
    this.#list(scene);
    this.#say(scene);
    this.#draw();
  }

  /** What is seen as a picture of its own; `paper` is behind it. */
  picture(paper: string): SVGSVGElement {
    const [scene, stage] = [this.#scene, this.#stage];
    if (!scene || !stage) return svg('svg');
    const { width, gap, head } = TAKEN;
    const height = this.#height(scene);
    const sheet = svg('svg', { class: 'steps-sheet', viewBox: `0 0 ${width + 2 * gap} ${head + height + 48}` });
    const [query, key] = [scene.queries.name(scene.query), scene.keys[scene.chosen]?.name ?? ''];
    const title = stage.dimensions ? `${query}: ${stage.name}` : `${query} → ${key}: ${stage.name}`;
    const drawn = stage.bars
      ? drawRows(this.#bars(scene, stage.bars), width)
      : this.#columns(scene, stage, width, height);
    sheet.append(
      lettering(title, { x: gap, y: 30 }, 'steps-name-chosen'),
      lettering(stage.plugged, { x: gap, y: 52 }, 'steps-number'),
      svg('g', { transform: `translate(${gap} ${head})` }, ...drawn),
      lettering(stage.total, { x: gap, y: head + height + 28 }, 'steps-number'),
    );
    return standalone(sheet, this.element, paper);
  }

  // ---- words

  #list(scene: StepsScene): void {
    this.#stages.setAttribute('aria-label', text.stages[this.#language]);
    const focused = this.#stages.contains(focusedBeside(this.#stages));
    const items = scene.stages.map(({ name, off }, index) => {
      if (off !== undefined) return element('li', { class: 'steps-off' }, name, element('span', {}, off));
      const current = index === scene.at;
      const button = element('button', { type: 'button', class: 'steps-go', 'aria-current': current && 'step' }, name);
      button.addEventListener('click', () => this.#player.jump(this.#way.indexOf(index)));
      return element('li', {}, button);
    });
    this.#stages.replaceChildren(...items);
    if (focused) this.#stages.querySelector<HTMLElement>('[aria-current]')?.focus();
  }

  #say(scene: StepsScene): void {
    const stage = scene.stages[scene.at];
    if (!stage) return;
    const language = this.#language;
    this.#heading.replaceChildren(stage.name, ' ', formulaText(stage.formula));
    const [query, key] = [scene.queries.name(scene.query), scene.keys[scene.chosen]?.name ?? ''];
    const pair = stage.dimensions ? [nameElement(query)] : [nameElement(query), ' → ', nameElement(key)];
    this.#pair.replaceChildren(...pair, ' ');
    this.#plugged.replaceChildren(...termsOf(stage.plugged));
    this.#about.textContent = stage.about;
    this.#total.textContent = stage.total;
    this.#note.textContent = scene.note;
    this.#rows.label = text.keys[language];
    this.#dimension.setAttribute('aria-label', text.dimension[language]);
  }

  // ---- drawing

  #height(scene: StepsScene): number {
    // One row more is there for the sum of vectors.
    return ROW * (Math.max(LEAST_ROWS, scene.keys.length) + 1);
  }

  #draw(): void {
    const [scene, stage] = [this.#scene, this.#stage];
    if (!scene || !stage || !this.element.isConnected) return;
    this.#room.style.height = `${this.#height(scene)}px`;
    this.#rows.element.hidden = !stage.bars;
    this.#vector.hidden = !stage.dimensions;
    if (stage.bars) this.#rows.show(this.#bars(scene, stage.bars));
    if (stage.dimensions) this.#drawVector(scene, stage, stage.dimensions);
  }

  #bars({ keys, chosen }: StepsScene, bars: StageBars): KeyBars {
    return { keys, chosen, ...bars };
  }

  #drawVector(scene: StepsScene, stage: StepsStage, values: Float32Array): void {
    const height = this.#height(scene) - SLIDER;
    const width = this.#plot.clientWidth || TAKEN.width;
    this.#plot.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#plot.style.height = `${height}px`;
    this.#plot.replaceChildren(...this.#columns(scene, stage, width, height));
    const most = Math.max(0, values.length - 1);
    this.#dimension.max = String(most);
    this.#dimension.value = String(scene.dimension);
    this.#dimension.style.setProperty('--filled', `${most ? (100 * scene.dimension) / most : 0}%`);
    this.#dimension.setAttribute('aria-valuetext', stage.plugged);
  }

  #columns({ dimension }: StepsScene, { dimensions }: StepsStage, width: number, height: number): SVGElement[] {
    return dimensions ? drawDimensions(dimensions, dimension, width, height) : [];
  }
}

/** The terms of an equation, each of which stays in one piece: it is broken before a plus, and before the result. */
function termsOf(equation: string): (HTMLElement | string)[] {
  const terms = equation.split(/ (?=\+ |= [^=]*$)/);
  return terms.flatMap((term, at) => [at > 0 ? ' ' : '', element('span', { class: 'steps-term' }, term)]);
}
