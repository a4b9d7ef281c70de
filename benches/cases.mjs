// What is timed. Cases are data: the runner times them, and a test runs each once on a small problem.

/** Against which every other case's time is a ratio. */
export const BASE = 'scaled_dot, softmax';

/**
 * Every member of the kernel's lists, one at a time in an otherwise plain problem.
 *
 * @param {any} catalog the kernel's lists, as the package has them
 * @returns {{ name: string, why: string, options: object }[]}
 */
export function members({ scores, normalizers, positions }) {
  const base = { name: BASE, why: 'what the others are compared with', options: {} };
  const one = (list, key) =>
    list.map(({ id }) => ({ name: `${key} ${id}`, why: 'one member of the list', options: { [key]: id } }));
  return [base, ...one(scores, 'score'), ...one(normalizers, 'normalizer'), ...one(positions, 'position')];
}
