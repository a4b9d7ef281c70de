/** Many jobs as one call: one signal, one progress, one result or one error. */
import type { Control } from './api.ts';
import { checkControl } from './options.ts';
import type { Ticket } from './pool.ts';

/** One job of a call. `share` is its part of the work; only the proportions matter. */
export interface Part<T> {
  share: number;
  start(onProgress: (fraction: number) => void): Ticket<T>;
}

/**
 * The results in the order of the parts. The first error, the signal, or whoever calls what is in `cancels` meanwhile, stops
 * all the others.
 *
 * @throws the first part's error, the signal's reason, or what `onProgress` threw.
 */
export async function gather<T>(
  parts: readonly Part<T>[],
  { signal, onProgress }: Control = {},
  cancels?: Set<(reason: unknown) => void>,
): Promise<T[]> {
  checkControl({ signal, onProgress });
  signal?.throwIfAborted();
  const progressed = progress(parts, onProgress);
  let over = false;
  const report = (index: number, fraction: number) => over || progressed(index, fraction);
  const cancel = (reason: unknown) => {
    over = true;
    tickets.forEach((ticket) => ticket.cancel(reason));
  };
  const tickets = parts.map((part, index) =>
    part.start((fraction) => {
      // What the caller's function throws is the caller's: it ends this call and nothing else.
      try {
        report(index, fraction);
      } catch (error) {
        cancel(error);
      }
    }),
  );
  const finished = tickets.map(({ result }, index) =>
    result.then((value) => {
      report(index, 1);
      return value;
    }),
  );
  const onAbort = () => cancel(signal!.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  cancels?.add(cancel);
  try {
    const results = await Promise.all(finished);
    if (parts.length === 0) onProgress?.(1);
    return results;
  } catch (error) {
    cancel(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    cancels?.delete(cancel);
  }
}

/** The sum of the parts, 1 when all are done. A job that is done again after a worker's death reports less than before: the sum never falls all the same. */
function progress(parts: readonly { share: number }[], onProgress: Control['onProgress']) {
  if (!onProgress) return () => {};
  const total = parts.reduce((sum, { share }) => sum + share, 0) || 1;
  const fractions = parts.map(() => 0);
  let [done, left, last] = [0, parts.length, 0];
  return (index: number, fraction: number) => {
    // One term changes; to add them all up anew would take the square of the number of parts.
    done += parts[index]!.share * (fraction - fractions[index]!);
    left += Number(fractions[index] === 1) - Number(fraction === 1);
    fractions[index] = fraction;
    // Rounding must not keep the end from being 1, nor anything before it from being less.
    const next = left === 0 ? 1 : Math.min(1 - Number.EPSILON, done / total);
    if (next > last) onProgress((last = next));
  };
}
