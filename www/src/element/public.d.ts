/**
 * The types of the element `<qk-scope>`: importing `qkscope/element` registers it, and gives its class.
 */
import type { ProblemOptions, Tensor } from '../engine/index.ts';

/** A view that a figure can show. */
export type ViewId = 'matrix' | 'plane' | 'spread' | 'steps' | 'links' | 'heads' | 'compare' | 'student';

/** Numbers: a tensor, or lists of lists, of 2 to 4 axes. */
export type Numbers = Tensor | readonly unknown[];

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

/** What `qk-ready` tells: the view that is there. */
export interface ReadyDetail {
  view: ViewId;
}

/** What `qk-change` tells: in the heat map the current cell, in other views what brings back what is seen. */
export type ChangeDetail =
  | {
      view: 'matrix';
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
  /** Q, K and more, or the bytes of a capture. It goes before `src` and the attributes with numbers. */
  data: Given | Blob | ArrayBuffer | undefined;
  /** Options of the problem as `openAttention()` takes them. They go before those of attributes. */
  options: ProblemOptions;
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
