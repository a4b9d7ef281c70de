/** One instance of the kernel as the pool sees it: a worker of its own, or a host on the main thread. */
import { glues } from './glues.ts';
import { Host } from './jobs.ts';
import type { Numbers, Reply, Request } from './protocol.ts';
import { createThread } from './thread.ts';
import type { Thread } from './thread.ts';

/** How long a worker may take to say that it is ready, in milliseconds. */
const START = 5_000;

/** What the pool wants to hear. `death` comes at most once, and nothing after it. */
export interface Ears {
  reply(reply: Reply): void;
  death(message: string): void;
}

export interface Link {
  post(request: Request): void;
  /** Ends it at once; nothing is heard from it afterwards. */
  close(): void;
}

/**
 * A worker of its own. Rejects where the page's policy forbids it, which browsers report in three ways: by throwing, by an error event
 * later, or not at all.
 */
export async function startWorker(module: WebAssembly.Module, ears: Ears): Promise<Link> {
  const worker = createThread();
  const link: Link = {
    post: (request) => worker.postMessage(...handedOver(request)),
    close: () => {
      worker.onmessage = worker.onerror = worker.onmessageerror = null;
      worker.terminate();
    },
  };
  const end = (message: string) => {
    link.close();
    ears.death(message);
  };
  try {
    await ready(worker, module);
  } catch (error) {
    link.close();
    throw error;
  }
  worker.onmessage = ({ data }: MessageEvent<Reply>) => hear(data, ears, end);
  worker.onerror = (event) => {
    event.preventDefault();
    end(event.message || 'the worker failed');
  };
  worker.onmessageerror = () => end('a message of the worker could not be read');
  return link;
}

/** The same host on this thread. Rejects where the kernel cannot be started. */
export async function startMain(module: WebAssembly.Module, ears: Ears): Promise<Link> {
  let closed = false;
  let starting: Reply | undefined;
  const host = new Host(glues, (reply) => {
    starting ??= reply;
    // Later, as from a worker: an answer never comes before the question has returned.
    queueMicrotask(() => {
      if (!closed && reply.kind !== 'ready') hear(reply, ears, ears.death);
    });
  });
  const link: Link = {
    post: (request) => host.receive(request),
    close: () => {
      closed = true;
      host.stop();
    },
  };
  host.receive({ kind: 'start', module });
  if (starting?.kind !== 'broken') return link;
  link.close();
  throw new Error(starting.message);
}

/**
 * A request, and what moves with it: copies of a problem's arrays. A browser that copies a message itself does so twice, once
 * to write it down and once in the worker. Arrays of one buffer are copied as one.
 */
function handedOver(request: Request): [Request, ArrayBuffer[]] {
  if (request.kind !== 'run' || !request.problem) return [request, []];
  const copies = new Map<ArrayBufferLike, ArrayBuffer>();
  const arrays = request.problem.arrays.map((array) => {
    const copy = copies.get(array.buffer) ?? copyOf(array.buffer);
    copies.set(array.buffer, copy);
    return new (array.constructor as ArrayKind)(copy, array.byteOffset, array.length);
  });
  return [{ ...request, problem: { ...request.problem, arrays } }, [...copies.values()]];
}

type ArrayKind = new (buffer: ArrayBuffer, byteOffset: number, length: number) => Numbers;

function copyOf(buffer: ArrayBufferLike): ArrayBuffer {
  const copy = new ArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

function hear(reply: Reply, ears: Ears, end: (message: string) => void): void {
  ears.reply(reply);
  if (reply.kind === 'broken') end(reply.message);
}

function ready(worker: Thread, module: WebAssembly.Module): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (message: string) => {
      clearTimeout(timer);
      reject(new Error(message));
    };
    // Once more round the event loop: a page that was busy for as long has the answer waiting.
    const timer = setTimeout(() => setTimeout(fail, 0, 'the worker did not answer'), START);
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.kind === 'broken') return fail(data.message);
      clearTimeout(timer);
      resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message || 'the worker could not start');
    };
    worker.onmessageerror = () => fail('the worker could not read the module');
    worker.postMessage({ kind: 'start', module } satisfies Request, []);
  });
}
