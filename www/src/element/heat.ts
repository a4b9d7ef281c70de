// The heat map of a figure: one head under the microscope, and the numbers of the cell that is pointed at.

import type { Colormap, Pool, Stage, Text } from '../generated/catalog.ts';
import type { AttentionMap, ProblemOptions } from '../engine/index.ts';
import { exportMatrix, type Taken } from '../page/exports.ts';
import { Inspector } from '../page/inspector.ts';
import { Lens } from '../page/lens.ts';
import { painter } from '../page/painter.ts';
import type { Scope } from '../page/scope.ts';
import { rulesOf, settingsFrom } from '../page/settings.ts';
import type { Reading, Source } from '../page/source.ts';
import type { Place } from '../page/state.ts';
import { pairIn } from '../page/story/forms.ts';
import type { Exported } from '../page/story/section.ts';
import { TakeMenu } from '../page/story/take.ts';
import { MatrixView, type MatrixCell, type Tokens } from '../views/index.ts';
import { element } from '../views/parts/dom.ts';
import type { Language } from '../views/parts/text.ts';
import { MaskLine } from './maskline.ts';

/** What is drawn. */
export interface Drawn {
  source: Source;
  map: AttentionMap;
  place: Place;
  options: ProblemOptions;
  stage: Stage;
  colors: Colormap | undefined;
  pool: Pool;
  tokens: Tokens;
}

const text = {
  takeMatrix: { en: 'Export the matrix', zh: '导出矩阵' },
  takeCell: { en: 'Export this pair', zh: '导出这一对' },
} satisfies Record<string, Text>;

/** Who hears of what happens in it. */
export interface HeatHeard {
  /** The cell that is current. */
  point(cell: MatrixCell): void;
  /** The pass that was stopped is to go on: the same is to be shown once more. */
  again(): void;
}

export class Heat {
  readonly #matrix: MatrixView;
  readonly #inspector: Inspector;
  readonly #lens: Lens;
  readonly #left = new MaskLine();
  readonly #takeMatrix = this.#menu(text.takeMatrix, (shown) => exportMatrix(this.#matrix, shown));
  readonly #takeCell = this.#menu(text.takeCell, (shown) => this.#inspector.exported(shown));
  #shown: { drawn: Drawn; scope: Scope } | undefined;
  #language: Language = 'en';

  constructor(host: HTMLElement, language: Language, heard: HeatHeard) {
    const room = element('div', { class: 'matrix' });
    const panel = element('div', { class: 'cell-panel' });
    this.#matrix = new MatrixView(room, painter);
    this.#lens = new Lens(this.#matrix, { ended: () => this.#inspect(this.#matrix.cell), again: () => heard.again() });
    host.append(
      element(
        'div',
        { class: 'map', part: 'matrix' },
        room,
        this.#matrix.live,
        this.#left.element,
        this.#takeMatrix.element,
      ),
      element('div', { class: 'cell', part: 'cell' }, panel, this.#takeCell.element),
    );
    this.#inspector = new Inspector(panel, this.#matrix, () => this.#lens.resume());
    this.speak(language);
    this.#matrix.addEventListener('point', (event) => {
      const cell = (event as CustomEvent<MatrixCell>).detail;
      this.#inspect(cell);
      heard.point(cell);
    });
    this.#matrix.addEventListener('lock', () => this.#inspect(this.#matrix.cell));
  }

  /** Draws a head; settles when it is on the canvas. `taken`: from here on the map of the picture before is not needed. */
  async show(drawn: Drawn, control: Reading, taken: () => void): Promise<void> {
    const { map, place, options, stage, tokens, colors, pool } = drawn;
    const scope = await this.#lens.open({ map, place, stage }, control);
    this.#shown = { drawn, scope };
    this.#matrix.tokens = tokens;
    this.#left.rules = rulesOf(settingsFrom(options), options, map, place);
    this.#lens.show(scope, { colors, pool });
    taken();
    await this.#matrix.drawn;
  }

  speak(language: Language): void {
    this.#language = language;
    this.#lens.language = language;
    this.#lens.recolor();
    this.#inspector.language = this.#left.language = language;
    for (const menu of [this.#takeMatrix, this.#takeCell]) menu.speak(language);
    this.#inspect(this.#matrix.cell);
  }

  /** The next picture starts with the cell locked that a state says, or as it comes. */
  restore(state: string): void {
    this.#matrix.start = { lock: pairIn(state) };
  }

  repaint(): void {
    this.#matrix.repaint();
  }

  free(): void {
    this.#lens.clear();
    this.#left.rules = undefined;
  }

  #inspect(cell: MatrixCell | undefined): void {
    if (!cell || !this.#shown) return;
    const { drawn, scope } = this.#shown;
    const settings = settingsFrom(drawn.options);
    this.#inspector.inspect(cell, { ...drawn, settings, pass: scope.pass });
  }

  #menu(name: Text, exported: (shown: Taken) => Exported | undefined): TakeMenu {
    return new TakeMenu({
      name,
      language: 'en',
      exported: () => {
        if (!this.#shown) return undefined;
        const { drawn } = this.#shown;
        return exported({ ...drawn, settings: settingsFrom(drawn.options), language: this.#language });
      },
    });
  }
}
