// Histograms on one axis: how many of the values fall into each of equal bins, and how far they spread.

import { svg } from './dom.ts';
import { formatNumber } from './format.ts';
import { lettering } from './lettering.ts';

/** How many values fall where: `counts` are of equal bins from `-reach` to `reach`, the others lie outside. */
export interface Histogram {
  reach: number;
  counts: readonly number[];
  below: number;
  above: number;
}

/** Sorts `values` into `bins` bins from `-reach` to `reach`; what is exactly at an edge belongs to the bin above it. */
export function histogramOf(values: Float32Array, reach: number, bins: number): Histogram {
  const counts = new Array<number>(bins).fill(0);
  let [below, above] = [0, 0];
  for (const value of values) {
    const bin = Math.floor(((value + reach) / (2 * reach)) * bins);
    if (bin < 0) below += 1;
    else if (bin >= bins) above += 1;
    else counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { reach, counts, below, above };
}

/** The standard deviation of `values`: the root of their mean squared distance from their mean. */
export function deviationOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Where a histogram stands: the left end of its axis, its foot, its width and its greatest height. */
export interface Plot {
  left: number;
  foot: number;
  width: number;
  height: number;
}

/** How far below the foot the bar of the deviation lies. */
const BELOW = 6;

/** Draws a histogram to its own height, its axis, and a bar below from one standard deviation under 0 to one over it. */
export function drawHistogram({ reach, counts }: Histogram, deviation: number, plot: Plot): SVGElement {
  const { left, foot, width, height } = plot;
  const unit = height / Math.max(1, ...counts);
  const bin = width / counts.length;
  const steps = counts.map((count) => `V${(foot - count * unit).toFixed(2)}h${bin.toFixed(4)}`).join('');
  const middle = left + width / 2;
  const spread = (Math.min(deviation, reach) / reach) * (width / 2);
  return svg(
    'g',
    {},
    svg('path', { class: 'spread-area', d: `M${left} ${foot}${steps}V${foot}z` }),
    svg('path', { class: 'spread-axis', d: `M${left} ${foot}h${width}M${middle} ${foot}v-${height}` }),
    svg('path', { class: 'spread-deviation', d: `M${(middle - spread).toFixed(1)} ${foot + BELOW}h${2 * spread}` }),
    lettering(formatNumber(deviation), { x: left + width, y: foot - height + 10 }, 'spread-number', 'end'),
  );
}

/** An axis shorter than this has room for three numbers. */
const SHORT = 180;

/** Numbers under an axis from `-reach` to `reach`. */
export function drawTicks(reach: number, { left, foot, width }: Plot): SVGElement {
  const shares = width < SHORT ? [-1, 0, 1] : [-1, -0.5, 0, 0.5, 1];
  const ticks = shares.map((share) => {
    const anchor = share === -1 ? 'start' : share === 1 ? 'end' : 'middle';
    const at = { x: left + (width * (share + 1)) / 2, y: foot };
    return lettering(String(share * reach).replace('-', '−'), at, 'spread-tick', anchor);
  });
  return svg('g', {}, ...ticks);
}
