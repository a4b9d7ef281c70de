/**
 * The pool: jobs in, answers out, whatever happens to the workers in between.
 *
 * A job waits in a queue until a lane (a worker, or the main thread) has room: one ordinary job each, so that blocks of
 * a long call spread by themselves, and urgent ones at once beside it. A lane that dies is buried and replaced; its
 * jobs go back to the head of the queue, the one that killed it for one more try. Three deaths with no success between
 * them open the breaker: the fault is then in the kernel or the machine, and more tries would only spin.
 *
 * What a small call costs (n = 16, d = 32, on this thread, processor time in Node): of 50 µs the module and its glue take 27,
 * 12 of them to open the problem, and 12 to answer; the rest is checks, copies, the queue and promises, no part of which is
 * above 2. Less would take one crossing in place of four (open, start, advance, finish), and objects of the glue that no
 * finalizer watches. What helped, from 68: no lists of lanes to choose one, no progress counted that nobody hears of, no finalizer
 * for a map that the call itself frees.
 *
 * What a second worker brings (Chromium 156, d = 64): for 8 heads of n = 1024 it is 1.3 to 1.4 times as fast, for one head of n = 4096
 * 1.5 to 1.7 times, where the kernel alone in two workers comes to 1.9 to 2.1. Of 45 ms for 8 heads 5 check and copy on this thread,
 * 4 to 5 copy once more for each worker, which gets all heads, and 4 take them into its module; a head then takes 7. In some turns
 * it takes 12: both workers are then on one core, until the system moves one. What helped: copies that move in place of messages
 * that the browser copies. What would: to send a worker the heads that it will be asked for, and no others.
 */
import { messageOf, QkscopeError, revive } from './error.ts';
import { discard } from './jobs.ts';
import { startMain, startWorker } from './lane.ts';
import type { Ears, Link } from './lane.ts';
import { isSliced, moduleOf } from './protocol.ts';
import type { Job, ModuleName, Problem, Reply, Results } from './protocol.ts';
import { hasWorkers } from './thread.ts';
import { loadModule, readable } from './wasm.ts';

/** The module that a lane starts with. Others come with the first job that needs them. */
const FIRST: ModuleName = 'kernel';
const TRIES = 2;
const DEATHS = 3;
/** Workers with nothing to do and no problem open are let go after this long: their memory never shrinks otherwise. */
const REST = 10_000;
/** A worker silent for this many seconds is dead: one with a job in slices reports after each, others only at the end. */
const PATIENCE = { sliced: 5, other: 60 };

/** When a job's turn comes. */
export interface Haste {
  /** Ahead of every job that is not. */
  urgent?: boolean | undefined;
  /** Behind every job that is not: what goes on for long while nobody waits for it. */
  background?: boolean | undefined;
}

/** What else the pool has to know about a job. */
export interface Terms extends Haste {
  /** The problem that the job asks about, and in how many lanes it may be open. */
  problem?: Problem;
  spread?: number;
  onProgress?: (fraction: number) => void;
}

/** A job on its way. */
export interface Ticket<T> {
  result: Promise<T>;
  /** Rejects with this reason, unless it is settled; the work is stopped where it is. */
  cancel(reason: unknown): void;
}

interface Entry {
  id: number;
  job: Job;
  terms: Terms;
  tries: number;
  /** Its module; until that is here, the job waits. */
  module: WebAssembly.Module | undefined;
  /** Whether the problem and the module went along, so that a failure may be theirs. */
  opening: boolean;
  bringing: boolean;
  /** Rejected by its caller while a lane has it: what the lane still says of it is for nobody. */
  cancelled: boolean;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

interface Lane {
  link: Link;
  /** Whether it is a worker; else it is the main thread. */
  worker: boolean;
  entries: Map<number, Entry>;
  /** The modules that it has, with the problems that are open in each. */
  modules: Map<ModuleName, Set<number>>;
  /** The job that met the fault, where the lane could still say. */
  guilty: number | undefined;
  silent: number;
}

/** Stands in for a lane's link until it has one. */
const nowhere: Link = { post() {}, close() {} };

export class Pool {
  #size: number;
  #onMain: boolean;
  #queue: Entry[] = [];
  #lanes: Lane[] = [];
  #starting = 0;
  #everStarted = false;
  #deaths = 0;
  #broken: QkscopeError | undefined;
  #nextId = 0;
  #generation = 0;
  #problems = 0;
  #watch: ReturnType<typeof setInterval> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(size = defaultSize()) {
    this.#size = Math.max(1, size);
    this.#onMain = size === 0;
  }

  /** How many jobs can run side by side. */
  get width(): number {
    return this.#onMain ? 1 : this.#size;
  }

  /** Starts anew with `size` workers. Jobs under way begin again; open problems move over. */
  configure(size = defaultSize()): void {
    this.#size = Math.max(1, size);
    this.#onMain = size === 0;
    this.#everStarted = false;
    this.#deaths = 0;
    this.#broken = undefined;
    const running = this.#lanes.flatMap(({ entries }) => [...entries.values()]);
    this.#closeAll();
    this.#putBack(running);
    this.#dispatch();
  }

  /** Starts a job; `read` is what the caller makes of the answer, and what it throws is the job's error. */
  run<K extends Job['kind'], T = Results[K]>(
    job: Extract<Job, { kind: K }>,
    terms: Terms = {},
    read = (answer: Results[K]) => answer as T,
  ): Ticket<T> {
    const id = this.newId();
    const result = new Promise<T>((settle, reject) => {
      if (this.#broken) return reject(this.#broken);
      const resolve = (answer: unknown) => {
        try {
          // Each kind of job is answered with its kind of result.
          settle(read(answer as Results[K]));
        } catch (error) {
          reject(error);
        }
      };
      const entry = newEntry(id, job, terms, resolve, reject);
      this.#enqueue(entry);
      if (moduleOf(job) !== FIRST) void this.#fetch(entry);
    });
    this.#dispatch();
    return { result, cancel: (reason) => this.#cancel(id, reason) };
  }

  /** A number that no other job or problem has. */
  newId(): number {
    return this.#nextId++;
  }

  /** A problem stays open until `close`: its workers stay too. */
  open(): void {
    this.#problems++;
  }

  /** The problem is over: what it holds in every lane is given back. */
  close(problem: number): void {
    this.#problems--;
    for (const lane of this.#lanes) forget(lane, problem);
    this.#settleDown();
  }

  #enqueue(entry: Entry): void {
    const rank = rankOf(entry.terms);
    let place = this.#queue.length;
    while (place > 0 && rankOf(this.#queue[place - 1]!.terms) > rank) place--;
    this.#queue.splice(place, 0, entry);
  }

  /** What was under way begins anew, each before those of its rank: the queue is in the order of ranks at all times. */
  #putBack(entries: readonly Entry[]): void {
    const all = [...entries.filter(({ cancelled }) => !cancelled), ...this.#queue];
    this.#queue = all.sort((a, b) => rankOf(a.terms) - rankOf(b.terms));
  }

  /** Gets the module of a job, which waits for it in the queue. Without it this job has failed, and no other. */
  async #fetch(entry: Entry): Promise<void> {
    try {
      entry.module = await loadModule(moduleOf(entry.job));
    } catch (error) {
      this.#queue = this.#queue.filter((other) => other !== entry);
      entry.reject(error);
    }
    this.#dispatch();
  }

  /** Gives jobs to lanes as long as both are there, and starts lanes as long as jobs wait for them. */
  #dispatch(): void {
    if (this.#queue.length > 0) this.#handOut();
    this.#settleDown();
  }

  #handOut(): void {
    const waiting: Entry[] = [];
    let at = 0;
    // Urgent jobs stand in front; behind them nothing finds room where every lane is at work.
    for (; at < this.#queue.length && (this.#queue[at]!.terms.urgent || this.#lanes.some(isFree)); at++) {
      const entry = this.#queue[at]!;
      const lane = this.#choose(entry);
      if (lane) this.#post(lane, entry);
      else waiting.push(entry);
    }
    if (at > 0) this.#queue = [...waiting, ...this.#queue.slice(at)];
    const wanted = this.#wanted();
    while (this.#starting < wanted && this.#lanes.length + this.#starting < this.width) void this.#grow();
  }

  /** How many more lanes the queue could use: a problem goes to no more of them than its spread. */
  #wanted(): number {
    const rooms = new Map<number, number>();
    let wanted = 0;
    for (const { terms } of this.#queue) {
      const { problem, spread = Infinity } = terms;
      if (wanted === this.width) break;
      if (problem) {
        const { id } = problem;
        const room = rooms.get(id) ?? spread - this.#lanes.filter((lane) => knows(lane, problem)).length;
        rooms.set(id, room - 1);
        if (room <= 0) continue;
      }
      wanted++;
    }
    return wanted;
  }

  /** The least busy lane that has room: one that knows the problem and has the module, or one that may get to. */
  #choose({ job, module, terms }: Entry): Lane | undefined {
    const { urgent, problem, spread = Infinity } = terms;
    const spreads = this.#lanes.filter((lane) => knows(lane, problem)).length < spread;
    let [best, least]: [Lane | undefined, number] = [undefined, Infinity];
    for (const lane of this.#lanes) {
      const known = knows(lane, problem);
      const able = (known || spreads) && (module || lane.modules.has(moduleOf(job))) && (urgent || isFree(lane));
      const cost = able ? 2 * lane.entries.size + (known ? 0 : 1) : Infinity;
      if (cost < least) [best, least] = [lane, cost];
    }
    return best;
  }

  #post(lane: Lane, entry: Entry): void {
    const { id, job, module, terms } = entry;
    const { problem, urgent = false } = terms;
    const name = moduleOf(job);
    const open = lane.modules.get(name) ?? new Set();
    entry.opening = problem !== undefined && !open.has(problem.id);
    entry.bringing = !lane.modules.has(name);
    if (problem) open.add(problem.id);
    lane.modules.set(name, open);
    lane.entries.set(id, entry);
    lane.silent = 0;
    try {
      const brought = entry.bringing ? { name, module: module! } : undefined;
      lane.link.post({ kind: 'run', id, job, urgent, problem: entry.opening ? problem : undefined, module: brought });
    } catch (error) {
      // The lane has heard nothing and is as well as before: only this job is lost.
      lane.entries.delete(id);
      if (problem && entry.opening) open.delete(problem.id);
      if (entry.bringing) lane.modules.delete(name);
      entry.reject(unsentError(messageOf(error)));
    }
  }

  #cancel(id: number, reason: unknown): void {
    const queued = this.#queue.find((entry) => entry.id === id);
    this.#queue = this.#queue.filter((entry) => entry !== queued);
    queued?.reject(reason);
    for (const { link, entries } of this.#lanes) {
      const entry = entries.get(id);
      if (!entry) continue;
      // Its place stays taken until the lane has heard; the caller does not wait for that.
      entry.cancelled = true;
      entry.reject(reason);
      link.post({ kind: 'abort', id });
    }
  }

  async #grow(): Promise<void> {
    const generation = this.#generation;
    const outdated = () => generation !== this.#generation;
    this.#starting++;
    try {
      const module = await loadModule(FIRST);
      if (!outdated()) await this.#start(module, outdated);
    } catch (error) {
      // The module is the same for every lane: without it no job can run.
      if (!outdated()) this.#rejectQueue(readable(error, FIRST));
    }
    if (outdated()) return;
    this.#starting--;
    this.#dispatch();
  }

  async #start(module: WebAssembly.Module, outdated: () => boolean): Promise<void> {
    const worker = !this.#onMain;
    const modules = new Map([[FIRST, new Set<number>()]]);
    const lane: Lane = { link: nowhere, worker, entries: new Map(), modules, guilty: undefined, silent: 0 };
    const ears: Ears = {
      reply: (reply) => this.#hear(lane, reply),
      death: (message) => this.#bury(lane, message),
    };
    if (!worker) {
      lane.link = await startMain(module, ears);
    } else {
      try {
        lane.link = await startWorker(module, ears);
      } catch (error) {
        return outdated() ? undefined : this.#startFailed(error);
      }
    }
    if (outdated()) return lane.link.close();
    this.#everStarted = true;
    // Another one may have been too slow, and the main thread chosen in its place: workers do start here.
    if (worker) this.#onMain = false;
    this.#lanes.push(lane);
  }

  /** Where no worker ever started none will: the page's policy forbids it, and the main thread takes the jobs. */
  #startFailed(error: unknown): void {
    if (this.#everStarted) return this.#mourn(String(error));
    this.#onMain = true;
  }

  #hear(lane: Lane, reply: Reply): void {
    lane.silent = 0;
    if (reply.kind === 'ready') return;
    const entry = lane.entries.get(reply.id);
    if (!entry) return;
    if (reply.kind === 'broken') return void (lane.guilty = reply.id);
    if (reply.kind === 'progress') return entry.cancelled ? undefined : entry.terms.onProgress?.(reply.fraction);
    lane.entries.delete(reply.id);
    // Opening is no proof of health: it hardly computes.
    if (reply.kind === 'result' && entry.job.kind !== 'open') this.#deaths = 0;
    if (reply.kind === 'result') entry.cancelled ? discard(reply.value) : entry.resolve(reply.value);
    if (reply.kind === 'failure') this.#failed(lane, entry, revive(reply.error));
    this.#dispatch();
  }

  #failed(lane: Lane, entry: Entry, error: QkscopeError): void {
    // The problem itself may have been refused here, for want of memory, or it is open: the next job brings it again. So too
    // with a module.
    if (entry.opening) forget(lane, entry.terms.problem!.id);
    if (entry.bringing) lane.modules.delete(moduleOf(entry.job));
    entry.reject(error);
  }

  /** A lane died. Where it named the job that met the fault, only that one has used up a try. */
  #bury(lane: Lane, message: string): void {
    this.#lanes = this.#lanes.filter((other) => other !== lane);
    lane.link.close();
    const entries = [...lane.entries.values()];
    for (const entry of entries) if (lane.guilty === undefined || lane.guilty === entry.id) entry.tries++;
    for (const entry of entries) if (entry.tries >= TRIES) entry.reject(workerError(message));
    this.#putBack(entries.filter(({ tries }) => tries < TRIES));
    this.#mourn(message);
    this.#dispatch();
  }

  #mourn(message: string): void {
    if (++this.#deaths < DEATHS) return;
    this.#broken = breakerError(message);
    this.#rejectQueue(this.#broken);
    for (const { entries } of this.#lanes) for (const entry of entries.values()) entry.reject(this.#broken);
    this.#closeAll();
  }

  #rejectQueue(error: QkscopeError): void {
    for (const entry of this.#queue.splice(0)) entry.reject(error);
  }

  #closeAll(): void {
    this.#generation++;
    for (const { link } of this.#lanes.splice(0)) link.close();
    this.#starting = 0;
    this.#settleDown();
  }

  /** Clocks run only while they have something to watch: a page at rest is at rest. */
  #settleDown(): void {
    const busy = this.#queue.length > 0 || this.#lanes.some(({ entries }) => entries.size > 0);
    const workers = this.#lanes.some(({ worker }) => worker);
    if (busy && workers) this.#watch ??= setInterval(() => this.#look(), 1000);
    else this.#stopWatch();
    this.#stopRest();
    if (!workers || busy || this.#problems > 0) return;
    this.#rest = setTimeout(() => this.#closeAll(), REST);
    // A process of Node need not wait for that.
    (this.#rest as { unref?(): void }).unref?.();
  }

  #stopWatch(): void {
    if (this.#watch !== undefined) clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #stopRest(): void {
    if (this.#rest !== undefined) clearTimeout(this.#rest);
    this.#rest = undefined;
  }

  /** Counts looks, not time: a laptop that slept has not been computing. */
  #look(): void {
    for (const lane of this.#lanes) {
      if (!lane.worker || lane.entries.size === 0) continue;
      const patience = [...lane.entries.values()].every(({ job }) => isSliced(job)) ? PATIENCE.sliced : PATIENCE.other;
      if (++lane.silent > patience) this.#bury(lane, `a worker was silent for ${patience} seconds`);
    }
  }
}

/** A job that no lane has yet. */
function newEntry(id: number, job: Job, terms: Terms, resolve: Entry['resolve'], reject: Entry['reject']): Entry {
  const [module, tries] = [undefined, 0];
  return { id, job, terms, tries, module, opening: false, bringing: false, cancelled: false, resolve, reject };
}

/** Jobs of a lower rank go first. */
function rankOf({ urgent, background }: Haste): number {
  return urgent ? 0 : background ? 2 : 1;
}

/** Whether a lane has the problem open, in whichever module; a job without one finds nothing missing. */
function knows({ modules }: Lane, problem: Problem | undefined): boolean {
  if (!problem) return true;
  for (const open of modules.values()) if (open.has(problem.id)) return true;
  return false;
}

/** Gives back what a lane holds of a problem. */
function forget({ link, modules }: Lane, problem: number): void {
  let held = false;
  for (const open of modules.values()) held = open.delete(problem) || held;
  if (held) link.post({ kind: 'close', session: problem });
}

/** Whether a lane has room for a job that is not urgent. */
function isFree({ entries }: Lane): boolean {
  for (const { terms } of entries.values()) if (!terms.urgent) return false;
  return true;
}

/** What the machine says it has is a hint: it counts hardware threads, and some browsers make it up. */
function defaultSize(): number {
  if (!hasWorkers()) return 0;
  return Math.min(globalThis.navigator?.hardwareConcurrency || 2, 8);
}

/** Copying a job for a worker takes memory, and it is the only thing that can fail there. */
function unsentError(found: string): QkscopeError {
  const message = `the job could not be copied for a worker (${found}); other jobs go on`;
  return new QkscopeError('out_of_memory', 'kernel', 'memory for a copy', found, message);
}

function workerError(found: string): QkscopeError {
  const message = `the kernel failed on this job, twice (${found}); other jobs go on`;
  return new QkscopeError('worker', 'kernel', 'an answer', found, message);
}

function breakerError(found: string): QkscopeError {
  const message = `the kernel failed three times in a row (${found}): reload the page, or call configure() to start anew`;
  return new QkscopeError('breaker', 'kernel', 'an answer', found, message);
}
