// A picture for itself that carries the pixels of canvases, and the words around them.

import { svg } from './dom.ts';

/** How it is drawn. */
export interface SheetStyle {
  ink: string;
  paper: string;
  font: string;
}

interface Box {
  x?: number;
  y?: number;
  width: number;
  height: number;
}

/** Writes `text` into a picture. */
export function words(text: string, attributes: Record<string, string | number>): SVGTextElement {
  const made = svg('text', attributes);
  made.textContent = text;
  return made;
}

export class Sheet {
  readonly #images: [image: SVGImageElement, address: string][] = [];

  /** The pixels behind `address`, stretched to a box. */
  image(address: string, box: Box): SVGImageElement {
    const image = svg('image', { ...box, preserveAspectRatio: 'none' });
    this.#images.push([image, address]);
    return image;
  }

  /** The same for pixels that are cells, or of which each is a whole number of others: cells have edges. */
  cells(address: string, box: Box): SVGImageElement {
    const image = this.image(address, box);
    image.setAttribute('image-rendering', 'pixelated');
    return image;
  }

  /** The picture of `parts`. */
  picture(
    { width, height }: { width: number; height: number },
    { ink, paper, font }: SheetStyle,
    parts: readonly SVGElement[],
  ): SVGSVGElement {
    const viewBox = `0 0 ${width} ${height}`;
    const picture = svg('svg', { xmlns: 'http://www.w3.org/2000/svg', viewBox, width, height, fill: ink });
    picture.setAttribute('font-family', font);
    picture.setAttribute('font-size', '12');
    picture.append(svg('rect', { width, height, fill: paper }), ...parts);
    // To a document that nobody sees: the page's would show the images, from addresses that its policy forbids to them.
    document.implementation.createHTMLDocument('').adoptNode(picture);
    for (const [image, address] of this.#images) image.setAttribute('href', address);
    return picture;
  }
}
