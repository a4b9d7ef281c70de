// MAIN: the page starts here. What stands in its HTML is seen first; the script behind it is fetched meanwhile.

import { Frame } from './frame.ts';

const frame = new Frame(location.hash);

/** A browser that does not say when it has painted has done so after as many frames. */
const FRAMES = 10;

/** Once what stands in the HTML is seen. A window that nobody sees is not painted. */
async function painted(): Promise<void> {
  if (document.hidden) return;
  await new Promise<void>((go) => {
    new PerformanceObserver(() => go()).observe({ type: 'paint', buffered: true });
    const count = (frames: number): void => void (frames ? requestAnimationFrame(() => count(frames - 1)) : go());
    count(FRAMES);
  });
}

async function open(): Promise<void> {
  try {
    await painted();
    const { Page } = await import('./page.ts');
    new Page(location.hash, frame);
  } catch (error) {
    document.querySelector<HTMLElement>('#lost')!.hidden = false;
    throw error;
  } finally {
    frame.ready();
  }
}

void open();
