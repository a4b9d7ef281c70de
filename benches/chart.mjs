// The growth of time with n as a picture: both axes logarithmic, a line for each contestant, bars from p10 to p90.

const SIZE = { width: 720, height: 460 };
const PLOT = { left: 64, right: 560, top: 44, bottom: 408 };
/** Told apart by people who see fewer colours, too (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'];

const text = (x, y, content, more = '') => `<text x="${round(x)}" y="${round(y)}" ${more}>${escape(content)}</text>`;
const stroke = (from, to, colour, width = 1) =>
  `<line x1="${round(from[0])}" y1="${round(from[1])}" x2="${round(to[0])}" y2="${round(to[1])}" stroke="${colour}" stroke-width="${width}"/>`;
const round = (value) => Number(value.toFixed(1));
const escape = (content) => String(content).replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A logarithmic scale from numbers to pixels. */
function scale([low, high], from, to) {
  return (value) => from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
}

/**
 * @param {string} title
 * @param {Record<string, { n: number, ms: import('./page/timing.mjs').Spread }[]>} series by contestant, each by n
 * @returns {string} an SVG document
 */
export function chart(title, series) {
  const points = Object.values(series).flat();
  const lengths = [...new Set(points.map(({ n }) => n))].sort((a, b) => a - b);
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...points.map(({ ms }) => ms.p10))));
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...points.map(({ ms }) => ms.p90))));
  const x = scale([lengths[0], lengths.at(-1)], PLOT.left, PLOT.right);
  const y = scale([lowest, highest], PLOT.bottom, PLOT.top);
  const parts = [
    text(PLOT.left, 24, title, 'font-weight="bold"'),
    ...lengths.flatMap((n) => [
      stroke([x(n), PLOT.top], [x(n), PLOT.bottom], '#ddd'),
      text(x(n), PLOT.bottom + 18, n, 'text-anchor="middle"'),
    ]),
    ...decades(lowest, highest).flatMap((ms) => [
      stroke([PLOT.left, y(ms)], [PLOT.right, y(ms)], '#ddd'),
      text(PLOT.left - 8, y(ms) + 4, ms, 'text-anchor="end"'),
    ]),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 40, 'n, queries and keys', 'text-anchor="middle"'),
    text(16, (PLOT.top + PLOT.bottom) / 2, 'ms', ''),
    ...Object.entries(series).map(([who, line], at) => curve(who, line, COLOURS[at % COLOURS.length], x, y)),
    ...labels(series, y),
  ];
  const { width, height } = SIZE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const decades = (low, high) =>
  Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, at) => Number((low * 10 ** at).toPrecision(1)));

function curve(who, line, colour, x, y) {
  const path = line.map(({ n, ms }, at) => `${at ? 'L' : 'M'}${round(x(n))} ${round(y(ms.median))}`).join('');
  const bars = line.map(({ n, ms }) => stroke([x(n), y(ms.p10)], [x(n), y(ms.p90)], colour, 3));
  return `<g><title>${escape(who)}</title><path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${bars.join('')}</g>`;
}

/** The names at the ends of the lines, moved apart where they would overlap. */
function labels(series, y) {
  const ends = Object.entries(series).map(([who, line], at) => ({
    who,
    colour: COLOURS[at % COLOURS.length],
    at: y(line.at(-1).ms.median) + 4,
  }));
  ends.sort((a, b) => a.at - b.at);
  ends.forEach((end, index) => (end.at = Math.max(end.at, index ? ends[index - 1].at + 16 : 0)));
  return ends.map(({ who, colour, at }) => text(PLOT.right + 12, at, who, `fill="${colour}"`));
}
