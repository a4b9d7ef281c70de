// How far dot products of random vectors spread, and what dividing them does: why √d.

import { attention, type Tensor } from '../../engine/index.ts';
import {
  deviationOf,
  SpreadView,
  temperatureIndex,
  TEMPERATURES,
  type SpreadRow,
  type SpreadSample,
  type SpreadScene,
} from '../../views/index.ts';
import { element } from '../../views/parts/dom.ts';
import { Latest } from '../../views/parts/latest.ts';
import type { Language } from '../../views/parts/text.ts';
import { faultOf } from '../reason.ts';
import { normals } from '../tensors.ts';
import type { Entry, Exported, Mounted, Section, Story } from './section.ts';
import { LARGEST_SEED, readState, SIZES, writeState, type SpreadState } from './spreadstate.ts';
import { WORDS } from './words.ts';

/** Queries of each size, each a head of its own with keys of its own: all pairs but those of one query are independent. */
const QUERIES = 512;
const KEYS = 8;

export const spread: Section = {
  ...WORDS.spread,
  mount: (host, story) => new Spread(host, story),
};

class Spread implements Mounted {
  readonly #story: Story;
  readonly #view: SpreadView;
  readonly #fault = element('p', { class: 'field-fault', role: 'status' });
  readonly #jobs = new Latest(
    (error) => this.#fail(error),
    () => undefined,
  );
  #language: Language;
  #state: SpreadState;
  #samples: readonly (SpreadSample | undefined)[] = [];
  #error: unknown;

  constructor(host: HTMLElement, story: Story) {
    this.#story = story;
    this.#language = story.language;
    this.#state = readState(story.state);
    this.#view = new SpreadView({
      choose: (chosen) => this.#choose(chosen),
      heat: (at) => this.#change({ at }),
      again: () => this.#change({ seed: (this.#state.seed % LARGEST_SEED) + 1 }),
    });
    host.append(this.#view.element, this.#fault);
    this.#draw();
  }

  speak(language: Language): void {
    this.#language = language;
    this.#show();
  }

  repaint(): void {
    this.#show();
  }

  restore(state: string): void {
    this.#change(readState(state));
  }

  exported(): Exported {
    const { seed } = this.#state;
    return {
      name: `spread-${seed}`,
      columns: ['kind', 'd', 'from', 'to', 'value', 'entropy', 'effective_keys', 'largest_weight'],
      naming: 4,
      rows: this.#samples.flatMap((sample) => (sample ? [...this.#histogramRows(sample), ...sweepRows(sample)] : [])),
      picture: this.#view.picture(getComputedStyle(document.body).backgroundColor),
    };
  }

  #histogramRows(sample: SpreadSample): Entry[][] {
    return Object.entries(this.#view.histograms(sample)).flatMap(([side, { reach, counts, below, above }]) => {
      const edge = (bin: number): number => reach * ((2 * bin) / counts.length - 1);
      const row = (from: number, to: number, count: number): Entry[] => [
        side,
        sample.size,
        from,
        to,
        count,
        null,
        null,
        null,
      ];
      const inside = counts.map((count, bin) => row(edge(bin), edge(bin + 1), count));
      return [row(-Infinity, -reach, below), ...inside, row(reach, Infinity, above)];
    });
  }

  /** Goes to another size; where its dot products are divided, so are those of the next. */
  #choose(chosen: number): void {
    const { at, chosen: before } = this.#state;
    this.#change({ chosen, at: at === rootIndex(before) ? rootIndex(chosen) : at });
  }

  #change(change: Partial<SpreadState>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    this.#story.remember(writeState(this.#state));
    if (this.#state.seed !== before.seed) this.#draw();
    else this.#show();
  }

  /** Makes the samples of the current seed, that of the chosen size first. */
  #draw(): void {
    const { seed, chosen } = this.#state;
    this.#samples = SIZES.map(() => undefined);
    this.#error = undefined;
    this.#show();
    this.#jobs.run(async (signal) => {
      const others = SIZES.map((_, index) => index).filter((index) => index !== chosen);
      for (const index of [chosen, ...others]) {
        const sample = await sampleOf(SIZES[index] ?? 1, seed, signal);
        if (signal.aborted) return;
        this.#samples = this.#samples.map((known, at) => (at === index ? sample : known));
        this.#show();
      }
    }, true);
  }

  #fail(error: unknown): void {
    this.#error = error;
    this.#show();
  }

  #show(): void {
    const { chosen, at } = this.#state;
    const scene: SpreadScene = { sizes: SIZES, count: QUERIES * KEYS, keys: KEYS, samples: this.#samples, chosen, at };
    this.#view.show(scene, this.#language);
    this.#fault.textContent = this.#error === undefined ? '' : faultOf(this.#error, this.#language);
  }
}

/** The temperature that is √d of a size, by their numbers. */
function rootIndex(chosen: number): number {
  return temperatureIndex(Math.sqrt(SIZES[chosen] ?? 1));
}

/** Random queries and keys of one size, their scores, and the first query's weights at every temperature. */
async function sampleOf(size: number, seed: number, signal: AbortSignal): Promise<SpreadSample> {
  // As a column of numbers, they have variance 1. Each size and seed has vectors of its own, queries others than keys.
  const random = (count: number, index: number): Float32Array => normals(seed * 1024 + 2 * size + index, [count, 1]);
  const query: Tensor = { shape: [1, QUERIES, 1, size], data: random(QUERIES * size, 0) };
  const key: Tensor = { shape: [1, QUERIES, KEYS, size], data: random(QUERIES * KEYS * size, 1) };
  const scores = { score: 'scaled_dot', stages: ['raw', 'scaled'] } as const;
  const { stages } = await attention(query, key, null, { ...scores, signal });
  const [raw, scaled] = [stages?.raw?.data ?? new Float32Array(), stages?.scaled?.data ?? new Float32Array()];
  const row = await rowOf(query.data.slice(0, size), key.data.slice(0, KEYS * size), signal);
  return { size, raw, scaled, deviation: { raw: deviationOf(raw), scaled: deviationOf(scaled) }, row };
}

async function rowOf(query: Float32Array, key: Float32Array, signal: AbortSignal): Promise<SpreadRow> {
  const size = query.length;
  const q: Tensor = { shape: [1, size], data: query };
  const { stages } = await attention(q, { shape: [KEYS, size], data: key }, null, {
    score: 'dot',
    stages: ['raw'],
    signal,
  });
  const scores = stages?.raw?.data ?? new Float32Array();
  // The best first: the order of random keys says nothing.
  const order = [...scores.keys()].sort((one, other) => (scores[other] ?? 0) - (scores[one] ?? 0));
  const k = {
    shape: [KEYS, size],
    data: Float32Array.from(order.flatMap((at) => [...key.subarray(at * size, (at + 1) * size)])),
  };
  const options = { score: 'dot', needWeights: true, needStatistics: true, signal } as const;
  const swept = await Promise.all(
    TEMPERATURES.map((temperature) => attention(q, k, null, { ...options, temperature })),
  );
  const statistic = (name: 'entropy' | 'effectiveKeys' | 'maxWeight'): number[] =>
    swept.map(({ statistics }) => statistics?.[name][0] ?? NaN);
  return {
    scores: Float32Array.from(order, (at) => scores[at] ?? NaN),
    entropy: statistic('entropy'),
    effectiveKeys: statistic('effectiveKeys'),
    largest: statistic('maxWeight'),
    weights: swept.map(({ weights }) => weights?.data ?? new Float32Array()),
  };
}

function sweepRows({ size, row }: SpreadSample): Entry[][] {
  return TEMPERATURES.map((temperature, at) => {
    const numbers = [row.entropy[at] ?? NaN, row.effectiveKeys[at] ?? NaN, row.largest[at] ?? NaN];
    return ['temperature', size, null, null, temperature, ...numbers];
  });
}
