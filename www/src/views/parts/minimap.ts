// The whole matrix, small, with the part in sight marked on it: to be dragged, or moved by the arrow keys.

import { element } from './dom.ts';
import { zoomOf } from './keys.ts';
import { phrase, type Language } from './text.ts';
import { inSight, scaleOf, type Box, type Point, type View } from './viewport.ts';
import type { Zoom } from './zoombar.ts';

const text = {
  name: { en: 'Part in sight', zh: '可见部分' },
  place: {
    en: 'queries {queries}, keys {keys}',
    zh: '查询 {queries}，键 {keys}',
  },
};

/** The mark of the part in sight is never smaller than this, in CSS pixels. */
const LEAST = 5;

/** Moves what is in sight. */
export interface Navigated {
  /** Brings a point of the matrix to the middle, given as shares of its sides, from anywhere. */
  jump(at: Point): void;
  /** The same from close by, many times in a row. */
  drag(at: Point): void;
  /** Moves by shares of what is in sight. */
  step(by: Point): void;
  zoom(to: Zoom): void;
}

/** The small map. It is hidden while all of the matrix is in sight. */
export class Minimap {
  readonly #canvas = element('canvas', { class: 'minimap-picture', 'aria-hidden': 'true' });
  readonly #mark = element('div', { class: 'minimap-mark' });
  readonly element = element(
    'div',
    { class: 'minimap', role: 'slider', tabindex: '0', hidden: true, 'aria-valuemin': '0', 'aria-valuemax': '100' },
    this.#canvas,
    this.#mark,
  );
  readonly #to: Navigated;
  #size = { width: 0, height: 0 };
  #held: number | undefined;

  constructor(to: Navigated) {
    this.#to = to;
    this.element.addEventListener('pointerdown', (event) => this.#down(event));
    this.element.addEventListener(
      'pointermove',
      (event) => event.pointerId === this.#held && this.#to.drag(this.#at(event)),
    );
    const end = (): void => void (this.#held = undefined);
    this.element.addEventListener('pointerup', end);
    this.element.addEventListener('pointercancel', end);
    this.element.addEventListener('keydown', (event) => this.#key(event));
  }

  set language(language: Language) {
    this.element.setAttribute('aria-label', text.name[language]);
  }

  /** Takes the room of a corner: the sides of the plot in proportion, no larger than `side` CSS pixels. */
  layout({ width, height }: Box, side: number): void {
    const unit = side / Math.max(1, width, height);
    // A long and thin matrix still has something to take hold of.
    const pixels = (length: number): number => Math.max(24, Math.round(length * unit));
    this.#size = { width: pixels(width), height: pixels(height) };
    this.element.style.width = `${this.#size.width}px`;
    this.element.style.height = `${this.#size.height}px`;
  }

  /** Marks what is in sight; `draw` draws the whole. */
  show(box: Box, view: View, language: Language, draw: (context: CanvasRenderingContext2D) => void): void {
    this.element.hidden = view.zoom <= 1;
    if (this.element.hidden) return;
    const { queries, keys } = inSight(box, view);
    const scale = scaleOf(box, view.zoom);
    this.#place('top', 'height', view.top / box.queries, box.height / scale.y / box.queries, this.#size.height);
    this.#place('left', 'width', view.left / box.keys, box.width / scale.x / box.keys, this.#size.width);
    const range = ([from, to]: readonly [number, number]): string =>
      to - from > 1 ? `${from}–${to - 1}` : String(from);
    const words = phrase(text.place, language, { queries: range(queries), keys: range(keys) });
    if (this.element.getAttribute('aria-valuetext') !== words) this.element.setAttribute('aria-valuetext', words);
    const room = box.queries - box.height / scale.y;
    this.element.setAttribute('aria-valuenow', String(room > 0 ? Math.round((100 * view.top) / room) : 0));
    this.#draw(draw);
  }

  #place(side: 'top' | 'left', length: 'width' | 'height', from: number, share: number, pixels: number): void {
    const size = Math.max(LEAST, Math.min(1, share) * pixels);
    this.#mark.style[length] = `${size}px`;
    this.#mark.style[side] = `${Math.max(0, Math.min(pixels - size, (from + share / 2) * pixels - size / 2))}px`;
  }

  #draw(draw: (context: CanvasRenderingContext2D) => void): void {
    const side = (pixels: number): number => Math.max(1, Math.round(pixels * devicePixelRatio));
    const [width, height] = [side(this.#size.width), side(this.#size.height)];
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const context = this.#canvas.getContext('2d');
    if (context) draw(context);
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#held = event.pointerId;
    this.element.setPointerCapture(event.pointerId);
    // Ahead of the focus, which lays out the page: workers are to have what is asked of them at once.
    this.#to.jump(this.#at(event));
    this.element.focus({ preventScroll: true });
    event.preventDefault();
  }

  #at({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  }

  #key(event: KeyboardEvent): void {
    const zoom = zoomOf(event);
    if (zoom) {
      this.#to.zoom(zoom);
      return event.preventDefault();
    }
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    const [x, y] = step ?? [];
    if (x === undefined || y === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const share = event.shiftKey ? 1 : 0.25;
    this.#to.step({ x: x * share, y: y * share });
    event.preventDefault();
  }
}
