"""The definitions as the papers write them, in float64 numpy, one query row after the other.

A removed key is left out of the row's list, not masked by a number: nothing of it can reach the result. That makes this file
unlike the other two, which work on whole matrices with -inf.
"""

import math

import numpy as np

NAME = f"numpy {np.__version__}"


def answer(case):
    """All stages, weights, output and row status of a case."""
    o, q, k = case.options, case.query, case.key
    (b, hq, n, d), (hkv, m) = q.shape, k.shape[1:3]
    v = case.value if case.value is not None else np.zeros((b, hkv, m, 1))
    found = {stage: np.zeros((b, hq, n, m)) for stage in ("raw", "scaled", "capped", "biased", "masked", "weights")}
    found["output"] = np.zeros((b, hq, n, v.shape[-1]))
    found["status"] = np.full((b, hq, n), "ok", dtype=object)
    for at in np.ndindex(b, hq, n):
        bb, h, i = at
        keys, values = k[bb, h * hkv // hq], v[bb, h * hkv // hq]
        logits = logit_row(found, at, q[at], keys, o)
        seen = [j for j in range(m) if visible(o, at, j, n, m) and logits[j] != -math.inf]
        found["masked"][at] = [logits[j] if j in seen else -math.inf for j in range(m)]
        weights, found["status"][at] = weight_row([logits[j] for j in seen], m, o.get("normalizer", "softmax"))
        found["weights"][at][seen] = weights
        if seen:
            found["output"][at] = sum(w * values[j] for w, j in zip(weights, seen))
        if found["status"][at] in ("nan", "inf"):
            found["weights"][at] = found["output"][at] = math.nan
    return found


def logit_row(found, at, q, keys, o):
    with np.errstate(invalid="ignore"):
        raw = [score(q, key, o.get("score", "scaled_dot")) for key in keys]
        scaled = [s * scale_of(o, len(q)) / o.get("temperature", 1) for s in raw]
        cap = o.get("softcap") or 0
        capped = [cap * math.tanh(l / cap) if cap > 0 else l for l in scaled]
        biased = [l + entry(o.get("attnBias"), at, j, 0) for j, l in enumerate(capped)]
    found["raw"][at], found["scaled"][at], found["capped"][at], found["biased"][at] = raw, scaled, capped, biased
    return biased


def score(q, key, name):
    """Luong et al. 2015 (dot), Vaswani et al. 2017 (the scale comes later), torch.nn.functional.cosine_similarity."""
    name, eps = (name["id"], name.get("eps", 1e-8)) if isinstance(name, dict) else (name, 1e-8)
    if name == "cosine":
        q, key = q / max(np.sqrt(q @ q), eps), key / max(np.sqrt(key @ key), eps)
    return q @ key


def scale_of(o, d):
    score_name = o.get("score", "scaled_dot")
    default = 1 / math.sqrt(d) if score_name == "scaled_dot" else 1
    return default if o.get("scale") is None else o["scale"]


def entry(tensor, at, j, default):
    """An element of a mask or bias broadcast to (B, Hq, N, M)."""
    if tensor is None:
        return default
    return tensor[tuple(0 if size == 1 else x for size, x in zip(tensor.shape, (*at, j)))]


def visible(o, at, j, n, m):
    lengths = o.get("keyValueSeqLengths")
    position = at[2] + offset_of(o, n, m)
    left, right = o.get("leftWindowSize", -1), o.get("rightWindowSize", -1)
    return (
        bool(entry(o.get("attnMask"), at, j, True))
        and (lengths is None or j < lengths[at[0]])
        and (not o.get("causal") or j <= position)
        and (left < 0 or position - left <= j)
        and (right < 0 or j <= position + right)
    )


def offset_of(o, n, m):
    if "causalOffset" in o:
        return o["causalOffset"]
    return m - n if o.get("causalAlignment") == "lower_right" else 0


def weight_row(logits, m, normalizer):
    """Weights of the allowed keys of one row, and the row's status."""
    name, p = (normalizer["id"], normalizer) if isinstance(normalizer, dict) else (normalizer, {})
    if not logits:
        return [], "empty"
    if any(math.isnan(l) for l in logits):
        return [math.nan] * len(logits), "nan"
    if max(logits) == math.inf:
        return [math.nan] * len(logits), "inf"
    weights = NORMALIZERS[name](logits, m, p)
    return weights, "zeroed" if name == "soft_threshold" and not any(weights) else "ok"


def softmax(l, m, p):
    top = max(l)
    total = math.fsum(math.exp(x - top) for x in l)
    return [math.exp(x - top) / total for x in l]


def softmax1(l, m, p):
    top = max(0, *l)
    total = math.exp(-top) + math.fsum(math.exp(x - top) for x in l)
    return [math.exp(x - top) / total for x in l]


def sigmoid(l, m, p):
    """Ramapuram et al. 2024: b = -ln n."""
    bias = p.get("bias")
    if bias is None:
        bias = -math.log(len(l) if p.get("n") == "visible" else m)
    return [1 / (1 + math.exp(-x - bias)) if x + bias > -700 else 0.0 for x in l]


def sparsemax(l, m, p):
    """Martins and Astudillo 2016, algorithm 1."""
    top = max(l)
    z = sorted((x - top for x in l), reverse=True)
    k = max(k for k in range(1, len(z) + 1) if 1 + k * z[k - 1] > math.fsum(z[:k]))
    tau = (math.fsum(z[:k]) - 1) / k
    return [max(x - top - tau, 0.0) for x in l]


def soft_threshold(l, m, p):
    """Zhao et al. 2020, applied to the weights of a softmax."""
    w = softmax(l, m, p)
    tau = p["tau"] if p.get("tau") is not None else p["alpha"] * math.fsum(w) / len(w)
    cut = [max(x - tau, 0.0) for x in w]
    total = math.fsum(cut)
    return [x / total for x in cut] if p.get("renormalize") and total > 0 else cut


NORMALIZERS = {f.__name__: f for f in (softmax, softmax1, sigmoid, sparsemax, soft_threshold)}
