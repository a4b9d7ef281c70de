/** A worker's entry. The build bundles it into one classic script, which the pool starts from a Blob. */
import { glues } from './glues.ts';
import { Host } from './jobs.ts';
import type { Request } from './protocol.ts';

/** The few members of DedicatedWorkerGlobalScope used here; its types do not go with the page's in one program. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const host = new Host(glues, (reply) =>
  scope.postMessage(reply, reply.kind === 'result' ? transferables(reply.value) : []),
);
scope.onmessage = ({ data }) => host.receive(data);

/** The buffers of a result: they are the caller's alone, so they move instead of being copied. */
function transferables(value: unknown, into = new Set<Transferable>()): Transferable[] {
  if (typeof ImageBitmap === 'function' && value instanceof ImageBitmap) into.add(value);
  else if (ArrayBuffer.isView(value)) into.add(value.buffer as ArrayBuffer);
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) transferables(part, into);
  return [...into];
}
