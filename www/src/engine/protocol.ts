/** What the pool and an instance of the kernel say to each other. Types and nothing else. */
import type { PlainError } from './error.ts';
import type { Assignment } from './api.ts';
import type {
  RawAssignable,
  RawCapture,
  RawLayer,
  RawLayerRequest,
  RawLimits,
  RawPalette,
  RawProblem,
  RawRequest,
  RawTensor,
} from './raw.ts';

/** Everything that an instance needs to open a session. The pool keeps it, so that a new worker can take over. */
export interface Problem {
  id: number;
  query: Float32Array;
  key: Float32Array;
  value: Float32Array | undefined;
  raw: RawProblem;
}

/** Numbers to be drawn, and how. */
export interface Picture {
  values: Float32Array;
  rows: number;
  columns: number;
  width: number;
  height: number;
  palette: RawPalette;
}

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
  | ({ name: 'headImportance'; outputs: Float32Array; heads: number; queries: number; size: number } & Projected);

/** Work for one instance. */
export type Job =
  /** Opens the problem that comes with the job; its errors are the problem's. */
  | { kind: 'open'; session: number }
  | { kind: 'task'; session: number; request: RawRequest | RawLayerRequest }
  /** `head` is the beginning of the file, which has `size` bytes, as far as it is here. */
  | { kind: 'parse'; head: Blob; size: number; limits: RawLimits }
  /** `bytes` are those of the entry alone. */
  | { kind: 'tensor'; bytes: Blob; entry: RawTensor; limits: RawLimits }
  | { kind: 'assign'; capture: RawAssignable; assignment: Assignment }
  | { kind: 'diagnose'; diagnosis: Diagnosis }
  | { kind: 'paint'; picture: Picture };

/** What each kind of job results in. */
export interface Results {
  open: null;
  task: object;
  /** Or how many bytes the head has to have. */
  parse: RawCapture | { wanted: number };
  tensor: Float32Array;
  assign: RawLayer;
  diagnose: { values: Float32Array | Float64Array };
  /** Pixels, RGBA, where the worker has no canvas of its own. */
  paint: ImageBitmap | Uint8Array;
}

/** Pool to instance. */
export type Request =
  | { kind: 'start'; module: WebAssembly.Module }
  /** `problem` comes along when this instance has not seen the job's session yet. */
  | { kind: 'run'; id: number; job: Job; urgent: boolean; problem: Problem | undefined }
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
