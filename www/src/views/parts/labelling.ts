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
  /** Whether a name may cover it where there is no better place. */
  faint?: boolean;
}

/** Directions that are tried all around, and how much further away than as near as can be, in pixels. */
const DIRECTIONS = 32;
const FURTHER = [0, 6, 14, 24, 36, 50];
/** What a turn by a radian, a pixel of distance, touching something, and each pixel along it count for. */
const COST = { turn: 5, straight: 60, further: 1, touch: 1000, along: 20, faint: 0.6 };
/** What a name keeps free around itself, and of the border. */
const GAP = 2;
/** How often all names but one stay, and that one looks for a better place. */
const ROUNDS = 3;

interface Box extends Point {
  width: number;
  height: number;
}

/** A place for a name, and what it costs whatever the other names do. */
interface Place {
  box: Box;
  cost: number;
}

/** The middle of each label in a square of `size` pixels: they cover neither each other nor the obstacles if they can. */
export function placeLabels(labels: readonly Label[], obstacles: readonly Obstacle[], size: number): Point[] {
  const choices = labels.map((label) => placesOf(label, obstacles, size));
  const taken: (Box | undefined)[] = labels.map(() => undefined);
  for (let round = 0; round < ROUNDS; round += 1) {
    choices.forEach((places, own) => {
      const others = taken.filter((box, at): box is Box => at !== own && box !== undefined);
      taken[own] = cheapest(places, others);
    });
  }
  return labels.map(({ tip }, at) => ({ x: taken[at]?.x ?? tip.x, y: taken[at]?.y ?? tip.y }));
}

/** The first of the places, the cheapest first, that no other name makes dearer than the next. */
function cheapest(places: readonly Place[], others: readonly Box[]): Box | undefined {
  let [best, least]: [Box | undefined, number] = [undefined, Infinity];
  for (const { box, cost } of places) {
    if (cost >= least) break;
    const whole = cost + others.reduce((sum, other) => sum + shared(box, other), 0);
    if (whole < least) [best, least] = [box, whole];
  }
  return best;
}

/** All places of a label, the cheapest first. */
function placesOf(label: Label, obstacles: readonly Obstacle[], size: number): Place[] {
  const places = FURTHER.flatMap((further) =>
    Array.from({ length: DIRECTIONS }, (_, at) => {
      const turn = (2 * Math.PI * at) / DIRECTIONS - Math.PI;
      const box = boxAt(label, turn, further, size);
      const covered = obstacles.reduce((sum, obstacle) => sum + covers(box, obstacle), 0);
      const turned = (label.straight ? COST.straight : COST.turn) * Math.abs(turn);
      return { box, cost: turned + COST.further * further + covered };
    }),
  );
  return places.sort((a, b) => a.cost - b.cost);
}

/** The box of a label whose edge is as far from the tip as it leaves free, and further. */
function boxAt({ text, size: letters, tip, clear, angle }: Label, turn: number, further: number, size: number): Box {
  const [width, height] = [0.62 * letters * text.length + 2, letters];
  const [across, down] = [Math.cos(angle + turn), Math.sin(angle + turn)];
  const own = Math.min(width / 2 / Math.abs(across), height / 2 / Math.abs(down));
  const distance = clear + GAP + further + own;
  const inside = (at: number, extent: number): number =>
    Math.max(extent / 2 + GAP, Math.min(size - extent / 2 - GAP, at));
  return { x: inside(tip.x + distance * across, width), y: inside(tip.y + distance * down, height), width, height };
}

/** What it costs that a box lies on an obstacle: it is cut by as much of the line as lies in the box grown to all sides. */
function covers({ x, y, width, height }: Box, { from, to, around, faint }: Obstacle): number {
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
  return faint ? COST.faint * along : COST.touch + COST.along * along;
}

/** What it costs that two names lie on each other. */
function shared(a: Box, b: Box): number {
  const along = (from: number, one: number, to: number, other: number): number =>
    Math.max(0, (one + other) / 2 + GAP - Math.abs(from - to));
  const area = along(a.x, a.width, b.x, b.width) * along(a.y, a.height, b.y, b.height);
  return area > 0 ? COST.touch + COST.along * area : 0;
}
