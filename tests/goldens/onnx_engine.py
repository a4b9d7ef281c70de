"""Answers by the reference implementation of ONNX's Attention-25 operator, in float64.

It knows softmax over (scaled) dot products with masks, bias, softcap, windows and grouped heads; in front of it, RotaryEmbedding-23,
RMSNormalization-23 and LayerNormalization-17; behind it, Softmax-13 with one more column for a sink. Other questions get None.
"""

import math

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

import plain_positions as positions
from case import named
from plain import offset_of, scale_of

NAME = f"onnx.reference {onnx.__version__} Attention-25"
# What runs a model, and in which arithmetic; `second.py` sets others.
FLOAT = TensorProto.DOUBLE
RUN = lambda model, wanted, inputs: ReferenceEvaluator(model).run(wanted, inputs)
SCORES = ("dot", "scaled_dot", "qk_norm_rms", "qk_norm_ln")


def answer(case):
    o, d = case.options, case.query.shape[-1]
    score, normalizer = (
        named(o.get(name, default))[0] for name, default in (("score", "scaled_dot"), ("normalizer", "softmax"))
    )
    if score not in SCORES or normalizer not in ("softmax", "softmax_sink") or not case.dense or rounds_eps(o, score):
        return None
    scale = attribute_of(scale_of(o, d, case.key.shape[2], 0) / o.get("temperature", 1), d)
    if scale is None:
        return None
    inputs, attributes = arguments(case)
    softcap = o.get("softcap") or 0
    run = lambda mode, **more: attend(inputs, {**attributes, **scale, "qk_matmul_output_mode": mode, **more})
    output, weights = run(3, softcap=float(softcap))
    found = {"output": output, "weights": weights, "raw": run(0, scale=1.0)[1], "scaled": run(0)[1]}
    found["capped"] = run(1, softcap=float(softcap))[1] if softcap > 0 else found["scaled"]
    found["masked"] = run(2, softcap=float(softcap))[1]
    if normalizer == "softmax_sink":
        found.update(zip(("weights", "output"), with_sink(case, found["masked"])))
    if case.value is None:
        del found["output"]
    return {**found, "sources": [NAME, *steps(o, score, normalizer)]}


def rounds_eps(o, score):
    """An epsilon is a float32 attribute: 1e-6 is another number there, which shows in short vectors."""
    eps = named(o.get("score"))[1].get("eps", 1e-6) if score.startswith("qk_norm") else 0.0
    return float(np.float32(eps)) != eps


def steps(o, score, normalizer):
    """The operators that worked beside Attention."""
    names = {
        "qk_norm_rms": "RMSNormalization-23",
        "qk_norm_ln": "LayerNormalization-17",
        "rope": "RotaryEmbedding-23",
        "softmax_sink": "Softmax-13",
    }
    return [names[member] for member in (score, named(o.get("position", "none"))[0], normalizer) if member in names]


def attribute_of(scale, d):
    """The scale as an attribute, or None where the operator would round it: attributes are float32, and so is their square root.

    Its own default is float64.
    """
    if abs(scale * math.sqrt(d) - 1) < 1e-15:
        return {}
    return {"scale": scale} if scale >= 0 and float(np.sqrt(np.float32(scale))) ** 2 == scale else None


def arguments(case):
    """The operator's inputs and attributes for a case's masks.

    An offset of the causal rule is the length of a cache: given from outside (`nonpad_kv_seqlen`) it is M - N, given as
    `past_key` it is any number. Boolean mask, bias and lengths become the one additive mask.
    """
    o, (b, hq, n, _), (hkv, m) = case.options, case.query.shape, case.key.shape[1:3]
    offset = offset_of(o, n, m)
    q, k = prepared(case.query, np.arange(n) + offset, "gq", o), prepared(case.key, np.arange(m), "gk", o)
    v = case.value if case.value is not None else np.zeros((b, hkv, m, 1))
    inputs = {"Q": q, "K": k, "V": v, "attn_mask": additive(o, b, hq, n, m)}
    if o.get("causalAlignment") == "lower_right":
        inputs["nonpad_kv_seqlen"] = np.full(b, m, dtype=np.int64)
    past = min(o.get("causalOffset", 0), m - 1)
    if past and (o.get("causal") or "leftWindowSize" in o or "rightWindowSize" in o):
        assert past == o["causalOffset"], "a cache longer than the keys"
        inputs.update(past_key=k[:, :, :past], past_value=v[:, :, :past], K=k[:, :, past:], V=v[:, :, past:])
    windows = {"left_window_size": "leftWindowSize", "right_window_size": "rightWindowSize"}
    attributes = {theirs: o[ours] for theirs, ours in windows.items() if ours in o}
    return inputs, {"is_causal": int(o.get("causal", False)), **attributes}


def prepared(x, places, gain, o):
    """Positions added, rows normalised, rows rotated."""
    position, p = named(o.get("position", "none"))
    x = x + np.array(
        [positions.added(np.zeros(x.shape[-1]), int(place), o.get("position", "none")) for place in places]
    )
    score, own = named(o.get("score", "scaled_dot"))
    if score in ("qk_norm_rms", "qk_norm_ln"):
        kind = {"qk_norm_rms": "RMSNormalization", "qk_norm_ln": "LayerNormalization"}[score]
        gain = own.get(gain, np.ones(x.shape[-1]))
        (x,) = operator(kind, {"X": x, "Scale": gain}, ["Y"], axis=-1, epsilon=own.get("eps", 1e-6))
    if position == "rope":
        size = p.get("rotaryEmbeddingDim") or x.shape[-1]
        angles = np.outer(places, 1.0 / p.get("ropeTheta", 10000.0) ** (np.arange(0, size, 2) / size))
        caches = {
            name: np.broadcast_to(f(angles), (x.shape[0], *angles.shape))
            for name, f in (("cos", np.cos), ("sin", np.sin))
        }
        order = {"X": x, "cos": caches["cos"], "sin": caches["sin"]}
        (x,) = operator(
            "RotaryEmbedding", order, ["Y"], interleaved=int(p.get("interleaved", False)), rotary_embedding_dim=size
        )
    return x


def additive(o, b, hq, n, m):
    bias = np.zeros((1, 1, n, m)) + o.get("attnBias", 0.0)
    place, offset = o.get("position", "none"), offset_of(o, n, m)
    if named(place)[0] in ("alibi", "t5"):
        bias = bias + [
            [[positions.bias(place, i + offset, j, h, hq) for j in range(m)] for i in range(n)] for h in range(hq)
        ]
    if "attnMask" in o:
        bias = np.where(o["attnMask"], bias, -np.inf)
    for name, axis in (("keyValueSeqLengths", np.arange(m)), ("querySeqLengths", np.arange(n)[:, None])):
        if name in o:
            bias = np.where(axis < np.reshape(o[name], (b, 1, 1, 1)), bias, -np.inf)
    return bias


def with_sink(case, logits):
    """Softmax over the keys and one more column, which is dropped."""
    sinks = named(case.options["normalizer"])[1].get("sinks", np.zeros(logits.shape[1]))
    column = np.broadcast_to(sinks[:, None, None], (*logits.shape[:-1], 1))
    (weights,) = operator("Softmax", {"X": np.concatenate([logits, column], axis=-1)}, ["Y"], axis=-1)
    weights = weights[..., :-1]
    if case.value is None:
        return weights, None
    return weights, weights @ np.repeat(case.value, logits.shape[1] // case.value.shape[1], axis=1)


def attend(inputs, attributes):
    order = ("Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen")
    given = {name if name in inputs else "": inputs.get(name) for name in order}
    names = [name if name in inputs else "" for name in order]
    given.pop("", None)
    return operator("Attention", given, ["Y", "present_key", "present_value", "QK"], ["Y", "QK"], names, **attributes)


def operator(kind, inputs, outputs, wanted=None, names=None, **attributes):
    """Runs one operator."""
    node = helper.make_node(kind, names or list(inputs), outputs, **attributes)
    types = {np.dtype(np.int64): TensorProto.INT64, np.dtype(np.float64): FLOAT}
    given = [helper.make_tensor_value_info(name, types[x.dtype], list(x.shape)) for name, x in inputs.items()]
    made = [helper.make_tensor_value_info(name, FLOAT, None) for name in wanted or outputs]
    graph = helper.make_graph([node], kind, given, made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=11)
    return RUN(model, wanted or outputs, inputs)
