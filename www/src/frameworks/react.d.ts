/**
 * `<qk-scope>` in the JSX of React 19: importing `qkscope/react` registers the element and types its tag.
 */
import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { QkScopeProps } from './tag.js';
import type { QkScopeElement, QkScopeEventMap } from './element.js';

export * from './element.js';
export type * from './tag.js';

/** Events as React hears those of elements that are not its own: `onqk-change`. */
export type QkScopeListeners = {
  [Name in keyof QkScopeEventMap as `on${Name}`]?: ((event: QkScopeEventMap[Name]) => void) | undefined;
};

/** What the tag takes. */
export type QkScopeTag = QkScopeProps &
  QkScopeListeners &
  Omit<DetailedHTMLProps<HTMLAttributes<QkScopeElement>, QkScopeElement>, keyof QkScopeProps>;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'qk-scope': QkScopeTag;
    }
  }
}
