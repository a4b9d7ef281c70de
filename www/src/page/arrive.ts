// How the parts of the script are asked for: the build puts every `import()` of one into a call of `arrive`.
//
// Firefox remembers for good that a module could not be fetched, as the HTML standard had it for long: the next try has to be at another
// address. A part that has arrived stays at the address where it did, so that there is one of it. What several parts share has one
// address: where that is lost, Firefox needs a reload.

const turns = new Map<string, number>();

async function arrive(name: string, fetch: (turn: string) => Promise<unknown>): Promise<unknown> {
  const turn = turns.get(name) ?? 0;
  try {
    return await fetch(turn > 0 ? `?${turn}` : '');
  } catch (error) {
    turns.set(name, turn + 1);
    throw error;
  }
}

Object.assign(globalThis, { arrive });
