// A change of the whole page, of its language or its colours, goes from piece to piece: what is in the window first, one in each frame.
// At once it would keep the page waiting for a sixth of a second, most of it for a layout of everything.
//
// Each piece carries its own `lang`. That of the document follows when the last of them has changed: it then changes no piece's looks.

import { Latest } from '../views/parts/latest.ts';
import type { Language } from '../views/parts/text.ts';
import { breathe } from './breathe.ts';
import type { Frame } from './frame.ts';

/** A part of the page that is changed as one. */
export interface Piece {
  readonly element: HTMLElement;
  /** Another language from here on; the words of the HTML are none of its concern. */
  speak?(language: Language): void;
  /** The colours of the page have changed. */
  repaint?(): void;
}

export class Pieces {
  readonly #pieces: readonly Piece[];
  readonly #frame: Frame;
  readonly #words = new Latest(reportError, () => this.#settle());
  readonly #colors = new Latest(reportError, () => this.#settle());

  constructor(pieces: readonly Piece[], frame: Frame) {
    this.#pieces = pieces;
    this.#frame = frame;
    for (const { element } of pieces) frame.translate(element, frame.language);
  }

  /** Says everything in `language`. A language that is on its way is given up. */
  speak(language: Language): void {
    if (language === this.#frame.language && !this.#words.busy) return;
    const change = (piece: Piece): void => {
      if (this.#frame.translate(piece.element, language)) piece.speak?.(language);
    };
    this.#words.run(async (signal) => {
      if (await this.#go(change, signal)) this.#frame.language = language;
    }, true);
    this.#settle();
  }

  repaint(): void {
    this.#colors.run(async (signal) => void (await this.#go((piece) => piece.repaint?.(), signal)), true);
    this.#settle();
  }

  /** Says to assistive technology, and to tests, whether something is yet to change. */
  #settle(): void {
    this.#frame.busy = this.#words.busy || this.#colors.busy;
  }

  /** @returns whether it came to its end. */
  async #go(change: (piece: Piece) => void, signal: AbortSignal): Promise<boolean> {
    for (const piece of inOrder(this.#pieces)) {
      await nextFrame();
      if (signal.aborted) return false;
      change(piece);
    }
    await nextFrame();
    return !signal.aborted;
  }
}

/** What is in the window first; the others as they stand. */
function inOrder(pieces: readonly Piece[]): Piece[] {
  const seen = new Set(
    pieces.filter(({ element }) => {
      const { top, bottom } = element.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    }),
  );
  return [...seen, ...pieces.filter((piece) => !seen.has(piece))];
}

/** Until the next frame is drawn, in a task of its own. A window that nobody sees has no frames. */
async function nextFrame(): Promise<void> {
  if (!document.hidden) await new Promise(requestAnimationFrame);
  await breathe();
}
