/**
 * The host of one instance of the kernel: it runs jobs and answers. A worker has one, and so has the main thread where
 * no worker can start: the same code in both.
 */
import { messageOf, plain, QkscopeError } from './error.ts';
import type {
  Canvas,
  Flat,
  Job,
  ModuleName,
  NamedModule,
  Numbers,
  Painted,
  Problem,
  Reply,
  Request,
  Results,
} from './protocol.ts';
import { moduleOf } from './protocol.ts';
import type { RawGlues, RawSession, RawTask } from './raw.ts';
import { Slices } from './slices.ts';
import { readable } from './wasm.ts';

export type Answer = (reply: Reply) => void;
type Run = Extract<Request, { kind: 'run' }>;
type Of<K extends Job['kind']> = Extract<Job, { kind: K }>;
type AboutProblem = Of<'open' | 'task' | 'picture'>;

/** What a task's arrays are answered as. */
type Make = (parts: Numbers[]) => Results[keyof Results];

/** A glue is module state, one instance per thread: which of this thread's were started before. */
const started = new Set<ModuleName>();

export class Host {
  readonly #glues: RawGlues;
  readonly #answer: Answer;
  /** The modules that this host has an instance of, with the problems that are open in each. */
  readonly #modules = new Map<ModuleName, Map<number, RawSession>>();
  readonly #tasks = new Map<number, RawTask>();
  /** Jobs that wait for the outside, not for their turn, and those of them that nobody wants any more. */
  readonly #waiting = new Set<number>();
  readonly #aborted = new Set<number>();
  readonly #slices = new Slices();
  #stopped = false;

  constructor(glues: RawGlues, answer: Answer) {
    this.#glues = glues;
    this.#answer = answer;
  }

  receive(request: Request): void {
    if (this.#stopped) return;
    switch (request.kind) {
      case 'start':
        return this.#start(request.module);
      case 'run':
        return this.#run(request);
      case 'abort':
        return this.#abort(request.id);
      case 'close':
        return this.#close(request.session);
    }
  }

  /** Nothing is done or answered from here on. */
  stop(): void {
    this.#stopped = true;
    this.#slices.clear();
  }

  #start(module: WebAssembly.Module): void {
    try {
      this.#instantiate({ name: 'kernel', module });
      this.#answer({ kind: 'ready' });
    } catch (error) {
      this.#break(-1, error);
    }
  }

  #instantiate({ name, module }: NamedModule): void {
    if (this.#modules.has(name)) return;
    // A thread has one instance. To start anew is to replace it, and to drop its memory, broken or not.
    if (started.has(name)) this.#glues[name].__wbg_reset_state();
    else this.#glues[name].initSync({ module });
    started.add(name);
    this.#modules.set(name, new Map());
  }

  /** A module that came with a job: where it does not start, the job has failed, and nothing else. */
  #bring(module: NamedModule): void {
    try {
      this.#instantiate(module);
    } catch (error) {
      throw readable(error, module.name);
    }
  }

  #run(run: Run): void {
    const { id, job } = run;
    try {
      if (run.module) this.#bring(run.module);
      if (run.problem && 'module' in job) this.#open(job, run.problem);
      if (job.kind === 'task') return this.#begin(run, this.#session(job).start(...flatOf(job)));
      if (job.kind === 'picture') {
        const paint = ([values]: Numbers[]) => this.#picture(values as Float32Array, job.canvas);
        return this.#begin(run, this.#session(job).start(...flatOf(job)), paint);
      }
      if (job.kind === 'diagnose') return this.#begin(run, this.#glues.layers.diagnose(...flatOf(job)));
    } catch (error) {
      return this.#fail(id, error);
    }
    this.#waiting.add(id);
    this.#execute(id, job).then(
      (value) => this.#finish(id, value),
      (error: unknown) => this.#fail(id, error),
    );
  }

  #open(job: AboutProblem, problem: Problem): void {
    const sessions = this.#modules.get(moduleOf(job));
    if (!sessions || sessions.has(problem.id)) return;
    sessions.set(problem.id, new this.#glues[job.module].Session(...flatOf(problem)));
  }

  #close(session: number): void {
    for (const sessions of this.#modules.values()) {
      sessions.get(session)?.free();
      sessions.delete(session);
    }
  }

  #session(job: Of<'task' | 'picture'>): RawSession {
    const opened = this.#modules.get(moduleOf(job))?.get(job.session);
    if (!opened) throw new QkscopeError('freed', 'map', 'open', 'freed', 'the map was freed');
    return opened;
  }

  /** Takes a task in among the others, step by step. */
  #begin({ id, urgent }: Run, task: RawTask, made: Make = (parts) => parts): void {
    this.#tasks.set(id, task);
    this.#slices.add({
      id,
      urgent,
      step: () => this.#step(id, task, made),
      pause: () => this.#answer({ kind: 'progress', id, fraction: task.progress() }),
    });
  }

  #step(id: number, task: RawTask, made: Make): boolean {
    let held = true;
    try {
      if (!task.advance()) return false;
      // It frees itself, whether it returns or throws.
      held = false;
      this.#finish(id, made(task.finish()));
    } catch (error) {
      // After a trap nothing is touched any more.
      if (held && plain(error)) task.free();
      this.#fail(id, error);
    }
    this.#tasks.delete(id);
    return true;
  }

  async #execute(
    id: number,
    job: Exclude<Job, { kind: 'task' | 'picture' | 'diagnose' }>,
  ): Promise<Results[keyof Results]> {
    switch (job.kind) {
      case 'open':
        return null;
      case 'parse':
        return this.#parse(id, job);
      case 'tensor':
        return this.#tensor(job);
      case 'assign':
        return this.#assign(job);
      case 'paint':
        return this.#paint(job.values, job.canvas);
    }
  }

  #picture(values: Float32Array, canvas: Canvas): Results['picture'] {
    return { values, painted: this.#paint(values, canvas) };
  }

  /** The parser asks for ranges, so a file is never read whole unless its format needs that. */
  async #parse(id: number, { head, size, most }: Of<'parse'>): Promise<string | number> {
    const reader = new this.#glues.files.CaptureReader(size, most);
    let finished = false;
    try {
      for (let need; !this.#aborted.has(id) && (need = reader.need());) {
        const [offset, length] = need;
        const end = offset + length;
        if (end > head.size) return end;
        reader.supply(await readRange(head, { offset, length }));
        this.#answer({ kind: 'progress', id, fraction: Math.min(1, end / size) });
      }
      if (this.#aborted.has(id)) throw new QkscopeError('source', 'file', 'read', 'aborted');
      finished = true;
      return reader.finish();
    } finally {
      if (!finished && !this.#stopped) reader.free();
    }
  }

  async #tensor({ bytes, length, entry, most }: Of<'tensor'>): Promise<Float32Array> {
    return this.#glues.files.readTensor(entry, await readRange(bytes, { offset: 0, length }), most);
  }

  #assign({ tensors, queryTokens, keyTokens, assignment: { query, key, value } }: Of<'assign'>): string {
    return this.#glues.files.assignLayer(tensors, queryTokens, keyTokens, query, key, value ?? undefined);
  }

  #paint(values: Float32Array, { rows, columns, width, height, palette }: Canvas): Painted {
    const { kernel } = this.#glues;
    const paint = typeof OffscreenCanvas === 'function' ? kernel.paint : kernel.paintPixels;
    return paint(values, Float64Array.of(rows, columns, width, height, ...palette));
  }

  #abort(id: number): void {
    if (this.#waiting.has(id)) this.#aborted.add(id);
    if (!this.#slices.remove(id)) return;
    this.#tasks.get(id)?.free();
    this.#tasks.delete(id);
    this.#answer({ kind: 'aborted', id });
  }

  #finish(id: number, value: Results[keyof Results]): void {
    this.#settle(id, { kind: 'result', id, value });
  }

  #fail(id: number, error: unknown): void {
    const parts = plain(error);
    if (parts) this.#settle(id, { kind: 'failure', id, error: parts });
    else this.#break(id, error);
  }

  #settle(id: number, reply: Reply): void {
    const unwanted = this.#aborted.delete(id);
    if (reply.kind === 'result' && (unwanted || this.#stopped)) discard(reply.value);
    if (this.#stopped) return;
    this.#waiting.delete(id);
    if (unwanted) this.#answer({ kind: 'aborted', id });
    else this.#answer(reply);
  }

  /** A trap unwinds nothing: locks stay taken and memory half written, so no later call can be trusted. */
  #break(id: number, error: unknown): void {
    if (this.#stopped) return;
    this.stop();
    this.#answer({ kind: 'broken', id, message: messageOf(error) });
  }
}

/** Where numbers stand until the glue has copied them, which it does at once: to make room takes longer than to use it. */
let room = new Float64Array(64);

/** A question as the glue takes it. */
function flatOf({ numbers, arrays }: Flat): [Float64Array, Numbers[]] {
  if (numbers.length > room.length) room = new Float64Array(2 * numbers.length);
  room.set(numbers);
  return [room.subarray(0, numbers.length), arrays as Numbers[]];
}

/** A dropped directory looks like a file until it is read, and a file can go away at any time. */
async function readRange(source: Blob, { offset, length }: { offset: number; length: number }): Promise<Uint8Array> {
  let buffer: ArrayBuffer;
  try {
    buffer = await source.slice(offset, offset + length).arrayBuffer();
  } catch (error) {
    const expected = 'a file that can be read';
    const message = `the file cannot be read: it is a directory, or was moved or changed (${messageOf(error)})`;
    throw new QkscopeError('source', 'file', expected, messageOf(error), message);
  }
  if (buffer.byteLength === length) return new Uint8Array(buffer);
  throw new QkscopeError('source', 'file', `${length} bytes at ${offset}`, `${buffer.byteLength}`);
}

/** A result that nobody wants: a picture holds its pixels until it is closed. */
export function discard(value: unknown): void {
  if (typeof ImageBitmap === 'function' && value instanceof ImageBitmap) value.close();
  else if (typeof value === 'object' && value && 'painted' in value) discard(value.painted);
}
