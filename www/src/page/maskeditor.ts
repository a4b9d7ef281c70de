// The mask as something to edit: the grid with its brush, lengths, files, undo and redo. Fetched when it is first wanted.

import { openCapture, type Capture, type ProblemOptions, type Tensor, type TensorInfo } from './engine.ts';
import { MaskView, type MaskEdge, type MaskPaint } from '../views/index.ts';
import { element, uniqueId } from '../views/parts/dom.ts';
import { formatCount } from '../views/parts/format.ts';
import type { Edge } from '../views/parts/edges.ts';
import { isTouch } from '../views/parts/pointer.ts';
import type { Rules } from '../views/parts/rules.ts';
import { phrase, visibleToken, type Language } from '../views/parts/text.ts';
import { download } from './download.ts';
import { fileButton } from './drop.ts';
import { faultLine } from './field.ts';
import { headName } from './headname.ts';
import { headIn, type MaskState } from './mask.ts';
import { maskFile, readMask } from './maskfile.ts';
import { isSame, OPTIONS, partOf, type MaskHistory, type Part } from './maskpart.ts';
import { invertPainted, linkOf, MOST_PAIRS, nothingPainted, paintBlock, repaint, type Painted } from './painted.ts';
import { choices } from './pickers.ts';
import { alignmentMissing, PageError, reasonOf } from './reason.ts';
import { forbidden, memberOf, rulesOf, withValue, type Masks, type Settings, type Value } from './settings.ts';
import { tensorMenu } from './tensorfield.ts';
import type { Sizes } from './tensors.ts';
import { text } from './text.ts';
import { replaceKeepingFocus } from './toolbar.ts';

/** How the strokes of what comes from a file begin. */
const LOADING = 'load';

const LENGTHS = { keys: 'keyLengths', queries: 'queryLengths' } as const;
const WINDOWS = { left: 'leftWindowSize', right: 'rightWindowSize' } as const;

/** The editor. */
export class MaskEditor {
  readonly #change: (settings: Settings) => void;
  readonly #history: MaskHistory;
  readonly #host: HTMLElement;
  readonly #about = element('p', { class: 'mask-about' });
  readonly #axes = element('p', { class: 'mask-axes' });
  readonly #grid = element('div', { class: 'mask-grid' });
  readonly #tools = element('div', { class: 'mask-tools' });
  readonly #question = element('div', { class: 'mask-question' });
  readonly #note = element('p', { class: 'mask-note', role: 'status' });
  readonly #view = new MaskView(this.#grid);
  readonly #fails = new Map<string, (message: string | null) => void>();
  #state: MaskState | undefined;
  #rules: Rules | undefined;
  #brush = { remove: true, rectangle: false };
  #scope: 'all' | 'head' = 'all';
  #opposite = false;
  /** The tensor that was loaded last, which may yet turn out to mean the opposite. */
  #loaded: { name: string; tensor: Tensor } | undefined;
  /** Counts what is opened here or on the page: a file that is read too late for it counts for nothing. */
  #generation = 0;
  #stroke = '';
  #edits = 0;
  #said: ((language: Language) => string) | undefined;

  /** `change` hears the settings after each edit; `history` is of what was before the editor was there, too. */
  constructor(host: HTMLElement, state: MaskState, history: MaskHistory, change: (settings: Settings) => void) {
    this.#change = change;
    this.#history = history;
    this.#host = host;
    const side = element('div', { class: 'mask-side' }, this.#tools, this.#question, this.#note);
    host.replaceChildren(this.#about, this.#axes, this.#grid, side);
    this.#listen();
    this.#state = state;
    this.#render(state);
  }

  /** Shows `state`. */
  show(state: MaskState): void {
    const before = this.#state;
    this.#state = state;
    const what = this.#history.follow(before, state, this.#stroke);
    if (what === 'opened') this.#restart();
    else if (before && what === 'changed') this.#forget(before.settings.masks, state.settings.masks);
    this.#stroke = '';
    this.#render(state);
  }

  /** Shows a refusal at the part of the editor that it is about, if there is one. */
  fail(subject: string, message: string): boolean {
    const fail = this.#fails.get(subject.replace(/[.[].*/, ''));
    fail?.(message);
    return fail !== undefined;
  }

  /** Draws again, in the colours of the page as they are now. */
  repaint(): void {
    this.#view.repaint();
  }

  /** What was said of a file is over once a refusal was passed by, or nothing of the file is left. */
  #forget(before: Masks, { painted, bias }: Masks): void {
    if (this.#stroke.startsWith(LOADING)) return;
    // Its opposite would take what was painted since with it.
    if (painted !== before.painted || bias !== before.bias) this.#loaded = undefined;
    const refused = this.#note.classList.contains('field-fault');
    if (!refused && (painted || bias)) return;
    this.#loaded = undefined;
    this.#say(undefined);
  }

  #restart(): void {
    this.#next();
    this.#loaded = undefined;
    this.#said = undefined;
    this.#question.replaceChildren();
  }

  #listen(): void {
    this.#view.addEventListener('paint', (event) => this.#paint((event as CustomEvent<MaskPaint>).detail));
    this.#view.addEventListener('edge', (event) => this.#move((event as CustomEvent<MaskEdge>).detail));
    this.#view.addEventListener('undo', () => this.#undo());
    this.#view.addEventListener('redo', () => this.#redo());
  }

  // ---- edits

  /** The name of a stroke that no other goes on with. */
  #once(name: string): string {
    this.#edits += 1;
    return `${name} ${this.#edits}`;
  }

  #edit(stroke: string, change: (settings: Settings) => Settings): void {
    if (!this.#state?.sizes) return;
    this.#stroke = stroke;
    this.#change(change(this.#state.settings));
  }

  #editMasks(stroke: string, change: (masks: Masks) => Partial<Masks>): void {
    this.#edit(stroke, (settings) => ({ ...settings, masks: { ...settings.masks, ...change(settings.masks) } }));
  }

  /** Changes the painted mask, and `more`. */
  #repaint(
    stroke: string,
    change: (painted: Painted, head: number | 'all') => Painted | undefined,
    more: Partial<Masks> = {},
  ): void {
    const sizes = this.#state?.sizes;
    if (!sizes) return;
    this.#editMasks(stroke, ({ painted }) => {
      const fits = painted?.queries === sizes.queries && painted.keys === sizes.keys;
      const now = fits ? painted : nothingPainted(sizes.queries, sizes.keys);
      return { ...more, painted: change(now, this.#target()) };
    });
  }

  /** The heads that are painted. */
  #target(): number | 'all' {
    return this.#scope === 'all' ? 'all' : this.#at().head;
  }

  #at(): { batch: number; head: number } {
    return headIn(this.#state);
  }

  #paint({ stroke, remove, ...block }: MaskPaint): void {
    this.#repaint(`paint ${stroke}`, (painted, head) => paintBlock(painted, head, block, remove));
  }

  #move({ edge, value, stroke }: MaskEdge): void {
    const key = `${edge} ${stroke}`;
    if (edge === 'left' || edge === 'right') {
      this.#edit(key, (settings) => withValue(settings, WINDOWS[edge], value < 0 ? undefined : value));
    } else this.#setLength(edge, value, key);
  }

  #setLength(edge: keyof typeof LENGTHS, value: number, stroke: string): void {
    const sizes = this.#state?.sizes;
    if (!sizes) return;
    const full = sizes[edge];
    this.#editMasks(stroke, (masks) => {
      const given = masks[LENGTHS[edge]];
      // A link may have said too few: those count for nothing.
      const now = given?.length === sizes.batch ? given : Array<number>(sizes.batch).fill(full);
      const next = now.map((length, item) => (item === this.#at().batch ? value : length));
      return { [LENGTHS[edge]]: next.every((length) => length === full) ? undefined : next };
    });
  }

  #undo(): void {
    this.#goTo((now) => this.#history.undo(now));
  }

  #redo(): void {
    this.#goTo((now) => this.#history.redo(now));
  }

  #goTo(step: (now: Part) => Part | undefined): void {
    if (!this.#state?.sizes) return;
    const { settings } = this.#state;
    const part = step(partOf(settings));
    if (!part) return;
    const options = { ...settings.options };
    for (const name of OPTIONS) delete options[name];
    const next: Settings = {
      ...settings,
      masks: part.masks,
      options: { ...options, ...(part.options as Record<string, Value>) },
    };
    // Not a new change: it is in the history already.
    this.#state = { ...this.#state, settings: next };
    this.#said = undefined;
    this.#loaded = undefined;
    this.#change(next);
  }

  // ---- files

  async #open([file]: File[]): Promise<void> {
    if (!file) return;
    const generation = this.#next();
    this.#question.replaceChildren();
    if (this.#note.classList.contains('field-fault')) this.#say(undefined);
    const name = visibleToken(file.name);
    try {
      const capture = await openCapture(file);
      if (generation !== this.#generation) return;
      const readable = capture.tensors.filter(({ supported }) => supported);
      const [first] = readable;
      if (!first) throw new PageError(text.noTensor, { count: capture.tensors.length });
      if (readable.length === 1) return await this.#read(capture, first, name);
      const language = this.#state?.language ?? 'en';
      this.#question.replaceChildren(
        ...tensorMenu(readable, 'mask', language, (one) => void this.#read(capture, one, name)),
      );
      this.#question.querySelector('select')?.focus();
    } catch (error) {
      if (generation === this.#generation) this.#refuse(name, error);
    }
  }

  #next(): number {
    this.#generation += 1;
    return this.#generation;
  }

  async #read(capture: Capture, { name: tensor }: TensorInfo, name: string): Promise<void> {
    const generation = this.#next();
    try {
      const read = await capture.tensor(tensor);
      if (generation !== this.#generation) return;
      this.#loaded = { name, tensor: read };
      this.#apply();
    } catch (error) {
      if (generation === this.#generation) this.#refuse(name, error);
    }
  }

  #refuse(name: string, error: unknown): void {
    this.#say((language) => phrase(text.openFailed, language, { name, reason: reasonOf(error, language) }), true);
  }

  /** Puts the loaded tensor in force, as what it is, in place of what was painted or loaded before. */
  #apply(): void {
    const sizes = this.#state?.sizes;
    if (!this.#loaded || !sizes) return;
    const { name, tensor } = this.#loaded;
    const loaded = readMask(name, tensor, sizes, this.#opposite);
    if ('bias' in loaded) {
      this.#say((language) => phrase(text.maskBias, language, { name }));
      return this.#editMasks(this.#once(LOADING), () => ({ bias: loaded.bias, painted: undefined }));
    }
    const sentence = this.#opposite ? text.maskLoadedOpposite : text.maskLoaded;
    this.#say((language) => phrase(sentence, language, { name }));
    const [first] = loaded.marks;
    const replace = (painted: Painted, head: number | 'all'): Painted | undefined => {
      if (loaded.marks.length < 2) return repaint(painted, head, (bits) => first ?? bits);
      const each = loaded.marks.entries();
      return [...each].reduce<Painted | undefined>(
        (so, [at, bits]) => repaint(so ?? nothingPainted(sizes.queries, sizes.keys), at, () => bits),
        nothingPainted(sizes.queries, sizes.keys),
      );
    };
    this.#repaint(this.#once(LOADING), replace, { bias: undefined });
  }

  #save(): void {
    const { settings, base, sizes, place } = this.#state ?? {};
    if (!settings || !base || !sizes || !place) return;
    const { batch } = this.#at();
    const all = Array.from({ length: sizes.heads }, (_, head) => rulesOf(settings, base, sizes, { batch, head }));
    const same = all.every(({ painted, bias }) => painted === all[0]?.painted && bias === all[0]?.bias);
    const bias = forbidden(settings).has('attnBias') ? undefined : settings.masks.bias;
    const name = `${bias ? 'bias' : 'mask'}-layer${place.layer}${same ? '' : '-each-head'}.npy`;
    try {
      download(name, maskFile(same ? all.slice(0, 1) : all, sizes, bias));
    } catch (error) {
      this.#refuse(bias?.file ?? name, error);
    }
  }

  #say(sentence: ((language: Language) => string) | undefined, fault = false): void {
    this.#said = sentence;
    this.#note.classList.toggle('field-fault', fault);
    this.#renderNote();
  }

  // ---- drawing

  #render(state: MaskState): void {
    const { settings, base, sizes, tokens, language } = state;
    this.#view.language = language;
    this.#enable(sizes !== undefined);
    if (!sizes) return;
    const rules = rulesOf(settings, base, sizes, this.#at());
    this.#view.tokens = tokens;
    this.#view.tool = { ...this.#brush, enabled: sizes.queries * sizes.keys <= MOST_PAIRS };
    if (!this.#rules || !isSame(this.#rules, rules)) this.#view.rules = rules;
    this.#rules = rules;
    this.#renderAbout(sizes);
    this.#renderTools(sizes);
    this.#renderNote();
  }

  /** Without sizes what stands here is of another problem: it keeps its room, but is neither seen nor edited. */
  #enable(known: boolean): void {
    this.#host.inert = !known;
    this.#host.style.visibility = known ? '' : 'hidden';
    if (!known) this.#fails.clear();
  }

  #renderAbout({ heads, batch }: Sizes): void {
    const language = this.#state?.language ?? 'en';
    const head = headName(this.#at(), { heads, batch });
    this.#axes.replaceChildren(element('span', {}, text.rows[language]), element('span', {}, text.columns[language]));
    const how = (isTouch() ? text.maskHowTouch : text.maskHow)[language];
    this.#about.textContent = phrase(text.maskAbout, language, { head: head[language], how });
  }

  #renderTools(sizes: Sizes): void {
    const language = this.#state?.language ?? 'en';
    this.#fails.clear();
    const paintable = sizes.queries * sizes.keys <= MOST_PAIRS;
    const brush = paintable ? [this.#brushRow(sizes)] : [];
    replaceKeepingFocus(this.#tools, [
      ...brush,
      this.#buttons(language, paintable),
      element(
        'div',
        { class: 'mask-lengths' },
        ...(['keys', 'queries'] as const).map((edge) => this.#length(edge, sizes)),
      ),
      ...(paintable ? [this.#files(language)] : []),
    ]);
  }

  #brushRow({ heads }: Sizes): HTMLElement {
    const row = element(
      'div',
      { class: 'mask-row-tools' },
      this.#choice(
        'brush',
        ['remove', 'allow'],
        [text.brushRemove, text.brushAllow],
        this.#brush.remove ? 0 : 1,
        (at) => {
          this.#brush = { ...this.#brush, remove: at === 0 };
        },
      ),
      this.#choice(
        'brushShape',
        ['free', 'rectangle'],
        [text.brushFree, text.brushRectangle],
        this.#brush.rectangle ? 1 : 0,
        (at) => {
          this.#brush = { ...this.#brush, rectangle: at === 1 };
        },
      ),
    );
    if (heads > 1) {
      row.append(
        this.#choice(
          'maskScope',
          ['all', 'head'],
          [text.scopeAll, text.scopeHead],
          this.#scope === 'all' ? 0 : 1,
          (at) => {
            this.#scope = at === 0 ? 'all' : 'head';
          },
        ),
      );
    }
    return row;
  }

  #choice(
    name: 'brush' | 'brushShape' | 'maskScope',
    ids: readonly string[],
    labels: readonly { en: string; zh: string }[],
    at: number,
    choose: (at: number) => void,
  ): HTMLElement {
    const language = this.#state?.language ?? 'en';
    const options = ids.map((id, index) => ({ id, label: labels[index]?.[language] ?? id }));
    const made = choices('pair', name, text[name][language], options, ids[at] ?? '', (id) => {
      choose(ids.indexOf(id));
      if (this.#state) this.#render(this.#state);
    });
    return element(
      'div',
      { class: 'mask-choice' },
      element('span', { class: 'mask-label', 'aria-hidden': 'true' }, text[name][language]),
      made,
    );
  }

  #buttons(language: Language, paintable: boolean): HTMLElement {
    const { painted, bias } = this.#state?.settings.masks ?? {};
    const button = (name: string, label: string, enabled: boolean, press: () => void): HTMLElement => {
      const made = element(
        'button',
        { type: 'button', class: 'button', name, 'aria-disabled': enabled ? undefined : 'true' },
        label,
      );
      if (enabled) made.addEventListener('click', press);
      return made;
    };
    const row = element(
      'div',
      { class: 'mask-buttons' },
      button('undo', text.undo[language], this.#history.canUndo, () => this.#undo()),
      button('redo', text.redo[language], this.#history.canRedo, () => this.#redo()),
    );
    if (!paintable) return row;
    row.append(
      button('invert', text.invertMask[language], true, () => this.#repaint(this.#once('invert'), invertPainted)),
      button('clear', text.clearMask[language], Boolean(painted ?? bias), () => this.#clear()),
    );
    return row;
  }

  #clear(): void {
    this.#say(undefined);
    this.#loaded = undefined;
    const clear = (painted: Painted, head: number | 'all'): Painted | undefined => {
      if (head === 'all') return undefined;
      return repaint(painted, head, () => nothingPainted(painted.queries, painted.keys).all);
    };
    this.#repaint(this.#once('clear'), clear, { bias: undefined });
  }

  #length(edge: Edge & keyof typeof LENGTHS, sizes: Sizes): HTMLElement {
    const language = this.#state?.language ?? 'en';
    const id = uniqueId('length');
    const name = edge === 'keys' ? 'keyValueSeqLengths' : 'querySeqLengths';
    const typed = element('input', { id, name, inputmode: 'numeric', autocomplete: 'off' });
    const most = sizes[edge];
    typed.value = String(this.#state?.settings.masks[LENGTHS[edge]]?.[this.#at().batch] ?? most);
    const { fault, fail } = faultLine(typed, '');
    this.#fails.set(name, fail);
    typed.addEventListener('input', () => {
      const entered = typed.value.trim();
      const length = /^\d+$/.test(entered) ? Number(entered) : NaN;
      if (length <= most) this.#setLength(edge, length, `type ${edge}`);
      else fail(phrase(text.lengthFault, language, { most, found: entered }));
    });
    const label = element('label', { for: id }, (edge === 'keys' ? text.keyLength : text.queryLength)[language]);
    return element(
      'div',
      { class: 'field mask-length' },
      label,
      typed,
      element('span', { class: 'mask-of' }, `/ ${most}`),
      fault,
    );
  }

  #files(language: Language): HTMLElement {
    const id = uniqueId('opposite');
    const box = element('input', { type: 'checkbox', id, name: 'opposite' });
    box.checked = this.#opposite;
    box.addEventListener('change', () => {
      this.#opposite = box.checked;
      try {
        this.#apply();
      } catch (error) {
        this.#refuse(this.#loaded?.name ?? '', error);
      }
    });
    const save = element('button', { type: 'button', class: 'button', name: 'save-mask' }, text.saveMask[language]);
    save.addEventListener('click', () => this.#save());
    const row = element(
      'div',
      { class: 'mask-buttons' },
      fileButton(text.loadMask[language], (files) => void this.#open(files), 'load-mask'),
      save,
    );
    if (this.#state?.settings.masks.bias) {
      const out = element(
        'button',
        { type: 'button', class: 'button', name: 'remove-bias' },
        text.removeBias[language],
      );
      out.addEventListener('click', () => {
        this.#say(undefined);
        this.#editMasks(this.#once('bias'), () => ({ bias: undefined }));
      });
      row.append(out);
    }
    return element('div', {}, row, element('label', { for: id, class: 'tick' }, box, text.oppositeMask[language]));
  }

  /** Everything that is worth a sentence now. */
  #renderNote(): void {
    const { settings, base, sizes, language = 'en' } = this.#state ?? {};
    const sentences = [this.#said?.(language)];
    if (settings && base && sizes) sentences.push(...notesOn(settings, base, sizes, language));
    const next = sentences.filter((sentence) => sentence !== undefined).join(' ');
    if (this.#note.textContent !== next) this.#note.textContent = next;
  }
}

function notesOn(settings: Settings, base: ProblemOptions, sizes: Sizes, language: Language): string[] {
  const { painted, bias } = settings.masks;
  const { queries, keys } = sizes;
  const notes: string[] = [];
  const positional = ['causal', 'leftWindowSize', 'rightWindowSize'].some((name) => {
    const value = settings.options[name] ?? -1;
    return value === true || Number(value) >= 0;
  });
  const aligned =
    queries === keys || base.causalOffset !== undefined || (settings.options['causalAlignment'] ?? null) !== null;
  if (positional && !aligned) notes.push(alignmentMissing({ queries, keys }, language));
  if (queries * keys > MOST_PAIRS)
    notes.push(
      phrase(text.maskTooLarge, language, {
        queries: formatCount(queries, language),
        keys: formatCount(keys, language),
      }),
    );
  if (painted && (painted.queries !== queries || painted.keys !== keys)) {
    notes.push(phrase(text.maskOtherSize, language, { queries: painted.queries, keys: painted.keys }));
  }
  if (bias && forbidden(settings).has('attnBias')) {
    const normalizer = memberOf('normalizer', settings.normalizer.id).label[language];
    notes.push(phrase(text.biasForbidden, language, { name: bias.file, normalizer }));
  }
  if (bias || linkOf(painted) === undefined) notes.push(text.maskNotLinked[language]);
  return notes;
}
