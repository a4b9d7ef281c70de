/** One problem open for questions: each becomes jobs for the pool, and their answers one result. */
import { catalog } from '../generated/catalog.ts';
import type {
  AttentionMap,
  Cell,
  CellOptions,
  Control,
  HeadSelection,
  HeadStatistics,
  HeadStatisticsOptions,
  Microscope,
  MicroscopeOptions,
  Overview,
  OverviewOptions,
  RectangleOptions,
  Row,
  RowOptions,
  RowStatistics,
  Stage,
  StatisticsOptions,
  Tensor,
} from './api.ts';
import { assemble, concatenated } from './assemble.ts';
import type { Parts, Wanted } from './assemble.ts';
import { bands, blocks, isSmall } from './blocks.ts';
import { QkscopeError } from './error.ts';
import { answerOf, requestOf } from './flat.ts';
import { gather } from './gather.ts';
import type { Part } from './gather.ts';
import { OpenMicroscope } from './microscope.ts';
import type { PaintedTile, Questions, TileRequest } from './microscope.ts';
import { checkCallback, checkControl, checkNames, member, range, wholeNumber } from './options.ts';
import { paintPart, pictureOf } from './paint.ts';
import type { Haste, Pool } from './pool.ts';
import { checkResult, giveBack, sizesOf, spreadOf } from './problem.ts';
import type { Sizes } from './problem.ts';
import type { Canvas, Numbers, Problem, Results } from './protocol.ts';
import { knownOf } from './known.ts';
import type { Range, RawRequest, RawResults } from './raw.ts';
import { breathe } from './slices.ts';

const LARGEST_PICTURE = 4096;
const control = ['signal', 'onProgress'];
const selection = ['batch', 'head', ...control];

type Answer<R extends RawRequest> = RawResults[R['kind']];

/** A map that was dropped without `free()`: what it holds in the workers goes when the collector notices. */
const forgotten = new FinalizationRegistry<() => void>((release) => release());

export class OpenMap implements AttentionMap {
  readonly batch: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly queries: number;
  readonly keys: number;
  readonly headSize: number;
  readonly valueSize: number;
  readonly #pool: Pool;
  readonly #problem: Problem;
  readonly #spread: number;
  readonly #cancels = new Set<(reason: unknown) => void>();
  #freed = false;

  constructor(pool: Pool, problem: Problem) {
    const sizes: Sizes = sizesOf(problem);
    this.batch = sizes.batch;
    this.heads = sizes.heads;
    this.kvHeads = sizes.kvHeads;
    this.queries = sizes.queries;
    this.keys = sizes.keys;
    this.headSize = sizes.headSize;
    this.valueSize = sizes.valueSize;
    this.#pool = pool;
    this.#problem = problem;
    this.#spread = isSmall(this.#work(this.#planes * this.queries, this.keys)) ? 1 : spreadOf(problem);
    pool.open();
  }

  /** Opens the problem in one worker: the kernel refuses here what does not fit together. Others follow meanwhile. */
  async open(options: Control): Promise<void> {
    this.#watch();
    const others = Math.min(this.#pool.width, this.#spread) - 1;
    // Each worker is sent a copy, and what is large takes a task of this thread for each.
    if (others > 0) await breathe();
    this.#checkOpen();
    const opened = this.#openOnce(options);
    // Nobody waits for them; what goes wrong there will be said by the job that needs it.
    this.#openOthers(others, { signal: options.signal }).catch(() => undefined);
    await opened;
  }

  /** From here on it is the caller's to forget; a call that opens one for itself frees it, and is spared this. */
  #watch(): void {
    const { id } = this.#problem;
    const pool = this.#pool;
    forgotten.register(this, () => pool.close(id), this);
  }

  async #openOthers(count: number, control: Control): Promise<void> {
    for (; count > 0; count -= 1) {
      await breathe();
      if (this.#freed || control.signal?.aborted) return;
      void this.#openOnce(control).catch(() => undefined);
    }
  }

  async #openOnce(control: Control): Promise<void> {
    const job = { kind: 'open', module: 'kernel', session: this.#problem.id } as const;
    const start = () => this.#pool.run<'open'>(job, { problem: this.#problem, spread: this.#spread });
    await this.#gather([{ share: 1, start }], control);
  }

  async rowStatistics(options: StatisticsOptions = {}): Promise<RowStatistics> {
    checkNames('options', options, selection);
    const { batch, head } = options;
    const all = batch === undefined && head === undefined;
    const plane = all ? 0 : this.#plane({ batch, head: head! });
    const planes: Range = all ? [0, this.#planes] : [plane, plane + 1];
    const wanted = { output: false, weights: false, stages: [], statistics: true };
    const { statistics } = await this.attend(wanted, options, planes);
    return { shape: all ? [this.batch, this.heads, this.queries] : [1, 1, this.queries], ...statistics! };
  }

  async headStatistics(options: HeadStatisticsOptions = {}): Promise<HeadStatistics> {
    checkNames('options', options, [...selection, 'tokens', 'excludeBos', 'excludeCurrentToken', 'grid']);
    const { batch, head } = options;
    const all = batch === undefined && head === undefined;
    const first = all ? 0 : this.#plane({ batch, head: head! });
    const count = all ? this.#planes : 1;
    this.#checkOpen();
    const known = knownOf(options);
    const parts = Array.from({ length: count }, (_, index) =>
      this.#part({ kind: 'heads', planes: [first + index, first + index + 1], known }, 1),
    );
    const heads = await this.#gather(parts, options);
    const columns = catalog.headStatistics.map(({ id }, at) => [
      id,
      Float32Array.from(heads, (one) => one.values[at]!),
    ]);
    const values = Object.fromEntries(columns) as HeadStatistics['values'];
    return { shape: all ? [this.batch, this.heads] : [1, 1], values };
  }

  async output(options: Control = {}): Promise<Tensor> {
    checkNames('options', options, control);
    if (this.#problem.shapes.value === undefined) {
      throw new QkscopeError(
        'unknown',
        'output',
        'a problem with a value',
        'null',
        'there is no output without a value',
      );
    }
    const { output } = await this.attend({ output: true, weights: false, stages: [], statistics: false }, options);
    return { data: output!, shape: [this.batch, this.heads, this.queries, this.valueSize] };
  }

  /** Every row of these planes (default: of every head): the fused path. */
  async attend(wanted: Wanted, options: Control, [first, end]: Range = [0, this.#planes]): Promise<Parts> {
    this.#checkOpen();
    const { queries, keys, valueSize } = this;
    const extent = { planes: end - first, queries, keys, valueSize };
    const matrices = wanted.stages.length + Number(wanted.weights);
    const bytes =
      (matrices > 0 ? checkResult('weights', [extent.planes, queries, keys], matrices) : 0) +
      (wanted.output ? checkResult('output', [extent.planes, queries, valueSize]) : 0);
    const cut = blocks(extent.planes, queries, { ...this.#cost(extent.planes * queries, keys), bytes });
    const parts = cut.map(({ planes: [from, to], rows }) => {
      const share = (to - from) * (rows[1] - rows[0]);
      return this.#part({ kind: 'attend', planes: [first + from, first + to], rows, ...wanted }, share);
    });
    return assemble(cut, await this.#gather(parts, options), wanted, extent);
  }

  async overview(options: OverviewOptions): Promise<Overview> {
    checkNames('options', options, [...selection, 'stage', 'maxSize', 'pool', 'rows', 'keys', 'removed']);
    const plane = this.#plane(options);
    const stage = stageOf(options.stage);
    const pool = member('pool', options.pool ?? 'max', catalog.pools);
    const maxSize = wholeNumber('maxSize', options.maxSize ?? 1024, 1, LARGEST_PICTURE);
    const rows = options.rows ? range('rows', options.rows, this.queries) : ([0, this.queries] as const);
    const keys = options.keys ? range('keys', options.keys, this.keys) : ([0, this.keys] as const);
    const height = Math.min(maxSize, rows[1] - rows[0]);
    const width = Math.min(maxSize, keys[1] - keys[0]);
    if (height === 0 || width === 0)
      return { values: new Float32Array(0), rows: height, columns: width, low: 0, high: 0 };
    const removed = removedOf(options.removed, stage);
    const request = { kind: 'overview', plane, rows, keys, height, width, stage, pool, removed } as const;
    const parts = bands(height, this.#cost(rows[1] - rows[0], this.keys)).map((band) =>
      this.#part({ ...request, band }, band[1] - band[0]),
    );
    return picture(await this.#gather(parts, options), height, width);
  }

  async openMicroscope(options: MicroscopeOptions): Promise<Microscope> {
    checkNames('options', options, [...selection, 'stage', 'removed', 'onRows']);
    checkCallback('onRows', options.onRows);
    checkControl(options);
    const plane = this.#plane(options);
    const stage = stageOf(options.stage);
    const { queries, keys } = this;
    const ask: Questions = {
      part: (request, share, haste) => this.#part(request, share, haste),
      picture: (request, canvas) => this.#picture(request, canvas),
      paint: (values, canvas) => paintPart(this.#pool, values, canvas),
      gather: (parts, control) => this.#gather(parts, control),
      checkOpen: () => this.#checkOpen(),
    };
    const subject = { plane, stage, queries, keys, size: this.headSize, removed: removedOf(options.removed, stage) };
    const microscope = new OpenMicroscope(ask, subject);
    try {
      await microscope.begin(options);
      return microscope;
    } catch (error) {
      microscope.free();
      throw error;
    }
  }

  async rectangle(options: RectangleOptions): Promise<Tensor> {
    checkNames('options', options, [...selection, 'rows', 'keys', 'stage', 'removed']);
    const plane = this.#plane(options);
    const rows = range('rows', options.rows, this.queries);
    const keys = range('keys', options.keys, this.keys);
    const stage = stageOf(options.stage);
    const shape = [rows[1] - rows[0], keys[1] - keys[0]];
    checkResult('rectangle', shape);
    const removed = removedOf(options.removed, stage);
    const { values } = await this.#ask({ kind: 'rectangle', plane, rows, keys, stage, removed }, options);
    return { data: values, shape };
  }

  async row(options: RowOptions): Promise<Row> {
    checkNames('options', options, ['batch', 'head', 'row', 'signal']);
    const plane = this.#plane(options);
    const row = wholeNumber('row', options.row, 0, this.queries - 1);
    const stages = catalog.stages.map(({ id }) => id);
    const rest = { stages, output: false, weights: false, statistics: true } as const;
    const block = await this.#ask(
      { kind: 'attend', planes: [plane, plane + 1], rows: [row, row + 1], ...rest },
      options,
    );
    const { status, ...numbers } = block.statistics!;
    const first = Object.entries(numbers).map(([name, values]) => [name, values[0]]);
    const statistics = { ...Object.fromEntries(first), status: catalog.statuses[status[0]!]!.id };
    return { stages: block.stages as Row['stages'], statistics: statistics as Row['statistics'] };
  }

  async cell(options: CellOptions): Promise<Cell> {
    checkNames('options', options, ['batch', 'head', 'row', 'key', 'signal']);
    const plane = this.#plane(options);
    const row = wholeNumber('row', options.row, 0, this.queries - 1);
    const key = wholeNumber('key', options.key, 0, this.keys - 1);
    return this.#ask({ kind: 'cell', plane, row, key }, options);
  }

  declare [Symbol.dispose]: () => void;

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    forgotten.unregister(this);
    for (const cancel of this.#cancels) cancel(freedError());
    this.#pool.close(this.#problem.id);
    giveBack(this.#problem);
  }

  get #planes(): number {
    return this.batch * this.heads;
  }

  #work(rows: number, keys: number): number {
    return rows * keys * (this.headSize + this.valueSize);
  }

  #cost(rows: number, keys: number) {
    const width = Math.min(this.#pool.width, this.#spread);
    return { work: this.#work(rows, keys), bytes: 0, width };
  }

  #plane({ batch = 0, head }: HeadSelection): number {
    this.#checkOpen();
    return wholeNumber('batch', batch, 0, this.batch - 1) * this.heads + wholeNumber('head', head, 0, this.heads - 1);
  }

  #checkOpen(): void {
    if (this.#freed) throw freedError();
  }

  #part<R extends RawRequest>(request: R, share: number, haste: Haste = {}): Part<Answer<R>> {
    const { module, numbers, arrays } = requestOf(request);
    const job = { kind: 'task', session: this.#problem.id, module, numbers, arrays } as const;
    const { urgent, background } = haste;
    const read = (parts: Numbers[]) => answerOf(request, parts);
    const start = (onProgress: (fraction: number) => void) => {
      const terms = { problem: this.#problem, spread: this.#spread, urgent, background, onProgress };
      return this.#pool.run<'task', Answer<R>>(job, terms, read);
    };
    return { share, start };
  }

  /** A tile, painted where it is computed. */
  #picture(request: TileRequest, canvas: Canvas): Part<PaintedTile> {
    const job = { kind: 'picture', session: this.#problem.id, canvas, ...requestOf(request) } as const;
    const terms = { problem: this.#problem, spread: this.#spread, urgent: true };
    const read = ({ values, painted }: Results['picture']) => ({ values, picture: pictureOf(painted, canvas) });
    return { share: 1, start: () => this.#pool.run<'picture', PaintedTile>(job, terms, read) };
  }

  /** One short question, ahead of everything long. */
  async #ask<R extends RawRequest>(request: R, options: Control): Promise<Answer<R>> {
    const [result] = await this.#gather([this.#part(request, 1, { urgent: true })], options);
    return result!;
  }

  /** As `gather()`, and stopped by `free()` as well. */
  #gather<T>(parts: readonly Part<T>[], control: Control): Promise<T[]> {
    return gather(parts, control, this.#cancels);
  }
}

// `using map = …` where the language has it; an own line, since a class body cannot ask.
if (Symbol.dispose) Object.defineProperty(OpenMap.prototype, Symbol.dispose, { value: OpenMap.prototype.free });

function freedError(): QkscopeError {
  return new QkscopeError('freed', 'map', 'open', 'freed', 'the map was freed');
}

function stageOf(stage: Stage | undefined): Stage {
  return member('stage', stage ?? 'weights', catalog.stages);
}

function removedOf(removed: number | undefined, stage: Stage): number {
  if (removed !== undefined && typeof removed !== 'number') {
    throw new QkscopeError('parameter', 'removed', 'a number', typeof removed);
  }
  return removed ?? (stage === 'weights' ? 0 : -Infinity);
}

function picture(parts: RawResults['overview'][], rows: number, columns: number): Overview {
  const values = concatenated(parts.map((part) => part.values));
  const finite = (numbers: number[]) => numbers.filter(Number.isFinite);
  const lows = finite(parts.map(({ low }) => low));
  const highs = finite(parts.map(({ high }) => high));
  return {
    values,
    rows,
    columns,
    low: lows.length ? Math.min(...lows) : 0,
    high: highs.length ? Math.max(...highs) : 0,
  };
}
