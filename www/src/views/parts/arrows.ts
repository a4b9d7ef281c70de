// The picture of the plane: grid, arrows, and for one pair the shadow of the key on the line of the query.

import { svg } from './dom.ts';
import { placeLabels, type Label, type Obstacle } from './labelling.ts';
import { endOf, pairNumbers, type PairNumbers, type PlaneScene } from './planescene.ts';
import { formatScore } from './ranking.ts';
import { QUERY, REACH, lengthOf, nameOf, type Vector } from './vectors.ts';
import type { Point } from './viewport.ts';

/** From the origin to each side, in units: room for a name beyond the furthest tip. */
const EXTENT = REACH + 0.6;
const HEAD = { length: 12, width: 5 };
const HALO = 10;
/** The arc of the angle, in pixels, and lines that stand for it. */
const ARC = 34;
const BOWS = 6;
/** The shadow to both sides of its line. */
const SHADOW = 6;
/** Between a number of an axis and a name, which must not read as one. */
const APART = 4;
/** The sign of the right angle. */
const CORNER = 8;
/** How far around its tip an arrow keeps names away: as far as the ring goes that shows the focus. */
const RING = 13;
/** The letters of a name, and of a number beside a line. */
const LETTERS = { name: 15, number: 12, tick: 11 } as const;

/** Where a vector ends on a square of `size` pixels. */
export function pointOf([x, y]: Vector, size: number): Point {
  const unit = size / (2 * EXTENT);
  return { x: size / 2 + x * unit, y: size / 2 - y * unit };
}

/** The vector that ends at a point. */
export function vectorAt({ x, y }: Point, size: number): Vector {
  const unit = size / (2 * EXTENT);
  return [(x - size / 2) / unit, (size / 2 - y) / unit];
}

/** One arrow of the picture. */
interface Arrow {
  name: string;
  at: Vector;
  /** The key that gives it its colour, or the query. */
  of: number;
  kind: 'query' | 'key' | 'vector' | 'asking' | 'asked';
  /** Whether it is one of the pair that is looked at closely. */
  chosen: boolean;
}

/** Whether a hand can take hold of it: the others are made of one that is held. */
function isHeld({ kind }: Arrow): boolean {
  return kind !== 'asking' && kind !== 'asked';
}

/** Draws `scene` anew on `picture`, a square of `size` pixels. */
export function drawPlane(picture: SVGSVGElement, scene: PlaneScene, size: number): void {
  picture.setAttribute('viewBox', `0 0 ${size} ${size}`);
  const arrows = arrowsOf(scene);
  const pair = pairNumbers(scene);
  const [query, key] = chosenOf(scene, arrows);
  const guide = pair && query && key && pair.angle === pair.angle ? guideOf(query, key, pair, size) : undefined;
  const labels = [...arrows.map((arrow) => labelOf(arrow, size)), ...(guide?.labels ?? [])];
  const inTheWay = [...arrows.flatMap((arrow) => around(arrow, size)), ...ticksOf(size).map(aroundTick)];
  const places = placeLabels(labels, [...inTheWay, ...(guide?.inTheWay ?? [])], size);
  picture.replaceChildren(
    grid(size),
    ...(guide ? [guide.drawn] : []),
    ...trailsOf(scene, arrows, size),
    ...arrows.map((arrow) => drawArrow(arrow, size)),
    ...labels.map((label, index) => drawLabel(label, places[index] ?? label.tip)),
  );
}

/**
 * The arrows, those on top last: keys are thinner than the query, and lie on it. Where every vector asks every other, all of them,
 * and of the pair the query and the key that are made of two.
 */
function arrowsOf({ query, keys, pair, numbers }: PlaneScene): Arrow[] {
  if (query) {
    const own = keys.map((at, of): Arrow => ({ name: nameOf('k', of), at, of, kind: 'key', chosen: of === pair.key }));
    return [{ name: 'q', at: query, of: QUERY, kind: 'query', chosen: true }, ...own];
  }
  const own = keys.map((at, of): Arrow => ({ name: nameOf('x', of), at, of, kind: 'vector', chosen: false }));
  if (!numbers) return own;
  const made = (letter: string, of: number, ends: Float32Array, kind: 'asking' | 'asked'): Arrow => {
    return { name: nameOf(letter, of), at: endOf(ends, of), of, kind, chosen: true };
  };
  const asked = made('k', pair.key, numbers.keyEnds, 'asked');
  return [...own, asked, made('q', pair.query, numbers.queryEnds, 'asking')];
}

/** The two arrows of the chosen pair. */
function chosenOf({ query, pair }: PlaneScene, arrows: readonly Arrow[]): (Arrow | undefined)[] {
  const find = (kind: Arrow['kind'], of: number): Arrow | undefined =>
    arrows.find((arrow) => arrow.of === of && arrow.kind === kind);
  return query ? [find('query', QUERY), find('key', pair.key)] : [find('asking', pair.query), find('asked', pair.key)];
}

/** The ways from vectors to the query and the key that are made of them. */
function trailsOf({ keys }: PlaneScene, arrows: readonly Arrow[], size: number): SVGElement[] {
  const made = arrows.filter((arrow) => !isHeld(arrow));
  return made.map(({ of, at }) => {
    const [from, to] = [pointOf(keys[of] ?? at, size), pointOf(at, size)];
    const center = pointOf([0, 0], size);
    const radius = Math.hypot(to.x - center.x, to.y - center.y);
    const turn = (from.x - center.x) * (to.y - center.y) - (from.y - center.y) * (to.x - center.x);
    const d = `M${from.x.toFixed(2)} ${from.y.toFixed(2)}A${radius} ${radius} 0 0 ${turn > 0 ? 1 : 0} ${to.x.toFixed(2)} ${to.y.toFixed(2)}`;
    return svg('path', { class: 'plane-trail', 'data-key': of, d });
  });
}

// ---- the parts

function grid(size: number): SVGElement {
  const drawn = svg('g', { class: 'plane-grid' });
  for (let at = -REACH; at <= REACH; at += 1) {
    const { x, y } = pointOf([at, at], size);
    const path = `M${x} 0V${size}M0 ${y}H${size}`;
    drawn.append(svg('path', { class: at === 0 ? 'plane-axis' : 'plane-line', d: path }));
  }
  drawn.append(...ticksOf(size).map(({ text, at }) => word(text, at, 'plane-tick')));
  return drawn;
}

interface Tick {
  text: string;
  at: Point;
}

/** The numbers of both axes. */
function ticksOf(size: number): Tick[] {
  return [-4, -2, 2, 4].flatMap((at) => {
    const text = String(at).replace('-', '−');
    const [across, up] = [pointOf([at, 0], size), pointOf([0, at], size)];
    return [
      { text, at: { x: across.x, y: across.y + 11 } },
      { text, at: { x: up.x - 11, y: up.y } },
    ];
  });
}

/** A number is twice as high as wide, and two of them beside each other are a line. */
function aroundTick({ text, at: { x, y } }: Tick): Obstacle {
  const half = (LETTERS.tick / 4) * (text.length - 1);
  return { from: { x: x - half, y }, to: { x: x + half, y }, around: LETTERS.tick / 2 + APART };
}

/** What of an arrow no name should stand on: its shaft, and what takes hold of it. */
function around(arrow: Arrow, size: number): Obstacle[] {
  const { at } = arrow;
  const [from, to] = [pointOf([0, 0], size), pointOf(at, size)];
  return [
    { from, to, around: 3 },
    { from: to, to, around: isHeld(arrow) ? RING : HEAD.width },
  ];
}

function drawArrow(drawn: Arrow, size: number): SVGElement {
  const { at, of, kind, chosen } = drawn;
  const [from, to] = [pointOf([0, 0], size), pointOf(at, size)];
  const arrow = svg('g', {
    class: `plane-arrow plane-${kind}${chosen ? ' plane-chosen' : ''}`,
    'data-key': of === QUERY ? 'query' : of,
  });
  if (isHeld(drawn)) arrow.append(svg('circle', { class: 'plane-halo', cx: to.x, cy: to.y, r: HALO }));
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length === 0) return arrow;
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const head = Math.min(HEAD.length, length);
  const neck = { x: to.x - along.x * head, y: to.y - along.y * head };
  const side = { x: -along.y * HEAD.width, y: along.x * HEAD.width };
  const corners = [to, { x: neck.x + side.x, y: neck.y + side.y }, { x: neck.x - side.x, y: neck.y - side.y }];
  arrow.append(
    svg('path', { class: 'plane-shaft', d: path([from, neck]) }),
    svg('path', { class: 'plane-head', d: `${path(corners)}z` }),
  );
  return arrow;
}

/** A name beyond the tip; that of the query on its side, where a key along it leaves room. */
function labelOf(arrow: Arrow, size: number): PlacedLabel {
  const { name, at, of, kind, chosen } = arrow;
  const angle = lengthOf(at) > 0 ? -Math.atan2(at[1], at[0]) : -Math.PI / 2;
  const aside = kind === 'query' ? Math.PI / 2 : 0;
  const look = `plane-name${chosen ? ' plane-name-chosen' : ''}`;
  const clear = isHeld(arrow) ? RING : HEAD.width;
  return { text: name, size: LETTERS.name, tip: pointOf(at, size), clear, angle: angle + aside, look, of };
}

interface PlacedLabel extends Label {
  look: string;
  /** The key whose colour it has; undefined: the ink's. */
  of: number | undefined;
}

function drawLabel({ text, look, of }: PlacedLabel, at: Point): SVGElement {
  const drawn = word(text, at, look);
  if (of !== undefined) drawn.setAttribute('data-key', of === QUERY ? 'query' : String(of));
  return drawn;
}

// ---- the pair: shadow, right angle, angle

function guideOf(
  query: Arrow,
  key: Arrow,
  pair: PairNumbers,
  size: number,
): { drawn: SVGElement; labels: PlacedLabel[]; inTheWay: Obstacle[] } {
  const norm = lengthOf(query.at) || 1;
  const unit: Vector = [query.at[0] / norm, query.at[1] / norm];
  const foot: Vector = [unit[0] * pair.projection, unit[1] * pair.projection];
  const [from, to, tip] = [pointOf([0, 0], size), pointOf(foot, size), pointOf(key.at, size)];
  const far = pointOf([unit[0] * 2 * EXTENT, unit[1] * 2 * EXTENT], size);
  const near = { x: 2 * from.x - far.x, y: 2 * from.y - far.y };
  const angles = { from: Math.atan2(query.at[1], query.at[0]), to: Math.atan2(key.at[1], key.at[0]) };
  const drawn = svg(
    'g',
    { class: 'plane-guide', 'data-key': key.of },
    svg('path', { class: 'plane-through', d: path([near, far]) }),
    svg('path', { class: 'plane-shadow', d: path([from, to]) }),
    svg('path', { class: 'plane-drop', d: path([tip, to]) }),
    svg('path', { class: 'plane-corner', d: corner(to, from, tip) }),
    svg('path', { class: 'plane-arc', d: arc(from, angles) }),
  );
  const places = { from, to, angles, tip };
  const inTheWay = [
    { from: near, to: far, around: 0, cost: 0.6 },
    { from, to, around: SHADOW, cost: 0.6 },
    { from: tip, to, around: 0, cost: 4 },
    ...bows(from, angles),
  ];
  return { drawn, labels: guideLabels(key, pair, places), inTheWay };
}

interface Places {
  from: Point;
  to: Point;
  tip: Point;
  angles: Angles;
}

interface Angles {
  from: number;
  to: number;
}

function guideLabels(key: Arrow, pair: PairNumbers, { from, to, tip, angles }: Places): PlacedLabel[] {
  const size = LETTERS.number;
  const middle = angles.from + turnOf(angles) / 2;
  const theta = { text: `${pair.angle.toFixed(1)}°`, size, tip: from, clear: ARC, angle: -middle, straight: true };
  const half = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  // Away from the key, so that the name stands on the free side of the line.
  const away = Math.atan2(to.y - tip.y, to.x - tip.x);
  const length = { text: formatScore(pair.projection), size, tip: half, clear: SHADOW, angle: away };
  return [
    { ...theta, look: 'plane-angle', of: undefined },
    { ...length, look: 'plane-length', of: key.of },
  ];
}

/** The arc as short lines, for the names to keep off. */
function bows(center: Point, angles: Angles): Obstacle[] {
  const turn = turnOf(angles);
  const at = (share: number): Point => ({
    x: center.x + ARC * Math.cos(angles.from + turn * share),
    y: center.y - ARC * Math.sin(angles.from + turn * share),
  });
  return Array.from({ length: BOWS }, (_, bow) => ({ from: at(bow / BOWS), to: at((bow + 1) / BOWS), around: 1 }));
}

/** The shorter way from one direction to the other. */
function turnOf({ from, to }: Angles): number {
  const turn = to - from;
  return turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI));
}

function arc(center: Point, angles: Angles): string {
  const turn = turnOf(angles);
  const at = (angle: number): string =>
    `${(center.x + ARC * Math.cos(angle)).toFixed(2)} ${(center.y - ARC * Math.sin(angle)).toFixed(2)}`;
  return `M${at(angles.from)}A${ARC} ${ARC} 0 0 ${turn > 0 ? 0 : 1} ${at(angles.from + turn)}`;
}

/** The sign of a right angle at `at`, open towards the origin and the tip; nothing where there is no room for it. */
function corner(at: Point, origin: Point, tip: Point): string {
  const towards = (to: Point): Point | undefined => {
    const length = Math.hypot(to.x - at.x, to.y - at.y);
    return length > 2 * CORNER
      ? { x: ((to.x - at.x) / length) * CORNER, y: ((to.y - at.y) / length) * CORNER }
      : undefined;
  };
  const [a, b] = [towards(origin), towards(tip)];
  if (!a || !b) return '';
  return path([
    { x: at.x + a.x, y: at.y + a.y },
    { x: at.x + a.x + b.x, y: at.y + a.y + b.y },
    { x: at.x + b.x, y: at.y + b.y },
  ]);
}

function path(points: readonly Point[]): string {
  return `M${points.map(({ x, y }) => `${x.toFixed(2)} ${y.toFixed(2)}`).join('L')}`;
}

function word(text: string, { x, y }: Point, look: string): SVGElement {
  const drawn = svg('text', { class: look, x: x.toFixed(2), y: y.toFixed(2) });
  drawn.textContent = text;
  return drawn;
}
