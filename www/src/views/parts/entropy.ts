// The entropy of one row of weights against the temperature, on a logarithmic axis.

import { svg } from './dom.ts';
import { formatShare } from './format.ts';
import { lettering } from './lettering.ts';
import { NAMED, TEMPERATURES, temperatureIndex } from './temperatures.ts';

/** Room around the plot; a slider below has the same left and right. */
export const CURVE = { left: 44, right: 58, top: 24, bottom: 24, height: 216 } as const;

/** A temperature that has a name. */
export interface Mark {
  temperature: number;
  name: string;
  /** On which side of its line the name stands. */
  side: 'left' | 'right';
}

/** What the curve shows: the entropy at each of {@link TEMPERATURES}, and the current one. */
export interface Curve {
  entropy: readonly number[] | undefined;
  /** How many keys share the weights. */
  keys: number;
  at: number;
  marks: readonly Mark[];
  /** What the axes count. */
  words: { temperature: string; entropy: string; keys: string };
}

/** The temperature's index under a point `x` pixels from the left of a picture `width` pixels wide. */
export function indexUnder(x: number, width: number): number {
  const share = (x - CURVE.left) / Math.max(1, width - CURVE.left - CURVE.right);
  return Math.max(0, Math.min(TEMPERATURES.length - 1, Math.round(share * (TEMPERATURES.length - 1))));
}

/** Draws the curve in a picture `width` pixels wide and {@link CURVE} high. */
export function drawCurve(curve: Curve, width: number): SVGElement[] {
  const frame = frameOf(curve, width);
  const drawn = [...gridOf(curve, frame), ...marksOf(curve, frame)];
  if (curve.entropy) {
    const points = curve.entropy.map((entropy, index) => `${frame.x(index).toFixed(1)} ${frame.y(entropy).toFixed(1)}`);
    drawn.push(svg('path', { class: 'spread-curve', d: `M${points.join('L')}` }));
  }
  return [...drawn, ...currentOf(curve, frame)];
}

/** The plot's sides, and where a temperature and an entropy lie. */
interface Frame {
  left: number;
  right: number;
  top: number;
  foot: number;
  x(index: number): number;
  y(entropy: number): number;
}

function frameOf({ keys }: Curve, width: number): Frame {
  const [left, right] = [CURVE.left, Math.max(CURVE.left + 1, width - CURVE.right)];
  const [top, foot] = [CURVE.top, CURVE.height - CURVE.bottom];
  const most = Math.log(keys);
  return {
    left,
    right,
    top,
    foot,
    x: (index) => left + ((right - left) * index) / (TEMPERATURES.length - 1),
    y: (entropy) => foot - ((foot - top - 8) * entropy) / most,
  };
}

/** Lines at the entropies of 1, 2, 4, … keys with equal weights. */
function gridOf({ keys, words }: Curve, { left, right, foot, x, y }: Frame): SVGElement[] {
  const lines: SVGElement[] = [];
  for (let shared = 1; shared <= keys; shared *= 2) {
    const at = y(Math.log(shared));
    lines.push(
      svg('path', { class: 'spread-grid', d: `M${left} ${at.toFixed(1)}H${right}` }),
      lettering(shared === 1 ? '0' : formatShare(Math.log(shared)), { x: left - 6, y: at + 4 }, 'spread-tick', 'end'),
      lettering(String(shared), { x: right + 6, y: at + 4 }, 'spread-tick'),
    );
  }
  const ticks = NAMED.map((temperature) =>
    lettering(String(temperature), { x: x(temperatureIndex(temperature)), y: foot + 16 }, 'spread-tick', 'middle'),
  );
  const captions = [
    lettering(words.entropy, { x: 0, y: y(Math.log(keys)) - 12 }, 'spread-caption'),
    lettering(words.keys, { x: right + CURVE.right, y: y(Math.log(keys)) - 12 }, 'spread-caption', 'end'),
    lettering(words.temperature, { x: right + CURVE.right, y: foot + 16 }, 'spread-caption', 'end'),
  ];
  return [...lines, ...ticks, ...captions];
}

function marksOf({ marks }: Curve, { top, foot, x }: Frame): SVGElement[] {
  return marks.flatMap(({ temperature, name, side }) => {
    const at = x(temperatureIndex(temperature));
    const [shift, anchor] = side === 'left' ? [4, 'end' as const] : [-4, 'start' as const];
    return [
      svg('path', { class: 'spread-mark', d: `M${at.toFixed(1)} ${top - 6}V${foot}` }),
      lettering(name, { x: at + shift, y: top - 11 }, 'spread-mark-name', anchor),
    ];
  });
}

function currentOf({ entropy, at }: Curve, { top, foot, x, y }: Frame): SVGElement[] {
  const line = svg('path', { class: 'spread-current', d: `M${x(at).toFixed(1)} ${top}V${foot}` });
  const value = entropy?.[at];
  if (value === undefined || !Number.isFinite(value)) return [line];
  return [line, svg('circle', { class: 'spread-point', cx: x(at).toFixed(1), cy: y(value).toFixed(1), r: 5 })];
}
