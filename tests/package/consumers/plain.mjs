// How pages without a build are opened, and those that Vite serves.

export const ALL = /** @type {const} */ (['chromium', 'firefox', 'webKit']);

/** The folder of the project itself. */
export const plain = { folder: '.', browsers: ALL };

/** A policy that does not let WebAssembly in. */
export const noWasm = { without: " 'wasm-unsafe-eval'", refused: /add 'wasm-unsafe-eval' to its script-src/ };

/** What was built, and while it is written. */
export const nextJs = (shown) =>
  ['npx next start', 'npx next dev'].map((server) => ({ server, says: /(http:\/\/localhost:\d+)/, ...shown }));

export const vite = { server: 'npx vite', says: /(http:\/\/localhost:\d+\/)/ };
