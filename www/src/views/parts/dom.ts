// Elements without a framework. Text goes in as text nodes alone, so a hostile token can never become markup.

type Attribute = string | number | boolean | undefined;

/** Makes an element. `true` sets an empty attribute; `false` and `undefined` leave the attribute out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Attribute> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** Makes an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, Attribute> = {},
  ...children: Node[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

function setAttributes(target: Element, attributes: Record<string, Attribute>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    target.setAttribute(name, value === true ? '' : String(value));
  }
}

/** Whether it is laid out at all: it is not in a tab, or in details, that are closed. */
export const isLaidOut = (node: Element): boolean => node.checkVisibility?.() ?? node.getClientRects().length > 0;

/**
 * Calls `changed` with the frame after `node` has got another size: in the same one, what it moves would be measured once more. What
 * comes back asks for that call as well; however often it is asked for, it comes once.
 */
export function onResize(node: Element, changed: () => void): () => void {
  let due: number | undefined;
  const soon = (): void => {
    due ??= requestAnimationFrame(() => {
      due = undefined;
      changed();
    });
  };
  new ResizeObserver(soon).observe(node);
  return soon;
}

/** What has the focus in the document, or in the shadow tree, that `node` is in. */
export function focusedBeside(node: Node): Element | null {
  const root = node.getRootNode();
  return root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
}

/** `node`, what it stands in, what that stands in, …, out of shadow trees as well. */
export function* ancestorsOf(node: Node): Generator<Element> {
  for (let at: Node | null = node; at; at = at instanceof ShadowRoot ? at.host : at.parentNode) {
    if (at instanceof Element) yield at;
  }
}

/** The colour that `node` stands on; `bare` where nothing around it says one. */
export function paperUnder(node: Node, bare = 'white'): string {
  for (const around of ancestorsOf(node)) {
    const { backgroundColor } = getComputedStyle(around);
    if (!/^(transparent|rgba\(.*, 0\)|.* \/ 0\))$/.test(backgroundColor)) return backgroundColor;
  }
  return bare;
}

/**
 * Lets an owner hear of events of something that outlives it, as long as anybody else holds the owner. `call` must be made where the
 * owner is not in scope.
 */
export function listenWeakly<T extends object>(
  target: EventTarget,
  type: string,
  owner: T,
  call: (owner: T, event: Event) => void,
  options: AddEventListenerOptions = {},
): void {
  const held = new WeakRef(owner);
  const listener = (event: Event): void => {
    const alive = held.deref();
    if (alive) call(alive, event);
    else target.removeEventListener(type, listener, options);
  };
  target.addEventListener(type, listener, options);
}

let made = 0;

/** A document-wide unique id, to tie labels and descriptions to what they describe. */
export function uniqueId(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}
