// The buttons that zoom, for those who do not know the wheel.

import { element, svg } from './dom.ts';
import { phrase, type Language } from './text.ts';

/** What the buttons do. */
export type Zoom = 'in' | 'out' | 'whole' | 'pixel';

const text = {
  group: { en: 'Zoom', zh: '缩放' },
  in: { en: 'Zoom in', zh: '放大' },
  out: { en: 'Zoom out', zh: '缩小' },
  whole: { en: 'Whole matrix', zh: '整个矩阵' },
  pixel: { en: 'One cell per pixel', zh: '一格一像素' },
  key: { en: '{name} ({key})', zh: '{name}（{key}）' },
};

/** Each button: its key, and its sign as lines in a square of 16. */
const BUTTONS: readonly { zoom: Zoom; key: string; sign: string }[] = [
  { zoom: 'out', key: '−', sign: 'M3 8h10' },
  { zoom: 'in', key: '+', sign: 'M3 8h10M8 3v10' },
  { zoom: 'whole', key: '0', sign: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10' },
  { zoom: 'pixel', key: '1', sign: 'M3 5.5 4.5 4v8M11 5.5 12.5 4v8M8 6.4v.2M8 10v.2' },
];

/** A row of buttons. */
export class ZoomBar {
  readonly #buttons = BUTTONS.map(({ zoom, key, sign }) => {
    const icon = svg('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: sign }));
    return {
      zoom,
      key,
      button: element('button', { type: 'button', class: 'zoom-button', name: `zoom-${zoom}` }, icon),
    };
  });
  readonly element = element('div', { class: 'zoombar', role: 'group' }, ...this.#buttons.map(({ button }) => button));

  constructor(zoom: (zoom: Zoom) => void) {
    for (const { zoom: to, button } of this.#buttons) {
      button.addEventListener('click', () => button.getAttribute('aria-disabled') !== 'true' && zoom(to));
    }
  }

  set language(language: Language) {
    this.element.setAttribute('aria-label', text.group[language]);
    for (const { zoom, key, button } of this.#buttons) {
      button.setAttribute('aria-label', text[zoom][language]);
      button.title = phrase(text.key, language, { name: text[zoom][language], key });
    }
  }

  /** Says which buttons do something now. They keep the focus all the same. */
  show(able: Record<Zoom, boolean>): void {
    for (const { zoom, button } of this.#buttons) {
      const disabled = String(!able[zoom]);
      if (button.getAttribute('aria-disabled') !== disabled) button.setAttribute('aria-disabled', disabled);
    }
  }
}
