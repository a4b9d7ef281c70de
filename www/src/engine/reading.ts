/** A file as the engine reads it: by ranges, as little as is wanted, from wherever it is. */
import { QkscopeError } from './error.ts';

/** How reading is limited, stopped and watched. */
export interface Reading {
  maxBytes: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((fraction: number) => void) | undefined;
}

/** A range of a file. */
export interface Stretch {
  offset: number;
  length: number;
}

/** A file, some of which may be elsewhere. */
export interface Source {
  /** The size of the file, in bytes. */
  readonly size: number;
  /** Its beginning, as far as it is here: all of a Blob. */
  readonly head: Blob;
  /** Of a file at an address: whether its host answers by ranges. */
  readonly ranged: boolean | undefined;
  /** Makes the head at least `end` bytes long. */
  extend(end: number, reading: Reading): Promise<void>;
  /** Some of its bytes, which need not be in memory yet. */
  read(stretch: Stretch, reading: Reading): Promise<Blob>;
}

/** A file that is here as a whole. */
export class Local implements Source {
  readonly head: Blob;
  readonly ranged: boolean | undefined;

  constructor(blob: Blob, ranged?: boolean) {
    this.head = blob;
    this.ranged = ranged;
  }

  get size(): number {
    return this.head.size;
  }

  async extend(): Promise<void> {}

  async read({ offset, length }: Stretch): Promise<Blob> {
    return this.head.slice(offset, offset + length);
  }
}

/** Refuses what is larger than may be read at once. */
export function checkSize(subject: string, size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  const message = `${subject} has ${size} bytes or more, and at most ${maxBytes} are read at once (option maxBytes)`;
  throw new QkscopeError('limit', subject, `at most ${maxBytes} bytes`, `${size} bytes`, message);
}
