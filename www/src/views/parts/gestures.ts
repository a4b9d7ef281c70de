// Mouse, touch and wheel on a plot, told apart: pointing, pressing, dragging, zooming.

import { listenWeakly } from './dom.ts';
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
/** Turns of the wheel closer together than this are one gesture: notch after notch, or a touchpad that runs out. */
const REST_MS = 500;
/** A notch of the wheel, in pixels, zooms by about a fifth, several in one event by more; a touchpad's pinch comes in pieces. */
const WHEEL = { wheel: 0.002, pinch: 0.012, line: 16, most: 1000 };
const DOUBLE = 2;

/** Listens on `plot`. */
export class Gestures {
  /** Made where no instance is in sight, which it would hold. */
  static readonly #turned = (one: Gestures, event: Event): void => one.#turn(event as WheelEvent);

  readonly #plot: HTMLElement;
  readonly #to: Gestured;
  readonly #pointers = new Map<number, Point>();
  #moved = false;
  #start: Point = { x: 0, y: 0 };
  /** Whose the gesture of the wheel is that is under way; undefined: none is. */
  #turning: 'plot' | 'page' | undefined;
  #turnedAt = -Infinity;

  constructor(plot: HTMLElement, to: Gestured) {
    this.#plot = plot;
    this.#to = to;
    plot.addEventListener('pointerdown', (event) => this.#down(event));
    plot.addEventListener('pointermove', (event) => this.#move(event));
    plot.addEventListener('pointerup', (event) => this.#up(event));
    plot.addEventListener('pointercancel', (event) => this.#up(event));
    plot.addEventListener('click', (event) => this.#click(event));
    plot.addEventListener('dblclick', (event) => this.#to.zoom(event.shiftKey ? 1 / DOUBLE : DOUBLE, this.#at(event)));
    listenWeakly(window, 'wheel', this, Gestures.#turned, { capture: true, passive: true });
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
    // Who takes hold of the plot has ended what went before.
    this.#turnedAt = -Infinity;
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

  /** Hears every turn of the wheel, wherever it is: what begins beside the plot is the page's, also when the plot comes under it. */
  #turn(event: WheelEvent): void {
    const now = performance.now();
    if (now - this.#turnedAt >= REST_MS) this.#turning = undefined;
    this.#turnedAt = now;
    if (!event.composedPath().includes(this.#plot)) this.#turning ??= 'page';
  }

  /**
   * A gesture belongs to the plot or to the page from its first turn to its last, so that neither end of the zoom lets the
   * page jump. It is the plot's where that has the focus and something can come of it: there is more than is in sight, or
   * this turn zooms. Somebody who scrolls through the page passes over a plot that was not clicked, and one that shows all
   * it has lets the next gesture go on down the page. With ctrl, which is a pinch too, it is always the plot's.
   */
  #wheel(event: WheelEvent): void {
    const pinch = event.ctrlKey || event.metaKey;
    if (!pinch && (this.#turning === 'page' || !this.#to.focused)) {
      this.#turning = 'page';
      return;
    }
    const could = this.#to.zoom(Math.exp(-turnOf(event) * stepOf(event, pinch)), this.#at(event));
    if (pinch || could || this.#to.movable) this.#turning = 'plot';
    this.#turning ??= 'page';
    if (this.#turning === 'plot') event.preventDefault();
  }
}

/** How far the wheel was turned, in pixels. */
function turnOf({ deltaY, deltaMode }: WheelEvent): number {
  const pixels = deltaY * (deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : WHEEL.line);
  return Math.max(-WHEEL.most, Math.min(WHEEL.most, pixels));
}

/** How much a pixel zooms. A pinch is a wheel with ctrl, in steps much smaller than a notch. */
function stepOf(event: WheelEvent, pinch: boolean): number {
  return pinch && Math.abs(turnOf(event)) < 40 ? WHEEL.pinch : WHEEL.wheel;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
