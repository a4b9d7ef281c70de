// What the page has open, for the sections that look at it: the head in the picture, its values, and the other layers.

import type { AttentionMap, ProblemOptions, Tensor } from '../../engine/index.ts';
import { catalog } from '../../generated/catalog.ts';
import type { HeadAt } from '../../views/parts/headorder.ts';
import { openHeadName } from '../headname.ts';
import { PageError } from '../reason.ts';
import { settingsFrom } from '../settings.ts';
import { EXAMPLES, type Source } from '../source.ts';
import type { Pair, Place } from '../state.ts';
import { text } from '../text.ts';
import { atlasOf, type Atlas, type Computed } from './atlas.ts';
import type { CompareOf, CompareSubject } from './compare.ts';
import type { OpenLayer } from './features.ts';
import type { HeadsOf } from './heads.ts';
import type { LinksOf, LinksSubject } from './links.ts';
import type { StepsHead, StepsPage } from './steps.ts';
import type { StudentOf } from './student.ts';

/** The head in the picture. The map stays the page's own: it is asked, never freed. */
export interface OpenHead extends Computed {
  source: Source;
  map: AttentionMap;
  place: Place;
  /** What the map was opened with. */
  options: ProblemOptions;
  /** What decides how the layers are computed: as long as each of these is the same, so are their weights. */
  rules: readonly unknown[];
}

/** What the page does for the sections. */
export interface Host {
  /** What is on its way, as long as nothing is open yet. */
  expected(): { layers: number; heads: number } | undefined;
  /** The visitor wants to see a head. */
  open(at: HeadAt): void;
  /** The visitor wants to be where the open head is shown. */
  see: (() => void) | undefined;
  /** Whether samples come with the page. */
  readonly hasSample: boolean;
}

/** Nobody stops the values of a layer: they are read once and are wanted as long as the layer is. */
const NEVER = new AbortController().signal;

export class Opened implements StepsPage, LinksOf, HeadsOf, CompareOf, StudentOf {
  readonly #host: Host;
  readonly #listeners: (() => void)[] = [];
  #head: OpenHead | undefined;
  #steps: Promise<StepsHead> | undefined;
  #subject: (LinksSubject & CompareSubject) | undefined;
  #atlas: { atlas: Atlas; source: Source; rules: readonly unknown[] } | undefined;
  /** The values of the last layer that was asked for. */
  #value: { source: Source; layer: number; value: Promise<Tensor | null> } | undefined;
  /** Whether it is known if anything is open. */
  #known = false;
  #fault: unknown;
  #pair: Pair | undefined;
  #waiting: (() => void)[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  /** Another head is in the picture, or the same under other rules; undefined: there is no picture, for `fault` where that is said. */
  show(head: OpenHead | undefined, fault?: unknown): void {
    if (this.#known && isSame(head, this.#head) && fault === this.#fault) return;
    this.#known = true;
    this.#fault = fault;
    this.#head = head;
    this.#steps = undefined;
    this.#atlas = head && this.#atlasFor(head);
    this.#subject = head && this.#atlas && subjectOf(head, this.#atlas.atlas);
    if (!head) this.#value = undefined;
    for (const go of this.#waiting.splice(0)) go();
    for (const listener of this.#listeners) listener();
  }

  listen(changed: () => void): void {
    this.#listeners.push(changed);
  }

  /** The pair that is locked in the picture: sections begin with it where nothing else was chosen in them. */
  get pair(): Pair | undefined {
    return this.#pair;
  }

  set pair(pair: Pair | undefined) {
    if (pair?.join() === this.#pair?.join()) return;
    this.#pair = pair;
    for (const listener of this.#listeners) listener();
  }

  get known(): boolean {
    return this.#known;
  }

  fault(): unknown {
    return this.#fault;
  }

  /** Whether weights sum to one by the normalizer of what is open. */
  get sumsToOne(): boolean {
    const id = this.#subject?.normalizer;
    return catalog.normalizers.find((one) => one.id === id)?.sumsToOne ?? true;
  }

  // ---- for the steps

  async layer(): Promise<StepsHead> {
    if (!this.#known) await new Promise<void>((go) => this.#waiting.push(go));
    const head = this.#head;
    if (!head) throw this.#fault ?? new PageError(text.nothingOpen);
    this.#steps ??= this.#stepsOf(head);
    return this.#steps;
  }

  async #stepsOf(head: OpenHead): Promise<StepsHead> {
    const { map, options, source, place } = head;
    const { queryTokens: queries, keyTokens: keys } = source;
    const { about = {} } = this.#subject ?? {};
    return {
      map,
      value: await this.#valueOf(head),
      tokens: { queries, keys },
      options,
      name: openHeadName(head),
      about,
      batch: place.batch,
      head: place.head,
      query: startOf(source),
    };
  }

  #valueOf({ source, place: { layer } }: OpenHead): Promise<Tensor | null> {
    if (this.#value?.source !== source || this.#value.layer !== layer) {
      const asked = { source, layer, value: source.value(layer, NEVER) };
      this.#value = asked;
      // What could not be read is asked for again.
      asked.value.catch(() => this.#value === asked && (this.#value = undefined));
    }
    return this.#value.value;
  }

  // ---- for students and teachers

  get hasSample(): boolean {
    return this.#host.hasSample;
  }

  openLayer(): OpenLayer | undefined {
    return this.#head && { source: this.#head.source, layer: this.#head.place.layer };
  }

  // ---- for the links and the comparison

  subject(): (LinksSubject & CompareSubject) | undefined {
    return this.#subject;
  }

  // ---- for the heads

  atlas(): Atlas | undefined {
    return this.#atlas?.atlas;
  }

  expected(): { layers: number; heads: number } | undefined {
    return this.#known ? undefined : this.#host.expected();
  }

  shown(): HeadAt | undefined {
    return this.#head?.place;
  }

  open(at: HeadAt): void {
    this.#host.open(at);
  }

  get see(): (() => void) | undefined {
    return this.#host.see;
  }

  #atlasFor(head: OpenHead) {
    const { source, place, rules: given } = head;
    const rules = [place.batch, ...given];
    const before = this.#atlas;
    if (before?.source === source && rules.every((rule, at) => rule === before.rules[at])) return before;
    return { atlas: atlasOf(source, place.batch, head), source, rules };
  }
}

function isSame(a: OpenHead | undefined, b: OpenHead | undefined): boolean {
  if (!a || !b) return a === b;
  const same = a.map === b.map && a.place.batch === b.place.batch && a.place.head === b.place.head;
  return same && a.rules.every((rule, at) => rule === b.rules[at]);
}

function subjectOf(
  { source, map, options, place: { layer, batch, head } }: OpenHead,
  atlas: Atlas,
): LinksSubject & CompareSubject {
  const { layers, queryTokens, keyTokens } = source;
  const { normalizer } = settingsFrom(options);
  const place = { layer: layers[layer] ?? layer, layers: layers.length, batch, head };
  const about = atlas.about({ layer, head });
  return { map, ...place, about, normalizer: normalizer.id, queryTokens, keyTokens, query: startOf(source) };
}

/** The query that an example is to be looked at first in. */
function startOf({ example }: Source): number | undefined {
  return EXAMPLES.find(({ id }) => id === example)?.start.query;
}
