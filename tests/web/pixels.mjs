// Pictures as a browser decodes them: their pixels, and the means of squares, which are coarse enough to be compared.
//
// A page that no policy forbids anything is given by whoever asks. Numbers go back as text: one by one they take a second.

/**
 * The means of the squares of a picture, red, green and blue.
 *
 * @typedef {{ width: number, height: number, means: Float32Array }} Means
 */

/**
 * A picture as the browser draws it by itself, at its own size, on a ground of white: its pixels, four bytes each.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} address
 * @returns {Promise<{ width: number, height: number, pixels: Buffer }>}
 */
export async function pixelsAt(page, address) {
  const { width, height, base64 } = await page.evaluate(decoded, { address });
  return { width, height, pixels: Buffer.from(base64, 'base64') };
}

/**
 * The means of its squares of `square` pixels; what is left at the right and the lower edge does not count. They are made in the
 * page: pixels of a large picture take as long to get here as to be drawn.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} address
 * @param {number} square
 * @returns {Promise<Means>}
 */
export async function meansAt(page, address, square) {
  const { width, height, base64 } = await page.evaluate(decoded, { address, square });
  return { width, height, means: new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer) };
}

/**
 * In the page: the pixels of a picture, or the means of its squares, as text.
 *
 * @param {{ address: string, square?: number }} asked
 */
async function decoded({ address, square }) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  // At its own size: an SVG is drawn anew at every other, and not as coarse as that.
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const sent = square ? new Uint8Array(means().buffer) : data;
  let bytes = '';
  for (let at = 0; at < sent.length; at += 0x8000) bytes += String.fromCharCode(...sent.subarray(at, at + 0x8000));
  return { width, height, base64: btoa(bytes) };

  function means() {
    const [rows, columns] = [Math.floor(height / square), Math.floor(width / square)];
    const means = new Float32Array(3 * rows * columns);
    for (let y = 0; y < rows * square; y += 1) {
      for (let x = 0; x < columns * square; x += 1) {
        const at = 3 * (Math.floor(y / square) * columns + Math.floor(x / square));
        for (let channel = 0; channel < 3; channel += 1) {
          means[at + channel] += data[4 * (y * width + x) + channel] / square ** 2;
        }
      }
    }
    return means;
  }
}

/** A PNG as an address. */
export const pngAddress = (png) => `data:image/png;base64,${png.toString('base64')}`;

/** An SVG as an address. */
export const svgAddress = (source) => `data:image/svg+xml;base64,${Buffer.from(source).toString('base64')}`;
