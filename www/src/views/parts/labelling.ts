// Where the names of arrows go: by their tips, and neither on each other nor on the arrows.

import type { Point } from './viewport.ts';

/** A name, and what it belongs to. */
export interface Label {
  text: string;
  /** The tip, in pixels. */
  tip: Point;
  /** Where it would best stand, seen from the tip, in radians. */
  angle: number;
}

/** How far from the tip a name's middle stands: clear of the handle. */
const DISTANCE = 19;
const HEIGHT = 16;
/** A handle takes this much around its tip, and a shaft around each of the points that stand for it. */
const AROUND = { tip: 7, shaft: 3 };
const BETWEEN = 10;
/** Turns to try, nearest first. */
const TURNS = [0, 0.5, -0.5, 1, -1, 1.6, -1.6, 2.1, -2.1, 2.6, -2.6, Math.PI];
/** What covering a square pixel of something counts for, and each turn. */
const COST = { shaft: 1, tip: 2, name: 10, turn: 4 };

interface Box extends Point {
  width: number;
  height: number;
  cost: number;
}

/** The middle of each label in a square of `size` pixels, so that they cover neither each other nor the arrows if they can. */
export function placeLabels(labels: readonly Label[], tips: readonly Point[], size: number): Point[] {
  const origin = { x: size / 2, y: size / 2 };
  const taken = tips.flatMap((tip) => [boxAt(tip, 'tip'), ...shaft(origin, tip)]);
  return labels.map((label) => {
    const places = TURNS.map((turn) => placeAt(label, turn, size));
    const costs = places.map((place, turn) =>
      taken.reduce((sum, box) => sum + box.cost * overlap(place, box), COST.turn * turn),
    );
    const place = places[costs.indexOf(Math.min(...costs))] ?? boxAt(label.tip, 'tip');
    taken.push(place);
    return { x: place.x, y: place.y };
  });
}

/** Boxes along an arrow. */
function shaft(from: Point, to: Point): Box[] {
  const count = Math.floor(Math.hypot(to.x - from.x, to.y - from.y) / BETWEEN);
  return Array.from({ length: count }, (_, at) => {
    const share = (at + 0.5) / count;
    return boxAt({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }, 'shaft');
  });
}

function boxAt({ x, y }: Point, what: 'tip' | 'shaft'): Box {
  return { x, y, width: 2 * AROUND[what], height: 2 * AROUND[what], cost: COST[what] };
}

function placeAt({ text, tip, angle }: Label, turn: number, size: number): Box {
  const width = 8 * text.length + 4;
  const inside = (at: number, extent: number): number => Math.max(extent / 2, Math.min(size - extent / 2, at));
  const x = inside(tip.x + (DISTANCE + width / 6) * Math.cos(angle + turn), width);
  const y = inside(tip.y + DISTANCE * Math.sin(angle + turn), HEIGHT);
  return { x, y, width, height: HEIGHT, cost: COST.name };
}

/** The area that two boxes share. */
function overlap(a: Box, b: Box): number {
  const along = (from: number, one: number, to: number, other: number): number =>
    Math.max(0, (one + other) / 2 - Math.abs(from - to));
  return along(a.x, a.width, b.x, b.width) * along(a.y, a.height, b.y, b.height);
}
