// The mask below the picture: what it leaves, in a line, and under it the editor, which is fetched when it is wanted.

import type { ProblemOptions } from './engine.ts';
import { element } from '../views/parts/dom.ts';
import { countLeft, type Rules } from '../views/parts/rules.ts';
import type { Language } from '../views/parts/text.ts';
import type { MaskEditor } from './maskeditor.ts';
import { sayLeft } from './maskleft.ts';
import { isSame, MaskHistory } from './maskpart.ts';
import { excuse } from './missing.ts';
import { rulesOf, type Settings } from './settings.ts';
import type { Place } from './state.ts';
import type { Sizes } from './tensors.ts';
import { text } from './text.ts';

/** What the editor shows: settings over what the file says, for one head of the open problem. */
export interface MaskState {
  settings: Settings;
  base: ProblemOptions;
  sizes: Sizes | undefined;
  place: Place;
  tokens: { queries?: readonly string[] | undefined; keys?: readonly string[] | undefined };
  language: Language;
}

const fetchEditor = () => import('./maskeditor.ts');

/** The collapsible section. */
export class MaskPanel {
  readonly #change: (settings: Settings) => void;
  readonly #summary = element('summary', { class: 'mask-summary' });
  readonly #body = element('div', { class: 'mask-body' });
  readonly #details = element('details', { class: 'mask-details' }, this.#summary, this.#body);
  readonly #history = new MaskHistory();
  #editor: MaskEditor | undefined;
  #arriving = false;
  /** Why it did not arrive. */
  #missing: { error: unknown } | undefined;
  #state: MaskState | undefined;
  /** What was refused since, of what is in the state. */
  #refused: readonly [subject: string, message: string] | undefined;
  #rules: Rules | undefined;
  /** What the masks leave. */
  #left: ReturnType<typeof countLeft> | undefined;

  /** `change` hears the settings after each edit. */
  constructor(host: HTMLElement, change: (settings: Settings) => void) {
    this.#change = change;
    host.append(this.#details);
    // Whoever points there is about to open it. What does not arrive is said once it is open.
    for (const near of ['pointerenter', 'focusin']) {
      this.#summary.addEventListener(near, () => fetchEditor().catch(() => undefined), { once: true });
    }
    this.#details.addEventListener('toggle', () => void this.#open());
  }

  /** Shows `state`. */
  show(state: MaskState): void {
    const before = this.#state;
    this.#state = state;
    this.#refused = undefined;
    if (this.#editor) this.#editor.show(state);
    else this.#history.follow(before, state, '');
    this.#count(state);
    this.#renderSummary(state);
    if (before === undefined) void this.#open();
    if (before?.language !== state.language) this.#excuse();
  }

  /** Shows a refusal at the part of the editor that it is about, if there is one and it can be seen. */
  fail(subject: string, message: string): boolean {
    this.#refused = [subject, message];
    return this.#editor !== undefined && this.#editor.fail(subject, message) && this.#details.open;
  }

  /** Draws again in the colours of the page as they are now. */
  repaint(): void {
    this.#editor?.repaint();
  }

  async #open(): Promise<void> {
    if (this.#editor) return this.#editor.repaint();
    if (!this.#details.open || !this.#state || this.#arriving) return;
    this.#arriving = true;
    this.#missing = undefined;
    this.#body.ariaBusy = 'true';
    try {
      const { MaskEditor } = await fetchEditor();
      this.#editor = new MaskEditor(this.#body, this.#state, this.#history, this.#change);
      if (this.#refused) this.#editor.fail(...this.#refused);
    } catch (error) {
      this.#missing = { error };
      this.#excuse();
    }
    this.#arriving = false;
    this.#body.ariaBusy = null;
  }

  #excuse(): void {
    if (!this.#missing || !this.#state) return;
    this.#body.replaceChildren(...excuse(this.#missing.error, this.#state.language, () => void this.#again()));
  }

  /** Fetches once more what did not arrive; the button that asked for it is gone then. */
  async #again(): Promise<void> {
    await this.#open();
    const next = this.#editor ? this.#summary : this.#body.querySelector('button');
    next?.focus({ preventScroll: true });
  }

  #count(state: MaskState): void {
    const { settings, base, sizes } = state;
    if (!sizes) return;
    const rules = rulesOf(settings, base, sizes, headIn(state));
    if (!this.#rules || !isSame(this.#rules, rules)) this.#left = countLeft(rules);
    this.#rules = rules;
  }

  #renderSummary({ sizes, language }: MaskState): void {
    const name = element('h2', { class: 'mask-name' }, text.mask[language]);
    const counts = element('span', { class: 'mask-count' });
    if (sizes && this.#left) counts.textContent = sayLeft(this.#left, sizes, language);
    this.#summary.replaceChildren(name, counts);
  }
}

/** The batch item and head that are looked at, as far as the problem has them. */
export function headIn(state: MaskState | undefined): { batch: number; head: number } {
  const { place, sizes } = state ?? {};
  return {
    batch: Math.min(place?.batch ?? 0, Math.max(0, (sizes?.batch ?? 1) - 1)),
    head: Math.min(place?.head ?? 0, Math.max(0, (sizes?.heads ?? 1) - 1)),
  };
}
