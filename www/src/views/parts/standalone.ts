// A picture that stands alone: what the page's style sheet says of it is written into it.

/** What a picture is drawn with: properties that are attributes as well. */
export const LOOKS = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-opacity',
  'stroke-dasharray',
  'stroke-linejoin',
  'stroke-linecap',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'dominant-baseline',
  'paint-order',
  'vector-effect',
];

/**
 * A copy of `picture` with its looks as attributes, `width` and `height`, and a ground. Its looks are those that it has in `host`, where
 * it stands as long as that takes.
 */
export function standalone(picture: SVGSVGElement, host: Element, paper: string): SVGSVGElement {
  host.append(picture);
  const copy = picture.cloneNode(true) as SVGSVGElement;
  const [from, to] = [picture.querySelectorAll('*'), copy.querySelectorAll('*')];
  to.forEach((part, index) => {
    const look = getComputedStyle(from[index] ?? picture);
    for (const name of LOOKS) part.setAttribute(name, look.getPropertyValue(name));
    part.removeAttribute('class');
  });
  picture.remove();
  const { width, height } = picture.viewBox.baseVal;
  copy.removeAttribute('class');
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of Object.entries({ width, height, fill: paper })) ground.setAttribute(name, String(value));
  copy.prepend(ground);
  return copy;
}
