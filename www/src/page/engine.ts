// The engine, for what is there from the start: it is fetched while the page is already read, and what is asked of it meanwhile waits.
// Where it did not arrive, the next question fetches it again.
// What comes later, sections and their like, imports the engine itself.

// Before the first part is asked for.
import './arrive.ts';
import { catalog } from '../generated/catalog.ts';

export { QkscopeError } from '../engine/error.ts';
export type * from '../engine/index.ts';

type Engine = typeof import('../engine/index.ts');

const engine = (): Promise<Engine> => import('../engine/index.ts');
// Whoever asks hears that it did not come.
engine().catch(() => undefined);

export const openAttention: Engine['openAttention'] = async (...asked) => (await engine()).openAttention(...asked);
export const openCapture: Engine['openCapture'] = async (...asked) => (await engine()).openCapture(...asked);
export const paint: Engine['paint'] = async (...asked) => (await engine()).paint(...asked);

/** As the engine's own. */
export const statusNames: Engine['statusNames'] = catalog.statuses.map(({ id }) => id);
