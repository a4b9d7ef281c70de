// How pages without a build are opened, and those that Vite serves.

export const ALL = /** @type {const} */ (['chromium', 'firefox', 'webKit']);

/** The folder of the project itself. */
export const plain = { folder: '.', browsers: ALL };

/** A policy that does not let WebAssembly in. */
export const noWasm = { without: " 'wasm-unsafe-eval'", refused: /add 'wasm-unsafe-eval' to its script-src/ };

export const vite = { server: 'npx vite', says: /(http:\/\/localhost:\d+\/)/ };
