// The heat map of a figure: one head under the microscope, and the numbers of the cell that is pointed at.

import { catalog, type Colormap, type Pool, type Stage } from '../generated/catalog.ts';
import { paint, type AttentionMap, type ProblemOptions } from '../engine/index.ts';
import { Inspector } from '../page/inspector.ts';
import { colorScale } from '../page/scale.ts';
import { Scopes, type Scope } from '../page/scope.ts';
import { settingsFrom } from '../page/settings.ts';
import type { Reading } from '../page/source.ts';
import type { Place } from '../page/state.ts';
import { MatrixView, type MatrixCell, type Tokens } from '../views/index.ts';
import { element } from '../views/parts/dom.ts';
import type { Painter } from '../views/parts/palette.ts';
import type { Language } from '../views/parts/text.ts';

/** What is drawn. */
export interface Drawn {
  map: AttentionMap;
  place: Place;
  options: ProblemOptions;
  stage: Stage;
  colors: Colormap | undefined;
  pool: Pool;
  tokens: Tokens;
}

const painter: Painter = (values, size) => paint(values, { ...size, colormap: size.colormap as Colormap });

export class Heat {
  readonly #matrix: MatrixView;
  readonly #inspector: Inspector;
  readonly #scopes = new Scopes();
  #shown: { drawn: Drawn; scope: Scope } | undefined;
  #language: Language;

  /** `pointed` hears of the cell that is current. */
  constructor(host: HTMLElement, language: Language, pointed: (cell: MatrixCell) => void) {
    this.#language = language;
    const room = element('div', { class: 'matrix' });
    const panel = element('div', { class: 'cell-panel' });
    this.#matrix = new MatrixView(room, painter);
    this.#matrix.language = language;
    host.append(
      element('div', { class: 'map', part: 'matrix' }, room, this.#matrix.live),
      element('div', { class: 'cell', part: 'cell' }, panel),
    );
    this.#inspector = new Inspector(panel, this.#matrix, () => this.#matrix.dispatchEvent(new Event('resume')));
    this.#inspector.language = language;
    this.#matrix.addEventListener('point', (event) => {
      const cell = (event as CustomEvent<MatrixCell>).detail;
      this.#inspect(cell);
      pointed(cell);
    });
    this.#matrix.addEventListener('lock', () => this.#inspect(this.#matrix.cell));
    this.#matrix.addEventListener('stop', () => this.#shown?.scope.stop());
  }

  /** Draws a head; settles when it is on the canvas. */
  async show(drawn: Drawn, control: Reading): Promise<void> {
    const { map, place, stage, tokens, pool } = drawn;
    const scope = await this.#scopes.open({ map, place, stage }, control);
    if (control.signal.aborted) this.#scopes.drop(scope);
    control.signal.throwIfAborted();
    this.#shown = { drawn, scope };
    this.#scopes.show(scope);
    this.#matrix.tokens = tokens;
    this.#matrix.show(scope.source, this.#look(drawn, scope), pool);
    this.#matrix.pass = scope.pass;
    scope.heard = {
      rows: (rows) => {
        this.#matrix.refresh(rows);
        this.#matrix.look = this.#look(drawn, scope);
      },
      pass: () => (this.#matrix.pass = scope.pass),
    };
    await this.#matrix.drawn;
  }

  speak(language: Language): void {
    this.#language = language;
    this.#matrix.language = language;
    this.#inspector.language = language;
    if (this.#shown) this.#matrix.look = this.#look(this.#shown.drawn, this.#shown.scope);
    this.#inspect(this.#matrix.cell);
  }

  repaint(): void {
    this.#matrix.repaint();
  }

  free(): void {
    this.#scopes.show(undefined);
    this.#matrix.clear();
  }

  #look({ stage, colors }: Drawn, scope: Scope) {
    const { low, high } = scope.microscope;
    const name = catalog.stages.find(({ id }) => id === stage)?.label[this.#language] ?? stage;
    return { ...colorScale(stage, low, high, colors), name };
  }

  #inspect(cell: MatrixCell | undefined): void {
    if (!cell || !this.#shown) return;
    const { drawn, scope } = this.#shown;
    const settings = settingsFrom(drawn.options);
    this.#inspector.inspect(cell, { ...drawn, settings, pass: scope.pass });
  }
}
