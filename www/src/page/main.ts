// MAIN: the page starts here. What stands in its HTML is seen first; the script behind it is fetched meanwhile.

import { Frame } from './frame.ts';

const frame = new Frame(location.hash);

/** A browser that does not say when it has painted is not waited for longer. */
const PATIENCE_MS = 1000;

/** Once what stands in the HTML is seen. A window that nobody sees is not painted. */
async function painted(): Promise<void> {
  if (document.hidden || !PerformanceObserver.supportedEntryTypes.includes('paint')) return;
  await new Promise((go) => {
    new PerformanceObserver(go).observe({ type: 'paint', buffered: true });
    setTimeout(go, PATIENCE_MS);
  });
}

async function open(): Promise<void> {
  try {
    await painted();
    const { Page } = await import('./page.ts');
    new Page(location.hash, frame);
  } finally {
    frame.ready();
  }
}

void open();
