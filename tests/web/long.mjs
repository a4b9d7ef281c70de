// A file of many tokens on the page, and its plot: what the tests of the heat map and those of its pace share.

import { drop, noise, safetensors, settled, tensor } from './page.mjs';

export const N = 2048;
export const D = 8;
export const long = makeLong();

/** Positions as waves, so that there is a diagonal; noise; and one pair that stands out. */
function makeLong() {
  const vectors = (seed) => {
    const wave = (row, c) => (c % 2 ? Math.cos : Math.sin)(row / 8 ** (1 + (c >> 1) / 2));
    return tensor(
      [N, D],
      noise(N * D, seed).map((x, at) => 2 * wave(Math.floor(at / D), at % D) + x / 2),
    );
  };
  const [q, k] = [vectors(1), vectors(7)];
  q.data.set([9, 0, 0, 0, 0, 0, 0, 0], 1500 * D);
  k.data.set([9, 0, 0, 0, 0, 0, 0, 0], 300 * D);
  return { q, k };
}

/** Waits until all that is in sight is drawn as it should be. */
export async function drawn(page) {
  await settled(page);
  await page.waitForFunction(() => document.querySelector('.plot').getAttribute('aria-busy') === 'false');
}

export async function openLong(page, { q, k } = long, metadata = {}) {
  await settled(page);
  await drop(page, {
    name: 'long.safetensors',
    content: safetensors({ 'layers.0.q': q, 'layers.0.k': k }, metadata),
  });
  await page.waitForFunction(
    ([n, m]) => {
      const plot = document.querySelector('.plot');
      return plot.getAttribute('aria-rowcount') === String(n) && plot.getAttribute('aria-colcount') === String(m);
    },
    [q.shape[0], k.shape[0]],
  );
  await drawn(page);
  await page.locator('.plot').scrollIntoViewIfNeeded();
}

/** Presses a zoom key and waits for its end. */
export async function press(page, key, times = 1) {
  for (let time = 0; time < times; time += 1) {
    await page.keyboard.press(key);
    await drawn(page);
  }
}

/** @returns {Promise<[number, number]>} */
export const middleOf = async (page) => {
  const box = await page.locator('.plot').boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
};
