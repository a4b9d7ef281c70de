// MAIN: the page starts here. What stands in its HTML is seen first; the script behind it is fetched meanwhile.

import { Frame } from './frame.ts';
import { keepScroll } from './scroll.ts';

const frame = new Frame(location.hash);
const scrollBack = keepScroll();

/** A browser that does not say when it has painted has done so after as many frames, or soon will. */
const FRAMES = 10;

/** Until what stands in the HTML is seen. A window that nobody sees is not painted. */
async function painted(): Promise<void> {
  if (document.hidden) return;
  let paints: PerformanceObserver | undefined;
  await new Promise<void>((go) => {
    paints = new PerformanceObserver(() => go());
    paints.observe({ type: 'paint', buffered: true });
    const count = (frames: number): void => void (frames ? requestAnimationFrame(() => count(frames - 1)) : go());
    count(FRAMES);
  });
  paints?.disconnect();
}

async function open(): Promise<void> {
  await painted();
  const { Page } = await import('./page.ts').catch((error: unknown) => {
    document.querySelector('#lost')!.classList.add('said');
    throw error;
  });
  const page = new Page(location.hash, frame);
  // What a link waits for is said where it leads, which was scrolled out of sight.
  scrollBack(!page.waits);
}

void open().finally(() => frame.ready());
