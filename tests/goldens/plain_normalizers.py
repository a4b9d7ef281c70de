"""Normalizers as the papers write them: the logits of the keys that are left (`l`), M, the parameters, the head."""

import math

from case import named


def softmax(l, m, p, h):
    top = max(l)
    total = math.fsum(math.exp(x - top) for x in l)
    return [math.exp(x - top) / total for x in l]


def softmax1(l, m, p, h):
    return softmax_sink(l, m, {}, h)


def softmax_sink(l, m, p, h):
    """OpenAI 2025 (gpt-oss): one more logit, that of no key, learned for each head."""
    sink = p["sinks"][h] if "sinks" in p else 0
    top = max(sink, *l)
    total = math.exp(sink - top) + math.fsum(math.exp(x - top) for x in l)
    return [math.exp(x - top) / total for x in l]


def sigmoid(l, m, p, h):
    """Ramapuram et al. 2024: b = -ln n."""
    bias = p.get("bias")
    if bias is None:
        bias = -math.log(len(l) if p.get("n") == "visible" else m)
    return [1 / (1 + math.exp(-x - bias)) if x + bias > -700 else 0.0 for x in l]


def sparsemax(l, m, p, h):
    """Martins and Astudillo 2016, algorithm 1."""
    top = max(l)
    z = sorted((x - top for x in l), reverse=True)
    k = max(k for k in range(1, len(z) + 1) if 1 + k * z[k - 1] > math.fsum(z[:k]))
    tau = (math.fsum(z[:k]) - 1) / k
    return [max(x - top - tau, 0.0) for x in l]


def entmax15(l, m, p, h):
    """Peters, Niculae and Martins 2019, algorithm 2: w = max(l/2 - tau, 0)^2, tau from the k largest."""
    top = max(l)
    z = sorted(((x - top) / 2 for x in l), reverse=True)
    for k in range(1, len(z) + 1):
        mean = math.fsum(z[:k]) / k
        spread = math.fsum((x - mean) ** 2 for x in z[:k])
        if spread > 1:
            break
        root = mean - math.sqrt((1 - spread) / k)
        if root > z[k - 1]:
            break
        tau = root
    return [max((x - top) / 2 - tau, 0.0) ** 2 for x in l]


def relu_n(l, m, p, h):
    """Wortsman et al. 2023: ReLU divided by a power of the sequence length."""
    n = len(l) if p.get("n") == "visible" else m
    return [max(x, 0.0) / n ** p.get("alpha", 1) for x in l]


def topk(l, m, p, h):
    """Zhao et al. 2019: keys below the k-th largest logit go, then softmax. Among equals, "first" takes the lowest index."""
    k = min(p.get("k", 8), len(l))
    if p.get("ties", "keep") == "keep":
        kth = sorted(l, reverse=True)[k - 1]
        kept = [j for j, x in enumerate(l) if x >= kth]
    else:
        kept = sorted(sorted(range(len(l)), key=lambda j: (-l[j], j))[:k])
    weights = dict(zip(kept, softmax([l[j] for j in kept], m, {}, h)))
    return [weights.get(j, 0.0) for j in range(len(l))]


def soft_threshold(l, m, p, h):
    """Zhao et al. 2020, applied to the weights of a normalizer."""
    name, own = named(p.get("after", "softmax"))
    w = NORMALIZERS[name](l, m, own, h)
    alpha = p.get("alpha", 0.5)
    tau = p["tau"] if p.get("tau") is not None else alpha * math.fsum(w) / len(w)
    cut = [max(x - tau, 0.0) for x in w]
    total = math.fsum(cut)
    return [x / total for x in cut] if p.get("renormalize") and total > 0 else cut


def linear_elu1(l, m, p, h):
    """Katharopoulos et al. 2020: the scores phi(q).phi(k) divided by their sum."""
    total = math.fsum(l) + p.get("eps", 1e-6)
    return [x / total for x in l]


NORMALIZERS = {
    f.__name__: f
    for f in (softmax, softmax1, softmax_sink, sigmoid, sparsemax, entmax15, relu_n, topk, soft_threshold, linear_elu1)
}
# A row of these that ends with nothing but zeros had a threshold above all of it. ReLU's zeros are an answer like another.
CAN_ZERO = ("soft_threshold",)
