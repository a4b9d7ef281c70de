// Where the window was scrolled to, over a reload and on the way back from another site. Browsers bring it back when a document is
// loaded, and ours is as high as it will be only when it is made.

const KEY = 'qkscope.scroll';

/** Keeps the place for the next time. What it returns goes to the one that was kept, if the browser came that way and it is wanted. */
export function keepScroll(): (wanted: boolean) => void {
  history.scrollRestoration = 'manual';
  addEventListener('pagehide', () => store(String(scrollY)));
  return (wanted) => {
    history.scrollRestoration = 'auto';
    if (!wanted) return;
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    if (entry?.type !== 'reload' && entry?.type !== 'back_forward') return;
    const kept = Number(stored());
    if (kept > 0) scrollTo({ top: kept, behavior: 'instant' });
  };
}

// A page in a sandboxed frame has no storage, and says so by throwing.

function store(place: string): void {
  try {
    sessionStorage.setItem(KEY, place);
  } catch {
    return;
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
