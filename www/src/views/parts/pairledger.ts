// The pair that is looked at closely: two lengths to slide, the angle between, and what they multiply to.

import { element, uniqueId } from './dom.ts';
import { formulaText } from './formula.ts';
import type { HandlesHeard } from './handles.ts';
import { pairNumbers, type PairNumbers, type PlaneScene } from './planescene.ts';
import { formatScore } from './ranking.ts';
import { phrase, type Language } from './text.ts';
import { QUERY, SHORTEST, lengthOf, longest, nameOf, withLength, type Vector } from './vectors.ts';

/** Positions on a slider: few enough for a key that is pressed again and again. */
const STEPS = 100;

const text = {
  heading: { en: 'Length × length × cosine', zh: '长度 × 长度 × 余弦' },
  length: { en: 'length', zh: '长度' },
  cosine: { en: 'cosine', zh: '余弦相似度' },
  projection: { en: 'projection of {key} on {query}', zh: '{key} 在 {query} 上的投影' },
  dot: { en: 'dot product', zh: '点积' },
  undirected: { en: 'no length, no direction', zh: '长度为零，没有方向' },
};

/** What the pair's two arrows are called. */
export function namesOf({ query, pair }: PlaneScene): { query: string; key: string } {
  return { query: query ? 'q' : nameOf('q', pair.query), key: nameOf('k', pair.key) };
}

/** What the two that a slider lengthens are called: where all ask all, what query and key are made of. */
function heldOf({ query, pair }: PlaneScene): { query: string; key: string } {
  const letter = query ? 'k' : 'x';
  return { query: query ? 'q' : nameOf('x', pair.query), key: nameOf(letter, pair.key) };
}

/** The ledger of one pair. */
export class PairLedger {
  readonly element = element('section', { class: 'plane-ledger' });
  /** The two sliders; they may stand elsewhere. */
  readonly lengths: HTMLElement;
  readonly #move: HandlesHeard['move'];
  readonly #heading = element('h3', {});
  readonly #sliders = { query: this.#slider('query'), key: this.#slider('key') };
  readonly #rows = element('dl', { class: 'ledger' });
  #scene: PlaneScene | undefined;

  /** `move` hears which arrow is to have another length; `hint` is the id of what says which keys do what. */
  constructor(move: HandlesHeard['move'], hint: string) {
    this.#move = move;
    const { query, key } = this.#sliders;
    for (const { input } of [query, key]) input.setAttribute('aria-describedby', hint);
    this.lengths = element('div', { class: 'plane-lengths' }, query.box, key.box);
    this.element.append(this.#heading, element('div', {}, this.lengths), this.#rows);
  }

  show(scene: PlaneScene, language: Language): void {
    this.#scene = scene;
    this.#heading.textContent = text.heading[language];
    const names = namesOf(scene);
    const pair = pairNumbers(scene);
    const held = heldOf(scene);
    for (const part of ['query', 'key'] as const) this.#showSlider(part, held[part], language);
    this.#rows.replaceChildren(
      ...row(text.cosine[language], 'cos θ', pair && formatScore(pair.cosine), angleText(pair, language), 'cosine'),
      ...row(
        phrase(text.projection, language, names),
        `|${names.key}| cos θ`,
        pair && formatScore(pair.projection),
        pair ? `${formatScore(pair.keyNorm)} × ${formatScore(pair.cosine)}` : '',
        'projection',
      ),
      ...row(
        text.dot[language],
        `${names.query}·${names.key}`,
        pair && formatScore(pair.dot),
        pair ? [pair.queryNorm, pair.keyNorm, pair.cosine].map(formatScore).join(' × ') : '',
        'dot',
      ),
    );
  }

  #slider(part: 'query' | 'key') {
    const id = uniqueId('length');
    const input = element('input', { type: 'range', id, name: `plane-${part}`, min: 0, max: STEPS, step: 1 });
    const label = element('label', { for: id });
    const value = element('output', { for: id });
    input.addEventListener('input', () => {
      const [of, at] = this.#arrow(part);
      const [least, most] = [SHORTEST, longest(at)];
      const length = least + ((most - least) * Number(input.value)) / STEPS;
      this.#move(of, (now) => withLength(now, length), `length k${of}`);
    });
    return { input, label, value, box: element('div', { class: 'plane-length-field' }, label, value, input) };
  }

  /** The arrow behind a slider, by number and place. */
  #arrow(part: 'query' | 'key'): [of: number, at: Vector] {
    const { query, keys = [], pair } = this.#scene ?? {};
    if (part === 'query' && query) return [QUERY, query];
    const of = (part === 'query' ? pair?.query : pair?.key) ?? 0;
    return [of, keys[of] ?? [0, 0]];
  }

  #showSlider(part: 'query' | 'key', name: string, language: Language): void {
    const { input, label, value, box } = this.#sliders[part];
    const [of, at] = this.#arrow(part);
    const { numbers, pair, isPassing } = this.#scene ?? {};
    const norm = part === 'query' ? numbers?.queryNorms[pair?.query ?? 0] : numbers?.keyNorms[pair?.key ?? 0];
    const most = longest(at);
    const share = most > 0 ? (lengthOf(at) - SHORTEST) / (most - SHORTEST) : 0;
    const position = Math.round(Math.max(0, Math.min(1, share)) * STEPS);
    box.setAttribute('data-key', of === QUERY ? 'query' : String(of));
    input.disabled = most === 0;
    // What is kept of a vector may be a step beside where the hand is, and what is on the way is where it was: the thumb stays under it.
    if (!isPassing && Math.abs(Number(input.value) - position) > 1) input.value = String(position);
    input.style.setProperty('--filled', `${(100 * Number(input.value)) / STEPS}%`);
    label.replaceChildren(text.length[language], ' ', formulaText(`|${name}|`));
    value.textContent = norm === undefined ? '' : formatScore(norm);
    input.setAttribute('aria-valuetext', value.textContent || '…');
  }
}

function angleText(pair: PairNumbers | undefined, language: Language): string {
  if (!pair) return '';
  return Number.isNaN(pair.angle) ? text.undirected[language] : `θ = ${pair.angle.toFixed(1)}°`;
}

/** A row of the ledger; its number, and the line below it, have their room before they are known. */
function row(name: string, formula: string, value: string | undefined, detail: string, id: string): HTMLElement[] {
  const shown = value === 'NaN' ? '–' : (value ?? '');
  return [
    element(
      'div',
      { class: `ledger-row plane-row-${id}` },
      element('dt', {}, name, ' ', formulaText(formula)),
      element('dd', { class: 'ledger-value', 'data-plane': id }, shown),
      element('dd', { class: 'ledger-detail' }, detail || '\u00a0'),
    ),
  ];
}
