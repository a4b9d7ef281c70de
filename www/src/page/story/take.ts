// What a section gives away: its numbers and its picture as files, and a link that leads back to it.

import type { Text } from '../../generated/catalog.ts';
import { element } from '../../views/parts/dom.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import { download } from '../download.ts';
import { reasonOf } from '../reason.ts';
import type { Exported } from './section.ts';

const text = {
  take: { en: 'Export or copy a link', zh: '导出此图或复制链接' },
  copy: { en: 'Copy link', zh: '复制链接' },
  copied: { en: 'The link is copied.', zh: '链接已复制。' },
  copyThis: { en: 'Copy it from here', zh: '请从此处复制' },
  saved: { en: '{name} is saved.', zh: '已保存 {name}。' },
  nothing: { en: 'There is nothing to save yet.', zh: '尚无可保存的内容。' },
  failed: { en: 'It could not be saved: {reason}.', zh: '无法保存：{reason}。' },
} satisfies Record<string, Text>;

/** A kind of file. */
interface Format {
  id: string;
  label: Text;
  /** What the file's name ends in. */
  ending: string;
  /** Whether there is one of this; where it is left out, there always is. */
  fits?(taken: Exported): boolean;
  file(taken: Exported): Blob | Promise<Blob>;
}

const same = (name: string): Text => ({ en: name, zh: name });
const SCALES = [1, 2, 3, 4];

/** All that a section can be saved as, in the order of the menu. */
export const FORMATS: readonly Format[] = [
  { id: 'csv', label: same('CSV'), ending: '.csv', file: (taken) => new Blob([csvOf(taken)], { type: 'text/csv' }) },
  {
    id: 'json',
    label: same('JSON'),
    ending: '.json',
    file: (taken) => new Blob([jsonOf(taken)], { type: 'application/json' }),
  },
  {
    id: 'svg',
    label: same('SVG'),
    ending: '.svg',
    fits: ({ picture }) => picture instanceof SVGSVGElement,
    file: ({ picture }) => svgOf(picture as SVGSVGElement),
  },
  ...SCALES.map((scale) => ({
    id: `png-${scale}`,
    label: same(`PNG ${scale}×`),
    ending: scale === 1 ? '.png' : `@${scale}x.png`,
    file: ({ picture }: Exported) => pngOf(picture, scale),
  })),
];

/** A table that spreadsheets open. Text that one would take for a formula is marked as text; numbers are as they are. */
export function csvOf({ columns, rows }: Pick<Exported, 'columns' | 'rows'>): string {
  const cell = (value: number | string): string => {
    if (typeof value === 'number') return String(value);
    const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Each row as an object. What JSON has no number for, NaN and the infinities, goes as text. */
export function jsonOf({ name, columns, rows }: Pick<Exported, 'name' | 'columns' | 'rows'>): string {
  const plain = (value: number | string | undefined) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  const objects = rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, plain(row[at])])));
  return `${JSON.stringify({ name, rows: objects }, null, 1)}\n`;
}

function svgOf(picture: SVGSVGElement): Blob {
  return new Blob([new XMLSerializer().serializeToString(picture)], { type: 'image/svg+xml' });
}

async function pngOf(picture: Exported['picture'], scale: number): Promise<Blob> {
  const image = picture instanceof SVGSVGElement ? await imageOf(picture) : picture;
  const canvas = element('canvas', { width: Math.ceil(image.width * scale), height: Math.ceil(image.height * scale) });
  const context = canvas.getContext('2d');
  if (!context) throw new Error('the browser gives no canvas');
  // The cells of a small map have edges, and keep them.
  context.imageSmoothingEnabled = picture instanceof SVGSVGElement;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const file = await new Promise<Blob | null>((done) => canvas.toBlob(done));
  if (!file) throw new Error(`the browser makes no picture of ${canvas.width} × ${canvas.height}`);
  return file;
}

async function imageOf(picture: SVGSVGElement): Promise<HTMLImageElement> {
  const address = URL.createObjectURL(svgOf(picture));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A name that every system takes. */
export function fileName(name: string, ending: string): string {
  const safe = name.replace(/[^a-z0-9]+/gi, '-').replace(/^-+|-+$/g, '');
  return (safe.slice(0, 80) || 'qkscope') + ending;
}

/** Whose things are taken along. */
export interface Taken {
  language: Language;
  /** What is seen; undefined as long as there is no view. */
  exported(): Exported | undefined;
  link(): string;
}

/** The menu below a section. */
export class TakeMenu {
  readonly element: HTMLDetailsElement;
  readonly #of: Taken;
  readonly #summary = element('summary', { class: 'take-name' });
  readonly #formats = element('div', { class: 'take-formats' });
  readonly #said = element('p', { class: 'take-said', role: 'status' });
  #language: Language;

  constructor(of: Taken) {
    this.#of = of;
    this.#language = of.language;
    const body = element('div', { class: 'take-body' }, this.#formats, this.#said);
    this.element = element('details', { class: 'take' }, this.#summary, body);
    this.element.addEventListener('toggle', () => this.#render());
    this.#render();
  }

  speak(language: Language): void {
    this.#language = language;
    this.#render();
  }

  #render(): void {
    this.#summary.textContent = text.take[this.#language];
    this.#said.replaceChildren();
    const taken = this.element.open ? this.#taken() : undefined;
    const formats = FORMATS.filter(({ fits }) => taken && (fits?.(taken) ?? true));
    this.#formats.replaceChildren(
      ...formats.map((format) => this.#button(format.id, format.label, () => this.#save(format))),
      this.#button('link', text.copy, () => this.#copy()),
    );
  }

  #button(name: string, label: Text, press: () => Promise<void>): HTMLElement {
    const made = element('button', { type: 'button', class: 'button', name: `take-${name}` }, label[this.#language]);
    made.addEventListener('click', () => void press());
    return made;
  }

  async #save({ ending, file }: Format): Promise<void> {
    try {
      const taken = this.#taken();
      if (!taken) return this.#say(text.nothing);
      const name = fileName(taken.name, ending);
      download(name, await file(taken));
      this.#say(text.saved, { name });
    } catch (error) {
      this.#say(text.failed, { reason: reasonOf(error, this.#language) });
    }
  }

  /** What there is, once there are numbers. */
  #taken(): Exported | undefined {
    const taken = this.#of.exported();
    return taken && taken.rows.length > 0 ? taken : undefined;
  }

  /** Pages that are not served safely have no clipboard: the address is then there to be copied by hand. */
  async #copy(): Promise<void> {
    const link = this.#of.link();
    try {
      await navigator.clipboard.writeText(link);
      this.#say(text.copied);
    } catch {
      const field = element('input', {
        class: 'take-link',
        readonly: true,
        'aria-label': text.copyThis[this.#language],
      });
      field.value = link;
      this.#said.replaceChildren(text.copyThis[this.#language], field);
      field.select();
    }
  }

  #say(sentence: Text, values: Record<string, string> = {}): void {
    this.#said.textContent = phrase(sentence, this.#language, values);
  }
}
