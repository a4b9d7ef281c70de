// Mouse, touch and wheel on a plot, told apart: pointing, pressing, dragging, zooming.

import type { Point } from './viewport.ts';

/** What gestures mean to a plot. Points are in CSS pixels from its corner. */
export interface Gestured {
  /** The mouse is over a point. */
  point(at: Point): void;
  press(at: Point): void;
  move(by: Point): void;
  /** Zooms by a factor around a point; returns whether it could. */
  zoom(factor: number, at: Point): boolean;
  /** Whether there is more than is in sight. */
  readonly movable: boolean;
  /** Whether the wheel zooms without a key. */
  readonly focused: boolean;
}

/** A press that moves further than this is no press. */
const STILL = 4;
/** The wheel goes on turning for so long after the last zoom that could be: the page does not jump away. */
const REST_MS = 300;
/** A notch of the wheel, in pixels, zooms by about a fifth, several in one event by more; a touchpad's pinch comes in pieces. */
const WHEEL = { wheel: 0.002, pinch: 0.012, line: 16, most: 1000 };
const DOUBLE = 2;

/** Listens on `plot`. */
export class Gestures {
  readonly #plot: HTMLElement;
  readonly #to: Gestured;
  readonly #pointers = new Map<number, Point>();
  #moved = false;
  #start: Point = { x: 0, y: 0 };
  #zoomedAt = -Infinity;

  constructor(plot: HTMLElement, to: Gestured) {
    this.#plot = plot;
    this.#to = to;
    plot.addEventListener('pointerdown', (event) => this.#down(event));
    plot.addEventListener('pointermove', (event) => this.#move(event));
    plot.addEventListener('pointerup', (event) => this.#up(event));
    plot.addEventListener('pointercancel', (event) => this.#up(event));
    plot.addEventListener('click', (event) => this.#click(event));
    plot.addEventListener('dblclick', (event) => this.#to.zoom(event.shiftKey ? 1 / DOUBLE : DOUBLE, this.#at(event)));
    plot.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    // Two fingers pinch the plot, not the page; one finger goes on scrolling it.
    plot.addEventListener('touchstart', (event) => event.touches.length > 1 && event.preventDefault(), {
      passive: false,
    });
  }

  /** Whether a hand is on the plot. */
  get dragging(): boolean {
    return this.#moved && this.#pointers.size > 0;
  }

  #at({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = this.#plot.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const at = this.#at(event);
    if (this.#pointers.size === 0) {
      this.#moved = false;
      this.#start = at;
    } else this.#moved = true;
    this.#pointers.set(event.pointerId, at);
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) return event.pointerType === 'touch' ? undefined : this.#to.point(at);
    if (this.#pointers.size > 1) this.#pinch(event.pointerId, before, at);
    else this.#drag(event, before, at);
    this.#pointers.set(event.pointerId, at);
  }

  #drag(event: PointerEvent, before: Point, at: Point): void {
    if (!this.#to.movable) return event.pointerType === 'touch' ? undefined : this.#to.point(at);
    if (!this.#moved && distance(this.#start, at) <= STILL) return;
    if (!this.#moved) {
      this.#moved = true;
      this.#plot.setPointerCapture(event.pointerId);
      this.#plot.classList.add('plot-dragged');
      return this.#to.move({ x: at.x - this.#start.x, y: at.y - this.#start.y });
    }
    this.#to.move({ x: at.x - before.x, y: at.y - before.y });
  }

  #pinch(id: number, before: Point, at: Point): void {
    const [other] = [...this.#pointers].filter(([pointer]) => pointer !== id).map(([, point]) => point);
    if (!other) return;
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.#to.zoom(distance(at, other) / Math.max(1, distance(before, other)), middle);
    this.#to.move({ x: (at.x - before.x) / 2, y: (at.y - before.y) / 2 });
  }

  #up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    if (this.#pointers.size === 0) this.#plot.classList.remove('plot-dragged');
  }

  #click(event: MouseEvent): void {
    if (this.#moved) this.#moved = false;
    else this.#to.press(this.#at(event));
  }

  #wheel(event: WheelEvent): void {
    const pinch = event.ctrlKey || event.metaKey;
    if (!pinch && !this.#to.focused) return;
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : WHEEL.line);
    const delta = Math.max(-WHEEL.most, Math.min(WHEEL.most, pixels));
    // A pinch is a wheel with ctrl, in steps much smaller than a notch.
    const step = pinch && Math.abs(delta) < 40 ? WHEEL.pinch : WHEEL.wheel;
    const could = this.#to.zoom(Math.exp(-delta * step), this.#at(event));
    const now = performance.now();
    if (could) this.#zoomedAt = now;
    if (could || pinch || now - this.#zoomedAt < REST_MS) event.preventDefault();
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
