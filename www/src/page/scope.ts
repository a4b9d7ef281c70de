// One head under the microscope: kept while only colours and words change, freed when the picture of another takes its place.

import type { AttentionMap, Colormap, Microscope, Stage } from '../engine/index.ts';
import type { MatrixSource, Pass } from '../views/index.ts';
import type { Reading } from './source.ts';
import type { Place } from './state.ts';

/** Which matrix of a map. */
export interface Aim {
  map: AttentionMap;
  place: Place;
  stage: Stage;
}

/** Who is told how the pass goes on. */
interface Listener {
  rows: (rows: readonly [number, number]) => void;
  pass: () => void;
}

/** A microscope, and the pass that it makes over all rows. */
export class Scope {
  readonly aim: Aim;
  readonly source: MatrixSource;
  readonly microscope: Microscope;
  /** Hears of rows that have become known, and of how the pass goes on. */
  heard: Listener | undefined;
  readonly #stop: AbortController;
  /** How far the pass is; undefined: it has ended, one way or the other. */
  #fraction: number | undefined = 0;

  private constructor(aim: Aim, microscope: Microscope, stop: AbortController) {
    this.aim = aim;
    this.microscope = microscope;
    this.#stop = stop;
    this.source = sourceOf(aim, microscope);
    const ended = (): void => this.#progress(undefined);
    microscope.complete.then(ended, ended);
  }

  /** Opens a microscope; settles with its first picture. */
  static async open(aim: Aim, { signal, onProgress }: Reading): Promise<Scope> {
    const { map, place, stage } = aim;
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    let scope: Scope | undefined;
    try {
      const microscope = await map.openMicroscope({
        batch: place.batch,
        head: place.head,
        stage,
        removed: -Infinity,
        signal: stop.signal,
        onRows: (rows) => scope?.heard?.rows(rows),
        onProgress: (fraction) => (scope ? scope.#progress(fraction) : onProgress(fraction)),
      });
      scope = new Scope(aim, microscope, stop);
      return scope;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** How far the pass is; undefined when every row is known. */
  get pass(): Pass | undefined {
    const { sampled } = this.microscope;
    return sampled === 1 ? undefined : { sampled, fraction: this.#fraction };
  }

  /** Stops the pass; what is known stays. */
  stop(): void {
    this.#stop.abort();
  }

  free(): void {
    this.heard = undefined;
    this.microscope.free();
  }

  #progress(fraction: number | undefined): void {
    this.#fraction = fraction;
    this.heard?.pass();
  }
}

/** The scope of the picture, and the one that is to take its place. */
export class Scopes {
  #shown: Scope | undefined;
  #isStale = false;

  /** The scope of the picture is not to be had again: its pass was stopped. It stays until another takes its place. */
  renew(): void {
    this.#isStale = true;
  }

  /** The scope for `aim`: that of the picture, or a new one, which the caller shows or frees. */
  async open(aim: Aim, reading: Reading): Promise<Scope> {
    const shown = this.#isStale ? undefined : this.#shown;
    return shown && isSame(shown.aim, aim) ? shown : Scope.open(aim, reading);
  }

  /** Says which scope is the picture's now; the one before is freed. */
  show(scope: Scope | undefined): void {
    if (this.#shown === scope) return;
    this.#shown?.free();
    this.#shown = scope;
    this.#isStale = false;
  }

  /** Frees a scope, unless it is the picture's. */
  drop(scope: Scope): void {
    if (scope !== this.#shown) scope.free();
  }
}

function isSame(a: Aim, b: Aim): boolean {
  return a.map === b.map && a.stage === b.stage && a.place.batch === b.place.batch && a.place.head === b.place.head;
}

/** What the heat map draws from. */
function sourceOf({ map, place: { batch, head }, stage }: Aim, microscope: Microscope): MatrixSource {
  const { queries, keys, levels, kept } = microscope;
  return {
    queries,
    keys,
    levels,
    kept,
    async tile({ palette, ...request }, signal) {
      const colours = palette && { ...palette, colormap: palette.colormap as Colormap };
      const { data, picture } = await microscope.tile({ ...request, palette: colours, signal });
      return { values: data, picture };
    },
    async row(query, signal) {
      return (await map.row({ batch, head, row: query, signal })).stages[stage];
    },
    column(key, signal) {
      if (microscope.sampled > 1) return undefined;
      return microscope.tile({ level: 0, rows: [0, queries], keys: [key, key + 1], signal }).then(({ data }) => data);
    },
  };
}
