// Numbers as text: four significant digits, a true minus sign, no surprise in width.

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';
/** From here on a number is read by its power of ten. */
const LARGE = 1e6;

/** A number to four significant digits; very small and very large ones as `3.14×10⁻⁷`. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  if (!isPlain(value)) return exponential(value, 2);
  return value.toFixed(decimalsOf(Math.abs(value))).replace('-', '−');
}

/** A share of one, to three decimals: what a weight or a row's sum is read as. */
export function formatShare(value: number): string {
  if (!Number.isFinite(value) || (value !== 0 && Math.abs(value) < 5e-4) || Math.abs(value) >= 1000)
    return formatNumber(value);
  return value.toFixed(3).replace('-', '−');
}

/**
 * As `formatNumber`, but what ends after three decimals is written with three: −0.058 is no −0.05800, and 0.49998, which does
 * not end there, stays 0.5000.
 */
export function formatTrimmed(value: number): string {
  const full = formatNumber(value);
  const short = full.replace(/^([^×]*\.\d{3})0+$/, '$1');
  return Math.fround(Number(short.replace('−', '-'))) === Math.fround(value) ? short : full;
}

/** A count as its readers write it: `1,073,741,824`. */
export function formatCount(count: number, language: string): string {
  return count.toLocaleString(language);
}

/** Writes a number; empty where that does not fit. */
type Write = (value: number) => string;

/**
 * How numbers that stand beside each other are written: all with as many decimals as the largest has in four digits, or with as many
 * fewer as it takes for each to fit, down to one digit of the largest. Where all are so small that they are read by their powers of
 * ten, those have digits alike; so has one that is too large for the others.
 */
export function formatAlike(values: Iterable<number>, fits: (text: string) => boolean = Boolean): Write {
  const common = [...values].filter((value) => Math.abs(value) < LARGE);
  const most = Math.max(0, ...common.map(Math.abs));
  const ways = !most || isPlain(most) ? fixedWays(most) : POWERS;
  const alike = ways.find((write) => common.every((value) => fits(write(value)))) ?? ways.at(-1) ?? formatNumber;
  return (value) => {
    const large = Number.isFinite(value) ? POWERS : [formatNumber];
    return (Math.abs(value) < LARGE ? [alike] : large).map((write) => write(value)).find(fits) ?? '';
  };
}

/** A number as a power of ten, with two decimals, one, or none. */
const POWERS = [2, 1, 0].map(
  (decimals): Write =>
    (value) =>
      value ? exponential(value, decimals) : '0',
);

/** Numbers of which the largest is `most` in decimals: that one in four digits, in three, two, one. */
function fixedWays(most: number): Write[] {
  const decimals = most && decimalsOf(most);
  return Array.from({ length: Math.min(3, decimals) + 1 }, (_, fewer) => (value) => {
    const written = value.toFixed(decimals - fewer);
    // What is rounded to zero has no sign.
    return written.replace('-', Number(written) ? '−' : '');
  });
}

/** How many decimals a number has in four digits. It is rounded first, so that 0.99999 is 1.000 and not 1.0000. */
function decimalsOf(size: number): number {
  return Math.max(0, 3 - Math.floor(Math.log10(Number(size.toPrecision(4)))));
}

/** Whether a number is read without a power of ten. */
function isPlain(value: number): boolean {
  const size = Math.abs(value);
  return size >= 1e-4 && size < LARGE;
}

function exponential(value: number, decimals: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential(decimals).split('e');
  const power = exponent
    .replace('+', '')
    .replace('-', '⁻')
    .replace(/\d/g, (digit) => SUPERSCRIPT[Number(digit)] ?? digit);
  return `${mantissa.replace('-', '−')}×10${power}`;
}
