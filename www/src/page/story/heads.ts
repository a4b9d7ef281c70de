// HEADS of the story: all layers and heads of what is open at once.

import { catalog, type Colormap, type HeadStatistic } from '../../engine/index.ts';
import type { Text } from '../../generated/catalog.ts';
import { HeadsView, type HeadAt } from '../../views/index.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import type { About } from '../about.ts';
import { isEqual } from '../equal.ts';
import { painter } from '../painter.ts';
import { faultOf, reasonOf } from '../reason.ts';
import type { Atlas } from './atlas.ts';
import type { Exported, Mounted, Section, Story } from './section.ts';
import { WORDS } from './words.ts';
import { MOST_CELLS, survey } from './survey.ts';

/** What the section needs of the page. */
export interface HeadsOf {
  /** The layers of what is open; undefined: nothing is. The same object as long as its weights are the same. */
  atlas(): Atlas | undefined;
  /** Why nothing is open, where that is not the visitor's choice. */
  fault(): unknown;
  /** How many layers and heads to keep room for as long as they are not known; undefined: nobody knows. */
  expected(): { layers: number; heads: number } | undefined;
  /** The head that the page shows; `layer` counts from 0 among the atlas's. */
  shown(): HeadAt | undefined;
  /** Calls `changed` whenever one of these two is another. */
  listen(changed: () => void): void;
  /** The visitor opens a head. */
  open(at: HeadAt): void;
  /** The visitor wants to be where the open head is shown; undefined: nowhere. */
  readonly see: (() => void) | undefined;
}

const text = {
  twice: {
    en: 'It is measured on tokens that are one text given twice in a row; here they are not.',
    zh: '它要在一段文字连续重复两次的词元上测量，这里不是。',
  },
  before: {
    en: 'It is measured on tokens that occurred before; here there is none.',
    zh: '它要在先前出现过的词元上测量，这里没有。',
  },
  tokens: {
    en: 'It takes tokens that are queries and keys alike; here there are none.',
    zh: '它需要既作查询又作键的词元，这里没有。',
  },
  failed: { en: 'The heads could not be computed: {reason}.', zh: '无法计算各个头：{reason}。' },
} satisfies Record<string, Text>;

/** What those numbers take that not every head has. */
const TAKES: { readonly [id in HeadStatistic]?: Text } = {
  inductionScore: text.twice,
  duplicateTokenShare: text.before,
  previousTokenMul: text.tokens,
  previousTokenAbs: text.tokens,
  duplicateTokenMul: text.tokens,
  duplicateTokenAbs: text.tokens,
  inductionMul: text.tokens,
  inductionAbs: text.tokens,
};

const FIRST: HeadStatistic = 'meanEntropy';
const COLORS: Record<'weights' | 'number', Colormap> = { weights: 'viridis', number: 'cividis' };

/** The section for what `of` says is open. */
export function heads(of: HeadsOf): Section {
  return {
    ...WORDS.heads,
    mount: (host, story) => new Heads(host, story, of),
  };
}

class Heads implements Mounted {
  readonly #of: HeadsOf;
  readonly #view: HeadsView;
  #atlas: Atlas | undefined;
  /** How many heads a layer had last. */
  #heads = 0;
  /** Layers that are there. */
  #done = 0;
  #inSight = false;
  #running: AbortController | undefined;
  /** Nothing more will come: it was refused. */
  #refused = false;

  constructor(host: HTMLElement, story: Story, of: HeadsOf) {
    this.#of = of;
    const measures = catalog.headStatistics.map((measure) => ({
      ...measure,
      takes: TAKES[measure.id as HeadStatistic],
    }));
    this.#view = new HeadsView(host, { paint: painter, colors: COLORS, measures, first: FIRST, most: MOST_CELLS });
    this.#view.language = story.language;
    this.#view.written = story.state;
    this.#view.addEventListener('open', (event) => of.open((event as CustomEvent<HeadAt>).detail));
    this.#view.leads = of.see !== undefined;
    this.#view.addEventListener('see', () => of.see?.());
    this.#view.addEventListener('state', () => story.remember(this.#view.written));
    of.listen(() => this.#follow());
    new IntersectionObserver((entries) => this.#see(entries)).observe(host);
    this.#reserve(undefined);
    this.#follow();
  }

  speak(language: Story['language']): void {
    this.#view.language = language;
  }

  repaint(): void {
    this.#view.repaint();
  }

  restore(state: string): void {
    this.#view.written = state;
  }

  exported(): Exported {
    const names = this.#atlas?.layers ?? [];
    const ids = catalog.headStatistics.map(({ id }) => id);
    const rows = this.#view.heads.map(({ layer, head, numbers }) => [
      names[layer] ?? layer,
      head,
      ...ids.map((id) => numbers[id] ?? null),
    ]);
    const about = aboutAll(names.map((_, layer) => this.#atlas?.about({ layer }) ?? {}));
    const columns = ['layer', 'head', ...ids];
    return { name: 'heads', columns, naming: 2, rows, about, picture: () => this.#view.picture };
  }

  /** Takes over what is open now. */
  #follow(): void {
    const [atlas, fault] = [this.#of.atlas(), this.#of.fault()];
    // What failed before may have been given up since, with nothing in its place.
    const isForgiven = this.#refused && !atlas && fault === undefined;
    if (atlas !== this.#atlas || isForgiven) {
      this.#running?.abort();
      this.#running = undefined;
      this.#atlas = atlas;
      this.#done = 0;
      this.#refused = false;
      this.#reserve(atlas);
      this.#view.state = atlas ? { is: 'computing', done: 0, running: false } : { is: 'empty' };
    }
    if (fault !== undefined) this.#refuse((language) => faultOf(fault, language));
    this.#view.opened = this.#of.shown();
    this.#work();
  }

  /** Keeps room for what is to come: as many heads as are expected, or as there were before. */
  #reserve(atlas: Atlas | undefined): void {
    const expected = this.#of.expected();
    const layers = atlas?.layers ?? Array.from({ length: expected?.layers ?? 0 }, (_, layer) => layer);
    const heads = expected?.heads ?? this.#heads;
    this.#view.expect(
      layers.map(String),
      layers.map(() => heads),
    );
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    this.#inSight = entries.at(-1)?.isIntersecting ?? false;
    this.#work();
  }

  /** Computes while somebody sees it; stops when it is left, and goes on from there later. */
  #work(): void {
    const atlas = this.#atlas;
    if (!this.#inSight) return this.#running?.abort();
    if (!atlas || this.#running || this.#refused || this.#done === atlas.layers.length) return;
    const controller = new AbortController();
    this.#running = controller;
    void this.#run(atlas, controller);
  }

  async #run(atlas: Atlas, controller: AbortController): Promise<void> {
    const { signal } = controller;
    this.#tell(true);
    try {
      await survey(
        atlas,
        this.#done,
        {
          expect: (heads) => this.#expect(atlas, heads),
          layer: (index, seen) => {
            this.#view.put(index, seen);
            this.#done = index + 1;
            this.#tell(true);
          },
        },
        signal,
      );
    } catch (error) {
      if (this.#running !== controller) return;
      const says = (language: Language): string => phrase(text.failed, language, { reason: reasonOf(error, language) });
      if (!signal.aborted) this.#refuse(says);
    }
    if (this.#running !== controller) return;
    this.#running = undefined;
    if (!this.#refused) this.#tell(false);
    // It may have come into sight again while it was being stopped.
    if (signal.aborted) this.#work();
  }

  #expect(atlas: Atlas, heads: number): void {
    const { layers } = atlas;
    this.#heads = heads;
    this.#view.expect(
      layers.map(String),
      layers.map(() => heads),
    );
    this.#view.opened = this.#of.shown();
  }

  #tell(running: boolean): void {
    const complete = this.#done === this.#atlas?.layers.length;
    this.#view.state = complete ? { is: 'complete' } : { is: 'computing', done: this.#done, running };
  }

  #refuse(says: (language: Language) => string): void {
    this.#refused = true;
    this.#view.state = { is: 'refused', reason: { en: says('en'), zh: says('zh') } };
  }
}

/** Of several at once: what is the same of all; where they differ a list, in their order. */
function aboutAll(each: readonly About[]): About {
  const names = new Set(each.flatMap((one) => Object.keys(one)));
  const values = [...names].map((name) => {
    const [first, ...others] = each.map((one) => one[name]);
    return [name, others.every((other) => isEqual(other, first)) ? first : [first, ...others]] as const;
  });
  return Object.fromEntries(values);
}
