/**
 * One head at every scale: sampled rows first, then a pass over all of them, and finer tiles where somebody looks.
 *
 * What it takes for 32,768 queries and keys, d = 64, causal, in the page, with two workers (Chromium 156 on two cores at rest,
 * software rendering; from the click on): the sampled picture is there after 230 to 450 ms, 70 of which compute it and 50 copy Q
 * and K. After a jump half of the tiles and 95 of 100 are at hand after so many milliseconds: level 2 (4 x 4 cells a pixel) 14
 * and 54, level 1 14 and 22, where 100 was aimed at, one cell a pixel 13 and 16 to 18, where 30 was. A worker computes one of
 * those in 0.5 and paints it in 0.6. What helped: all tiles in sight asked for at once, a canvas that is used again, cells that
 * are not pooled, and most of all no new frame of the view right after the click: a browser hands on what workers sent only after
 * that frame, whose 10 ms they share the cores with (20 to 25 and 29 to 34 before).
 */
import { catalog } from '../generated/catalog.ts';
import type { Stage } from '../generated/catalog.ts';
import { statisticsOf } from './assemble.ts';
import type { Control, Microscope, MicroscopeOptions, Picture, RowStatistics, Tile, TileOptions } from './api.ts';
import { cut } from './blocks.ts';
import { QkscopeError, show } from './error.ts';
import type { Part } from './gather.ts';
import { everyOf, FINEST, planOf, texels } from './levels.ts';
import type { Extent, Plan } from './levels.ts';
import { checkNames, member, range, wholeNumber } from './options.ts';
import { canvasOfTile } from './paint.ts';
import { checkResult } from './problem.ts';
import { hasSums, Pyramid } from './pyramid.ts';
import type { Haste } from './pool.ts';
import type { Canvas } from './protocol.ts';
import type { Range, RawPyramid, RawRequest, RawResults, RawStatistics } from './raw.ts';

export type TileRequest = Extract<RawRequest, { kind: 'tile' }>;

/** Numbers, and their picture. */
export interface PaintedTile {
  values: Float32Array;
  picture: Picture;
}

/** What a microscope asks of its map. */
export interface Questions {
  /** A job about the map. */
  part<R extends RawRequest>(request: R, share: number, haste: Haste): Part<RawResults[R['kind']]>;
  /** The numbers of a tile, and their picture. */
  picture(request: TileRequest, canvas: Canvas): Part<PaintedTile>;
  /** A picture of numbers that are at hand. */
  paint(values: Float32Array, canvas: Canvas): Part<Picture>;
  gather<T>(parts: readonly Part<T>[], control: Control): Promise<T[]>;
  /** Throws where the map was freed. */
  checkOpen(): void;
}

/** A part of a level. */
type TilePart = Pick<TileRequest, 'level' | 'rows' | 'keys' | 'pool'>;

/** What it holds. */
interface Found {
  values: Float32Array;
  picture: Picture | null;
}

/** Which matrix. */
export interface Subject extends Extent {
  plane: number;
  stage: Stage;
  removed: number;
}

/** Sums and statistics of the rows, put together in their order, whichever comes first. */
class Sums {
  readonly columns: Float64Array;
  readonly statistics: RawStatistics;
  /** Sums over the keys of bands that came before an earlier one did. */
  readonly #early = new Map<number, Float64Array>();
  #next = 0;

  constructor(queries: number, keys: number) {
    this.columns = new Float64Array(keys);
    this.statistics = statisticsOf(queries);
  }

  get bytes(): number {
    const arrays = [this.columns, ...this.#early.values(), ...Object.values(this.statistics)];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  add(index: number, row: number, { columns, statistics }: RawPyramid): void {
    for (const [name, values] of Object.entries(this.statistics)) {
      values.set(statistics[name as keyof RawStatistics], row);
    }
    this.#early.set(index, columns);
    for (let part; (part = this.#early.get(this.#next)); this.#next += 1) {
      this.#early.delete(this.#next);
      for (let key = 0; key < part.length; key += 1) this.columns[key]! += part[key]!;
    }
  }
}

export class OpenMicroscope implements Microscope {
  readonly queries: number;
  readonly keys: number;
  readonly stage: Stage;
  readonly levels: number;
  readonly kept: number;
  complete: Promise<void> = Promise.resolve();
  readonly #ask: Questions;
  readonly #subject: Subject;
  readonly #plan: Plan;
  readonly #stops = new Set<AbortController>();
  #pyramid: Pyramid;
  #sums: Sums | undefined;
  #freed = false;

  constructor(ask: Questions, subject: Subject) {
    this.#ask = ask;
    this.#subject = subject;
    this.#plan = planOf(subject);
    this.queries = subject.queries;
    this.keys = subject.keys;
    this.stage = subject.stage;
    [this.kept, this.levels] = this.#plan.levels;
    this.#pyramid = new Pyramid(this.queries, this.keys, this.#plan);
    if (hasSums(subject.stage)) this.#sums = new Sums(this.queries, this.keys);
  }

  /** Starts the pass; settles when there is something to see. */
  async begin({ signal, onProgress, onRows }: MicroscopeOptions): Promise<void> {
    const { sample } = this.#plan;
    if (sample) {
      const parts = cut(this.queries, sample.step).map((rows) =>
        this.#pass(rows, [sample.level, sample.level + 1], {}),
      );
      this.#pyramid.sample(await this.#gather(parts, { signal }));
    }
    this.complete = this.#fill({ signal, onProgress }, onRows);
    this.complete.catch(() => undefined);
    if (!sample) await this.complete;
  }

  get sampled(): number {
    return this.#pyramid.full || !this.#plan.sample ? 1 : everyOf(this.#plan.sample.level);
  }

  get low(): number {
    return Number.isFinite(this.#pyramid.low) ? this.#pyramid.low : 0;
  }

  get high(): number {
    return Number.isFinite(this.#pyramid.high) ? this.#pyramid.high : 0;
  }

  get bytes(): number {
    return this.#pyramid.bytes + (this.#sums?.bytes ?? 0);
  }

  get columnMass(): Float64Array | null {
    return this.#pyramid.full && this.#sums ? this.#sums.columns : null;
  }

  get statistics(): RowStatistics | null {
    return this.#pyramid.full && this.#sums ? { shape: [1, 1, this.queries], ...this.#sums.statistics } : null;
  }

  async tile(options: TileOptions): Promise<Tile> {
    checkNames('options', options, ['level', 'rows', 'keys', 'pool', 'palette', 'signal']);
    this.#checkOpen();
    const level = wholeNumber('level', options.level, 0, this.levels - 1);
    const rows = aligned('rows', options.rows, this.queries, level);
    const keys = aligned('keys', options.keys, this.keys, level);
    const pool = member('pool', options.pool ?? 'max', catalog.pools);
    const shape: [number, number] = [texels(rows[1] - rows[0], level), texels(keys[1] - keys[0], level)];
    checkResult('tile', shape);
    const canvas = options.palette && canvasOfTile(shape, options.palette);
    options.signal?.throwIfAborted();
    const { values, picture } =
      level < this.kept
        ? await this.#compute({ level, rows, keys, pool }, canvas, options)
        : await this.#find({ level, rows, keys, pool }, canvas, options);
    return { data: values, shape, picture };
  }

  declare [Symbol.dispose]: () => void;

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    for (const stop of this.#stops) stop.abort(freedError());
    this.#pyramid = new Pyramid(0, 0, this.#plan);
    this.#sums = undefined;
  }

  /** The pass over all rows. */
  async #fill(control: Control, onRows: MicroscopeOptions['onRows']): Promise<void> {
    const parts = cut(this.queries, this.#plan.step).map((rows, index): Part<void> => {
      // Somebody waits for a picture that has none yet; one that has goes on behind whatever else is asked.
      const { share, start } = this.#pass(rows, [FINEST, this.levels], { background: this.#plan.sample !== undefined });
      return {
        share,
        start: (report) => {
          const { result, cancel } = start(report);
          const taken = result.then((band) => {
            if (this.#freed) return;
            this.#pyramid.add(index, band);
            this.#sums?.add(index, rows[0], band);
            onRows?.(rows);
          });
          return { result: taken, cancel };
        },
      };
    });
    await this.#gather(parts, control);
  }

  #pass(rows: Range, levels: Range, haste: Haste): Part<RawPyramid> {
    const { plane, stage, removed } = this.#subject;
    return this.#ask.part({ kind: 'pyramid', plane, rows, levels, stage, removed }, rows[1] - rows[0], haste);
  }

  async #compute(part: TilePart, canvas: Canvas | undefined, { signal }: TileOptions): Promise<Found> {
    const { plane, stage, removed } = this.#subject;
    const known = this.#pyramid.known(part.rows);
    const request: TileRequest = { kind: 'tile', plane, stage, removed, ...part, ...(known && { known }) };
    if (canvas) return (await this.#gather([this.#ask.picture(request, canvas)], { signal }))[0]!;
    const [tile] = await this.#gather([this.#ask.part(request, 1, { urgent: true })], { signal });
    return { values: tile!.values, picture: null };
  }

  async #find(
    { level, rows, keys, pool }: TilePart,
    canvas: Canvas | undefined,
    { signal }: TileOptions,
  ): Promise<Found> {
    const at = (items: Range): Range => [items[0] / 2 ** level, texels(items[1], level)];
    const values = this.#pyramid.texels(level, at(rows), at(keys), pool);
    if (!canvas) return { values, picture: null };
    const [picture] = await this.#gather([this.#ask.paint(values, canvas)], { signal });
    return { values, picture: picture! };
  }

  /** As the map's, and stopped by `free()` as well. */
  async #gather<T>(parts: readonly Part<T>[], { signal, onProgress }: Control): Promise<T[]> {
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal!.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#stops.add(stop);
    try {
      return await this.#ask.gather(parts, { signal: stop.signal, onProgress });
    } finally {
      this.#stops.delete(stop);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #checkOpen(): void {
    this.#ask.checkOpen();
    if (this.#freed) throw freedError();
  }
}

// As for the map.
if (Symbol.dispose)
  Object.defineProperty(OpenMicroscope.prototype, Symbol.dispose, { value: OpenMicroscope.prototype.free });

/** A range of whole blocks; the last one may be cut by the end. */
function aligned(subject: string, value: unknown, size: number, level: number): Range {
  const [from, to] = range(subject, value, size);
  const block = 2 ** level;
  if (from % block === 0 && (to % block === 0 || to === size)) return [from, to];
  const expected = `multiples of ${block} at level ${level}, or the end, ${size}`;
  throw new QkscopeError('parameter', subject, expected, show(value));
}

function freedError(): QkscopeError {
  return new QkscopeError('freed', 'microscope', 'open', 'freed', 'the microscope was freed');
}
