// What comes in its time.

import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until the answer is one, and resolves with it.
 *
 * @template T
 * @param {() => Promise<T>} ask
 * @param {string} missing said where none comes.
 * @param {number} patience in milliseconds.
 */
export async function eventually(ask, missing, patience) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${missing}, after ${patience / 1000} s`);
    await sleep(40);
  }
}
