// Numbers as they are compared by eye: with three decimals, equal when they look equal, from the largest down.

/** A score, with as many decimals as its neighbours. */
export function formatScore(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  const fixed = value.toFixed(3);
  return fixed === '-0.000' ? '0.000' : fixed.replace('-', '−');
}

/** A weight: what is there and too small to be seen is not called nothing. */
export function formatWeight(value: number): string {
  return value > 0 && value < 5e-4 ? '<0.001' : formatScore(value);
}

/** The numbers' indices from the largest down, those that look equal together. */
export function ranking(values: ArrayLike<number>): number[][] {
  const order = Array.from(values, (_, index) => index).sort((a, b) => values[b]! - values[a]! || a - b);
  const groups: number[][] = [];
  for (const index of order) {
    const last = groups.at(-1);
    if (last && looksEqual(values[last[0]!]!, values[index]!)) last.push(index);
    else groups.push([index]);
  }
  return groups.map((group) => group.sort((a, b) => a - b));
}

/** Whether two numbers are the same as written. */
export function looksEqual(one: number, other: number): boolean {
  return formatScore(one) === formatScore(other);
}
