// Where the names in a picture go: by what they belong to, and neither on each other nor on what is drawn.

import type { Point } from './viewport.ts';

/** A name, and what it belongs to. */
export interface Label {
  text: string;
  /** Of its letters, in pixels. */
  size: number;
  /** What it belongs to, in pixels, and how much around that it leaves free. */
  tip: Point;
  clear: number;
  /** Where it would best stand, seen from the tip, in radians. */
  angle: number;
  /** Whether it should rather stand further away than elsewhere. */
  straight?: boolean;
}

/** A line that names should not stand on, with what it takes to both sides; a dot where it ends where it begins. */
export interface Obstacle {
  from: Point;
  to: Point;
  around: number;
  /** What it costs to cover a pixel of it, where a name may do so for want of a better place. */
  cost?: number;
}

/** Directions that are tried all around, and how much further away than as near as can be, in pixels. */
const DIRECTIONS = 48;
const FURTHER = [0, 3, 6, 10, 14, 19, 25, 34, 44, 56];
/** What a turn by a radian, a pixel of distance, touching something, and each pixel along it cost. */
const COST = { turn: 5, straight: 140, further: 1, touch: 1000, along: 20 };
/** What a name keeps free around itself, and of the border. */
const GAP = 2;
/** Characters that take less room than others. */
const NARROW = /[.°₀-₉]/;
/** How often all names but one stay, and that one looks for a better place. */
const ROUNDS = 3;

interface Box extends Point {
  width: number;
  height: number;
}

/** A way from where a name would best stand, and what it costs to go it. */
interface Way {
  turn: number;
  further: number;
  cost: number;
}

const [ANYWHERE, STRAIGHT] = [waysFor(COST.turn), waysFor(COST.straight)];

/** All ways, the cheapest first. */
function waysFor(radian: number): Way[] {
  const ways = FURTHER.flatMap((further) =>
    Array.from({ length: DIRECTIONS }, (_, at): Way => {
      const turn = (2 * Math.PI * at) / DIRECTIONS - Math.PI;
      return { turn, further, cost: radian * Math.abs(turn) + COST.further * further };
    }),
  );
  return ways.sort((a, b) => a.cost - b.cost);
}

/** The middle of each label in a square of `size` pixels: they cover neither each other nor the obstacles if they can. */
export function placeLabels(labels: readonly Label[], obstacles: readonly Obstacle[], size: number): Point[] {
  const taken: (Box | undefined)[] = labels.map(() => undefined);
  for (let round = 0; round < ROUNDS; round += 1) {
    labels.forEach((label, own) => {
      const others = taken.filter((box, at): box is Box => at !== own && box !== undefined);
      taken[own] = cheapest(label, obstacles, others, size);
    });
  }
  return labels.map(({ tip }, at) => ({ x: taken[at]?.x ?? tip.x, y: taken[at]?.y ?? tip.y }));
}

/** The best place for a label among obstacles and other names: a hand may be dragging, so none is weighed longer than it takes. */
function cheapest(label: Label, obstacles: readonly Obstacle[], others: readonly Box[], size: number): Box | undefined {
  let [best, least]: [Box | undefined, number] = [undefined, Infinity];
  for (const way of label.straight ? STRAIGHT : ANYWHERE) {
    if (way.cost >= least) break;
    const box = boxAt(label, way, size);
    let cost = way.cost;
    for (const other of others) cost += shared(box, other);
    for (const obstacle of obstacles) {
      if (cost >= least) break;
      cost += covers(box, obstacle);
    }
    if (cost < least) [best, least] = [box, cost];
  }
  return best;
}

/** The box of a label whose edge is as far from the tip as it leaves free, and further. */
function boxAt({ text, size: letters, tip, clear, angle }: Label, { turn, further }: Way, size: number): Box {
  const [width, height] = [letters * widthOf(text), letters];
  const [across, down] = [Math.cos(angle + turn), Math.sin(angle + turn)];
  const own = Math.min(width / 2 / Math.abs(across), height / 2 / Math.abs(down));
  const distance = clear + GAP + further + own;
  const inside = (at: number, extent: number): number =>
    Math.max(extent / 2 + GAP, Math.min(size - extent / 2 - GAP, at));
  return { x: inside(tip.x + distance * across, width), y: inside(tip.y + distance * down, height), width, height };
}

/** The width of a text as a multiple of its letters' size, a little more than there is in any font. */
function widthOf(text: string): number {
  return [...text].reduce((sum, character) => sum + (NARROW.test(character) ? 0.42 : 0.68), 0);
}

/** What it costs that a box lies on an obstacle: it is cut by as much of the line as lies in the box grown to all sides. */
function covers({ x, y, width, height }: Box, { from, to, around, cost }: Obstacle): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  let [enter, leave] = [0, 1];
  const cut = (start: number, run: number, low: number, high: number): void => {
    if (run === 0) {
      if (start <= low || start >= high) leave = -1;
      return;
    }
    const ends = [(low - start) / run, (high - start) / run];
    enter = Math.max(enter, Math.min(...ends));
    leave = Math.min(leave, Math.max(...ends));
  };
  const [wide, tall] = [width / 2 + around + GAP, height / 2 + around + GAP];
  cut(from.x, dx, x - wide, x + wide);
  cut(from.y, dy, y - tall, y + tall);
  if (enter > leave) return 0;
  const along = (leave - enter) * Math.hypot(dx, dy);
  return cost === undefined ? COST.touch + COST.along * along : cost * along;
}

/** What it costs that two names lie on each other. */
function shared(a: Box, b: Box): number {
  const along = (from: number, one: number, to: number, other: number): number =>
    Math.max(0, (one + other) / 2 + 2 * GAP - Math.abs(from - to));
  const area = along(a.x, a.width, b.x, b.width) * along(a.y, a.height, b.y, b.height);
  return area > 0 ? COST.touch + COST.along * area : 0;
}
