// Where visitors bring features of their own: pasted, or from files.

import type { Text } from '../../generated/catalog.ts';
import { element, uniqueId } from '../../views/parts/dom.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import { fileButton } from '../drop.ts';
import { reasonOf } from '../reason.ts';
import { nameOf } from '../source.ts';
import { text as page } from '../text.ts';

const EXAMPLE = '{"query": [[[1, 0], [0, 1]]], "key": [[[1, 0], [0.6, 0.8], [0, 1]]]}';

const text = {
  name: { en: 'Your own features', zh: '使用自己的特征' },
  about: {
    en: 'Two arrays of numbers: query, batch × students × features, and key, batch × teachers × features. Paste them as JSON, or open them as JSON, npz or safetensors, or as two npy files.',
    zh: '两个数组：query 为 批次 × 学生 × 特征，key 为 批次 × 教师 × 特征。可粘贴 JSON，或打开 JSON、npz、safetensors，或两个 npy 文件。',
  },
  takeAbout: {
    en: 'Or take the layer that is open above: its queries are students, its keys teachers, and each head is a batch item.',
    zh: '也可取用上面打开的层：其查询作学生，键作教师，每个头为一个批次项。',
  },
  take: { en: 'Take what is open', zh: '取用已打开的层' },
  paste: { en: 'Both arrays as JSON', zh: '两个数组（JSON）' },
  show: { en: 'Show', zh: '显示' },
  open: { en: 'Open files…', zh: '打开文件…' },
  back: { en: 'Back to the sample', zh: '恢复示例' },
  pasted: { en: 'what was pasted', zh: '粘贴的内容' },
  shown: {
    en: 'Drawn from {name}: {query} and {key} (batch × layers × features). A link to this section does not carry it.',
    zh: '数据来自 {name}：{query} 与 {key}（批次 × 层 × 特征）。此处的链接不含这些数据。',
  },
} satisfies Record<string, Text>;

/** What was done with what the visitor brought. */
export type Outcome =
  | { is: 'sample' }
  | { is: 'shown'; query: readonly number[]; key: readonly number[] }
  | { is: 'failed'; error: unknown }
  /** There is nothing that could be taken. */
  | { is: 'nothing' };

/** What the visitor does. */
export interface OwnListener {
  open(files: readonly File[]): void;
  /** Takes what the page has open; returns what that is called, or undefined where there is nothing. */
  take(): Text | undefined;
  back(): void;
}

export class OwnFeatures {
  readonly element: HTMLDetailsElement;
  readonly #heard: OwnListener;
  readonly #body = element('div', { class: 'student-own-body' });
  readonly #area = element('textarea', {
    id: uniqueId('student-paste'),
    class: 'student-paste',
    name: 'student-paste',
    rows: 4,
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: EXAMPLE,
  });
  readonly #back = element('button', { type: 'button', class: 'button', name: 'student-back', hidden: true });
  readonly #summary = element('summary', { class: 'story-fold' });
  readonly #said = element('p', { class: 'student-said', role: 'status', id: uniqueId('student-said') });
  /** What the files are called; undefined: they were pasted. */
  #name: Text | undefined;
  #outcome: Outcome = { is: 'sample' };

  constructor(language: Language, heard: OwnListener) {
    this.#heard = heard;
    this.#area.setAttribute('aria-describedby', this.#said.id);
    this.#back.addEventListener('click', () => {
      // The button goes, and whoever pressed it should not be lost with it.
      this.#area.focus();
      heard.back();
    });
    this.element = element('details', { class: 'student-own' }, this.#summary, this.#body);
    this.speak(language);
  }

  speak(language: Language): void {
    this.#summary.textContent = text.name[language];
    const about = element('p', { class: 'student-about' }, text.about[language]);
    const label = element('label', { for: this.#area.id, class: 'student-label' }, text.paste[language]);
    const show = this.#button('student-show', text.show[language], () => this.#paste());
    const open = fileButton(text.open[language], (files) => this.#open(files), 'student-open', true);
    this.#back.textContent = text.back[language];
    const take = this.#button('student-take', text.take[language], () => this.#take());
    const buttons = element('div', { class: 'student-buttons' }, show, open, take, this.#back);
    const takeAbout = element('p', { class: 'student-about' }, text.takeAbout[language]);
    this.#body.replaceChildren(about, takeAbout, label, this.#area, buttons, this.#said);
    this.#say(language);
  }

  /** Says what became of it. */
  tell(outcome: Outcome, language: Language): void {
    this.#outcome = outcome;
    if (outcome.is === 'sample' || outcome.is === 'shown') this.#back.hidden = outcome.is === 'sample';
    this.#say(language);
  }

  #say(language: Language): void {
    const { is } = this.#outcome;
    this.#said.classList.toggle('field-fault', is === 'failed' || is === 'nothing');
    if (is === 'failed' && this.#name === undefined) this.#area.setAttribute('aria-invalid', 'true');
    else this.#area.removeAttribute('aria-invalid');
    this.#said.textContent = this.#sentence(language);
  }

  #sentence(language: Language): string {
    const name = (this.#name ?? text.pasted)[language];
    const outcome = this.#outcome;
    switch (outcome.is) {
      case 'sample':
        return '';
      case 'nothing':
        return page.nothingOpen[language];
      case 'failed':
        return phrase(page.openFailed, language, { name, reason: reasonOf(outcome.error, language) });
      case 'shown':
        return phrase(text.shown, language, { name, query: outcome.query.join(' × '), key: outcome.key.join(' × ') });
    }
  }

  #paste(): void {
    this.#name = undefined;
    this.#heard.open([new File([this.#area.value], 'pasted.json')]);
  }

  #open(files: readonly File[]): void {
    if (files.length === 0) return;
    const name = nameOf(files);
    this.#name = { en: name, zh: name };
    this.#heard.open(files);
  }

  #take(): void {
    this.#name = this.#heard.take() ?? this.#name;
  }

  #button(name: string, label: string, press: () => void): HTMLElement {
    const made = element('button', { type: 'button', class: 'button', name }, label);
    made.addEventListener('click', press);
    return made;
  }
}
