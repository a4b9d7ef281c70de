/** What the pool and an instance of the kernel say to each other: types, and which module a job needs. */
import type { PlainError } from './error.ts';
import type { Assignment } from './api.ts';
import { homes } from './homes.ts';
import type { Shape4 } from './tensor.ts';

/** An array that crosses the border of the kernel. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint16Array | Uint8Array;

/** A question to the kernel, as `flat.ts` writes it. */
export interface Flat {
  readonly numbers: readonly number[];
  readonly arrays: readonly Numbers[];
}

/** Everything that a module needs to open a session. The pool keeps it, so that a new worker can take over. */
export interface Problem extends Flat {
  id: number;
  /** Of query, key and value; without values there is no output. */
  shapes: { query: Shape4; key: Shape4; value: Shape4 | undefined };
}

/** A grid, and the pixels that it is drawn with. */
export interface Canvas {
  rows: number;
  columns: number;
  width: number;
  height: number;
  /** The place of the colour map, low, high, and the two colours as RGBA. */
  palette: readonly number[];
}

/** A picture; pixels, RGBA, where a lane has no canvas of its own. */
export type Painted = ImageBitmap | Uint8Array;

/** A projection's rows, of `width` numbers each. */
interface Projected {
  projection: Float32Array | undefined;
  width: number;
}

/** What is asked of layers (`layer` numbers each in one array), of values and of outputs. */
export type Diagnosis =
  | {
      name: 'rollout' | 'flow';
      weights: Float32Array;
      layer: number;
      tokens: number;
      residual: boolean;
      normalize: boolean;
    }
  | ({ name: 'valueNorms'; values: Float32Array; keys: number; size: number } & Projected)
  | { name: 'valueWeightedNorms'; weights: Float32Array; norms: Float32Array }
  | { name: 'compareWeights'; weights: Float32Array; other: Float32Array; rows: number; keys: number }
  | ({ name: 'headImportance'; outputs: Float32Array; heads: number; queries: number; size: number } & Projected);

/** The modules in which problems are open: the kernel, and the one that answers for whole heads and layers. */
export type SessionModule = 'kernel' | 'layers';

/** The modules by name. The kernel starts with the instance; the others come with the first job that needs them. */
export type ModuleName = SessionModule | 'files';

/** The module that does what each would: another one where some are joined. */
export type Homes = { readonly [name in ModuleName]: ModuleName };

/** A compiled module and which it is. */
export interface NamedModule {
  name: ModuleName;
  module: WebAssembly.Module;
}

/** Work for one instance. */
export type Job =
  /** Opens the problem that comes with the job; its errors are the problem's. */
  | { kind: 'open'; module: SessionModule; session: number }
  | ({ kind: 'task'; module: SessionModule; session: number } & Flat)
  /** A task whose numbers are painted where they were computed, which spares their way there and back. */
  | ({ kind: 'picture'; module: SessionModule; session: number; canvas: Canvas } & Flat)
  /**
   * `head` is the beginning of the file, which has `size` bytes, as far as it is here; at most `most` bytes of it are read
   * into memory at once.
   */
  | { kind: 'parse'; head: Blob; size: number; most: number }
  /** `bytes` are those of the entry alone, which is given as JSON. */
  | { kind: 'tensor'; bytes: Blob; length: number; entry: string; most: number }
  /** The capture's lists as JSON. */
  | {
      kind: 'assign';
      tensors: string;
      queryTokens: string | undefined;
      keyTokens: string | undefined;
      assignment: Assignment;
    }
  | ({ kind: 'diagnose' } & Flat)
  | { kind: 'paint'; values: Float32Array; canvas: Canvas };

/** Whether a job is done in slices, with a report after each. */
export function isSliced({ kind }: Job): boolean {
  return kind === 'task' || kind === 'picture' || kind === 'diagnose';
}

/** The module that each kind of job needs which does not say so itself. */
const MODULE_OF: { readonly [kind in Exclude<Job, { module: ModuleName }>['kind']]: ModuleName } = {
  diagnose: 'layers',
  paint: 'kernel',
  parse: 'files',
  tensor: 'files',
  assign: 'files',
};

/** The module that a job needs. */
export function moduleOf(job: Job): ModuleName {
  return homes['module' in job ? job.module : MODULE_OF[job.kind]];
}

/** What each kind of job results in. */
export interface Results {
  open: null;
  task: Numbers[];
  picture: { values: Float32Array; painted: Painted };
  /** A capture as JSON, or how many bytes the head has to have. */
  parse: string | number;
  tensor: Float32Array;
  /** A layer as JSON. */
  assign: string;
  diagnose: Numbers[];
  paint: Painted;
}

/** Pool to instance. */
export type Request =
  | { kind: 'start'; module: WebAssembly.Module }
  /** `module` and `problem` come along when this instance has not seen the job's module yet, or the problem not in it. */
  | {
      kind: 'run';
      id: number;
      job: Job;
      urgent: boolean;
      problem: Problem | undefined;
      module: NamedModule | undefined;
    }
  | { kind: 'abort'; id: number }
  | { kind: 'close'; session: number };

/** Instance to pool. Every `run` is answered by exactly one of `result`, `failure`, `aborted` or `broken`. */
export type Reply =
  | { kind: 'ready' }
  | { kind: 'progress'; id: number; fraction: number }
  | { kind: 'result'; id: number; value: Results[keyof Results] }
  /** A typed error: the instance is well, and the next job will be correct. */
  | { kind: 'failure'; id: number; error: PlainError }
  | { kind: 'aborted'; id: number }
  /** A trap: nothing that this instance holds can be trusted. `id` is the job that met it; -1: the start. */
  | { kind: 'broken'; id: number; message: string };
