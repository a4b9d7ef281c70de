// What the visitor points with: texts that say what a hand can do differ where it is a finger.

/** Whether the first pointer of the device is a finger. */
export function isTouch(): boolean {
  return matchMedia('(pointer: coarse)').matches;
}
