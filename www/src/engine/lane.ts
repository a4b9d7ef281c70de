/** One instance of the kernel as the pool sees it: a worker of its own, or a host on the main thread. */
import * as glue from '../generated/qkscope.js';
import workerSource from '../generated/worker-source.ts';
import { messageOf } from './error.ts';
import { Host } from './jobs.ts';
import type { Problem, Reply, Request } from './protocol.ts';
import { breathe } from './slices.ts';

/** How long a worker may take to say that it is ready, in milliseconds. */
const START = 5_000;

/** A problem with more numbers than this is copied in pieces: the page stands still while one message is copied. */
const PIECE = 2 ** 18;

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
 * A worker from the source that this script carries: it works from any origin, in a sandboxed frame and offline.
 * Rejects where the page's policy forbids it, which browsers report in three ways: by throwing, by an error event
 * later, or not at all.
 */
export async function startWorker(module: WebAssembly.Module, ears: Ears): Promise<Link> {
  const worker = createWorker();
  const link: Link = {
    post: (request) => post(request),
    close: () => {
      worker.onmessage = worker.onerror = worker.onmessageerror = null;
      worker.terminate();
    },
  };
  const end = (message: string) => {
    link.close();
    ears.death(message);
  };
  const post = inOrder((request, transfer) => worker.postMessage(request, transfer), end);
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

/** Sends requests in their order; a large problem is copied between other work of this thread, and then moved. */
function inOrder(
  send: (request: Request, transfer: Transferable[]) => void,
  fail: (message: string) => void,
): Link['post'] {
  let last: Promise<void> | undefined;
  return (request) => {
    // Room is made at once: the caller hears where there is none.
    const large = request.kind === 'run' && request.problem ? copyOf(request.problem) : undefined;
    if (!large && !last) return send(request, []);
    const turn = Promise.resolve(last)
      .then(() => large?.fill())
      .then(() => (large ? send({ ...request, problem: large.problem } as Request, large.buffers) : send(request, [])))
      .catch((error: unknown) => fail(messageOf(error)))
      .then(() => {
        if (last === turn) last = undefined;
      });
    last = turn;
  };
}

/** Room for a copy of a problem, and what fills it; undefined for a small one. */
function copyOf(problem: Problem) {
  const { query, key, value } = problem;
  if (query.length + key.length + (value?.length ?? 0) <= PIECE) return undefined;
  const rooms: [from: Float32Array, to: Float32Array][] = [];
  const roomFor = (from: Float32Array): Float32Array => {
    const to = new Float32Array(from.length);
    rooms.push([from, to]);
    return to;
  };
  const copy: Problem = { ...problem, query: roomFor(query), key: roomFor(key), value: value && roomFor(value) };
  const fill = async (): Promise<void> => {
    for (const [from, to] of rooms) {
      for (let at = 0; at < from.length; at += PIECE, await breathe()) to.set(from.subarray(at, at + PIECE), at);
    }
  };
  return { problem: copy, buffers: rooms.map(([, to]) => to.buffer as ArrayBuffer), fill };
}

/** The same host on this thread. Rejects where the kernel cannot be started. */
export async function startMain(module: WebAssembly.Module, ears: Ears): Promise<Link> {
  let closed = false;
  let starting: Reply | undefined;
  const host = new Host(glue, (reply) => {
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

function hear(reply: Reply, ears: Ears, end: (message: string) => void): void {
  ears.reply(reply);
  if (reply.kind === 'broken') end(reply.message);
}

function ready(worker: Worker, module: WebAssembly.Module): Promise<void> {
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
    worker.postMessage({ kind: 'start', module } satisfies Request);
  });
}

/** Classic, not a module: a module worker from a Blob fails in a sandboxed frame. */
function createWorker(): Worker {
  const address = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  try {
    return new Worker(trusted(address));
  } catch (error) {
    throw new Error(`the page forbids workers: ${messageOf(error)}`);
  } finally {
    // After the start of the fetch, which the constructor begins.
    setTimeout(() => URL.revokeObjectURL(address), START);
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}
let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/** Under Trusted Types a worker's address has to come from a policy; ours is named `qkscope`. */
function trusted(address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy('qkscope', { createScriptURL: (url) => url });
  return policy ? policy.createScriptURL(address) : address;
}
