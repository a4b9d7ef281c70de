/**
 * Long jobs of one thread, in slices: between two slices the thread hears its mail (an abort, an urgent job) and, on the
 * main thread, paints and answers the user.
 */

/** The longest stretch of computing without looking up, in milliseconds. A job's single step may be longer. */
const SLICE = 10;

/** A job that is done step by step. */
export interface Sliced {
  id: number;
  /** Goes before every job that is not. */
  urgent: boolean;
  /** One short step; true when done or failed. Never throws. */
  step(): boolean;
  /** After each slice that did not finish the job. */
  pause(): void;
}

export class Slices {
  #jobs: Sliced[] = [];
  #looping = false;
  /** When to look up next. */
  #end = 0;

  add(job: Sliced): void {
    this.#jobs.push(job);
    if (!this.#looping) void this.#loop();
  }

  /** Takes a job out; undefined when it is not here. */
  remove(id: number): Sliced | undefined {
    const job = this.#jobs.find((other) => other.id === id);
    this.#jobs = this.#jobs.filter((other) => other !== job);
    return job;
  }

  clear(): void {
    this.#jobs = [];
  }

  async #loop(): Promise<void> {
    this.#looping = true;
    for (let job; (job = this.#next());) {
      // Short jobs share a slice: each by itself would pay for a turn of the event loop, which takes longer than it does.
      if (performance.now() >= this.#end) {
        await breathe();
        this.#end = performance.now() + SLICE;
        job = this.#next();
      }
      if (job) this.#slice(job);
    }
    this.#looping = false;
  }

  #next(): Sliced | undefined {
    return this.#jobs.find(({ urgent }) => urgent) ?? this.#jobs[0];
  }

  #slice(job: Sliced): void {
    do {
      if (job.step()) return void this.remove(job.id);
    } while (performance.now() < this.#end);
    job.pause();
  }
}

const breaths: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Until the event loop has been round once. Timers would do, but browsers stretch nested ones to 4 ms. */
export function breathe(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  // Node has both; an open MessageChannel would keep its process alive.
  if (setImmediate) return new Promise((resolve) => void setImmediate(resolve));
  channel ??= openChannel();
  return new Promise((resolve) => {
    breaths.push(resolve);
    channel!.port2.postMessage(null);
  });
}

function openChannel(): MessageChannel {
  const opened = new MessageChannel();
  opened.port1.onmessage = () => breaths.shift()?.();
  return opened;
}
