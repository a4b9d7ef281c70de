"""The definitions as the papers write them, in float64 numpy, one query row after the other.

A removed key is left out of the row's list, not masked by a number: nothing of it can reach the result. That makes this file
and its `plain_*` neighbours unlike the engines, which work on whole matrices with -inf.
"""

import math

import numpy as np

import plain_positions as positions
from case import named
from plain_normalizers import CAN_ZERO, NORMALIZERS
from plain_scores import default_scale, norm, score

NAME = f"numpy {np.__version__}"


def answer(case):
    """All stages, weights, output and row status of a case."""
    o, q, k = case.options, case.query, case.key
    (b, hq, n, _), (hkv, m) = q.shape, k.shape[1:3]
    v = case.value if case.value is not None else np.zeros((b, hkv, m, 1))
    found = {stage: np.zeros((b, hq, n, m)) for stage in ("raw", "scaled", "capped", "biased", "masked", "weights")}
    found["output"] = np.zeros((b, hq, n, v.shape[-1]))
    found["status"] = np.full((b, hq, n), "ok", dtype=object)
    for at in np.ndindex(b, hq, n):
        bb, h, i = at
        keys, values = k[bb, h * hkv // hq], v[bb, h * hkv // hq]
        logits = logit_row(found, at, q, keys, o)
        seen = [j for j in range(m) if visible(o, at, j, n, m) and logits[j] != -math.inf]
        found["masked"][at] = [logits[j] if j in seen else -math.inf for j in range(m)]
        weights, found["status"][at] = weight_row([logits[j] for j in seen], m, h, o.get("normalizer", "softmax"))
        found["weights"][at][seen] = weights
        if seen:
            found["output"][at] = sum(w * values[j] for w, j in zip(weights, seen))
        if found["status"][at] in ("nan", "inf"):
            found["weights"][at] = found["output"][at] = math.nan
    return found


def logit_row(found, at, q, keys, o):
    """Positions, norm, rotation, score, scale, softcap, bias: the order of the pipeline."""
    (_, h, i), (hq, n, d), m = at, q.shape[1:], len(keys)
    position, choice = i + offset_of(o, n, m), score_of(o)
    with np.errstate(invalid="ignore", over="ignore"):
        row = prepared(q[at], position, "query", o)
        raw = [score(row, prepared(key, j, "key", o), h, choice) for j, key in enumerate(keys)]
        scaled = [s * scale_of(o, d, m, h) / o.get("temperature", 1) for s in raw]
        cap = o.get("softcap") or 0
        capped = [cap * math.tanh(l / cap) if cap > 0 else l for l in scaled]
        place = [positions.bias(o.get("position", "none"), position, j, h, hq) for j in range(m)]
        biased = [l + p + entry(o.get("attnBias"), at, j, 0) for j, (l, p) in enumerate(zip(capped, place))]
    found["raw"][at], found["scaled"][at], found["capped"][at], found["biased"][at] = raw, scaled, capped, biased
    return biased


def prepared(row, position, side, o):
    """A row of Q or K with its position added, normalised, and rotated."""
    place = o.get("position", "none")
    return positions.rotated(norm(positions.added(row, position, place), side, score_of(o)), position, place)


def score_of(o):
    """Linear attention brings its own score."""
    own = named(o.get("normalizer", "softmax"))[0] == "linear_elu1"
    return "linear_elu1" if own else o.get("score", "scaled_dot")


def scale_of(o, d, m, h):
    return default_scale(score_of(o), d, m, h) if o.get("scale") is None else o["scale"]


def entry(tensor, at, j, default):
    """An element of a mask or bias broadcast to (B, Hq, N, M)."""
    if tensor is None:
        return default
    return tensor[tuple(0 if size == 1 else x for size, x in zip(tensor.shape, (*at, j)))]


def visible(o, at, j, n, m):
    lengths, queries = o.get("keyValueSeqLengths"), o.get("querySeqLengths")
    position = at[2] + offset_of(o, n, m)
    left, right = o.get("leftWindowSize", -1), o.get("rightWindowSize", -1)
    return (
        bool(entry(o.get("attnMask"), at, j, True))
        and (lengths is None or j < lengths[at[0]])
        and (queries is None or at[2] < queries[at[0]])
        and (not o.get("causal") or j <= position)
        and (left < 0 or position - left <= j)
        and (right < 0 or j <= position + right)
    )


def offset_of(o, n, m):
    if "causalOffset" in o:
        return o["causalOffset"]
    return m - n if o.get("causalAlignment") == "lower_right" else 0


def weight_row(logits, m, h, normalizer):
    """Weights of the allowed keys of one row, and the row's status."""
    name, p = named(normalizer)
    if not logits:
        return [], "empty"
    if any(math.isnan(l) for l in logits):
        return [math.nan] * len(logits), "nan"
    if max(logits) == math.inf:
        return [math.nan] * len(logits), "inf"
    weights = NORMALIZERS[name](logits, m, p, h)
    return weights, "zeroed" if name in CAN_ZERO and not any(weights) else "ok"
