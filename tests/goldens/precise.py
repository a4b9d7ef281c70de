#!/usr/bin/env python3
"""Works out every finite case of goldens.json once more, with 50 digits (mpmath), from the file alone, and compares.

Thresholds are found by bisection here, not by sorting. Nothing is stored; a disagreement stops with an error.
"""

import json
import sys
from pathlib import Path

from mpmath import cos, exp, ln, mp, mpf, pi, power, sin, sqrt, tanh

mp.dps = 50
ZERO, ONE, REMOVED = mpf(0), mpf(1), None


def main():
    cases = json.loads((Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "goldens.json").read_text())
    finite = [
        case
        for case in cases
        if not any(isinstance(x, str) for name in ("query", "key", "value") if case[name] for x in case[name]["data"])
    ]
    worst = {}
    for case in finite:
        for part, error in errors(case):
            bound = case.get("tolerance", 1e-12)
            assert error <= bound, f"{case['name']}: {part} is off by {mp.nstr(error, 5)}"
            if "tolerance" not in case:
                worst[part] = max(worst.get(part, ZERO), error)
    print(
        f"{len(finite)} of {len(cases)} cases; largest errors: "
        + ", ".join(f"{part} {mp.nstr(error, 3)}" for part, error in worst.items())
    )


class Tensor:
    """Elements by index, an axis of 1 for any index."""

    def __init__(self, stored):
        self.shape, self.data = stored["shape"], [mpf(x) for x in stored["data"]]

    def __getitem__(self, at):
        place = 0
        for size, x in zip(self.shape, at):
            place = place * size + (0 if size == 1 else x)
        return self.data[place]

    def row(self, *at):
        start = 0
        for size, x in zip(self.shape, at):
            start = start * size + x
        return self.data[start * self.shape[-1] : (start + 1) * self.shape[-1]]

    def matrix(self, h):
        return [self.row(h, r) if len(self.shape) == 3 else self.row(r) for r in range(self.shape[-2])]

    def vector(self, h):
        return self.row(h) if len(self.shape) == 2 else self.row()


def member(options, name, default):
    """The id of a member and its parameters, tensors made ready."""
    choice = options.get(name, default)
    choice = {"id": choice} if isinstance(choice, str) else dict(choice)
    return choice.pop("id"), {key: Tensor(x) if isinstance(x, dict) else x for key, x in choice.items()}


def errors(case):
    """The largest error of each stored part; logits relative to the largest of the case."""
    o, query, key = case["options"], Tensor(case["query"]), Tensor(case["key"])
    value = Tensor(case["value"]) if case["value"] else None
    b, heads, n, _ = query.shape
    rows = [row_of(o, query, key, value, bb, h, i) for bb in range(b) for h in range(heads) for i in range(n)]
    parts = {
        **{part: case["expected"].get(part) for part in ("weights", "output")},
        **case["expected"].get("stages", {}),
    }
    for part, stored in parts.items():
        if stored:
            ours = [x for row in rows for x in row[part]]
            assert len(ours) == len(stored["data"]), f"{case['name']}: {part} has another size"
            yield part, largest(ours, stored["data"], part in ("weights", "output"))


def largest(ours, stored, absolute):
    size = ONE if absolute else max([ONE, *(abs(x) for x in ours if x is not REMOVED)])
    error = ZERO
    for x, y in zip(ours, stored):
        assert (x is REMOVED) == (y == "-inf"), "a key is removed in one of them"
        if x is not REMOVED:
            error = max(error, abs(x - mpf(y)) / size)
    return error


def row_of(o, query, key, value, bb, h, i):
    (_, heads, n, d), (_, kv, m, _) = query.shape, key.shape
    shared, p = h // (heads // kv), i + offset(o, n, m)
    normalizer = member(o, "normalizer", "softmax")
    score = ("linear_elu1", {}) if normalizer[0] == "linear_elu1" else member(o, "score", "scaled_dot")
    position = member(o, "position", "none")
    q = prepared(query.row(bb, h, i), p, position, score, "gq")
    raw = [pair(q, prepared(key.row(bb, shared, j), j, position, score, "gk"), score, h) for j in range(m)]
    scale = mpf(o["scale"]) if o.get("scale") is not None else default_scale(score, d, m, h)
    scaled = [s * scale / mpf(o.get("temperature", 1)) for s in raw]
    cap = o.get("softcap") or 0
    capped = [cap * tanh(l / cap) if cap > 0 else l for l in scaled]
    added = Tensor(o["attnBias"]) if "attnBias" in o else None
    extra = [added[bb, h, i, j] if added else ZERO for j in range(m)]
    biased = [
        REMOVED if x == -mp.inf else l + bias(position, p, j, h, heads) + x
        for j, (l, x) in enumerate(zip(capped, extra))
    ]
    seen = [j for j in range(m) if biased[j] is not REMOVED and visible(o, bb, h, i, j, p)]
    weights = [ZERO] * m
    for j, w in zip(seen, normalized(normalizer, [biased[j] for j in seen], m, h) if seen else []):
        weights[j] = w
    output = (
        [sum((weights[j] * value.row(bb, shared, j)[c] for j in seen), ZERO) for c in range(value.shape[-1])]
        if value
        else []
    )
    masked = [biased[j] if j in seen else REMOVED for j in range(m)]
    return {
        "raw": raw,
        "scaled": scaled,
        "capped": capped,
        "biased": biased,
        "masked": masked,
        "weights": weights,
        "output": output,
    }


def offset(o, n, m):
    return o.get("causalOffset", m - n if o.get("causalAlignment") == "lower_right" else 0)


def visible(o, bb, h, i, j, p):
    left, right = o.get("leftWindowSize", -1), o.get("rightWindowSize", -1)
    return not (
        ("attnMask" in o and Tensor(o["attnMask"])[bb, h, i, j] == 0)
        or ("keyValueSeqLengths" in o and j >= o["keyValueSeqLengths"][bb])
        or ("querySeqLengths" in o and i >= o["querySeqLengths"][bb])
        or (o.get("causal") and j > p)
        or (left >= 0 and p - j > left)
        or (right >= 0 and j - p > right)
    )


# ------------------------------------------------------------------------------------------------------------ positions


def prepared(x, p, position, score, gain):
    """Added positions, the norm of the score, the rotation."""
    (place, q), d = position, len(x)
    if place == "sinusoidal":
        x = [a + s for a, s in zip(x, sinusoid(p, d, q))]
    if place == "learned" and "table" in q:
        x = [a + t for a, t in zip(x, q["table"].row(p))]
    name, own = score
    if name in ("qk_norm_rms", "qk_norm_ln"):
        mean = sum(x) / d if name == "qk_norm_ln" else ZERO
        length = sqrt(sum((a - mean) ** 2 for a in x) / d + mpf(own.get("eps", 1e-6)))
        x = [(a - mean) / length * (own[gain].data[c] if gain in own else 1) for c, a in enumerate(x)]
    return turned(x, p, q) if place == "rope" else x


def sinusoid(p, d, q):
    """Each column by itself."""
    half, theta, found = d // 2, mpf(q.get("theta", 10000)), []
    for c in range(2 * half):
        wave = c // 2 if q.get("layout", "interleaved") == "interleaved" else c % half
        shifted = c % 2 if q.get("layout", "interleaved") == "interleaved" else c >= half
        share = mpf(2 * wave) / d if q.get("frequency", "paper") == "paper" else mpf(wave) / max(half - 1, 1)
        found.append(sin(p * power(theta, -share) + (pi / 2 if shifted else 0)))
    return found + [ZERO] * (d % 2)


def turned(x, p, q):
    size, y = q.get("rotaryEmbeddingDim") or len(x), list(x)
    for m in range(size // 2):
        a, b = (2 * m, 2 * m + 1) if q.get("interleaved") else (m, m + size // 2)
        angle = p * power(mpf(q.get("ropeTheta", 10000)), -mpf(2 * m) / size)
        y[a], y[b] = x[a] * cos(angle) - x[b] * sin(angle), x[a] * sin(angle) + x[b] * cos(angle)
    return y


def bias(position, p, j, h, heads):
    name, q = position
    if name == "alibi":
        power_of_two = 1 << (heads.bit_length() - 1)
        exponent = (
            mpf(-8 * (h + 1)) / power_of_two
            if h < power_of_two
            else mpf(-4 * (2 * (h - power_of_two) + 1)) / power_of_two
        )
        return -power(2, exponent) * (abs(p - j) if q.get("symmetric") else p - j)
    if name == "t5" and "table" in q:
        return q["table"][
            bucket(j - p, q["table"].shape[0], q.get("bidirectional", True), q.get("maxDistance", 128)), h
        ]
    return ZERO


def bucket(relative, buckets, both, far):
    """By whole numbers: the bucket grows when (x/exact)^steps reaches the next power of far/exact."""
    first = buckets // 2 if both and relative > 0 else 0
    buckets, x = (buckets // 2, abs(relative)) if both else (buckets, max(-relative, 0))
    exact = buckets // 2
    steps, grown = buckets - exact, 0
    while x >= exact and grown < steps - 1 and x**steps * exact ** (grown + 1) >= far ** (grown + 1) * exact**steps:
        grown += 1
    return first + min(x, exact) + grown


# --------------------------------------------------------------------------------------------------------------- scores


def dot(x, y):
    return sum((a * b for a, b in zip(x, y)), ZERO)


def times(matrix, x):
    return [dot(row, x) for row in matrix]


def identity(d):
    return [[mpf(r == c) for c in range(d)] for r in range(d)]


def pair(q, k, score, h):
    name, p = score
    if name == "general":
        return dot(q, times(p["w"].matrix(h) if "w" in p else identity(len(k)), k))
    if name in ("additive", "concat"):
        return hidden_score(q, k, name, p, h)
    if name in ("neg_l2", "rbf"):
        return -sum((a - b) ** 2 for a, b in zip(q, k))
    if name in ("cosine", "qk_norm_l2", "swin_v2_cosine"):
        eps = mpf(p.get("eps", 1e-8 if name == "cosine" else 1e-12))
        return dot(q, k) / (max(sqrt(dot(q, q)), eps) * max(sqrt(dot(k, k)), eps))
    if name == "linear_elu1":
        phi = lambda x: x + 1 if x > 0 else exp(x)
        return dot(map(phi, q), map(phi, k))
    return dot(q, k)


def hidden_score(q, k, name, p, h):
    if name == "concat" and "w" in p:
        inner = times(p["w"].matrix(h), q + k)
    else:
        inner = [
            a + b
            for a, b in zip(
                times(p["wq"].matrix(h), q) if "wq" in p else q, times(p["wk"].matrix(h), k) if "wk" in p else k
            )
        ]
    if "b" in p:
        inner = [a + b for a, b in zip(inner, p["b"].vector(h))]
    return dot(p["v"].vector(h) if "v" in p else [ONE] * len(inner), map(tanh, inner))


def default_scale(score, d, m, h):
    name, p = score
    if name in ("scaled_dot", "neg_l2", "qk_norm_rms", "qk_norm_ln"):
        return 1 / sqrt(mpf(d))
    if name == "rbf":
        return 1 / (2 * mpf(p["sigma"]) ** 2) if p.get("sigma") else 1 / (2 * sqrt(mpf(d)))
    if name == "qk_norm_l2":
        return mpf(p["g"]) if p.get("g") is not None else ln(mpf(max(m, 2)) * (max(m, 2) - 1)) / ln(2)
    if name == "swin_v2_cosine":
        return min(exp(p["t"].data[h]), mpf(100)) if "t" in p else mpf(10)
    return ONE


# ---------------------------------------------------------------------------------------------------------- normalizers


def normalized(normalizer, l, m, h):
    name, p = normalizer
    if name == "soft_threshold":
        w = normalized(member(p, "after", "softmax"), l, m, h)
        tau = mpf(p["tau"]) if p.get("tau") is not None else mpf(p.get("alpha", 0.5)) * sum(w) / len(w)
        cut = [max(x - tau, ZERO) for x in w]
        return [x / sum(cut) for x in cut] if p.get("renormalize") and sum(cut) > 0 else cut
    if name in ("softmax", "softmax1", "softmax_sink"):
        nobody = (
            {"softmax": ZERO, "softmax1": ONE}.get(name)
            if name != "softmax_sink"
            else exp(p["sinks"].data[h] if "sinks" in p else ZERO)
        )
        total = nobody + sum(map(exp, l))
        return [exp(x) / total for x in l]
    if name == "sigmoid":
        n = len(l) if p.get("n") == "visible" else m
        return [1 / (1 + exp(-x - (mpf(p["bias"]) if p.get("bias") is not None else -ln(mpf(n))))) for x in l]
    if name == "relu_n":
        return [max(x, ZERO) / power(len(l) if p.get("n") == "visible" else m, mpf(p.get("alpha", 1))) for x in l]
    if name == "topk":
        return top(l, p.get("k", 8), p.get("ties", "keep"))
    if name == "linear_elu1":
        return [x / (sum(l) + mpf(p.get("eps", 1e-6))) for x in l]
    return bisected(l, {"sparsemax": 1, "entmax15": 2}[name])


def top(l, k, ties):
    """A key stays when fewer than k others come before it; equals come before one another by index, or not at all."""
    before = lambda j: sum(x > l[j] or (ties == "first" and x == l[j] and i < j) for i, x in enumerate(l))
    kept = [before(j) < k for j in range(len(l))]
    total = sum(exp(x) for x, keep in zip(l, kept) if keep)
    return [exp(x) / total if keep else ZERO for x, keep in zip(l, kept)]


def bisected(l, degree):
    """max(l/degree - tau, 0)^degree for the tau that makes the sum 1."""
    x = [(a - max(l)) / degree for a in l]
    low, high = -ONE, ZERO
    for _ in range(170):
        tau = (low + high) / 2
        low, high = (tau, high) if sum(max(a - tau, ZERO) ** degree for a in x) > 1 else (low, tau)
    return [max(a - low, ZERO) ** degree for a in x]


if __name__ == "__main__":
    main()
