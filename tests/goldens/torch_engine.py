"""Answers by PyTorch and entmax, in float64, on whole matrices with -inf where a key is removed.

Used as they come: `cosine_similarity`, `softmax`, `sigmoid`, `softshrink`, `bmm`, `MultiheadAttention(add_zero_attn=True)` for
softmax1, `entmax.sparsemax`. Rows without a key are NaN there; they become 0, as qkscope decides.
"""

import entmax
import numpy as np
import torch
import torch.nn.functional as F

from plain import offset_of, scale_of

NAME = "torch 1.13.1"  # Debian's build calls itself 1.13.0a0
ENTMAX = "entmax 1.3"


def answer(case):
    o = case.options
    if not case.dense:
        return None
    q, k = torch.from_numpy(case.query), repeat(case.key, case.query.shape[1])
    raw = scores(q, k, o.get("score", "scaled_dot"))
    scaled = raw * scale_of(o, q.shape[-1]) / o.get("temperature", 1)
    cap = o.get("softcap") or 0
    capped = cap * torch.tanh(scaled / cap) if cap > 0 else scaled
    biased = capped + torch.as_tensor(o.get("attnBias", 0.0))
    allowed = visible(o, biased.shape) & (biased != -torch.inf)
    masked = biased.masked_fill(~allowed, -torch.inf)
    weights = normalize(masked, allowed, o.get("normalizer", "softmax")).masked_fill(~allowed, 0.0)
    found = {"raw": raw, "scaled": scaled, "capped": capped, "biased": biased, "masked": masked, "weights": weights}
    found["sources"] = [NAME, *([ENTMAX] if o.get("normalizer") == "sparsemax" else [])]
    if o.get("normalizer") == "softmax1":
        compare_with_zero_attention(masked, weights)
    if case.value is not None:
        found["output"] = torch.matmul(weights, repeat(case.value, q.shape[1]))
    return {name: x.numpy() if isinstance(x, torch.Tensor) else x for name, x in found.items()}


def repeat(x, heads):
    x = torch.from_numpy(x)
    return x.repeat_interleave(heads // x.shape[1], dim=1)


def scores(q, k, name):
    name, eps = (name["id"], name.get("eps", 1e-8)) if isinstance(name, dict) else (name, 1e-8)
    if name == "cosine":
        return F.cosine_similarity(q.unsqueeze(3), k.unsqueeze(2), dim=-1, eps=eps)
    b, h, n, d = q.shape
    return torch.bmm(q.reshape(b * h, n, d), k.reshape(b * h, -1, d).transpose(1, 2)).reshape(b, h, n, -1)


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
    return allowed


def normalize(logits, allowed, normalizer):
    name, p = (normalizer["id"], normalizer) if isinstance(normalizer, dict) else (normalizer, {})
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


def compare_with_zero_attention(logits, weights):
    """softmax1 is what `add_zero_attn` does: with q = 0 the logits are the float mask alone, and a zero key joins them."""
    b, h, n, m = logits.shape
    layer = torch.nn.MultiheadAttention(h, h, bias=False, add_zero_attn=True, batch_first=True, dtype=torch.float64)
    _, theirs = layer(torch.zeros(b, n, h).double(), torch.zeros(b, m, h).double(), torch.zeros(b, m, h).double(),
                      attn_mask=logits.reshape(b * h, n, m), average_attn_weights=False)
    torch.testing.assert_close(theirs[..., :m].detach(), weights, rtol=1e-13, atol=1e-15)


def sparsemax(logits, allowed, p):
    """Rows without a key are left out: entmax cannot take them."""
    some, weights = allowed.any(-1), torch.zeros_like(logits)
    weights[some] = entmax.sparsemax(logits[some], dim=-1)
    bisected = entmax.entmax_bisect(logits[some], alpha=2.0, dim=-1, n_iter=100)
    torch.testing.assert_close(bisected, weights[some], rtol=1e-9, atol=1e-11)
    return weights


def soft_threshold(logits, allowed, p):
    w = F.softmax(logits, dim=-1).masked_fill(~allowed, 0.0)
    if p.get("tau") is not None:
        cut = F.softshrink(w, p["tau"])
    else:
        tau = p["alpha"] * w.sum(-1, keepdim=True) / allowed.sum(-1, keepdim=True)
        cut = torch.where(w > tau, w - tau, torch.zeros_like(w))
    return F.normalize(cut, p=1, dim=-1) if p.get("renormalize") else cut
