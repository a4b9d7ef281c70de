// Undo and redo: states to go back to, of which those of one stroke or one moment are one.

/** Changes that follow each other faster than this are one. */
const MOMENT_MS = 700;
/** What the name of a gesture ends with: until the next number it is one, however long it rests. */
const NUMBERED = / \d+$/;
/** So many states are kept. */
const MOST = 100;

/** What was, and what was undone. */
export class History<T> {
  #past: T[] = [];
  #future: T[] = [];
  #last: { stroke: string; time: number } | undefined;

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.#past = [];
    this.#future = [];
    this.#last = undefined;
  }

  /**
   * Keeps `before`, the state that a change has left, unless the change goes on with the last one: with the same
   * gesture, `paint 3`, or within a moment with the same subject, `type keys`.
   */
  record(before: T, stroke: string): void {
    const time = performance.now();
    const same = this.#last?.stroke === stroke && (NUMBERED.test(stroke) || time - this.#last.time < MOMENT_MS);
    this.#last = { stroke, time };
    this.#future = [];
    if (!same) this.#past = [...this.#past.slice(1 - MOST), before];
  }

  /** The state before `now`, if there is one. */
  undo(now: T): T | undefined {
    const before = this.#past.pop();
    if (before !== undefined) this.#future.push(now);
    this.#last = undefined;
    return before;
  }

  /** The state that was undone last. */
  redo(now: T): T | undefined {
    const after = this.#future.pop();
    if (after !== undefined) this.#past.push(now);
    this.#last = undefined;
    return after;
  }
}
