// What takes hold of arrows: an element on each tip, for mouse, touch and keyboard.

import { vectorAt, pointOf } from './arrows.ts';
import { element, focusedBeside } from './dom.ts';
import type { PlaneScene } from './planescene.ts';
import { formatScore } from './ranking.ts';
import { phrase, type Language } from './text.ts';
import { QUERY, lengthOf, longest, movedBy, nameOf, snapped, type Vector } from './vectors.ts';
import type { Point } from './viewport.ts';

/** What a hand does to the arrows. */
export interface HandlesHeard {
  /** Arrow `of` is to end where `to` says, seen from where it is set to end. All moves of one `stroke` are undone as one. */
  move(of: number, to: (at: Vector) => Vector, stroke: string): void;
  /** Arrow `of` is held, or has the focus. */
  hold(of: number): void;
  /** Arrow `of` is to go. */
  remove(of: number): void;
}

/** A press takes hold of the nearest tip in this reach, in pixels; the one under the hand already may be so much further. */
const HOLD = { reach: 28, loyal: 8 };

const text = {
  query: { en: 'query {name}', zh: '查询 {name}' },
  key: { en: 'key {name}', zh: '键 {name}' },
  vector: { en: 'vector {name}', zh: '向量 {name}' },
  arrow: { en: 'arrow', zh: '箭头' },
  place: { en: 'x {x}, y {y}', zh: 'x {x}，y {y}' },
  length: { en: 'length {length}', zh: '长度 {length}' },
  dot: { en: 'dot product {dot}', zh: '点积 {dot}' },
};

/** The handles over a picture of the plane. */
export class Handles {
  readonly #stage: HTMLElement;
  readonly #heard: HandlesHeard;
  readonly #hint: string;
  readonly #handles = new Map<number, HTMLElement>();
  #scene: PlaneScene | undefined;
  #size = 0;
  /** Which arrow, by which pointer, and where its tip is from there: on the page, so that no move has to lay it out. */
  #held: { of: number; pointer: number; off: Point } | undefined;
  #last: number = QUERY;
  #strokes = 0;

  /** Listens on `stage`; `hint` is the id of what says which keys do what. */
  constructor(stage: HTMLElement, heard: HandlesHeard, hint: string) {
    this.#stage = stage;
    this.#heard = heard;
    this.#hint = hint;
    stage.addEventListener('pointerdown', (event) => this.#down(event));
    stage.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) {
      stage.addEventListener(end, (event) => this.#up(event));
    }
  }

  /** Puts a handle on every tip of `scene`, drawn on a square of `size` pixels. */
  show(scene: PlaneScene, size: number, language: Language): void {
    [this.#scene, this.#size] = [scene, size];
    const all = [...(scene.query ? [QUERY] : []), ...scene.keys.keys()];
    for (const [of, handle] of this.#handles) {
      if (all.includes(of)) continue;
      // The focus goes on to a neighbour, not to the top of the page.
      const focused = handle === focusedBeside(handle);
      handle.remove();
      this.#handles.delete(of);
      if (focused) this.#handles.get(all.at(-1) ?? QUERY)?.focus({ preventScroll: true });
    }
    for (const of of all) this.#place(this.#handles.get(of) ?? this.#make(of), of, language);
  }

  #make(of: number): HTMLElement {
    const handle = element('div', {
      class: 'plane-handle',
      role: 'slider',
      tabindex: 0,
      'data-handle': of === QUERY ? 'query' : of,
      'aria-describedby': this.#hint,
      'aria-valuemin': 0,
    });
    handle.addEventListener('keydown', (event) => this.#key(of, event));
    handle.addEventListener('focus', () => this.#hold(of));
    this.#handles.set(of, handle);
    this.#stage.append(handle);
    return handle;
  }

  #place(handle: HTMLElement, of: number, language: Language): void {
    const at = this.#vector(of);
    const { x, y } = pointOf(at, this.#size);
    handle.style.transform = `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px) translate(-50%, -50%)`;
    const kind = of === QUERY ? 'query' : this.#scene?.query ? 'key' : 'vector';
    const letter = { query: 'q', key: 'k', vector: 'x' }[kind];
    const say = {
      'aria-label': phrase(text[kind], language, { name: nameOf(letter, of) }),
      'aria-roledescription': text.arrow[language],
      'aria-valuemax': longest(at).toFixed(3),
      'aria-valuenow': lengthOf(at).toFixed(3),
      'aria-valuetext': this.#spoken(of, language),
    };
    for (const [name, value] of Object.entries(say)) handle.setAttribute(name, value);
  }

  /** Where the arrow ends and what comes of it, for those who hear the page. */
  #spoken(of: number, language: Language): string {
    const [x = '', y = ''] = this.#vector(of).map(written);
    const { query, numbers } = this.#scene ?? {};
    const asked = query !== undefined && of !== QUERY;
    const length = (asked ? numbers?.keyNorms : numbers?.queryNorms)?.[Math.max(0, of)];
    const parts = [phrase(text.place, language, { x, y })];
    if (length !== undefined) parts.push(phrase(text.length, language, { length: formatScore(length) }));
    const dot = asked ? numbers?.dot[of] : undefined;
    if (dot !== undefined) parts.push(phrase(text.dot, language, { dot: formatScore(dot) }));
    return parts.join(language === 'zh' ? '，' : ', ');
  }

  #vector(of: number): Vector {
    const { query, keys } = this.#scene ?? { query: undefined, keys: [] };
    return (of === QUERY ? query : keys[of]) ?? [0, 0];
  }

  #hold(of: number): void {
    this.#last = of;
    this.#heard.hold(of);
  }

  // ---- mouse and touch

  #at({ clientX, clientY }: PointerEvent): Point {
    const { left, top } = this.#stage.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || this.#held) return;
    const at = this.#at(event);
    const of = this.#nearest(at);
    if (of === undefined) return;
    const tip = pointOf(this.#vector(of), this.#size);
    this.#held = { of, pointer: event.pointerId, off: { x: tip.x - event.pageX, y: tip.y - event.pageY } };
    this.#strokes += 1;
    this.#stage.setPointerCapture(event.pointerId);
    this.#stage.classList.add('plane-held');
    this.#handles.get(of)?.focus({ preventScroll: true });
    this.#hold(of);
    event.preventDefault();
  }

  /** The tip that a press at a point means. */
  #nearest(at: Point): number | undefined {
    const away = (of: number): number => {
      const tip = pointOf(this.#vector(of), this.#size);
      return Math.hypot(tip.x - at.x, tip.y - at.y) - (of === this.#last ? HOLD.loyal : 0);
    };
    const near = [...this.#handles.keys()].filter((of) => away(of) < HOLD.reach).sort((a, b) => away(a) - away(b));
    return near[0];
  }

  #move(event: PointerEvent): void {
    if (event.pointerId !== this.#held?.pointer) return;
    const { of, off } = this.#held;
    const to = snapped(vectorAt({ x: event.pageX + off.x, y: event.pageY + off.y }, this.#size));
    this.#heard.move(of, () => to, `drag ${this.#strokes}`);
  }

  #up(event: PointerEvent): void {
    if (event.pointerId !== this.#held?.pointer) return;
    this.#held = undefined;
    this.#stage.classList.remove('plane-held');
  }

  // ---- keyboard

  #key(of: number, event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      return this.#heard.remove(of);
    }
    const to = movedBy(event);
    if (!to) return;
    event.preventDefault();
    this.#heard.move(of, to, `keys k${of}`);
  }
}

function written(value: number): string {
  return value.toFixed(2).replace('-', '−');
}
