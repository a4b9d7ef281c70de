// Numbers as text: four significant digits, a true minus sign, no surprise in width.

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number to four significant digits; very small and very large ones as `3.14×10⁻⁷`. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  if (!isPlain(value)) return exponential(value, 2);
  const size = Math.abs(value);
  // Rounded first, so that 0.99999 is 1.000 and not 1.0000.
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(Number(size.toPrecision(4)))));
  return value.toFixed(decimals).replace('-', '−');
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

/** A number with as many digits, four at most, as `fits`; empty where not even one does. */
export function formatCell(value: number, fits: (text: string) => boolean): string {
  const full = formatNumber(value);
  if (!Number.isFinite(value) || value === 0) return firstThat(fits, [full]);
  const short = [3, 2, 1].map((digits) => {
    const rounded = value.toPrecision(digits);
    return isPlain(value) && !rounded.includes('e') ? rounded.replace('-', '−') : exponential(value, digits - 1);
  });
  return firstThat(fits, [full, ...short]);
}

function firstThat(fits: (text: string) => boolean, texts: readonly string[]): string {
  return texts.find(fits) ?? '';
}

/** Whether a number is read without a power of ten. */
function isPlain(value: number): boolean {
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e6;
}

function exponential(value: number, decimals: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential(decimals).split('e');
  const power = exponent
    .replace('+', '')
    .replace('-', '⁻')
    .replace(/\d/g, (digit) => SUPERSCRIPT[Number(digit)] ?? digit);
  return `${mantissa.replace('-', '−')}×10${power}`;
}
