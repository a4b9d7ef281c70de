// The benchmark's own wasm modules, written as text: what a core can do at most, and a plain loop over keys.

import binaryen from 'binaryen';

/** How many independent sums the search for the peak tries: enough to hide latency, few enough to stay in registers. */
export const ACCUMULATORS = [8, 9, 10, 11, 12, 13, 14];
/** How often a turn of the loop does each sum, so that the loop itself costs next to nothing. */
const UNROLLED = 8;
/** Of a vector of four numbers: a product and a sum for each. */
const FLOPS = 8;

const KINDS = {
  simd128: (x) => `(f32x4.add (f32x4.mul ${x} (local.get $by)) (local.get $plus))`,
  relaxed: (x) => `(f32x4.relaxed_madd ${x} (local.get $by) (local.get $plus))`,
};

/**
 * Modules that do nothing but multiply and add in registers.
 *
 * @returns {Record<string, { accumulators: number, flops: number, bytes: Uint8Array<ArrayBuffer> }[]>} by kind; `flops` of one turn.
 */
export function peakModules() {
  const list = (kind) =>
    ACCUMULATORS.map((accumulators) => ({
      accumulators,
      flops: accumulators * UNROLLED * FLOPS,
      bytes: assemble(peak(accumulators, KINDS[kind])),
    }));
  return { simd128: list('simd128'), relaxed: list('relaxed') };
}

/** x ← x · by + plus for each of the sums; their total comes out, so that no compiler can leave them away. */
function peak(accumulators, multiplyAdd) {
  const names = Array.from({ length: accumulators }, (_, index) => `$x${index}`);
  const turn = names.map((name) => `(local.set ${name} ${multiplyAdd(`(local.get ${name})`)})`).join('\n');
  const start = names.map((name, index) => `(local.set ${name} (v128.const f32x4 ${index} 1 2 3))`).join('\n');
  const total = names.map((name) => `(local.get ${name})`).reduce((sum, x) => `(f32x4.add ${sum} ${x})`);
  return `(module (func (export "run") (param $turns i32) (param $factor f32) (param $term f32) (result f32)
    (local $by v128) (local $plus v128) ${names.map((name) => `(local ${name} v128)`).join(' ')}
    (local.set $by (f32x4.splat (local.get $factor)))
    (local.set $plus (f32x4.splat (local.get $term)))
    ${start}
    (loop $again
      ${Array(UNROLLED).fill(turn).join('\n')}
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (f32x4.extract_lane 0 ${total})))`;
}

/**
 * One query over `m` keys: `scores` writes q·k · scale for each and returns the largest, `sums` adds up weights · values.
 * Offsets are in bytes; `d` and `dv` are multiples of 4.
 */
export const loopModule = () => assemble(LOOP);

const LOOP = `(module
  (memory (export "memory") 1)
  (func (export "scores") (param $q i32) (param $k i32) (param $out i32) (param $m i32) (param $d i32) (param $scale f32)
    (result f32) (local $max f32) (local $c i32) (local $sum v128) (local $s f32)
    (local.set $max (f32.const -inf))
    (local.set $d (i32.shl (local.get $d) (i32.const 2)))
    (loop $keys
      (local.set $sum (v128.const f32x4 0 0 0 0))
      (local.set $c (i32.const 0))
      (loop $along
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul
          (v128.load (i32.add (local.get $q) (local.get $c)))
          (v128.load (i32.add (local.get $k) (local.get $c))))))
        (br_if $along (i32.lt_u (local.tee $c (i32.add (local.get $c) (i32.const 16))) (local.get $d))))
      (local.set $s (f32.mul (local.get $scale) (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum)) (f32x4.extract_lane 1 (local.get $sum)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum)) (f32x4.extract_lane 3 (local.get $sum))))))
      (f32.store (local.get $out) (local.get $s))
      (local.set $max (f32.max (local.get $max) (local.get $s)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (local.set $k (i32.add (local.get $k) (local.get $d)))
      (br_if $keys (local.tee $m (i32.sub (local.get $m) (i32.const 1)))))
    (local.get $max))
  (func (export "sums") (param $w i32) (param $v i32) (param $out i32) (param $m i32) (param $dv i32) (param $scale f32)
    (local $c i32) (local $weight v128)
    (local.set $dv (i32.shl (local.get $dv) (i32.const 2)))
    (memory.fill (local.get $out) (i32.const 0) (local.get $dv))
    (loop $keys
      (local.set $weight (f32x4.splat (f32.mul (local.get $scale) (f32.load (local.get $w)))))
      (local.set $c (i32.const 0))
      (loop $along
        (v128.store (i32.add (local.get $out) (local.get $c)) (f32x4.add
          (v128.load (i32.add (local.get $out) (local.get $c)))
          (f32x4.mul (local.get $weight) (v128.load (i32.add (local.get $v) (local.get $c))))))
        (br_if $along (i32.lt_u (local.tee $c (i32.add (local.get $c) (i32.const 16))) (local.get $dv))))
      (local.set $w (i32.add (local.get $w) (i32.const 4)))
      (local.set $v (i32.add (local.get $v) (local.get $dv)))
      (br_if $keys (local.tee $m (i32.sub (local.get $m) (i32.const 1)))))))`;

/** @returns {Uint8Array<ArrayBuffer>} */
function assemble(text) {
  const parsed = binaryen.parseText(text);
  parsed.setFeatures(binaryen.Features.All);
  try {
    if (!parsed.validate()) throw new Error('binaryen refuses a module of the benchmark');
    return new Uint8Array(parsed.emitBinary());
  } finally {
    parsed.dispose();
  }
}
