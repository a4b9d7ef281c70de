// The heat map over a microscope: what the pass makes known is drawn as it comes, and the pass can be stopped and gone on with.

import type { Pool } from './engine.ts';
import type { MatrixLook, MatrixView } from '../views/index.ts';
import type { Language } from '../views/parts/text.ts';
import { colorScale } from './scale.ts';
import { Scopes, type Aim, type Scope } from './scope.ts';
import type { Reading } from './source.ts';
import { stageName } from './stagename.ts';

/** While rows come in, the range of the colours follows them no more often than this. */
const COLORS_MS = 300;

/** How a head is drawn. */
interface Drawing {
  /** The colour map; undefined: the one that fits the stage. */
  colors: string | undefined;
  pool: Pool;
}

/** Who hears of the pass. */
interface LensHeard {
  /** It has come to its end, whether it knows every row or was stopped. */
  ended(): void;
  /** A stopped one is to begin anew: the same is to be opened and shown once more. */
  again(): void;
}

export class Lens {
  readonly #matrix: MatrixView;
  readonly #heard: LensHeard;
  readonly #scopes = new Scopes();
  #shown: { scope: Scope; colors: string | undefined } | undefined;
  #colorTimer: ReturnType<typeof setTimeout> | undefined;
  #language: Language = 'en';

  constructor(matrix: MatrixView, heard: LensHeard) {
    this.#matrix = matrix;
    this.#heard = heard;
    matrix.addEventListener('stop', () => this.#shown?.scope.stop());
    matrix.addEventListener('resume', () => this.resume());
  }

  /** The legend is told in it with the next picture, or by `recolor()`. */
  set language(language: Language) {
    this.#language = language;
    this.#matrix.language = language;
  }

  /** The scope for `aim`, which the caller shows. */
  async open(aim: Aim, reading: Reading): Promise<Scope> {
    const scope = await this.#scopes.open(aim, reading);
    if (reading.signal.aborted) this.#scopes.drop(scope);
    reading.signal.throwIfAborted();
    return scope;
  }

  /** Puts a scope in place of the last, which is freed. */
  show(scope: Scope, { colors, pool }: Drawing): void {
    this.#shown = { scope, colors };
    this.#scopes.show(scope);
    this.#matrix.show(scope.source, this.#look(scope, colors), pool);
    this.#matrix.pass = scope.pass;
    scope.heard = { rows: (rows) => this.#refine(rows), pass: () => this.#follow(scope) };
  }

  /** Draws in the colours of all that is known by now. */
  recolor(): void {
    if (this.#shown) this.#matrix.look = this.#look(this.#shown.scope, this.#shown.colors);
  }

  /** Begins the pass anew that was stopped. */
  resume(): void {
    this.#scopes.renew();
    this.#heard.again();
  }

  /** There is no picture any more. */
  clear(): void {
    clearTimeout(this.#colorTimer);
    this.#shown = this.#colorTimer = undefined;
    this.#scopes.show(undefined);
    this.#matrix.clear();
  }

  /** Some rows are known in full: they are drawn so, and may have widened the range. */
  #refine(rows: readonly [number, number]): void {
    this.#matrix.refresh(rows);
    this.#colorTimer ??= setTimeout(() => {
      this.#colorTimer = undefined;
      this.recolor();
    }, COLORS_MS);
  }

  #follow(scope: Scope): void {
    const { pass } = scope;
    this.#matrix.pass = pass;
    if (pass?.fraction === undefined) this.#heard.ended();
  }

  #look({ aim: { stage }, microscope: { low, high } }: Scope, colors: string | undefined): MatrixLook {
    return { ...colorScale(stage, low, high, colors), name: stageName(stage, this.#language) };
  }
}
