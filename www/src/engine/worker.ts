/** A worker's entry. The build bundles it into one classic script, which the pool starts from a Blob. */
import * as glue from '../generated/qkscope.js';
import { Host } from './jobs.ts';
import type { Request } from './protocol.ts';

/** The few members of DedicatedWorkerGlobalScope used here; its types do not go with the page's in one program. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const host = new Host(glue, (reply, transfer) => scope.postMessage(reply, transfer));
scope.onmessage = ({ data }) => host.receive(data);
