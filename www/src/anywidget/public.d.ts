/**
 * The types of `qkscope/anywidget`: the element `<qk-scope>` as a widget of notebooks, in the format that anywidget's front ends
 * load (https://anywidget.dev/en/afm/).
 */
import type { ChangeDetail } from '../element/public.d.ts';

/**
 * Numbers as a trait: lists of lists, or 32-bit floats in C order as bytes. In Python:
 * `{'shape': a.shape, 'data': np.float32(a).tobytes()}`.
 */
export type NumbersTrait = readonly unknown[] | { data: DataView; shape: readonly number[] };

/** A mask as a trait: lists of lists of 1 or true, may be seen, and 0; or a byte each, `np.uint8(mask).tobytes()`, with the shape. */
export type MaskTrait = NumbersTrait;

/**
 * The traits that are followed and written. Every other attribute of the element is a trait of its name in snake_case:
 * `left_window_size`, `normalizer`, `theme`. A trait that is None, or that the model has not, says nothing.
 */
export interface Traits {
  q: NumbersTrait | null;
  k: NumbersTrait | null;
  v: NumbersTrait | null;
  tokens: readonly string[] | null;
  key_tokens: readonly string[] | null;
  /** The bytes of a capture: safetensors, npz, npy or JSON. It goes before Q and K. */
  data: DataView | null;
  /** The address of a capture, where there are no numbers. */
  src: string | null;
  view: ChangeDetail['view'] | null;
  /** What is seen in a view other than the heat map. Followed and written. */
  state: string | null;
  /** Where to look. Followed, and written where a reader chooses it in the figure. */
  layer: number | null;
  head: number | null;
  batch: number | null;
  /** Which keys each query may see, of 2 to 4 axes. An axis of 1 stands for all. */
  mask: MaskTrait | null;
  /** Options of the problem as `openAttention()` takes them, in camelCase. */
  options: Record<string, unknown> | null;
  /** Written: the cell that is pointed at in the heat map. `value` is None where it is no number. */
  cell: { queries: [number, number]; keys: [number, number]; value: number } | null;
  /** Written: what is wrong, in a sentence; '' when the figure is there. */
  error: string | null;
}

/** The model as a front end hands it out: of what it offers, what is used here. */
export interface Model {
  get(trait: string): any;
  set(trait: string, value: any): void;
  on(event: string, heard: () => void): void;
  off(event: string, heard: () => void): void;
  save_changes(): void;
}

declare const widget: {
  /** Shows a figure in `el`, and follows the model. What comes back takes it away and lets go of everything. */
  render(context: { model: Model; el: HTMLElement }): () => void;
};
export default widget;
