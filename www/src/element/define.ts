// Registers the element. Whoever imports this has it; a second script of another version leaves the first as it is.

import { QkScopeElement } from './element.ts';

export { QkScopeElement };

const NAME = 'qk-scope';
if (globalThis.customElements && !customElements.get(NAME)) customElements.define(NAME, QkScopeElement);
