// One number of a table, and below it its bar: from a zero line to the right, or to the left where it is negative.

import { element } from './dom.ts';

/** The numbers that a bar's room stands for. */
export interface Span {
  low: number;
  high: number;
}

/** The contents of a table cell: made once, then told numbers. */
export class BarCell {
  readonly cell: HTMLTableCellElement;
  readonly #number = element('span', { class: 'plane-number' });
  readonly #bar = element('i', {});

  constructor(look = '') {
    const room = element('span', { class: 'plane-bar', 'aria-hidden': 'true' }, this.#bar);
    this.cell = element('td', { class: look }, this.#number, room);
  }

  /** Shows `text`, and `value` within `span`; undefined: not known yet. */
  show(value: number | undefined, text: string, span: Span): void {
    if (this.#number.textContent !== text) this.#number.textContent = text;
    const { left, width, zero } = barOf(value, span);
    Object.assign(this.#bar.style, { left: `${left}%`, width: `${width}%` });
    this.cell.style.setProperty('--zero', `${zero}%`);
    this.cell.classList.toggle('plane-below', (value ?? 0) < 0);
  }
}

/** Where a bar lies in its room, in percent. What is no number has none. */
export function barOf(value: number | undefined, { low, high }: Span): { left: number; width: number; zero: number } {
  const share = (number: number): number => ((number - low) / (high - low || 1)) * 100;
  const zero = share(0);
  if (value === undefined || !Number.isFinite(value)) return { left: zero, width: 0, zero };
  const end = Math.max(0, Math.min(100, share(value)));
  return { left: Math.min(zero, end), width: Math.abs(end - zero), zero };
}

/** The span of scores that are compared: zero in it, and the same room for each. */
export function spanOf(values: ArrayLike<number> | undefined): Span {
  const finite = Array.from(values ?? []).filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  return low === high ? { low: 0, high: 1 } : { low, high };
}

/** The spans that never change. */
export const COSINES: Span = { low: -1, high: 1 };
export const SHARES: Span = { low: 0, high: 1 };
