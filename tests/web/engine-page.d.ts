// What engine.mjs puts into the page, for functions that run there.

declare var qk: typeof import('../../pkg/dist/index.js');
/** Every worker that the page started, `alive` until it is terminated. */
declare var workers: (Worker & { alive: boolean })[];
/** Code to put in front of worker number `index`; undefined leaves it alone. */
declare var infect: (index: number) => string | undefined;
declare var trapAt: (step: number, once?: boolean) => string;
declare var tensor: (shape: number[], seed?: number) => { data: Float32Array; shape: number[] };
/** Equal for arrays that are equal bit for bit. */
declare var digest: (tensor: { data: Float32Array }) => number;
declare var caught: (promise: Promise<unknown>) => Promise<any>;
declare var compute: (options?: import('../../pkg/dist/index.js').AttentionOptions) => Promise<number>;
declare var long: { data: Float32Array; shape: number[] };
declare var running: Promise<number>;
declare var map: import('../../pkg/dist/index.js').AttentionMap;
