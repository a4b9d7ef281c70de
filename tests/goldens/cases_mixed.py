"""Questions in which members of every list meet, in the order of the whole pipeline."""

import numpy as np

from case import mask, random, small

ALL = ("raw", "scaled", "capped", "biased", "masked", "weights", "output")
SOME = ("biased", "weights", "output")
GAINS = {"gq": random(91, (4,)), "gk": random(92, (4,)), "eps": 2.0**-20}
LOWER = {"causalAlignment": "lower_right"}


def cases():
    sink = lambda *values: {"id": "softmax_sink", "sinks": np.array(values)}
    first = {
        "score": {"id": "qk_norm_rms", **GAINS},
        "position": "rope",
        "causal": True,
        "softcap": 1.25,
        "normalizer": sink(0.5, -1.0, 2.0, 0.25),
    }
    yield small(
        "mixed: qk_norm_rms, rope, causal, grouped heads, softcap, sink", first, hq=4, hkv=2, n=3, m=3, want=ALL
    )
    yield small("mixed: the same at an offset", {**first, "causalOffset": 2}, hq=4, hkv=1, n=2, m=4, want=SOME)
    yield small(
        "mixed: alibi, window, lower_right",
        {"position": "alibi", "leftWindowSize": 2, "rightWindowSize": 0, "causal": True, **LOWER},
        n=3,
        m=5,
        want=("biased", "masked", "weights", "output"),
    )
    yield small(
        "mixed: alibi, window, lower_right, sigmoid, empty rows",
        {"position": "alibi", "leftWindowSize": 1, "causal": True, **LOWER, "normalizer": "sigmoid"},
        n=5,
        m=3,
        want=SOME,
    )
    t5 = {"id": "t5", "table": random(93, (32, 2)), "bidirectional": False}
    yield small(
        "mixed: t5, mask, lengths, temperature, topk",
        {
            "position": t5,
            "scale": 1,
            "temperature": 0.5,
            "attnMask": mask("11011 01111 10111 11110", (1, 1, 4, 5)),
            "keyValueSeqLengths": [4, 5],
            "querySeqLengths": [4, 2],
            "normalizer": {"id": "topk", "k": 2},
            "causalAlignment": "upper_left",
        },
        n=4,
        m=5,
        dv=1,
        want=SOME,
        b=2,
    )
    general = {"id": "general", "w": random(94, (4, 4, 3))}
    yield small(
        "mixed: general of each head, grouped heads, bias, entmax15",
        {"score": general, "attnBias": random(95, (1, 4, 1, 4)), "normalizer": "entmax15", "softcap": 2},
        hq=4,
        hkv=2,
        n=2,
        m=4,
        dk=3,
        want=SOME,
    )
    additive = {
        "id": "additive",
        "wq": random(96, (6, 4)),
        "wk": random(97, (6, 4)),
        "v": random(98, (6,)),
        "b": random(99, (6,)),
    }
    yield small(
        "mixed: additive, alibi symmetric, causal, sparsemax",
        {"score": additive, "position": {"id": "alibi", "symmetric": True}, "causal": True, "normalizer": "sparsemax"},
        n=4,
        m=4,
        want=SOME,
    )
    swin = {"id": "swin_v2_cosine", "t": np.array([1.5, 5.0])}
    yield small(
        "mixed: swin_v2_cosine, t5, window",
        {
            "score": swin,
            "position": {"id": "t5", "table": random(100, (32, 2))},
            "leftWindowSize": 2,
            "rightWindowSize": 1,
        },
        n=4,
        m=4,
        dv=1,
        want=SOME,
    )
    partial = {"id": "rope", "rotaryEmbeddingDim": 2, "interleaved": True}
    yield small(
        "mixed: qk_norm_l2, partial rope, causal, sigmoid",
        {"score": "qk_norm_l2", "position": partial, "causal": True, "normalizer": "sigmoid"},
        n=4,
        m=4,
        want=SOME,
    )
    yield small(
        "mixed: sinusoidal, qk_norm_ln, softmax1, lower_right",
        {
            "position": "sinusoidal",
            "score": {"id": "qk_norm_ln", **GAINS},
            "causal": True,
            **LOWER,
            "normalizer": "softmax1",
        },
        n=2,
        m=4,
        want=SOME,
    )
    learned = {"id": "learned", "table": random(101, (5, 4))}
    yield small(
        "mixed: learned, rbf, offset, relu_n",
        {
            "position": learned,
            "score": {"id": "rbf", "sigma": 0.75},
            "causalOffset": 1,
            "causal": True,
            "attnBias": 2 + random(102, (1, 1, 3, 5)),
            "normalizer": {"id": "relu_n", "n": "visible"},
        },
        n=3,
        m=5,
        want=SOME,
    )
    yield small(
        "mixed: neg_l2, rope, threshold after entmax15",
        {
            "score": "neg_l2",
            "position": "rope",
            "causal": True,
            "normalizer": {"id": "soft_threshold", "after": "entmax15", "alpha": 0.25, "renormalize": True},
        },
        n=4,
        m=4,
        want=SOME,
    )
    concat = {"id": "concat", "w": random(103, (5, 8)), "v": random(104, (5,))}
    yield small(
        "mixed: concat, rope, topk first, grouped heads",
        {"score": concat, "position": "rope", "normalizer": {"id": "topk", "k": 2, "ties": "first"}},
        hq=4,
        hkv=1,
        n=3,
        m=3,
        want=SOME,
    )
    yield small(
        "mixed: cosine, alibi, softcap, sink, window",
        {
            "score": "cosine",
            "temperature": 0.125,
            "position": "alibi",
            "softcap": 4,
            "normalizer": sink(1.0, -2.0),
            "leftWindowSize": 1,
            "causal": True,
        },
        n=4,
        m=4,
        want=("scaled", "capped", "biased", "weights", "output"),
    )
    yield small(
        "mixed: linear_elu1, learned, mask, causal",
        {
            "normalizer": "linear_elu1",
            "position": learned,
            "causal": True,
            "attnMask": mask("1011 1101 0110 1111", (1, 1, 4, 4)),
        },
        n=4,
        m=4,
    )
    batch = {
        "position": "rope",
        "normalizer": sink(0.25, -0.75),
        "querySeqLengths": [3, 4],
        "keyValueSeqLengths": [2, 4],
        "causal": True,
    }
    yield small("mixed: rope, sink, both lengths, causal", batch, n=4, m=4, want=SOME, b=2)
