/** The kept levels of one matrix: bands of rows as they come from the kernel, and samples where none has come yet. */
import type { Pool, Stage } from '../generated/catalog.ts';
import { concatenated } from './assemble.ts';
import { GROUP } from './blocks.ts';
import { FINEST, texels } from './levels.ts';
import type { Plan } from './levels.ts';
import type { Range, RawPyramid } from './raw.ts';

/** Some rows at each kept level; what else the kernel said of them goes to those who keep that. */
type Band = Pick<RawPyramid, 'max' | 'mean' | 'known'>;

/** A block of texels to fill: `values` is `lines` rows of `width`, and begins at `column` of the level's rows. */
interface Window {
  level: number;
  pool: Pool;
  column: number;
  width: number;
}

export class Pyramid {
  readonly #queries: number;
  readonly #keys: number;
  readonly #plan: Plan;
  readonly #bands: (Band | undefined)[];
  #samples: Band[] = [];
  /** The range of what is known so far; empty, from above to below, where nothing is finite. */
  low = Infinity;
  high = -Infinity;

  constructor(queries: number, keys: number, plan: Plan) {
    this.#queries = queries;
    this.#keys = keys;
    this.#plan = plan;
    this.#bands = Array.from({ length: Math.ceil(queries / plan.step) });
  }

  /** Whether every row is known. */
  get full(): boolean {
    return !this.#bands.includes(undefined);
  }

  get bytes(): number {
    return [...this.#bands, ...this.#samples].reduce(
      (sum, band) => sum + (band ? band.max.byteLength + band.mean.byteLength + band.known.byteLength : 0),
      0,
    );
  }

  /** Takes the picture of sampled rows, in the order of its jobs. */
  sample(bands: readonly RawPyramid[]): void {
    this.#samples = bands.map(({ max, mean, known }) => ({ max, mean, known }));
    for (const band of bands) this.#measure(band);
  }

  /** Takes the rows of band `index`. */
  add(index: number, band: RawPyramid): void {
    const { max, mean, known } = band;
    const [kept] = this.#plan.levels;
    // Levels that would be too many bytes come along, and go.
    const from = this.#start(index, kept, FINEST);
    this.#bands[index] = from > 0 ? { max: max.slice(from), mean: mean.slice(from), known } : { max, mean, known };
    this.#measure(band);
    // What is not drawn any more is not kept.
    if (this.full) this.#samples = [];
  }

  /** A part of a kept level; `rows` and `keys` in texels. */
  texels(level: number, rows: Range, keys: Range, pool: Pool): Float32Array {
    const width = keys[1] - keys[0];
    const values = new Float32Array((rows[1] - rows[0]) * width);
    const window = { level, pool, column: keys[0], width };
    for (let row = rows[0]; row < rows[1]; row += 1) {
      const line = values.subarray((row - rows[0]) * width, (row - rows[0] + 1) * width);
      const first = row * 2 ** level;
      const band = Math.floor(first / this.#plan.step);
      const kept = this.#bands[band];
      if (kept) this.#copy(kept, band, row, window, line);
      else this.#sampled(row, window, line);
    }
    return values;
  }

  /** What the kernel made known of the rows `[from, to)`; undefined where that is nothing, or not of all of them. */
  known([from, to]: Range): Float32Array | undefined {
    const groups = this.#plan.step / GROUP;
    const [first, end] = [Math.floor(from / GROUP), Math.ceil(to / GROUP)];
    const parts: Float32Array[] = [];
    for (let band = Math.floor(first / groups); band * groups < end; band += 1) {
      const known = this.#bands[band]?.known;
      if (!known?.length) return undefined;
      const size = known.length / Math.ceil(this.#rowsOf(band) / GROUP);
      const start = Math.max(0, first - band * groups);
      parts.push(known.subarray(start * size, (end - band * groups) * size));
    }
    return concatenated(parts);
  }

  #rowsOf(band: number): number {
    return Math.min(this.#plan.step, this.#queries - band * this.#plan.step);
  }

  /** Where a level begins in a band whose first one is `first`. */
  #start(band: number, level: number, first: number): number {
    let at = 0;
    for (let finer = first; finer < level; finer += 1) {
      at += texels(this.#rowsOf(band), finer) * texels(this.#keys, finer);
    }
    return at;
  }

  #measure({ low, high }: RawPyramid): void {
    // NaN, where there is no finite entry, compares as false.
    if (low < this.low) this.low = low;
    if (high > this.high) this.high = high;
  }

  /** Copies the texels of one row of a level out of the band that has it. */
  #copy(band: Band, index: number, row: number, { level, pool, column, width }: Window, line: Float32Array): void {
    const local = row - (index * this.#plan.step) / 2 ** level;
    const at = this.#start(index, level, this.#plan.levels[0]) + local * texels(this.#keys, level) + column;
    if (pool === 'max') line.set(band.max.subarray(at, at + width));
    else for (let x = 0; x < width; x += 1) line[x] = widened(band.mean[at + x]!);
  }

  /** Stands in with samples: the texel of the sample's level that holds each. */
  #sampled(row: number, { level, pool, column }: Window, line: Float32Array): void {
    const { level: coarse, step } = this.#plan.sample!;
    const first = row * 2 ** level;
    const { max, mean } = this.#samples[Math.floor(first / step)]!;
    const shift = 2 ** (coarse - level);
    const start = Math.floor((first % step) / 2 ** coarse) * texels(this.#keys, coarse);
    for (let x = 0; x < line.length; x += 1) {
      const at = start + Math.floor((column + x) / shift);
      line[x] = pool === 'max' ? max[at]! : widened(mean[at]!);
    }
  }
}

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** A bfloat16 as a number. */
function widened(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

/** Whether a stage has sums over keys and statistics of rows. */
export function hasSums(stage: Stage): boolean {
  return stage === 'weights';
}
