"""Answers by PyTorch and entmax, in float64, on whole matrices with -inf where a key is removed.

Used as they come: `cosine_similarity`, `normalize`, `layer_norm`, `bilinear`, `linear`, `cdist`, `elu`, `softmax`, `sigmoid`, `relu`,
`softshrink`, `bmm`, `MultiheadAttention(add_zero_attn=True)` for softmax1, `entmax.sparsemax`, `entmax.entmax15` and
`entmax.entmax_bisect`. Rows without a key are NaN there; they become 0, as qkscope decides.
"""

import entmax
import torch
import torch.nn.functional as F

import torch_positions as positions
import torch_scores
from case import named
from plain import offset_of

NAME = "torch 1.13.1"  # Debian's build calls itself 1.13.0a0
ENTMAX = "entmax 1.3"


def answer(case):
    o, (hq, n), m = case.options, case.query.shape[1:3], case.key.shape[2]
    if not case.dense:
        return None
    linear = named(o.get("normalizer", "softmax"))[0] == "linear_elu1"
    score, place = "linear_elu1" if linear else o.get("score", "scaled_dot"), o.get("position", "none")
    rows, columns = torch.arange(n) + offset_of(o, n, m), torch.arange(m)
    q = prepared(torch.from_numpy(case.query), rows, score, "gq", place)
    k = prepared(repeat(case.key, hq), columns, score, "gk", place)
    raw = torch_scores.scores(q, k, score)
    scale = torch_scores.default_scale(score, q.shape[-1], m) if o.get("scale") is None else o["scale"]
    scaled = raw * scale / o.get("temperature", 1)
    cap = o.get("softcap") or 0
    capped = cap * torch.tanh(scaled / cap) if cap > 0 else scaled
    biased = capped + positions.bias(place, rows, hq, m) + torch.as_tensor(o.get("attnBias", 0.0))
    allowed = visible(o, biased.shape) & (biased != -torch.inf)
    masked = biased.masked_fill(~allowed, -torch.inf)
    weights = normalize(masked, allowed, o.get("normalizer", "softmax")).masked_fill(~allowed, 0.0)
    found = {"raw": raw, "scaled": scaled, "capped": capped, "biased": biased, "masked": masked, "weights": weights}
    found["sources"] = [NAME, *([ENTMAX] if uses_entmax(o.get("normalizer", "softmax")) else [])]
    if o.get("normalizer") == "softmax1":
        compare_with_zero_attention(masked, weights)
    if case.value is not None:
        found["output"] = torch.matmul(weights, repeat(case.value, hq))
        if linear and allowed.all():
            compare_with_factors(
                q, k, repeat(case.value, hq), found["output"], named(o["normalizer"])[1].get("eps", 1e-6)
            )
    return {name: x.numpy() if isinstance(x, torch.Tensor) else x for name, x in found.items()}


def prepared(x, places, score, gain, place):
    return positions.rotated(torch_scores.norm(positions.added(x, places, place), gain, score), places, place)


def uses_entmax(normalizer):
    name, p = named(normalizer)
    return name in ("sparsemax", "entmax15") or p.get("after") in ("sparsemax", "entmax15")


def repeat(x, heads):
    x = torch.from_numpy(x)
    return x.repeat_interleave(heads // x.shape[1], dim=1)


def visible(o, shape):
    b, _, n, m = shape
    allowed = torch.ones(shape, dtype=torch.bool)
    if o.get("causal"):
        allowed = allowed.tril(offset_of(o, n, m))
    if o.get("rightWindowSize", -1) >= 0:
        allowed = allowed.tril(offset_of(o, n, m) + o["rightWindowSize"])
    if o.get("leftWindowSize", -1) >= 0:
        allowed = allowed.triu(offset_of(o, n, m) - o["leftWindowSize"])
    if "attnMask" in o:
        allowed = allowed & torch.from_numpy(o["attnMask"])
    if "keyValueSeqLengths" in o:
        allowed = allowed & (torch.arange(m) < torch.tensor(o["keyValueSeqLengths"]).reshape(b, 1, 1, 1))
    if "querySeqLengths" in o:
        allowed = allowed & (torch.arange(n).reshape(n, 1) < torch.tensor(o["querySeqLengths"]).reshape(b, 1, 1, 1))
    return allowed


def normalize(logits, allowed, normalizer):
    name, p = named(normalizer)
    return globals()[name](logits, allowed, p)


def softmax(logits, allowed, p):
    return F.softmax(logits, dim=-1)


def sigmoid(logits, allowed, p):
    n = allowed.sum(-1, keepdim=True).double() if p.get("n") == "visible" else torch.tensor(float(logits.shape[-1]))
    bias = -torch.log(n.double()) if p.get("bias") is None else p["bias"]
    return torch.sigmoid(logits + bias)


def softmax1(logits, allowed, p):
    nobody = torch.zeros_like(logits[..., :1])
    return F.softmax(torch.cat([logits, nobody], dim=-1), dim=-1)[..., :-1]


def softmax_sink(logits, allowed, p):
    sinks = torch.from_numpy(p["sinks"]) if "sinks" in p else torch.zeros(logits.shape[1]).double()
    column = sinks.reshape(1, -1, 1, 1).expand(*logits.shape[:-1], 1)
    return F.softmax(torch.cat([logits, column], dim=-1), dim=-1)[..., :-1]


def compare_with_zero_attention(logits, weights):
    """softmax1 is what `add_zero_attn` does: with q = 0 the logits are the float mask alone, and a zero key joins them."""
    b, h, n, m = logits.shape
    layer = torch.nn.MultiheadAttention(h, h, bias=False, add_zero_attn=True, batch_first=True, dtype=torch.float64)
    _, theirs = layer(
        torch.zeros(b, n, h).double(),
        torch.zeros(b, m, h).double(),
        torch.zeros(b, m, h).double(),
        attn_mask=logits.reshape(b * h, n, m),
        average_attn_weights=False,
    )
    torch.testing.assert_close(theirs[..., :m].detach(), weights, rtol=1e-13, atol=1e-15)


def sparsemax(logits, allowed, p):
    return sparse(logits, allowed, entmax.sparsemax, 2.0)


def entmax15(logits, allowed, p):
    return sparse(logits, allowed, entmax.entmax15, 1.5)


def sparse(logits, allowed, transform, alpha):
    """Rows without a key are left out: entmax cannot take them."""
    some, weights = allowed.any(-1), torch.zeros_like(logits)
    if not some.any():
        return weights
    weights[some] = transform(logits[some], dim=-1)
    bisected = entmax.entmax_bisect(logits[some], alpha=alpha, dim=-1, n_iter=100)
    torch.testing.assert_close(bisected, weights[some], rtol=1e-9, atol=1e-11)
    return weights


def relu_n(logits, allowed, p):
    n = (
        allowed.sum(-1, keepdim=True).double()
        if p.get("n") == "visible"
        else torch.tensor(float(logits.shape[-1])).double()
    )
    return F.relu(logits) / n.pow(p.get("alpha", 1))


def topk(logits, allowed, p):
    """The k-th value alone comes from torch: which of equal elements it would choose is nowhere said."""
    kth = logits.sort(dim=-1, descending=True).values[..., min(p.get("k", 8), logits.shape[-1]) - 1].unsqueeze(-1)
    kept = logits >= kth
    if p.get("ties", "keep") == "first":
        equal, room = logits == kth, p.get("k", 8) - (logits > kth).sum(-1, keepdim=True)
        kept = (logits > kth) | (equal & (equal.cumsum(-1) <= room))
    return F.softmax(logits.masked_fill(~kept, -torch.inf), dim=-1)


def soft_threshold(logits, allowed, p):
    w = normalize(logits, allowed, p.get("after", "softmax")).masked_fill(~allowed, 0.0)
    if p.get("tau") is not None:
        cut = F.softshrink(w, p["tau"])
    else:
        tau = p.get("alpha", 0.5) * w.sum(-1, keepdim=True) / allowed.sum(-1, keepdim=True)
        cut = torch.where(w > tau, w - tau, torch.zeros_like(w))
    return F.normalize(cut, p=1, dim=-1) if p.get("renormalize") else cut


def linear_elu1(scores, allowed, p):
    """-inf has been written where a key is removed: those scores are 0 here."""
    left = scores.masked_fill(~allowed, 0.0)
    return left / (left.sum(-1, keepdim=True) + p.get("eps", 1e-6))


def compare_with_factors(q, k, v, output, eps):
    """The form that gives linear attention its name: the keys and values summed before any query looks at them."""
    q, k = torch_scores.phi(q), torch_scores.phi(k)
    total = torch.einsum("bhnd,bhd->bhn", q, k.sum(2)) + eps
    theirs = torch.einsum("bhnd,bhde,bhn->bhne", q, torch.einsum("bhmd,bhme->bhde", k, v), 1 / total)
    torch.testing.assert_close(theirs, output, rtol=1e-11, atol=1e-13)
