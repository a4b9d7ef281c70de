/**
 * The types of the element `<qk-scope>`: importing `qkscope/element` registers it, and gives its class.
 */
import type {
  Assignment,
  Colormap,
  Mask,
  NormalizerOption,
  Pool,
  PositionOption,
  ProblemOptions,
  ScoreOption,
  Stage,
  Tensor,
} from '../engine/index.ts';

/** A view that a figure can show. */
export type ViewId = 'matrix' | 'plane' | 'spread' | 'steps' | 'links' | 'heads' | 'compare' | 'student';

/** Numbers: a tensor, or lists of lists, of 2 to 4 axes. */
export type Numbers = Tensor | readonly unknown[];

/** A mask: 1 or true where a query may see a key, as a tensor or lists of lists, of 2 to 4 axes. An axis of 1 stands for all. */
export type Marks = Mask | readonly unknown[];

/** Numbers as an object. */
export interface Given {
  /** `[N, d]`, `[heads, N, d]` or `[B, heads, N, d]`. */
  q: Numbers;
  /** `[M, d]`, or with heads and batch items before. */
  k: Numbers;
  /** `[M, dv]`, or with heads and batch items before. Without it no view says what becomes of the values. */
  v?: Numbers | undefined;
  /** `N` names of the queries; of the keys as well, unless `keyTokens` is given. */
  tokens?: readonly string[] | undefined;
  /** `M` names of the keys. */
  keyTokens?: readonly string[] | undefined;
}

/** What `qk-ready` tells, and `shown` keeps: the view that is there, and of what: the layer as its file numbers it, the head and the batch item. */
export interface ReadyDetail {
  view: ViewId;
  /** Undefined where no numbers are shown that somebody gave. */
  layer: number | undefined;
  head: number;
  batch: number;
  /** What of these a reader chose in the figure, since attributes or numbers led elsewhere. */
  chosen: { layer?: number; head?: number; batch?: number };
}

/**
 * What `qk-change` tells, once somebody looks elsewhere than where the view began: what brings back what is seen, and of the heat map
 * the current cell, which may be one of other numbers by then. It comes after `qk-ready`, and never twice the same.
 */
export type ChangeDetail =
  | {
      view: 'matrix';
      /** The cell as the attribute `state` takes it, which locks it: its query and key, the first ones where it stands for more. */
      state: string;
      /** The queries that the cell stands for, `[from, to)`. */
      queries: [number, number];
      keys: [number, number];
      /** The value that is drawn; NaN where it is no number. */
      value: number;
    }
  | {
      view: Exclude<ViewId, 'matrix'>;
      /** To be put into the attribute `state`. */
      state: string;
    };

/** What `qk-error` tells: a `QkscopeError`, or another error with a sentence. */
export interface ErrorDetail {
  error: unknown;
}

/** The events of the element. They bubble, and leave shadow roots. */
export interface QkScopeEventMap {
  'qk-ready': CustomEvent<ReadyDetail>;
  'qk-change': CustomEvent<ChangeDetail>;
  'qk-error': CustomEvent<ErrorDetail>;
}

/** A figure of attention. */
export declare class QkScopeElement extends HTMLElement {
  /**
   * Q, K and more, or the bytes of a capture; the JSON of the attribute as well, since frameworks set the property. It goes before
   * `src` and the attributes with numbers.
   */
  data: Given | Blob | ArrayBuffer | Uint8Array | string | undefined;
  /** Options of the problem as `openAttention()` takes them. They go before those of attributes. */
  options: ProblemOptions;
  /** What is seen, as the last `qk-ready` told it; undefined before. Attributes say what was asked for. */
  readonly shown: ReadyDetail | undefined;

  // Each attribute is a property as well, by its name in camel case. It gives the attribute's text, null where there is none; what is
  // set is written there, lists and objects as JSON, true as an empty text; null and false take it away.

  get src(): string | null;
  set src(address: string | URL | null | undefined);
  /** Which tensors of a capture are Q, K and V, where their names do not say. */
  get assign(): string | null;
  set assign(roles: Assignment | string | null | undefined);
  get q(): string | null;
  set q(numbers: Numbers | string | null | undefined);
  get k(): string | null;
  set k(numbers: Numbers | string | null | undefined);
  get v(): string | null;
  set v(numbers: Numbers | string | null | undefined);
  get tokens(): string | null;
  set tokens(names: readonly string[] | string | null | undefined);
  get keyTokens(): string | null;
  set keyTokens(names: readonly string[] | string | null | undefined);
  get view(): string | null;
  set view(view: ViewId | null | undefined);
  get state(): string | null;
  set state(state: string | null | undefined);
  get layer(): string | null;
  set layer(layer: number | string | null | undefined);
  get head(): string | null;
  set head(head: number | string | null | undefined);
  get batch(): string | null;
  set batch(item: number | string | null | undefined);
  get stage(): string | null;
  set stage(stage: Stage | null | undefined);
  get colors(): string | null;
  set colors(map: Colormap | null | undefined);
  get pool(): string | null;
  set pool(pool: Pool | null | undefined);
  get theme(): string | null;
  set theme(theme: 'auto' | 'light' | 'dark' | null | undefined);
  get loading(): string | null;
  set loading(loading: 'lazy' | 'eager' | null | undefined);
  get caption(): string | null;
  set caption(words: string | null | undefined);
  get controls(): string | null;
  set controls(there: boolean | string | null | undefined);
  get wasmUrl(): string | null;
  set wasmUrl(address: string | URL | null | undefined);
  get score(): string | null;
  set score(score: ScoreOption | null | undefined);
  get normalizer(): string | null;
  set normalizer(normalizer: NormalizerOption | null | undefined);
  get position(): string | null;
  set position(position: PositionOption | null | undefined);
  get mask(): string | null;
  set mask(mask: Marks | string | null | undefined);
  get causal(): string | null;
  set causal(causal: boolean | string | null | undefined);
  get causalAlignment(): string | null;
  set causalAlignment(alignment: 'upper_left' | 'lower_right' | null | undefined);
  get scale(): string | null;
  set scale(scale: number | string | null | undefined);
  get temperature(): string | null;
  set temperature(temperature: number | string | null | undefined);
  get softcap(): string | null;
  set softcap(softcap: number | string | null | undefined);
  get leftWindowSize(): string | null;
  set leftWindowSize(keys: number | string | null | undefined);
  get rightWindowSize(): string | null;
  set rightWindowSize(keys: number | string | null | undefined);

  addEventListener<K extends keyof QkScopeEventMap>(
    type: K,
    listener: (this: QkScopeElement, event: QkScopeEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'qk-scope': QkScopeElement;
  }
}
