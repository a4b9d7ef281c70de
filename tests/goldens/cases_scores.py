"""Questions about the later scores: bilinear, additive, distances, and rows that are normalised first."""

import numpy as np

from case import INF, NAN, Case, mask, random, small

D, DK, A = 4, 3, 5
RAW = ("raw", "weights", "output")
# Scores whose parameters do not depend on the number of heads, for d = 4.
SCORES = {
    "general": {"id": "general", "w": random(31, (D, D))},
    "general_default": "general",
    "additive": {
        "id": "additive",
        "wq": random(32, (A, D)),
        "wk": random(33, (A, D)),
        "v": random(34, (A,)),
        "b": random(35, (A,)),
    },
    "additive_default": "additive",
    "concat": {"id": "concat", "w": random(36, (A, 2 * D)), "v": random(37, (A,))},
    "concat_default": "concat",
    "neg_l2": "neg_l2",
    "rbf": "rbf",
    "rbf_sigma": {"id": "rbf", "sigma": 1.5},
    "qk_norm_l2": "qk_norm_l2",
    "qk_norm_l2_g": {"id": "qk_norm_l2", "g": 3},
    "qk_norm_rms": "qk_norm_rms",
    "qk_norm_rms_gains": {"id": "qk_norm_rms", "gq": random(38, (D,)), "gk": random(39, (D,)), "eps": 0.125},
    "qk_norm_ln": "qk_norm_ln",
    "qk_norm_ln_gains": {"id": "qk_norm_ln", "gq": random(40, (D,)), "gk": random(41, (D,)), "eps": 0.125},
    "swin_v2_cosine": "swin_v2_cosine",
}
# Parameters of four query heads, one part each; K has a size of its own where it may.
PER_HEAD = {
    "general": (DK, {"w": random(42, (4, D, DK))}),
    "swin_v2_cosine": (D, {"t": np.array([0.5, 6, -1, 2.25])}),
}


def cases():
    groups = (plain, sizes, per_head, masked, scaled, edges, removed, identities, tables)
    return [case for group in groups for case in group()]


def plain():
    for label, score in SCORES.items():
        yield small(f"score {label}", {"score": score}, hq=1, n=4, m=5, want=RAW)
        yield small(
            f"score {label}, normalizer sigmoid", {"score": score, "normalizer": "sigmoid"}, hq=1, n=2, m=4, dv=None
        )


def sizes():
    """The size of K by itself, a head size of one, more hidden units than dimensions, and sizes that fill no vector."""
    for score in (
        {"id": "general", "w": random(51, (D, DK))},
        {"id": "concat", "w": random(52, (2, D + DK)), "v": random(53, (2,))},
        {"id": "additive", "wq": random(54, (9, D)), "wk": random(55, (9, DK)), "v": random(56, (9,))},
    ):
        yield small(f"score {score['id']}, K of its own size", {"score": score}, n=2, m=4, dk=DK, dv=2, want=RAW)
    wide = {"id": "general", "w": random(57, (2, 6))}
    yield small(
        "score general, K larger than Q", {"score": wide}, hq=1, n=3, m=5, d=2, dk=6, dv=None, want=("raw", "weights")
    )
    for score in (
        "general",
        "additive",
        "concat",
        "neg_l2",
        "rbf",
        "qk_norm_l2",
        "qk_norm_rms",
        "qk_norm_ln",
        "swin_v2_cosine",
    ):
        yield small(f"score {score}, d 1", {"score": score}, hq=1, n=2, m=3, d=1, dv=None, want=("raw", "weights"))
        yield small(f"score {score}, d 9", {"score": score}, hq=1, n=2, m=2, d=9, dv=None, want=("raw", "weights"))


def per_head():
    for name, (dk, parameters) in PER_HEAD.items():
        score = {"id": name, **parameters}
        yield small(
            f"score {name} of each head, heads 4 over 2", {"score": score}, hq=4, hkv=2, n=2, m=3, dk=dk, dv=1, want=RAW
        )
        yield small(
            f"score {name} of each head, heads 4 over 1", {"score": score}, hq=4, hkv=1, n=1, m=3, dk=dk, dv=None
        )
    for label in ("additive", "concat", "neg_l2", "qk_norm_rms", "qk_norm_l2"):
        yield small(
            f"score {label}, heads 4 over 2",
            {"score": SCORES[label]},
            hq=4,
            hkv=2,
            n=2,
            m=3,
            dv=None,
            want=("raw", "weights"),
        )


def masked():
    bits = mask("11010 01111 00000 10101", (1, 1, 4, 5))
    for label in (
        "general",
        "additive",
        "concat",
        "neg_l2",
        "rbf",
        "qk_norm_l2",
        "qk_norm_rms",
        "qk_norm_ln",
        "swin_v2_cosine",
    ):
        options = {
            "score": SCORES[label],
            "attnMask": bits,
            "attnBias": random(61, (1, 1, 4, 1)),
            "causal": True,
            "causalAlignment": "lower_right",
        }
        yield small(f"score {label}, mixed masks", options, hq=1, n=4, m=5, dv=1, want=("weights", "output"))


def scaled():
    for label in (
        "general",
        "additive",
        "concat",
        "neg_l2",
        "rbf_sigma",
        "qk_norm_l2_g",
        "qk_norm_rms",
        "qk_norm_ln",
        "swin_v2_cosine",
    ):
        options = {"score": SCORES[label], "scale": -0.75, "temperature": 2}
        yield small(
            f"score {label}, scale -0.75, temperature 2", options, hq=1, n=2, m=4, dv=None, want=("scaled", "weights")
        )
    for label in ("rbf", "rbf_sigma", "neg_l2", "qk_norm_l2", "qk_norm_l2_g", "swin_v2_cosine"):
        yield small(
            f"score {label}, its own scale", {"score": SCORES[label]}, hq=1, n=2, m=4, dv=None, want=("raw", "scaled")
        )
    yield small("score qk_norm_l2, one key", {"score": "qk_norm_l2"}, hq=1, n=2, m=1, want=RAW)
    yield small("score qk_norm_l2, two keys", {"score": "qk_norm_l2"}, hq=1, n=2, m=2, want=RAW)


def edges():
    """Zero vectors, equal vectors, and lengths at which the eps of a norm decides."""
    for label in ("neg_l2", "qk_norm_l2", "qk_norm_rms", "qk_norm_ln", "swin_v2_cosine"):
        zero = small(
            f"score {label}, zero and equal vectors", {"score": label}, hq=1, n=4, m=5, dv=None, want=("raw", "weights")
        )
        zero.query[0, 0, 1] = zero.key[0, 0, 2] = 0
        zero.query[0, 0, 2] = zero.key[0, 0, 3]
        zero.query[0, 0, 3] = 0.5
        yield zero
    short = lambda *rows: np.array(rows, dtype=np.float32).astype(np.float64).reshape(1, 1, -1, 2)
    for score in ("qk_norm_l2", "swin_v2_cosine"):
        yield Case(
            f"score {score}, short vectors",
            short((1e-13, 0), (1, 0), (1e-9, 1e-9)),
            short((1e-13, 0), (3e-12, 0), (0, 2)),
            None,
            {"score": {"id": score, "eps": 1e-12}},
            want=("raw", "weights"),
        )
    for score in ("qk_norm_rms", "qk_norm_ln"):
        yield Case(
            f"score {score}, short vectors",
            short((1e-3, 0), (1, 0), (1e-5, 1e-5)),
            short((1e-3, 2e-3), (3, 0), (0, 2e-4)),
            None,
            {"score": score},
            want=("raw", "weights"),
        )
    caps = {"id": "swin_v2_cosine", "t": np.array([4.5, 4.75, 1e4, -20])}
    yield small("score swin_v2_cosine, t beyond ln 100", {"score": caps}, hq=4, n=2, m=3, want=RAW)
    far = small("score neg_l2, long vectors", {"score": "neg_l2"}, hq=1, n=3, m=4, want=("raw", "scaled", "weights"))
    far.query, far.key = 512 + far.query, 512 + far.key
    yield far


def removed():
    for label in (
        "general",
        "additive",
        "concat",
        "neg_l2",
        "rbf",
        "qk_norm_l2",
        "qk_norm_rms",
        "qk_norm_ln",
        "swin_v2_cosine",
    ):
        behind = small(
            f"nan and inf in removed keys, score {label}",
            {"keyValueSeqLengths": [2, 3], "score": SCORES[label]},
            hq=1,
            n=2,
            m=4,
            dv=1,
            dense=False,
            b=2,
        )
        behind.key[0, :, 2:], behind.value[0, :, 2:] = NAN, INF
        behind.key[1, 0, 3, 1], behind.value[1, 0, 3] = NAN, NAN
        yield behind
        seen = small(
            f"nan in an allowed key, score {label}",
            {"causal": True, "score": SCORES[label]},
            hq=1,
            n=4,
            m=4,
            dv=1,
            dense=False,
        )
        seen.key[0, 0, 2, 1] = NAN
        yield seen


def identities():
    """One question in two ways: the answers are the same numbers (`generate.py` sees to that)."""
    base = small("identity: rbf", {"score": {"id": "rbf", "sigma": 2}}, hq=1, n=3, m=4)
    yield base
    bias = -(base.key**2).sum(-1)[:, :, None, :] / 8
    yield Case(
        "identity: rbf = dot with a bias",
        base.query,
        base.key,
        base.value,
        {"score": "dot", "scale": 0.25, "attnBias": bias},
    )
    w = random(62, (A, 2 * D))
    v = random(63, (A,))
    base = small("identity: concat", {"score": {"id": "concat", "w": w, "v": v}}, hq=1, n=3, m=4)
    yield base
    halves = {"id": "additive", "wq": w[:, :D].copy(), "wk": w[:, D:].copy(), "v": v}
    yield Case("identity: concat = additive", base.query, base.key, base.value, {"score": halves})
    base = small("identity: general", {"score": {"id": "general", "w": 2 * np.eye(D)}}, hq=1, n=3, m=4)
    yield base
    yield Case("identity: general = dot", base.query, base.key, base.value, {"score": "dot", "scale": 2})


def tables():
    plane = np.array([[1, 0], [3, 3], [0.9, 0.1], [-2, 0]]).astype(np.float32).astype(np.float64).reshape(1, 1, 4, 2)
    raw = np.reshape([0, -13, -0.02, -9], (1, 1, 1, 4))
    yield Case(
        "table: a long key, neg_l2",
        np.array([1.0, 0]).reshape(1, 1, 1, 2),
        plane,
        None,
        {"score": "neg_l2"},
        want=("raw",),
        literal={"raw": raw},
        source="printed table: a long key",
        tolerance=1e-6,
    )
    for m, g in ((16, 7.9069), (64, 11.9773), (97, 13.1849), (512, 17.9972)):
        one = np.ones((1, 1, m, 1))
        yield Case(
            f"table: g of {m} keys",
            one[:, :, :1],
            one,
            None,
            {"score": "qk_norm_l2"},
            want=("scaled",),
            literal={"scaled": g * np.ones((1, 1, 1, m))},
            source="printed table: g of QKNorm",
            tolerance=5e-5,
        )
    own = np.array([[1.0, 1], [3, 0]]).reshape(1, 1, 2, 2)
    for options, raw, weights in (({}, [2, 3], [0.330238, 0.669762]), ({"score": "cosine"}, [1, 0.707107], None)):
        literal = {"raw": np.reshape(raw, (1, 1, 1, 2))}
        if weights:
            literal["weights"] = np.reshape(weights, (1, 1, 1, 2))
        yield Case(
            f"table: a vector and itself, {options.get('score', 'scaled_dot')}",
            own[:, :, :1],
            own,
            None,
            options,
            want=tuple(literal),
            literal=literal,
            source="printed table: a vector and itself",
            tolerance=1e-6,
        )
    lengths = np.array([[1.0] * 64, [4.0] * 32 + [0.0] * 32]).reshape(1, 1, 2, 64)
    for score, raw, weights in (
        ("scaled_dot", [64, 128], [0.000335, 0.999665]),
        ("cosine", [1, 0.707107], [0.572704, 0.427296]),
    ):
        literal = {"raw": np.reshape(raw, (1, 1, 1, 2)), "weights": np.reshape(weights, (1, 1, 1, 2))}
        yield Case(
            f"table: a less aligned key, {score}",
            np.ones((1, 1, 1, 64)),
            lengths,
            None,
            {"score": score},
            want=tuple(literal),
            literal=literal,
            source="printed table: a less aligned key",
            tolerance=1e-6,
        )
