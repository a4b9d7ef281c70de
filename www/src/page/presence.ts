// Whether the visitor is at a part of the page, and not on the way past it.

/** As long as a part must cover the middle of the window for somebody to be there: who scrolls past it is not. */
const STAY_MS = 1000;

/** Calls `there` each time somebody comes to stay at `part`, or changes something in it. */
export function listenForPresence(part: HTMLElement, there: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const middle = new IntersectionObserver(
    (entries) => {
      clearTimeout(timer);
      if (entries.at(-1)?.isIntersecting) timer = setTimeout(there, STAY_MS);
    },
    { rootMargin: '-50% 0px -50% 0px' },
  );
  middle.observe(part);
  for (const change of ['change', 'input', 'click', 'keydown'] as const) part.addEventListener(change, there);
}
