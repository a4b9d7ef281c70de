// One matrix as a heat map of a given size: its names, its colours, and the cell that is looked at. It does not move or zoom.

import { Axis } from './axis.ts';
import { element } from './dom.ts';
import { hatchRemoved, ruleCells } from './hatch.ts';
import { isDark, neutralTones, putPicture, type Painter, type Palette } from './palette.ts';
import type { Grid } from './pooling.ts';

/** Room for names and cells, in CSS pixels. */
export interface PlotRoom {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What the axes name: so many, by their tokens or numbers; rows stand in `order`. */
export interface PlotNames {
  rows: number;
  columns: number;
  rowTokens: readonly string[] | undefined;
  columnTokens: readonly string[] | undefined;
  order: Uint32Array | undefined;
}

/** The cells that a mark covers, as half-open ranges of places. */
export interface PlotMark {
  rows: readonly [number, number];
  columns: readonly [number, number] | undefined;
}

/** Told where the mouse or a finger is: shares of the plot, from 0 to 1. */
export interface PlotListener {
  point(at: { x: number; y: number }): void;
  press(at: { x: number; y: number }): void;
  leave(): void;
}

/** The least side of a mark, so that it is seen where cells are smaller. */
const LEAST_MARK = 7;
/** Canvas sides stay under this, far below what browsers allow. */
const LARGEST_SIDE = 4096;

export class HeatPlot {
  readonly canvas = element('canvas', { class: 'compare-canvas', width: 1, height: 1, 'aria-hidden': 'true' });
  readonly mark = element('div', { class: 'compare-mark', hidden: true });
  readonly plot = element('div', { class: 'compare-plot' }, this.canvas);
  readonly #rows = new Axis('rows');
  readonly #columns = new Axis('columns');
  readonly element = element('div', { class: 'compare-frame' }, this.#columns.element, this.#rows.element, this.plot);
  readonly #paint: Painter;
  #room: PlotRoom = { left: 0, top: 0, width: 0, height: 0 };
  #names: PlotNames = { rows: 0, columns: 0, rowTokens: undefined, columnTokens: undefined, order: undefined };
  /** Counts pictures: an earlier one that comes late is dropped. */
  #round = 0;

  constructor(paint: Painter, listener: PlotListener) {
    this.#paint = paint;
    this.plot.append(this.mark);
    const at = ({ clientX, clientY }: MouseEvent) => {
      const { left, top, width, height } = this.plot.getBoundingClientRect();
      return { x: (clientX - left) / width, y: (clientY - top) / height };
    };
    this.plot.addEventListener('pointermove', (event) => event.pointerType === 'mouse' && listener.point(at(event)));
    this.plot.addEventListener('pointerleave', () => listener.leave());
    this.plot.addEventListener('click', (event) => listener.press(at(event)));
  }

  /** What the axes name; known before there is anything to draw. */
  name(names: PlotNames): void {
    this.#names = names;
    this.#rows.set(names.rows, names.rowTokens, names.order);
    this.#columns.set(names.columns, names.columnTokens);
  }

  /** Takes its room. */
  layOut(room: PlotRoom): void {
    this.#room = room;
    const sizes = {
      'gutter-left': room.left,
      'gutter-top': room.top,
      'plot-width': room.width,
      'plot-height': room.height,
    };
    for (const [name, pixels] of Object.entries(sizes)) this.element.style.setProperty(`--${name}`, `${pixels}px`);
    const { rows, columns } = this.#names;
    this.#rows.show({ from: 0, size: room.height / Math.max(1, rows), pixels: room.height });
    this.#columns.show({ from: 0, size: room.width / Math.max(1, columns), pixels: room.width });
  }

  /** What it names its rows and columns with. */
  get axes(): readonly [rows: Axis, columns: Axis] {
    return [this.#rows, this.#columns];
  }

  /** Draws; what was drawn before stays until it is there. */
  async draw(grid: Grid, palette: Omit<Palette, 'removed' | 'invalid'>): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const { removed, invalid, ink, paper } = neutralTones(isDark(this.element));
    const side = (pixels: number): number => Math.max(1, Math.min(LARGEST_SIDE, Math.round(pixels * devicePixelRatio)));
    const size = { width: side(this.#room.width), height: side(this.#room.height) };
    const { values, rows, columns } = grid;
    const picture = await this.#paint(values, { rows, columns, ...size, ...palette, removed, invalid });
    const context = this.canvas.getContext('2d');
    if (round !== this.#round || !context) return;
    putPicture(context, picture);
    hatchRemoved(context, values, rows, columns, ink);
    ruleCells(context, rows, columns, paper);
  }

  /** Nothing is drawn, and what is on its way is dropped. */
  clear(): void {
    this.#round += 1;
    this.canvas.width = this.canvas.height = 1;
    this.show(undefined);
  }

  /** Marks cells, and their names; a mark without columns is a row's. */
  show(mark: PlotMark | undefined): void {
    this.mark.hidden = !mark;
    const single = mark && mark.rows[1] - mark.rows[0] === 1;
    this.#rows.mark(single ? mark.rows : undefined);
    const column = mark?.columns;
    this.#columns.mark(column && column[1] - column[0] === 1 ? column : undefined);
    if (!mark) return;
    const { rows, columns } = this.#names;
    const along = ([from, to]: readonly [number, number], count: number, pixels: number) => {
      const [start, length] = [(from / count) * pixels, ((to - from) / count) * pixels];
      const size = Math.max(length, Math.min(pixels, LEAST_MARK));
      return { start: Math.max(0, Math.min(pixels - size, start + (length - size) / 2)), size };
    };
    const y = along(mark.rows, rows, this.#room.height);
    const x = along(column ?? [0, columns], columns, this.#room.width);
    Object.assign(this.mark.style, {
      left: `${x.start}px`,
      top: `${y.start}px`,
      width: `${x.size}px`,
      height: `${y.size}px`,
    });
  }
}
