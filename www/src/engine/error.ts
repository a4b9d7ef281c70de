/** The one class of error, and its form on the wire. */

/**
 * What went wrong, for programs.
 *
 * - `tensor`: not a Float32Array (a mask: Uint8Array) over ordinary memory.
 * - `shape`: a shape does not fit its data, or another tensor's.
 * - `parameter`: an option's value breaks its rule, or there is no such option.
 * - `unknown`: a name that no list holds, or a part that is not there.
 * - `limit`: larger than a stated limit; nothing was allocated.
 * - `out_of_memory`: the memory asked for was refused.
 * - `source`: a file or address cannot be read.
 * - `changed`: a file at an address is another one than when it was opened: open it anew.
 * - `freed`: the map was freed before.
 * - `unsupported`: this browser lacks something (SIMD in WebAssembly, ImageData).
 * - `wasm`: the kernel or the reader of files cannot be loaded or started: missing, corrupt, or forbidden by the page's
 *   policy.
 * - `worker`: the kernel failed twice on this job. Other jobs go on.
 * - `breaker`: the kernel failed three times in a row; all jobs are refused until `configure()` is called.
 * - and of files: `unknown_format` (no reader knows its first bytes), `truncated`, `malformed`, `duplicate` (two things of one
 *   name), `layout` (bytes that overlap or leave a hole), `size` (bytes against shape and type), `number` (none, or out of
 *   range), `ragged` (rows of different lengths), `checksum`, `count` (as many tokens as positions).
 */
export type ErrorCode =
  | 'tensor'
  | 'shape'
  | 'parameter'
  | 'unknown'
  | 'limit'
  | 'out_of_memory'
  | 'source'
  | 'changed'
  | 'freed'
  | 'unsupported'
  | 'wasm'
  | 'worker'
  | 'breaker'
  | 'unknown_format'
  | 'truncated'
  | 'malformed'
  | 'duplicate'
  | 'layout'
  | 'size'
  | 'number'
  | 'ragged'
  | 'checksum'
  | 'count'
  | (string & Record<never, never>);

/** The parts of an error that cross from a worker. */
export interface PlainError {
  code: string;
  subject: string;
  expected: string;
  found: string;
  message: string;
}

/** Every refusal and failure of qkscope. `message` is one readable sentence; the parts are for programs. */
export class QkscopeError extends Error {
  override readonly name = 'QkscopeError';
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** The offending thing: `key`, `temperature`, a file's or a tensor's name. */
  readonly subject: string;
  /** What it should have been. */
  readonly expected: string;
  /** What it was. */
  readonly found: string;

  constructor(code: ErrorCode, subject: string, expected: string, found: string, message?: string) {
    super(message ?? `${subject} must be ${expected}, not ${found}`);
    this.code = code;
    this.subject = subject;
    this.expected = expected;
    this.found = found;
  }
}

/** The error's parts, or undefined when it is not one of ours: then the instance that threw it is broken. */
export function plain(error: unknown): PlainError | undefined {
  const parts = error as Partial<PlainError> & { name?: string };
  if (parts?.name !== 'QkscopeError') return undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    code: text(parts.code),
    subject: text(parts.subject),
    expected: text(parts.expected),
    found: text(parts.found),
    message: text(parts.message),
  };
}

/** The error again, on the side of the caller. */
export function revive({ code, subject, expected, found, message }: PlainError): QkscopeError {
  return new QkscopeError(code, subject, expected, found, message);
}

/** What a thrown thing says about itself; anything can be thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** A value as a short text for `found`: never throws, never long. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(show).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  return Object.prototype.toString.call(value).slice(8, -1);
}
