"""Scores of one query with one key as the papers write them, and what each takes for its scale."""

import math

import numpy as np

from case import named


def norm(row, side, choice):
    """The rows' own normalisation, before any rotation. Henry et al. 2020 needs none here: lengths survive a rotation."""
    name, p = named(choice)
    gain = p.get({"query": "gq", "key": "gk"}[side], np.ones(len(row)))
    eps = p.get("eps", 1e-6)
    if name == "qk_norm_rms":
        return row / math.sqrt(np.mean(row**2) + eps) * gain
    if name == "qk_norm_ln":
        centred = row - np.mean(row)
        return centred / math.sqrt(np.mean(centred**2) + eps) * gain
    return row


def score(q, k, h, choice):
    name, p = named(choice)
    return SCORES[name](q, k, {name: per_head(name, value, h) for name, value in p.items()})


RANKS = {"w": 2, "wq": 2, "wk": 2, "v": 1, "b": 1, "t": 0}


def per_head(name, value, h):
    """A tensor with one axis more than it needs has one part for each head."""
    return value[h] if name in RANKS and np.ndim(value) > RANKS[name] else value


def dot(q, k, p):
    """Luong et al. 2015."""
    return q @ k


def cosine(q, k, p, eps=1e-8):
    """torch.nn.functional.cosine_similarity: each length is at least eps."""
    eps = p.get("eps", eps)
    return (q / max(np.sqrt(q @ q), eps)) @ (k / max(np.sqrt(k @ k), eps))


def unit_dot(q, k, p):
    """Henry et al. 2020; Liu et al. 2022 (Swin v2)."""
    return cosine(q, k, p, eps=1e-12)


def general(q, k, p):
    """Luong et al. 2015."""
    return q @ p.get("w", np.eye(len(q))) @ k


def additive(q, k, p):
    """Bahdanau et al. 2015."""
    wq, wk = p.get("wq", np.eye(len(q))), p.get("wk", np.eye(len(k)))
    hidden = np.tanh(wq @ q + wk @ k + p.get("b", np.zeros(len(wq))))
    return p.get("v", np.ones(len(wq))) @ hidden


def concat(q, k, p):
    """Luong et al. 2015."""
    w = p["w"] if "w" in p else np.hstack([np.eye(len(q)), np.eye(len(k))])
    return p.get("v", np.ones(len(w))) @ np.tanh(w @ np.concatenate([q, k]))


def neg_l2(q, k, p):
    """Kim et al. 2020."""
    return -math.fsum((q - k) ** 2) if np.isfinite(q - k).all() else -np.sum((q - k) ** 2)


def linear_elu1(q, k, p):
    """Katharopoulos et al. 2020: phi = elu + 1."""
    phi = lambda row: np.array([x + 1 if x > 0 else math.exp(x) for x in row])
    return phi(q) @ phi(k)


SCORES = {
    "dot": dot,
    "scaled_dot": dot,
    "cosine": cosine,
    "general": general,
    "additive": additive,
    "concat": concat,
    "neg_l2": neg_l2,
    "rbf": neg_l2,
    "qk_norm_l2": unit_dot,
    "qk_norm_rms": dot,
    "qk_norm_ln": dot,
    "swin_v2_cosine": unit_dot,
    "linear_elu1": linear_elu1,
}


def default_scale(choice, d, m, h):
    """What a score is multiplied by when the options do not say."""
    name, p = named(choice)
    if name in ("scaled_dot", "neg_l2", "qk_norm_rms", "qk_norm_ln"):
        return 1 / math.sqrt(d)
    if name == "rbf":
        sigma = p.get("sigma") or d**0.25
        return 1 / (2 * sigma**2)
    if name == "qk_norm_l2":
        longest = max(m, 2)
        return math.log2(longest**2 - longest) if p.get("g") is None else p["g"]
    if name == "swin_v2_cosine":
        return math.exp(min(p["t"][h] if "t" in p else math.log(10), math.log(100)))
    return 1
