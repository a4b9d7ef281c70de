#!/usr/bin/env python3
"""Two more opinions, in float32, on what goldens.json says of softmax over dot products: jax.nn.dot_product_attention, and
ONNX Runtime for the models that `onnx_engine.py` builds. Nothing is stored; a disagreement stops with an error.
"""

import reproducible  # noqa: F401  first: it settles the arithmetic of what follows

import json
from pathlib import Path

import jax
import numpy as np
import onnxruntime
from onnx import TensorProto

import onnx_engine
from cases import all_cases
from plain import offset_of

jax.config.update("jax_enable_x64", True)
GOLDENS = {item["name"]: item for item in json.loads((Path(__file__).parent / "goldens.json").read_text())}
JAX_TOLERANCE, RUNTIME_TOLERANCE = 1e-6, 1e-5
KNOWN_TO_JAX = {
    "score",
    "scale",
    "temperature",
    "normalizer",
    "causal",
    "causalAlignment",
    "attnMask",
    "attnBias",
    "leftWindowSize",
    "rightWindowSize",
    "keyValueSeqLengths",
    "querySeqLengths",
}


def main():
    jaxed = [case.name for case in all_cases() if suits_jax(case) and compare(case, by_jax(case), JAX_TOLERANCE)]
    print(f"jax {jax.__version__}: {len(jaxed)} cases within {JAX_TOLERANCE}")
    onnx_engine.RUN, onnx_engine.FLOAT = by_runtime, TensorProto.FLOAT
    ran = [
        case.name
        for case in all_cases()
        if suits_runtime(case) and compare(case, onnx_engine.answer(case), RUNTIME_TOLERANCE)
    ]
    print(f"onnxruntime {onnxruntime.__version__}: {len(ran)} cases within {RUNTIME_TOLERANCE}")
    assert len(jaxed) > 40 and len(ran) > 60


def compare(case, found, tolerance):
    """Rows without a key are left out, unless `found` is sure of them."""
    if found is None or case.literal:
        return False
    expected, status = GOLDENS[case.name]["expected"], GOLDENS[case.name]["expected"].get("status")
    shape = case.query.shape[:3]
    sure = np.reshape([s == "ok" for s in status], shape) if status else np.ones(shape, bool)
    if "sure" in found:
        sure = sure | found["sure"]
    for part in ("weights", "output"):
        if part in found and part in expected:
            theirs = np.reshape(np.array(expected[part]["data"], dtype=np.float64), expected[part]["shape"])
            error = np.abs(found[part] - theirs)[sure].max(initial=0)
            assert error <= tolerance * max(1, np.abs(theirs[sure]).max(initial=0)), (
                f"{case.name}: {part} is off by {error}"
            )
    return "weights" in expected or "output" in expected


# ----------------------------------------------------------------------------------------------------------------- jax


def suits_jax(case):
    o, (n, m) = case.options, (case.query.shape[2], case.key.shape[2])
    return (
        case.dense
        and set(o) <= KNOWN_TO_JAX
        and o.get("score", "dot") in ("dot", "scaled_dot")
        and o.get("normalizer", "softmax") == "softmax"
        and offset_of(o, n, m) == 0
        and moderate(case)
    )


def moderate(case):
    """float32 still has digits behind the point."""
    bias = np.asarray(case.options.get("attnBias", 0.0))
    return max(np.abs(x[np.isfinite(x)]).max(initial=0) for x in (case.query, case.key, bias)) < 1e3


def by_jax(case):
    """Weights come out as the output for V = I; zeros at the end of Q and K make room for it, and change no score."""
    o, (b, _, n, d) = case.options, case.query.shape
    (hkv, m), dv = case.key.shape[1:3], 1 if case.value is None else case.value.shape[3]
    room = max(d, m, dv)
    wide = lambda x: np.pad(x, [(0, 0)] * 3 + [(0, room - x.shape[-1])]).transpose(0, 2, 1, 3)
    scale = o.get("scale", 1 if o.get("score") == "dot" else d**-0.5) / o.get("temperature", 1)
    window = tuple(m + n if o.get(side, -1) < 0 else o[side] for side in ("leftWindowSize", "rightWindowSize"))
    lengths = {"query_seq_lengths": "querySeqLengths", "key_value_seq_lengths": "keyValueSeqLengths"}
    attend = lambda value: np.asarray(
        jax.nn.dot_product_attention(
            wide(case.query),
            wide(case.key),
            wide(value),
            bias=o.get("attnBias"),
            mask=o.get("attnMask"),
            scale=float(scale),
            is_causal=bool(o.get("causal")),
            local_window_size=window,
            implementation="xla",
            **{theirs: np.array(o[ours], dtype=np.int32) for theirs, ours in lengths.items() if ours in o},
        )
    ).transpose(0, 2, 1, 3)
    found = {"weights": attend(np.broadcast_to(np.eye(m), (b, hkv, m, m)))[..., :m]}
    if case.value is not None:
        found["output"] = attend(case.value)[..., :dv]
    if "querySeqLengths" in o:
        # It clears the rows of the queries that are not there.
        found["sure"] = np.arange(n) >= np.reshape(o["querySeqLengths"], (b, 1, 1))
    return found


# --------------------------------------------------------------------------------------------------------- onnxruntime


def suits_runtime(case):
    """Offsets of the causal rule differed between releases, and the scale has to be positive."""
    o = case.options
    return (
        "causalOffset" not in o
        and o.get("causalAlignment") != "lower_right"
        and o.get("scale", 1) > 0
        and case.dense
        and moderate(case)
    )


def by_runtime(model, wanted, inputs):
    inputs = {name: x.astype(np.float32) if x.dtype == np.float64 else x for name, x in inputs.items()}
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [x.astype(np.float64) for x in session.run(wanted, inputs)]


if __name__ == "__main__":
    main()
