// Numbers as text: four significant digits, a true minus sign, no surprise in width.

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number to four significant digits; very small and very large ones as `3.14×10⁻⁷`. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return exponential(value);
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

/** A number with as many digits, four at most, as `fits`; empty where not even one does. */
export function formatCell(value: number, fits: (text: string) => boolean): string {
  if (!Number.isFinite(value) || value === 0) return firstThat(fits, [formatNumber(value)]);
  const short = [3, 2, 1].map((digits) => {
    const rounded = value.toPrecision(digits);
    return /e/.test(rounded) || Math.abs(value) < 1e-3 ? scientific(value, digits - 1) : rounded.replace('-', '−');
  });
  return firstThat(fits, [Math.abs(value) < 1e-3 ? scientific(value, 2) : formatNumber(value), ...short]);
}

function firstThat(fits: (text: string) => boolean, texts: readonly string[]): string {
  return texts.find(fits) ?? '';
}

/** As `3.1e−7`: shorter than a power of ten. */
function scientific(value: number, decimals: number): string {
  return value.toExponential(decimals).replace('+', '').replaceAll('-', '−');
}

function exponential(value: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential(2).split('e');
  const power = exponent
    .replace('+', '')
    .replace('-', '⁻')
    .replace(/\d/g, (digit) => SUPERSCRIPT[Number(digit)] ?? digit);
  return `${mantissa.replace('-', '−')}×10${power}`;
}
