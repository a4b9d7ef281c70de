// One number for each dimension of a vector, as columns up and down from zero.

import { svg } from './dom.ts';
import { formatNumber } from './format.ts';
import { lettering } from './lettering.ts';

/** Room for the number of the chosen dimension above the columns, and below them. */
const ROOM = 20;
/** Half the room of that number across: it stands clear of all columns there. */
const HALF = 28;

/** Draws `values` in a picture of this size, the one at `chosen` with its number. */
export function drawDimensions(values: Float32Array, chosen: number, width: number, height: number): SVGElement[] {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  const unit = (height - 2 * ROOM) / (high - low || 1);
  const zero = ROOM + high * unit;
  const room = width / Math.max(1, values.length);
  const drawn: SVGElement[] = [];
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) return;
    const size = Math.abs(value) * unit;
    const kind = value < 0 ? 'steps-bar steps-bar-negative' : 'steps-bar';
    const box = { x: (at + 0.12) * room, y: value < 0 ? zero : zero - size, width: 0.76 * room, height: size };
    drawn.push(svg('rect', { class: at === chosen ? kind : `${kind} steps-bar-quiet`, ...box }));
  });
  drawn.push(svg('path', { class: 'steps-zero', d: `M0 ${zero.toFixed(1)}H${width}` }));
  const value = values[chosen];
  if (value === undefined) return drawn;
  const x = Math.max(34, Math.min(width - 34, (chosen + 0.5) * room));
  const beside = values.filter((_, at) => Math.abs((at + 0.5) * room - x) < HALF + room / 2);
  const reach = beside.reduce((most, one) => (value < 0 ? Math.min(most, one) : Math.max(most, one)), value);
  const y = value < 0 ? zero - reach * unit + 15 : zero - reach * unit - 6;
  // A line leads to it where it stands above another column.
  const [end, foot] = [zero - value * unit, value < 0 ? y - 12 : y + 4];
  const middle = ((chosen + 0.5) * room).toFixed(1);
  if (Math.abs(end - foot) > 4 && Number.isFinite(end))
    drawn.push(svg('path', { class: 'steps-zero', d: `M${middle} ${end.toFixed(1)}V${foot.toFixed(1)}` }));
  drawn.push(
    lettering(formatNumber(value), { x, y: Number.isFinite(y) ? y : ROOM }, 'steps-number steps-halo', 'middle'),
  );
  return drawn;
}

/** The dimension under a point `x` pixels from the left. */
export function dimensionUnder(x: number, width: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor((x / Math.max(1, width)) * count)));
}
