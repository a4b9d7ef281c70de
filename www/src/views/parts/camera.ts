// What is in sight, and how it moves: at once under a hand or a wheel, in a short while from a button or a key.

import {
  WHOLE,
  centred,
  clamped,
  deepest,
  levelsOf,
  moved,
  pixelZoom,
  placeOf,
  placed,
  revealing,
  scaleOf,
  zoomed,
  type Box,
  type Levels,
  type Point,
  type Range,
  type View,
} from './viewport.ts';
import type { Zoom } from './zoombar.ts';

/** One press of a key or button zooms so far, in so long. */
const STEP = { zoom: 2, ms: 160 };

/** A zoom under way: a point of the matrix goes from one place on the plot to another. */
interface Glide {
  zoom: readonly [from: number, to: number];
  point: Point;
  at: readonly [from: Point, to: Point];
  since: number;
}

/** A part of a matrix: how much larger than the whole it is drawn, and the query and key in its middle, fractions included. */
export interface Sight {
  zoom: number;
  query: number;
  key: number;
}

/** Looks at a part of a matrix. `changed` hears that it has moved. */
export class Camera {
  #box: Box = { queries: 1, keys: 1, width: 0, height: 0 };
  #view: View = WHOLE;
  #glide: Glide | undefined;
  /** The coarsest level there is. */
  coarsest = 0;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get box(): Box {
    return this.#box;
  }

  /** Another matrix, or the same on another plot: what was in sight stays so where it can. */
  set box(box: Box) {
    this.#box = box;
    this.#view = clamped(box, this.#view);
  }

  get view(): View {
    return this.#view;
  }

  /** CSS pixels of a cell. */
  get scale(): Point {
    return scaleOf(this.#box, this.#view.zoom);
  }

  /** The levels to draw. */
  get levels(): Levels {
    return levelsOf(this.#box, this.#view, devicePixelRatio, this.coarsest);
  }

  /** Whether there is more than is in sight. */
  get zoomed(): boolean {
    return this.#view.zoom > 1;
  }

  /** Whether a zoom is under way. */
  get gliding(): boolean {
    return this.#glide !== undefined;
  }

  /** What each zoom would change now. */
  get able(): Record<Zoom, boolean> {
    const zoom = this.#goal;
    const pixel = pixelZoom(this.#box, devicePixelRatio);
    return { in: zoom < deepest(this.#box), out: zoom > 1, whole: zoom > 1, pixel: pixel > 1 && pixel !== zoom };
  }

  /** All of it. */
  reset(): void {
    this.#set(WHOLE);
  }

  /** What is in sight, in a few numbers; undefined: all of it. */
  get sight(): Sight | undefined {
    if (!this.zoomed) return undefined;
    const { x, y } = this.middle;
    return { zoom: this.#view.zoom, query: y, key: x };
  }

  /** Looks where `sight` says, as far as there is something. */
  look({ zoom, query, key }: Sight): void {
    this.#set(centred(this.#box, clamped(this.#box, { ...WHOLE, zoom }), query, key));
  }

  /** The point of the matrix in the middle of the plot. */
  get middle(): Point {
    const { width, height } = this.#box;
    const { x, y } = this.scale;
    return { x: this.#view.left + width / x / 2, y: this.#view.top + height / y / 2 };
  }

  /** Zooms by a factor, and leaves what is at `at` there. Returns whether it could. */
  zoomAt(factor: number, at: Point): boolean {
    const view = zoomed(this.#box, this.#view, this.#view.zoom * factor, at);
    if (view.zoom === this.#view.zoom) return false;
    this.#set(view);
    return true;
  }

  /** Zooms on the point `(key, query)`: in, and it comes to the middle; out, and it stays where it is. */
  zoomTo(to: Zoom, { x, y }: Point): void {
    const zoom = this.#goalOf(to);
    const { width, height } = this.#box;
    const middle = { x: width / 2, y: height / 2 };
    const there = placeOf(this.#box, this.#view, { x, y });
    const inside = there.x >= 0 && there.x <= width && there.y >= 0 && there.y <= height;
    const closer = zoom > this.#view.zoom;
    const start = inside ? there : middle;
    const { view, scale } = this;
    const point = inside ? { x, y } : { x: view.left + middle.x / scale.x, y: view.top + middle.y / scale.y };
    this.#glide = { zoom: [view.zoom, zoom], point, at: [start, closer ? middle : start], since: performance.now() };
    this.#changed();
  }

  move(by: Point): void {
    this.#set(moved(this.#box, this.#view, by));
  }

  /** Moves by shares of what is in sight. */
  step({ x, y }: Point): void {
    this.move({ x: -x * this.#box.width, y: -y * this.#box.height });
  }

  /** Brings a point of the matrix to the middle. */
  centre(query: number, key: number): void {
    this.#set(centred(this.#box, this.#view, query, key));
  }

  /** Moves no further than it takes to have these in sight. */
  reveal(queries: Range, keys: Range): void {
    this.#set(revealing(this.#box, this.#view, queries, keys));
  }

  /** Takes a zoom under way one frame further. */
  advance(time: number): void {
    if (!this.#glide) return;
    const { zoom, point, at, since } = this.#glide;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const part = still ? 1 : Math.max(0, Math.min(1, (time - since) / STEP.ms));
    const eased = 1 - (1 - part) ** 3;
    const between = (from: number, to: number): number => from + (to - from) * eased;
    const where = { x: between(at[0].x, at[1].x), y: between(at[0].y, at[1].y) };
    this.#view = placed(this.#box, part < 1 ? zoom[0] * (zoom[1] / zoom[0]) ** eased : zoom[1], point, where);
    if (part >= 1) this.#glide = undefined;
    this.#changed();
  }

  #set(view: View): void {
    const { zoom, top, left } = this.#view;
    const same = view.zoom === zoom && view.top === top && view.left === left;
    if (same && !this.#glide) return;
    this.#view = view;
    this.#glide = undefined;
    this.#changed();
  }

  /** Where the zoom is, or is going. */
  get #goal(): number {
    return this.#glide?.zoom[1] ?? this.#view.zoom;
  }

  #goalOf(to: Zoom): number {
    const goals: Record<Zoom, number> = {
      in: this.#goal * STEP.zoom,
      out: this.#goal / STEP.zoom,
      whole: 1,
      pixel: pixelZoom(this.#box, devicePixelRatio),
    };
    return Math.max(1, Math.min(deepest(this.#box), goals[to]));
  }
}
