// What a reader comes to in a figure: told when the view is there, and once.

import { isEqual } from '../page/equal.ts';
import type { ChangeDetail, ViewId } from './public.d.ts';

export class Changes {
  readonly #tell: (detail: ChangeDetail) => void;
  #now: ChangeDetail | undefined;
  #told: ChangeDetail | undefined;
  /** Whether a reader has gone anywhere: where a view begins is no news. */
  #acted = false;
  #isReady = false;

  constructor(tell: (detail: ChangeDetail) => void) {
    this.#tell = tell;
  }

  /** Another picture is on its way: what it comes to is told when it is there. */
  wait(): void {
    this.#isReady = false;
  }

  /** A picture is there: the one that was waited for, or the one before. */
  ready(view?: ViewId): void {
    if (view && view !== this.#now?.view) this.forget();
    this.#isReady = true;
    this.#say();
  }

  /** It begins anew. */
  forget(): void {
    this.#now = this.#told = undefined;
    this.#acted = false;
  }

  /** Something is looked at; `byReader`: surely not because the picture is another. */
  hear(detail: ChangeDetail, byReader: boolean): void {
    if (detail.view !== this.#now?.view) this.forget();
    this.#acted ||= byReader || (this.#isReady && isElsewhere(this.#now, detail));
    this.#now = detail;
    this.#say();
  }

  #say(): void {
    if (!this.#isReady || !this.#acted || isEqual(this.#now, this.#told)) return;
    this.#told = this.#now;
    if (this.#now) this.#tell(this.#now);
  }
}

/** Whether it is another thing: a cell that has another size as the picture has is none. */
function isElsewhere(before: ChangeDetail | undefined, now: ChangeDetail): boolean {
  if (now.view !== 'matrix') return true;
  if (before?.view !== 'matrix') return false;
  return (['queries', 'keys'] as const).some(
    (side) => now[side][0] >= before[side][1] || now[side][1] <= before[side][0],
  );
}
