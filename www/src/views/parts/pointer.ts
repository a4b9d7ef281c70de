// What the visitor points with: texts that say what a hand can do differ where it is a finger.

/** Whether the first pointer of the device is a finger. Modules ask while they load, in Node as well, where pages are rendered ahead. */
export function isTouch(): boolean {
  return globalThis.matchMedia?.('(pointer: coarse)').matches ?? false;
}
