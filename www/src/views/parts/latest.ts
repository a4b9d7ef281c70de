// Many requests, one answer: while a job runs at most one more waits, the newest.

/** A piece of work that stops when its signal says so. */
export type Job = (signal: AbortSignal) => Promise<void>;

/** A job younger than this is left to finish, so that dragging a slider shows pictures on the way. */
const PATIENCE_MS = 200;

/** Runs the newest of many jobs: one running, one pending; an older pending one is dropped. */
export class Latest {
  #pending: Job | undefined;
  #running: { controller: AbortController; since: number } | undefined;
  readonly #fail: (error: unknown) => void;
  readonly #idle: () => void;

  /** `fail` hears every error but those of jobs that were aborted from here, `idle` that nothing is left to do. */
  constructor(fail: (error: unknown) => void, idle: () => void = () => undefined) {
    this.#fail = fail;
    this.#idle = idle;
  }

  /** Whether a job runs now. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Asks for `job`. With `now` a running job is aborted at once, else only when it has been running long. */
  run(job: Job, now = false): void {
    this.#pending = job;
    if (!this.#running) void this.#drain();
    else if (now || performance.now() - this.#running.since > PATIENCE_MS) this.#running.controller.abort();
  }

  /** Drops what waits and aborts what runs. */
  cancel(): void {
    this.#pending = undefined;
    this.#running?.controller.abort();
  }

  async #drain(): Promise<void> {
    while (this.#pending) {
      const job = this.#pending;
      this.#pending = undefined;
      const controller = new AbortController();
      this.#running = { controller, since: performance.now() };
      try {
        await job(controller.signal);
      } catch (error) {
        if (!controller.signal.aborted) this.#fail(error);
      }
    }
    this.#running = undefined;
    this.#idle();
  }
}
