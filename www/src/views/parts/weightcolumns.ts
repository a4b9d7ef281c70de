// A few keys side by side: the weight of each as a column with its number, and its score below.

import { svg } from './dom.ts';
import { formatAlike } from './format.ts';
import { lettering } from './lettering.ts';

/** The height of the picture, and what of it the columns and the words below them take. */
export const COLUMNS = { height: 224, top: 18, bottom: 40 } as const;

/** The weights that have a line. */
const NAMED = [0.5, 1];

/** Pixels of a digit, and what stays free between two numbers: side by side they must not read as one. */
const CHARACTER = 7.2;
const APART = 8;

/** Draws the keys in a picture `width` pixels wide; without weights only their scores are there. */
export function drawColumns(
  scores: Float32Array | undefined,
  weights: Float32Array | undefined,
  words: { score: string; weight: string },
  width: number,
): SVGElement[] {
  const foot = COLUMNS.height - COLUMNS.bottom;
  const drawn: SVGElement[] = [
    ...NAMED.flatMap((weight) => {
      const y = foot - (foot - COLUMNS.top) * weight;
      // Where the least weights stand: no number is as high.
      return [
        svg('path', { class: 'spread-grid', d: `M0 ${y}H${width}` }),
        lettering(String(weight), { x: width, y: y - 4 }, 'spread-caption', 'end'),
      ];
    }),
    svg('path', { class: 'spread-axis', d: `M0 ${foot}H${width}` }),
    lettering(words.score, { x: 0, y: COLUMNS.height - 4 }, 'spread-caption'),
  ];
  const room = width / Math.max(1, scores?.length ?? 1);
  const fits = (text: string): boolean => text.length * CHARACTER + APART <= room;
  const write = formatAlike(scores ?? [], fits);
  scores?.forEach((score, key) => {
    const middle = (key + 0.5) * room;
    const weight = weights?.[key];
    drawn.push(lettering(write(score), { x: middle, y: foot + 16 }, 'spread-tick', 'middle'));
    if (weight === undefined) return;
    const height = (foot - COLUMNS.top) * Math.max(0, Math.min(1, weight));
    const box = { x: (key + 0.18) * room, y: foot - height, width: 0.64 * room, height };
    drawn.push(
      svg('rect', { class: 'spread-column', ...box }),
      lettering(formatWeight(weight, fits), { x: middle, y: foot - height - 5 }, 'spread-number', 'middle'),
    );
  });
  return drawn;
}

/** A weight in three decimals, or in two where these do not fit. */
function formatWeight(weight: number, fits: (text: string) => boolean): string {
  const written = (decimals: number): string => {
    const least = 10 ** -decimals;
    return weight > 0 && weight < least / 2 ? `<${least}` : weight.toFixed(decimals);
  };
  return fits('<0.001') ? written(3) : written(2);
}
