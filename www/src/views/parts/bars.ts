// Signed bars, one per dimension, as two SVG paths: the colours follow the theme and the width follows the layout by CSS.

import { svg } from './dom.ts';

const HEIGHT = 100;

/** A picture of `values` as bars around a zero line, scaled to the largest magnitude. */
export function signedBars(values: Float32Array): SVGSVGElement {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const picture = svg('svg', {
    class: 'bars',
    viewBox: `0 0 ${Math.max(1, values.length)} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  picture.append(
    svg('path', { class: 'bars-positive', d: barPath(values, largest, 1) }),
    svg('path', { class: 'bars-negative', d: barPath(values, largest, -1) }),
    svg('path', { class: 'bars-zero', d: `M0 ${HEIGHT / 2}H${values.length}` }),
  );
  return picture;
}

function barPath(values: Float32Array, largest: number, sign: 1 | -1): string {
  const gap = values.length > 96 ? 0 : 0.12;
  let path = '';
  values.forEach((value, index) => {
    if (!(value * sign > 0)) return;
    const length = (value / largest) * (HEIGHT / 2 - 2);
    path += `M${index + gap} ${HEIGHT / 2}h${1 - 2 * gap}v${(-length).toFixed(2)}h${2 * gap - 1}z`;
  });
  return path;
}
