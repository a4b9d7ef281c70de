// This package, through its public API.

/**
 * A copy of the package for itself: one that shares no state with another build of the same page.
 *
 * @param {string} script address of the package's entry.
 * @param {string} name tells the copies apart.
 * @param {{ module: WebAssembly.Module, workers: number }} configuration
 */
export async function openPackage(script, name, configuration) {
  const api = await import(`${script}?${encodeURIComponent(name)}`);
  api.configure(configuration);
  return api;
}

const tensors = ({ shape: { heads, kvHeads, n, m, d, dv }, q, k, v }) => [
  { shape: [heads, n, d], data: q },
  { shape: [kvHeads, m, d], data: k },
  { shape: [kvHeads, m, dv], data: v },
];

/** One call does all: copies the inputs in, computes, copies the output out. */
export function prepareCall(api, problem) {
  const inputs = tensors(problem);
  return { run: async () => (await api.attention(...inputs, problem.options)).output.data };
}

/** Inputs are copied in beforehand, once. */
export async function prepareOpen(api, problem) {
  const map = await api.openAttention(...tensors(problem), problem.options);
  return { run: async () => (await map.output()).data, dispose: () => map.free() };
}

/** Whether `attention()` knows an option; it refuses by name those that it does not. */
export async function knows(api, option) {
  const one = { shape: [1, 1], data: new Float32Array(1) };
  try {
    await api.attention(one, one, one, { [option]: true });
    return true;
  } catch (error) {
    if (error.code === 'parameter' && error.message.includes(option)) return false;
    throw error;
  }
}
