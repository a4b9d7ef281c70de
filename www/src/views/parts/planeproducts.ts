// Why a product measures agreement: for each dimension of the chosen pair two numbers, and what their product adds or takes away.

import { barOf } from './barcell.ts';
import { element } from './dom.ts';
import { formatPlace, productsOf } from './planesheet.ts';
import type { PlaneScene } from './planescene.ts';
import { phrase, type Language } from './text.ts';

const text = {
  adds: { en: 'same signs: +{size}', zh: '同号：+{size}' },
  takes: { en: 'opposite signs: −{size}', zh: '异号：−{size}' },
  nothing: { en: 'zero: nothing', zh: '有零：不变' },
};

/** The products, one below the other, with bars on one scale. */
export class PlaneProducts {
  readonly element = element('ul', { class: 'plane-products' });

  show(scene: PlaneScene, language: Language): void {
    const products = productsOf(scene);
    const most = Math.max(...products.map(({ product }) => Math.abs(product)));
    const rows = products.map(({ factors, product }) => {
      const { left, width, zero } = barOf(product, { low: -most, high: most });
      const bar = element('i', {});
      Object.assign(bar.style, { left: `${left}%`, width: `${width}%` });
      const room = element('span', { class: 'plane-bar', 'aria-hidden': 'true' }, bar);
      room.style.setProperty('--zero', `${zero}%`);
      const look = product < 0 ? 'plane-below' : undefined;
      return element('li', { class: look }, element('span', {}, factors), room, ' ', said(product, language));
    });
    this.element.setAttribute('data-key', String(scene.pair.key));
    this.element.replaceChildren(...rows);
  }
}

function said(product: number, language: Language): HTMLElement {
  const says = product > 0 ? text.adds : product < 0 ? text.takes : text.nothing;
  return element('span', {}, phrase(says, language, { size: formatPlace(Math.abs(product)) }));
}
