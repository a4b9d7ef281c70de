"""Scores by PyTorch: from Q (B, H, N, d) and K (B, H, M, dk) with heads already repeated, and the scale of each.

Where PyTorch has two ways to one score, both are taken and compared.
"""

import math

import torch
import torch.nn.functional as F

from case import named


def norm(x, gain, choice):
    """The rows' own normalisation."""
    name, p = named(choice)
    if name == "qk_norm_ln":
        x = F.layer_norm(x, x.shape[-1:], eps=p.get("eps", 1e-6))
    elif name == "qk_norm_rms":
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + p.get("eps", 1e-6))
    else:
        return x
    return x * torch.from_numpy(p[gain]) if gain in p else x


def scores(q, k, choice):
    name, p = named(choice)
    p = {name: torch.from_numpy(value) if hasattr(value, "shape") else value for name, value in p.items()}
    return globals().get(name, dot)(q, k, p)


def dot(q, k, p):
    b, h, n, d = q.shape
    return torch.bmm(q.reshape(b * h, n, d), k.reshape(b * h, -1, d).transpose(1, 2)).reshape(b, h, n, -1)


def cosine(q, k, p):
    return F.cosine_similarity(q.unsqueeze(3), k.unsqueeze(2), dim=-1, eps=p.get("eps", 1e-8))


def unit_dot(q, k, p):
    eps = p.get("eps", 1e-12)
    return F.normalize(q, dim=-1, eps=eps) @ F.normalize(k, dim=-1, eps=eps).transpose(-2, -1)


qk_norm_l2 = swin_v2_cosine = unit_dot


def per_head(x, rank, heads):
    """A parameter with an axis for the heads in front."""
    return x if x.dim() > rank else x.expand(heads, *x.shape)


def general(q, k, p):
    heads = q.shape[1]
    w = per_head(p.get("w", torch.eye(q.shape[-1]).double()), 2, heads)
    found = torch.einsum("bhnd,hde,bhme->bhnm", q, w, k)
    for h in range(heads):
        pairs = (
            q[:, h].unsqueeze(2).expand(-1, -1, k.shape[2], -1).contiguous(),
            k[:, h].unsqueeze(1).expand(-1, q.shape[2], -1, -1).contiguous(),
        )
        torch.testing.assert_close(F.bilinear(*pairs, w[h].unsqueeze(0))[..., 0], found[:, h], rtol=1e-12, atol=1e-12)
    return found


def additive(q, k, p):
    heads, eye = q.shape[1], lambda x: torch.eye(x.shape[-1]).double()
    wq, wk = (per_head(p.get(name, eye(x)), 2, heads) for name, x in (("wq", q), ("wk", k)))
    v = per_head(p.get("v", torch.ones(wq.shape[-2]).double()), 1, heads)
    b = per_head(p.get("b", torch.zeros(wq.shape[-2]).double()), 1, heads)
    return torch.stack([one_additive(q[:, h], k[:, h], wq[h], wk[h], v[h], b[h]) for h in range(heads)], dim=1)


def one_additive(q, k, wq, wk, v, b):
    hidden = torch.tanh(F.linear(q, wq).unsqueeze(2) + F.linear(k, wk, b).unsqueeze(1))
    return F.linear(hidden, v.unsqueeze(0))[..., 0]


def concat(q, k, p):
    """The rows of both really put together, for every pair."""
    (n, heads), m, eye = (q.shape[2], q.shape[1]), k.shape[2], torch.eye(q.shape[-1]).double()
    w = per_head(p.get("w", torch.cat([eye, eye], dim=1)), 2, heads)
    v = per_head(p.get("v", torch.ones(w.shape[-2]).double()), 1, heads)
    pairs = torch.cat([q.unsqueeze(3).expand(-1, -1, -1, m, -1), k.unsqueeze(2).expand(-1, -1, n, -1, -1)], dim=-1)
    return torch.stack([torch.matmul(torch.tanh(F.linear(pairs[:, h], w[h])), v[h]) for h in range(heads)], dim=1)


def neg_l2(q, k, p):
    found = -(q.unsqueeze(3) - k.unsqueeze(2)).pow(2).sum(-1)
    distance = torch.cdist(q, k, compute_mode="donot_use_mm_for_euclid_dist")
    torch.testing.assert_close(-distance.pow(2), found, rtol=1e-12, atol=1e-12)
    return found


rbf = neg_l2


def linear_elu1(q, k, p):
    return torch.matmul(phi(q), phi(k).transpose(-2, -1))


def phi(x):
    """elu + 1. The sum itself has no digits left far below zero, where it is 0 instead of the exponential."""
    found = torch.where(x > 0, x + 1, torch.exp(x.clamp(max=0)))
    torch.testing.assert_close(F.elu(x) + 1, found, rtol=1e-15, atol=1e-15)
    return found


def default_scale(choice, d, m):
    """What a score is multiplied by when the options do not say."""
    name, p = named(choice)
    if name in ("scaled_dot", "neg_l2", "qk_norm_rms", "qk_norm_ln"):
        return 1 / math.sqrt(d)
    if name == "rbf":
        return 0.5 * (p.get("sigma") or math.sqrt(math.sqrt(d))) ** -2
    if name == "qk_norm_l2":
        m = max(m, 2)
        return p["g"] if p.get("g") is not None else math.log2(m) + math.log2(m - 1)
    if name == "swin_v2_cosine":
        t = torch.from_numpy(p["t"]) if "t" in p else torch.log(10 * torch.ones(1, dtype=torch.float64))
        return torch.clamp(t, max=math.log(1.0 / 0.01)).exp().reshape(-1, 1, 1)
    return 1
