"""Answers by the reference implementation of ONNX's Attention-25 operator, in float64.

It knows softmax over (scaled) dot products with masks, bias, softcap, windows and grouped heads. Other questions get None.
"""

import math

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from plain import scale_of

NAME = f"onnx.reference {onnx.__version__} Attention-25"


def answer(case):
    o = case.options
    if o.get("score") not in (None, "dot", "scaled_dot") or o.get("normalizer", "softmax") != "softmax" or not case.dense:
        return None
    scale = attribute_of(scale_of(o, case.query.shape[-1]) / o.get("temperature", 1), case.query.shape[-1])
    if scale is None:
        return None
    inputs, attributes = arguments(case)
    softcap = o.get("softcap") or 0
    run = lambda mode, **more: attend(inputs, {**attributes, **scale, "qk_matmul_output_mode": mode, **more})
    output, weights = run(3, softcap=float(softcap))
    found = {"output": output, "weights": weights, "raw": run(0, scale=1.0)[1], "scaled": run(0)[1]}
    found["capped"] = run(1, softcap=float(softcap))[1] if softcap > 0 else found["scaled"]
    found["masked"] = run(2, softcap=float(softcap))[1]
    if case.value is None:
        del found["output"]
    return found


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
    `past_key` it is any number. Boolean mask, bias and key lengths become the one additive mask.
    """
    o, q, k = case.options, case.query, case.key
    (b, _, n, _), (hkv, m) = q.shape, k.shape[1:3]
    v = case.value if case.value is not None else np.zeros((b, hkv, m, 1))
    inputs = {"Q": q, "K": k, "V": v, "attn_mask": additive(o, b, n, m)}
    if o.get("causalAlignment") == "lower_right":
        inputs["nonpad_kv_seqlen"] = np.full(b, m, dtype=np.int64)
    past = o.get("causalOffset", 0)
    if past:
        inputs.update(past_key=k[:, :, :past], past_value=v[:, :, :past], K=k[:, :, past:], V=v[:, :, past:])
    attributes = {
        "is_causal": int(o.get("causal", False)),
        "left_window_size": o.get("leftWindowSize", -1),
        "right_window_size": o.get("rightWindowSize", -1),
    }
    return inputs, attributes


def additive(o, b, n, m):
    bias = np.zeros((1, 1, n, m)) + o.get("attnBias", 0.0)
    if "attnMask" in o:
        bias = np.where(o["attnMask"], bias, -np.inf)
    if "keyValueSeqLengths" in o:
        bias = np.where(np.arange(m) < np.reshape(o["keyValueSeqLengths"], (b, 1, 1, 1)), bias, -np.inf)
    return bias


def attend(inputs, attributes):
    order = ("Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen")
    names = [name if name in inputs else "" for name in order]
    node = helper.make_node("Attention", names, ["Y", "present_key", "present_value", "QK"], **attributes)
    kinds = {name: TensorProto.INT64 if name == "nonpad_kv_seqlen" else TensorProto.DOUBLE for name in inputs}
    given = [helper.make_tensor_value_info(name, kinds[name], list(x.shape)) for name, x in inputs.items()]
    made = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in ("Y", "QK")]
    graph = helper.make_graph([node], "attention", given, made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)])
    return ReferenceEvaluator(model).run(["Y", "QK"], inputs)
