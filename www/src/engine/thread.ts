/** Where workers come from: the browser's own, or threads of Node behind the same members. */
import workerSource from '../generated/worker-source.ts';
import { messageOf } from './error.ts';

/** What the pool uses of a worker. */
export interface Thread extends Pick<Worker, 'onmessage' | 'onerror' | 'onmessageerror' | 'terminate'> {
  postMessage(message: unknown, moved: ArrayBuffer[]): void;
}

/** How long the browser has to fetch a worker's script from memory, in milliseconds. */
const FETCH = 5_000;

/** The part of `node:worker_threads` that is used here. */
interface NodeWorkers {
  Worker: new (source: string, options: { eval: true; execArgv: string[] }) => NodeWorker;
}
interface NodeWorker {
  on(event: 'message' | 'error' | 'messageerror', listener: (value: unknown) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
  postMessage(message: unknown, moved: readonly ArrayBuffer[]): void;
  terminate(): Promise<number>;
  unref(): void;
}
interface NodeProcess {
  getBuiltinModule?(name: 'node:worker_threads'): NodeWorkers | undefined;
}

/** Whether there are workers of the browser's kind. */
export const hasWorkers = (): boolean => typeof Worker === 'function' && typeof URL.createObjectURL === 'function';

/** Whether there are any at all. A page may still forbid them. */
export const canThread = (): boolean => hasWorkers() || nodeWorkers() !== undefined;

/** Starts a worker from the source that this script carries: it works from any origin, in a sandboxed frame and offline. */
export function createThread(): Thread {
  return hasWorkers() ? createWorker() : new NodeThread(nodeWorkers()!);
}

/** Node only: no import, so that bundlers for browsers find nothing to resolve. */
function nodeWorkers(): NodeWorkers | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  return process?.getBuiltinModule?.('node:worker_threads');
}

/** Classic, not a module: a module worker from a Blob fails in a sandboxed frame. */
function createWorker(): Thread {
  const address = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  try {
    return new Worker(trusted(address));
  } catch (error) {
    throw new Error(`the page forbids workers: ${messageOf(error)}`);
  } finally {
    // After the start of the fetch, which the constructor begins.
    setTimeout(() => URL.revokeObjectURL(address), FETCH);
  }
}

/** What a worker of a browser finds in its global scope. */
const SCOPE = `const { parentPort } = require('node:worker_threads');
globalThis.postMessage = (message, moved) => parentPort.postMessage(message, moved);
parentPort.on('message', (data) => globalThis.onmessage({ data }));
`;

/** A thread of Node. It keeps no process alive: the pool's clocks do that, as long as there is work. */
class NodeThread implements Thread {
  onmessage: Thread['onmessage'] = null;
  onerror: Thread['onerror'] = null;
  onmessageerror: Thread['onmessageerror'] = null;
  readonly #worker: NodeWorker;

  constructor({ Worker }: NodeWorkers) {
    // Flags of the process (`--input-type=module`) would change what kind of script this is.
    this.#worker = new Worker(SCOPE + workerSource, { eval: true, execArgv: [] });
    this.#worker.on('message', (data) => this.#tell('onmessage', { data }));
    this.#worker.on('messageerror', (data) => this.#tell('onmessageerror', { data }));
    this.#worker.on('error', (error) => this.#fail(messageOf(error)));
    this.#worker.on('exit', (code) => this.#fail(`the thread ended with ${code}`));
    // At last: to listen holds the process again.
    this.#worker.unref();
  }

  postMessage(message: unknown, moved: ArrayBuffer[]): void {
    this.#worker.postMessage(message, moved);
  }

  terminate(): void {
    void this.#worker.terminate();
  }

  #fail(message: string): void {
    this.#tell('onerror', { message, preventDefault() {} });
  }

  /** As the browser calls it, with the members of the event that anyone reads. */
  #tell(name: 'onmessage' | 'onerror' | 'onmessageerror', event: object): void {
    (this[name] as ((event: object) => void) | null)?.(event);
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
