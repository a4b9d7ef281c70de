/**
 * `<qk-scope>` in templates and in the JSX of Vue 3: importing `qkscope/vue` registers the element and types its tag.
 */
import type { EmitFn, HTMLAttributes } from 'vue';
import type { QkScopeProps } from './tag.js';
import type { QkScopeElement, QkScopeEventMap } from './element.js';

export * from './element.js';
export type * from './tag.js';

/** Events as properties, from `@qk-change`. */
export type QkScopeListeners = {
  [Name in keyof QkScopeEventMap as Name extends `qk-${infer Rest}` ? `onQk${Capitalize<Rest>}` : never]?:
    ((event: QkScopeEventMap[Name]) => void) | undefined;
};

/** What the tag takes. */
export type QkScopeTag = QkScopeProps & QkScopeListeners & Omit<HTMLAttributes, keyof QkScopeProps>;

/** The element as Vue's tools see a component. */
export type QkScopeComponent = new () => QkScopeElement & {
  $props: QkScopeTag;
  $emit: EmitFn<{ [Name in keyof QkScopeEventMap]: (event: QkScopeEventMap[Name]) => void }>;
};

declare module 'vue' {
  interface GlobalComponents {
    'qk-scope': QkScopeComponent;
  }
  interface IntrinsicElementAttributes {
    'qk-scope': QkScopeTag;
  }
}
