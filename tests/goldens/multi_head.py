#!/usr/bin/env python3
"""Makes multi_head.json: torch.nn.MultiheadAttention in float64 and evaluation mode, and the same by hand in numpy.

Masks are stored with qkscope's meaning (1 = may attend) and turned round for torch. Run it in the torch environment.
"""

import reproducible  # noqa: F401  first: it settles the arithmetic of what follows

import math
from pathlib import Path

import numpy as np
import torch

from case import mask, random
from generate import option, rounded, tensor, write

NAME = "torch 1.13.1 MultiheadAttention"


def main():
    stored = [case(*question) for question in questions()]
    assert len({item["name"] for item in stored}) == len(stored), "two cases have one name"
    size = write(Path(__file__).parent / "multi_head.json", stored)
    print(f"{len(stored)} cases, {size} bytes")


def questions():
    """Name, sizes, flags of the layer, options of the call."""
    small = {"b": 2, "n": 3, "m": 3, "e": 4}
    cross = {**small, "m": 5, "cross": True}
    apart = {**cross, "kdim": 3, "vdim": 5}
    bits2, bits3 = mask("10110 11011 01111", (3, 5)), np.random.RandomState(5).rand(4, 3, 5) < 0.75
    bits3[..., 1] = True
    padding = mask("11110 11011", (2, 5))
    yield "self attention", small, {}, {"numHeads": 2}
    yield "self attention, no bias", small, {"bias": False}, {"numHeads": 2}
    yield "self attention, one head", small, {}, {"numHeads": 1}
    yield "self attention, as many heads as dimensions", small, {}, {"numHeads": 4}
    yield "weights of each head", {**small, "e": 6}, {}, {"numHeads": 3, "averageAttnWeights": False}
    yield "no weights", small, {}, {"numHeads": 2, "needWeights": False}
    yield "causal", small, {}, {"numHeads": 2, "causal": True}
    yield (
        "causal, weights of each head",
        {**small, "n": 4, "m": 4},
        {},
        {"numHeads": 2, "causal": True, "averageAttnWeights": False},
    )
    yield "cross attention", cross, {}, {"numHeads": 2}
    yield "cross attention, fewer keys", {**cross, "n": 4, "m": 2}, {}, {"numHeads": 2, "averageAttnWeights": False}
    yield "keys and values of other sizes", apart, {}, {"numHeads": 2}
    yield (
        "keys and values of other sizes, no bias",
        apart,
        {"bias": False},
        {"numHeads": 2, "averageAttnWeights": False},
    )
    yield (
        "keys of another size, bias_k and zero",
        {**cross, "kdim": 6},
        {"add_bias_kv": True},
        {"numHeads": 2, "addZeroAttn": True},
    )
    yield "bias_k and bias_v", small, {"add_bias_kv": True}, {"numHeads": 2}
    yield (
        "bias_k and bias_v, weights of each head",
        cross,
        {"add_bias_kv": True},
        {"numHeads": 2, "averageAttnWeights": False},
    )
    yield "a zero key", small, {}, {"numHeads": 2, "addZeroAttn": True}
    yield (
        "a zero key, no bias",
        cross,
        {"bias": False},
        {"numHeads": 2, "addZeroAttn": True, "averageAttnWeights": False},
    )
    yield (
        "bias_k, bias_v and a zero key",
        cross,
        {"add_bias_kv": True},
        {"numHeads": 2, "addZeroAttn": True, "averageAttnWeights": False},
    )
    yield "key padding", cross, {}, {"numHeads": 2, "keyPaddingMask": padding}
    yield (
        "key padding, bias_k and a zero key",
        cross,
        {"add_bias_kv": True},
        {"numHeads": 2, "addZeroAttn": True, "keyPaddingMask": padding},
    )
    yield "mask", cross, {}, {"numHeads": 2, "attnMask": bits2}
    yield "mask of each head", cross, {}, {"numHeads": 2, "attnMask": bits3, "averageAttnWeights": False}
    yield "mask of each head and key padding", cross, {}, {"numHeads": 2, "attnMask": bits3, "keyPaddingMask": padding}
    yield "bias", cross, {}, {"numHeads": 2, "attnBias": random(83, (3, 5))}
    yield (
        "bias of each head",
        cross,
        {},
        {"numHeads": 2, "attnBias": random(84, (4, 3, 5)), "averageAttnWeights": False},
    )
    minus = np.where(bits2, random(85, (3, 5)), -np.inf)
    yield "bias with -inf", cross, {}, {"numHeads": 2, "attnBias": minus}
    yield "bias and key padding", cross, {}, {"numHeads": 2, "attnBias": random(86, (3, 5)), "keyPaddingMask": padding}
    yield (
        "causal and key padding",
        {**small, "n": 5, "m": 5},
        {},
        {"numHeads": 2, "causal": True, "keyPaddingMask": mask("11110 11011", (2, 5))},
    )
    yield (
        "mask, bias_k and a zero key",
        cross,
        {"add_bias_kv": True},
        {"numHeads": 2, "attnMask": bits2, "addZeroAttn": True},
    )
    yield (
        "a row without a key",
        cross,
        {},
        {"numHeads": 2, "attnMask": mask("10110 00000 01111", (3, 5)), "averageAttnWeights": False},
    )
    yield "a batch without a key", cross, {}, {"numHeads": 2, "keyPaddingMask": mask("00000 11011", (2, 5))}
    yield (
        "a row without a key but the zero one",
        cross,
        {},
        {"numHeads": 2, "attnMask": mask("10110 00000 01111", (3, 5)), "addZeroAttn": True},
    )


def case(name, sizes, flags, options):
    seed = sum((i + 1) * ord(c) for i, c in enumerate(name))
    b, n, m, e = (sizes[key] for key in ("b", "n", "m", "e"))
    query = random(seed, (b, n, e), 16)
    key, value = query, query
    if sizes.get("cross"):
        key, value = (
            random(seed + 1, (b, m, sizes.get("kdim", e)), 16),
            random(seed + 2, (b, m, sizes.get("vdim", e)), 16),
        )
    layer = torch.nn.MultiheadAttention(
        e,
        options["numHeads"],
        batch_first=True,
        dtype=torch.float64,
        kdim=sizes.get("kdim"),
        vdim=sizes.get("vdim"),
        add_zero_attn=options.get("addZeroAttn", False),
        **flags,
    ).eval()
    with torch.no_grad():
        for i, parameter in enumerate(layer.parameters()):
            parameter.copy_(torch.from_numpy(random(seed + 3 + i, tuple(parameter.shape), 16)))
        output, weights = by_torch(layer, query, key, value, options)
    parameters = {name: parameter.detach().numpy() for name, parameter in parameters_of(layer)}
    ours = by_hand(parameters, query, key, value, options)
    empty = np.isnan(output).any(-1)
    output = np.where(empty[..., None], ours[0], output)
    expected = {"output": output}
    if weights is not None:
        known = ours[1].mean(1) if options.get("averageAttnWeights", True) else ours[1]
        weights = expected["weights"] = np.where(np.isnan(weights), known, weights)
        np.testing.assert_allclose(weights, known, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(output, ours[0], rtol=1e-12, atol=1e-13)
    item = {
        "name": name,
        "source": f"{NAME}; numpy {np.__version__}" + ("; rows without a key by numpy alone" if empty.any() else ""),
    }
    item["query"] = tensor(query)
    if sizes.get("cross"):
        item.update(key=tensor(key), value=tensor(value))
    item["weights"] = {name: tensor(x) for name, x in parameters.items()}
    item["options"] = {name: option(x) for name, x in options.items()}
    item["expected"] = rounded(expected)
    return item


NAMES = {
    "in_proj_weight": "inProjWeight",
    "q_proj_weight": "qProjWeight",
    "k_proj_weight": "kProjWeight",
    "v_proj_weight": "vProjWeight",
    "in_proj_bias": "inProjBias",
    "bias_k": "biasK",
    "bias_v": "biasV",
    "out_proj.weight": "outProjWeight",
    "out_proj.bias": "outProjBias",
}


def parameters_of(layer):
    """By our names; bias_k and bias_v as vectors."""
    known = dict(layer.named_parameters())
    assert set(known) <= set(NAMES), "a parameter without a name"
    for theirs, ours in NAMES.items():
        if theirs in known:
            yield ours, known[theirs].reshape(-1) if theirs in ("bias_k", "bias_v") else known[theirs]


def by_torch(layer, query, key, value, o):
    """True means blocked there."""
    n, m = query.shape[1], key.shape[1]
    blocked = None
    if o.get("causal"):
        blocked = torch.ones(n, m, dtype=torch.bool).triu(1)
    if "attnMask" in o:
        blocked = torch.from_numpy(~o["attnMask"])
    if "attnBias" in o:
        blocked = torch.from_numpy(o["attnBias"])
    padding = torch.from_numpy(~o["keyPaddingMask"]) if "keyPaddingMask" in o else None
    q, k, v = map(torch.from_numpy, (query, key, value))
    output, weights = layer(
        q,
        k,
        v,
        key_padding_mask=padding,
        attn_mask=blocked,
        need_weights=o.get("needWeights", True),
        average_attn_weights=o.get("averageAttnWeights", True),
    )
    return output.numpy(), None if weights is None else weights.numpy()


def by_hand(p, query, key, value, o):
    """Vaswani et al. 2017, section 3.2.2, one row after the other."""
    (b, n, e), heads = query.shape, o["numHeads"]
    size = e // heads
    wq, wk, wv = np.split(p["inProjWeight"], 3) if "inProjWeight" in p else (p[f"{x}ProjWeight"] for x in "qkv")
    bq, bk, bv = np.split(p.get("inProjBias", np.zeros(3 * e)), 3)
    output, weights = np.zeros((b, n, e)), []
    for bb in range(b):
        q, k, v = query[bb] @ wq.T + bq, key[bb] @ wk.T + bk, value[bb] @ wv.T + bv
        if "biasK" in p:
            k, v = np.vstack([k, p["biasK"]]), np.vstack([v, p["biasV"]])
        if o.get("addZeroAttn"):
            k, v = np.vstack([k, np.zeros(e)]), np.vstack([v, np.zeros(e)])
        joined, of_head = np.zeros((n, e)), np.zeros((heads, n, len(k)))
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            for i in range(n):
                seen = [j for j in range(len(k)) if j >= key.shape[1] or allowed(o, bb, h, i, j)]
                if seen:
                    logits = k[seen, part] @ q[i, part] / math.sqrt(size) + [
                        added(o, bb, h, i, j, key.shape[1]) for j in seen
                    ]
                    raised = np.exp(logits - logits.max())
                    of_head[h, i, seen] = raised / raised.sum()
                    joined[i, part] = of_head[h, i, seen] @ v[seen, part]
        output[bb] = joined @ p["outProjWeight"].T + p.get("outProjBias", 0)
        weights.append(of_head)
    return output, np.array(weights)


def entry(x, o, bb, h, i, j):
    return x[i, j] if x.ndim == 2 else x[bb * o["numHeads"] + h, i, j]


def allowed(o, bb, h, i, j):
    return (
        (not o.get("causal") or j <= i)
        and ("attnMask" not in o or entry(o["attnMask"], o, bb, h, i, j))
        and ("attnBias" not in o or entry(o["attnBias"], o, bb, h, i, j) > -math.inf)
        and ("keyPaddingMask" not in o or o["keyPaddingMask"][bb, j])
    )


def added(o, bb, h, i, j, m):
    return entry(o["attnBias"], o, bb, h, i, j) if "attnBias" in o and j < m else 0.0


if __name__ == "__main__":
    main()
