// What a view gives away: its numbers and its picture as files, its numbers as a table, and where it has an address, a link to it.

import type { Text } from '../../generated/catalog.ts';
import { element } from '../../views/parts/dom.ts';
import { filled, inARow, phrase, type Language } from '../../views/parts/text.ts';
import { download } from '../download.ts';
import { reasonOf } from '../reason.ts';
import type { Format } from './formats.ts';
import type { Exported } from './section.ts';

const text = {
  table: { en: 'Show as a table', zh: '显示为表格' },
  shown: { en: 'The table is below.', zh: '表格在下方。' },
  copy: { en: 'Copy link', zh: '复制链接' },
  copiedWithout: {
    en: 'The link is copied. The file itself is not in it: who follows it has to open {name}, too.',
    zh: '链接已复制，但不含文件本身：打开链接的人还需打开 {name}。',
  },
  copied: { en: 'The link is copied.', zh: '链接已复制。' },
  copyThis: { en: 'Copy it from here', zh: '请从此处复制' },
  handWithout: {
    en: 'The file itself is not in it: who follows it has to open {name}, too.',
    zh: '链接不含文件本身：打开链接的人还需打开 {name}。',
  },
  saved: { en: '{name} is saved.', zh: '已保存 {name}。' },
  nothing: { en: 'There is nothing to save yet.', zh: '尚无可保存的内容。' },
  missing: {
    en: 'What it takes to save did not arrive: {reason}. Open this menu again, or reload the page.',
    zh: '保存所需的部分未能加载：{reason}。请重新打开此菜单，或重新载入页面。',
  },
  failed: { en: 'It could not be saved: {reason}.', zh: '无法保存：{reason}。' },
} satisfies Record<string, Text>;

/** Whose things are taken along. */
export interface Taken {
  language: Language;
  /** What the menu is called. */
  name: Text;
  /** What is seen; undefined as long as there is no view. */
  exported(): Exported | undefined;
  /** The address that leads back to it, where there is one. */
  link?: Link;
}

interface Link {
  address(): string;
  /** The name of a file that the address does not bring along. */
  file(): string | undefined;
}

/** The menu below a view. What it saves as is fetched when one is first opened. */
export class TakeMenu {
  readonly element: HTMLDetailsElement;
  readonly #of: Taken;
  readonly #summary = element('summary', { class: 'take-name' });
  readonly #formats = element('div', { class: 'take-formats' });
  readonly #said = element('p', { class: 'take-said', role: 'status' });
  // It scrolls on its own, so the keyboard has to reach it.
  readonly #sheet = element('div', { class: 'take-sheet', tabindex: 0, role: 'region', hidden: true });
  #saving: typeof import('./formats.ts') | undefined;
  #language: Language;

  constructor(of: Taken) {
    this.#of = of;
    this.#language = of.language;
    const body = element('div', { class: 'take-body' }, this.#formats, this.#said, this.#sheet);
    this.element = element('details', { class: 'take' }, this.#summary, body);
    this.element.addEventListener('toggle', () => void this.#toggle());
    this.#render();
  }

  speak(language: Language): void {
    this.#language = language;
    this.#render();
  }

  async #toggle(): Promise<void> {
    this.#render();
    if (!this.element.open || this.#saving) return;
    try {
      this.#saving = await import('./formats.ts');
      this.#render();
    } catch (error) {
      this.#say(text.missing, { reason: reasonOf(error, this.#language) });
    }
  }

  #render(): void {
    this.#summary.textContent = this.#of.name[this.#language];
    this.#said.replaceChildren();
    this.#sheet.replaceChildren();
    this.#sheet.hidden = true;
    this.#sheet.setAttribute('aria-label', text.table[this.#language]);
    const { link } = this.#of;
    const formats = this.#saving?.FORMATS ?? [];
    this.#formats.replaceChildren(
      ...formats.map((format) => this.#button(format.id, format.label, () => this.#save(format))),
      ...(this.#saving ? [this.#button('table', text.table, () => this.#tabulate())] : []),
      ...(link ? [this.#button('link', text.copy, () => this.#copy(link))] : []),
    );
  }

  #button(name: string, label: Text, press: () => unknown): HTMLElement {
    const made = element('button', { type: 'button', class: 'button', name: `take-${name}` }, label[this.#language]);
    made.addEventListener('click', () => void press());
    return made;
  }

  async #save({ ending, file }: Format): Promise<void> {
    try {
      const taken = this.#taken();
      if (!taken || !this.#saving) return this.#say(text.nothing);
      const name = this.#saving.fileName(taken.name, ending);
      download(name, await file(taken));
      this.#say(text.saved, { name }, taken.note);
    } catch (error) {
      this.#say(text.failed, { reason: reasonOf(error, this.#language) });
    }
  }

  /** What is seen now; pressed again, what is seen then. */
  #tabulate(): void {
    const taken = this.#taken();
    this.#sheet.hidden = !taken || !this.#saving;
    if (!taken || !this.#saving) return this.#say(text.nothing);
    this.#sheet.replaceChildren(this.#saving.sheetOf(taken, this.#language));
    this.#say(text.shown, {}, taken.note);
  }

  /** What there is, once there are numbers. */
  #taken(): Exported | undefined {
    const taken = this.#of.exported();
    return taken && taken.rows.length > 0 ? taken : undefined;
  }

  /** Pages that are not served safely have no clipboard: the address is then there to be copied by hand. */
  async #copy({ address, file }: Link): Promise<void> {
    const [link, name] = [address(), file()];
    try {
      await navigator.clipboard.writeText(link);
      this.#say(name === undefined ? text.copied : text.copiedWithout, { name: name ?? '' });
    } catch {
      const field = element('input', {
        class: 'take-link',
        readonly: true,
        'aria-label': text.copyThis[this.#language],
      });
      field.value = link;
      const without = name === undefined ? '' : phrase(text.handWithout, this.#language, { name });
      this.#said.replaceChildren(text.copyThis[this.#language], field, without);
      field.select();
    }
  }

  #say(sentence: Text, values: Record<string, string> = {}, more?: Text): void {
    const said = filled(sentence, values);
    this.#said.textContent = inARow(more ? [said, more] : [said])[this.#language];
  }
}
