// A function of the tests as an expression for the page, and its answer back: both go as text.

/** The call of `work` with an argument that JSON can carry. */
export function call(work, argument) {
  const given = argument === undefined ? '' : JSON.stringify(argument);
  return `(async () => JSON.stringify(await (${work})(${given})))()`;
}

/** What the call above resolves with. */
export const parse = (answer) => (typeof answer === 'string' ? JSON.parse(answer) : undefined);
