// Signed bars, one per dimension, as two SVG paths: the colours follow the theme and the width follows the layout by CSS.

import { svg } from './dom.ts';

const HEIGHT = 100;

/** A picture of `values` as bars up and down from a zero line that stands where the room is used best. Values that are no numbers have none. */
export function signedBars(values: Float32Array): SVGSVGElement {
  const finite = values.filter(Number.isFinite);
  const top = finite.reduce((most, value) => Math.max(most, value), 0);
  const bottom = finite.reduce((least, value) => Math.min(least, value), 0);
  const unit = (HEIGHT - 4) / (top - bottom || 1);
  const zero = 2 + top * unit;
  const picture = svg('svg', {
    class: 'bars',
    viewBox: `0 0 ${Math.max(1, values.length)} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  picture.append(
    svg('path', { class: 'bars-positive', d: barPath(values, { unit, zero }, 1) }),
    svg('path', { class: 'bars-negative', d: barPath(values, { unit, zero }, -1) }),
    svg('path', { class: 'bars-zero', d: `M0 ${zero}H${values.length}` }),
  );
  return picture;
}

function barPath(values: Float32Array, { unit, zero }: { unit: number; zero: number }, sign: 1 | -1): string {
  const gap = values.length > 96 ? 0 : 0.12;
  let path = '';
  values.forEach((value, index) => {
    if (!Number.isFinite(value) || value * sign <= 0) return;
    path += `M${index + gap} ${zero.toFixed(2)}h${1 - 2 * gap}v${(-value * unit).toFixed(2)}h${2 * gap - 1}z`;
  });
  return path;
}
