// How much memory wasm modules have: every memory that is made while this is installed is counted. A wasm memory never
// shrinks, so what it has after a call is the most that it had.

/** @type {Set<WebAssembly.Memory>} */
const memories = new Set();

const { Memory, Instance, instantiate, instantiateStreaming } = WebAssembly;

/** Notes what an instance exports. Modules that are handed a memory are noticed where it is made. */
function note(instance) {
  for (const item of Object.values(instance.exports)) if (item instanceof Memory) memories.add(item);
  return instance;
}

const constructing = (kind, noted) =>
  new Proxy(kind, { construct: (target, args, self) => noted(Reflect.construct(target, args, self)) });

const noteResult = async (result) => {
  const made = await result;
  note(made.instance ?? made);
  return made;
};

Object.assign(WebAssembly, {
  Instance: constructing(Instance, note),
  Memory: constructing(Memory, (memory) => {
    memories.add(memory);
    return memory;
  }),
  instantiate: (source, imports) => noteResult(instantiate(source, imports)),
  instantiateStreaming: (source, imports) => noteResult(instantiateStreaming(source, imports)),
});

/** Bytes of all memories together. */
export const memoryBytes = () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
