"""Questions about positions: sinusoids, tables, rotations, and the two biases by distance. Also lengths of the queries."""

import numpy as np

from case import NAN, Case, random, small

UPPER, LOWER = {"causalAlignment": "upper_left"}, {"causalAlignment": "lower_right"}
RAW = ("raw", "weights", "output")
BIASED = ("biased", "weights", "output")


def cases():
    groups = (
        sinusoids,
        sinusoid_tables,
        learned,
        rotations,
        rotation_tables,
        rotation_identities,
        ramps,
        ramp_tables,
        buckets,
        staircase,
        lengths,
    )
    return [case for group in groups for case in group()]


def sinusoids():
    for layout in ("interleaved", "concat"):
        for frequency in ("paper", "t2t"):
            for d in (4, 5):
                position = {"id": "sinusoidal", "layout": layout, "frequency": frequency}
                yield small(
                    f"sinusoidal {layout} {frequency}, d {d}", {"position": position}, hq=1, n=4, m=4, d=d, want=RAW
                )
    yield small("sinusoidal by default, d 2", {"position": "sinusoidal"}, n=3, m=3, d=2, want=RAW)
    yield small(
        "sinusoidal t2t, d 3", {"position": {"id": "sinusoidal", "frequency": "t2t"}}, hq=1, n=3, m=3, d=3, want=RAW
    )
    yield small("sinusoidal, theta 100", {"position": {"id": "sinusoidal", "theta": 100}}, hq=1, n=3, m=3, want=RAW)
    for n, m, more in ((2, 5, UPPER), (2, 5, LOWER), (5, 3, LOWER), (3, 5, {"causalOffset": 1})):
        name = f"sinusoidal, n {n}, m {m}, {' '.join(map(str, more.values()))}"
        yield small(name, {"position": "sinusoidal", **more}, hq=1, n=n, m=m, want=RAW)


def probe(name, d, keys, position, source, literal, tolerance):
    """One query per dimension that, at position 0, ends up as that unit vector: the raw scores are the prepared keys."""
    first = {
        "interleaved": [0, 1] * (d // 2) + [0] * (d % 2),
        "concat": [0] * (d // 2) + [1] * (d // 2) + [0] * (d % 2),
    }
    added = np.array(first[position.get("layout", "interleaved")]) if position["id"] == "sinusoidal" else np.zeros(d)
    query = (np.eye(d) - added).reshape(d, 1, 1, d)
    keys = np.repeat(np.asarray(keys, dtype=np.float64).reshape(1, 1, -1, d), d, axis=0)
    options = {"score": "dot", "position": position, **UPPER}
    return Case(
        name,
        query,
        keys,
        None,
        options,
        want=("raw",),
        literal={"raw": np.asarray(literal).T.reshape(d, 1, 1, -1)},
        source=source,
        tolerance=tolerance,
    )


def sinusoid_tables():
    """The whole table, from printed frequencies."""
    for frequency, w in (("paper", [1, 0.1, 0.01, 0.001]), ("t2t", [1, 0.0464159, 0.00215443, 0.0001])):
        for d in (8, 9):
            angles = np.outer(np.arange(6), w)
            table = np.concatenate([np.sin(angles), np.cos(angles), np.zeros((6, d - 8))], axis=1)
            if d == 9 and frequency == "paper":
                continue
            position = {"id": "sinusoidal", "layout": "concat", "frequency": frequency}
            yield probe(
                f"table: sinusoids {frequency}, d {d}",
                d,
                np.zeros((6, d)),
                position,
                "printed table: frequencies",
                table,
                2e-6,
            )


def learned():
    table = random(71, (6, 4))
    position = {"id": "learned", "table": table}
    yield small("learned", {"position": position}, n=5, m=5, want=RAW)
    yield small(
        "learned, causal lower_right", {"position": position, "causal": True, **LOWER}, hq=1, n=2, m=6, want=RAW
    )
    yield small("learned, offset 2", {"position": position, "causalOffset": 2}, hq=1, n=3, m=4, want=RAW)
    yield small("learned by default", {"position": "learned"}, hq=1, n=3, m=3, want=RAW)


def rotations():
    for label, position in (
        ("by default", "rope"),
        ("interleaved", {"id": "rope", "interleaved": True}),
        ("of 4 of 6", {"id": "rope", "rotaryEmbeddingDim": 4}),
        ("interleaved of 2 of 6", {"id": "rope", "interleaved": True, "rotaryEmbeddingDim": 2}),
        ("theta 500000", {"id": "rope", "ropeTheta": 500000}),
        ("theta 8, interleaved", {"id": "rope", "ropeTheta": 8, "interleaved": True}),
    ):
        yield small(f"rope {label}", {"position": position}, hq=1, n=4, m=4, d=6, want=RAW)
    for n, m, more in ((2, 5, UPPER), (2, 5, LOWER), (5, 3, LOWER), (3, 5, {"causalOffset": 1})):
        name = f"rope, n {n}, m {m}, {' '.join(map(str, more.values()))}"
        yield small(name, {"position": "rope", **more}, hq=1, n=n, m=m, dv=None, want=("raw", "weights"))
    yield small("rope, causal, empty rows", {"position": "rope", "causal": True, **LOWER}, hq=1, n=5, m=3)
    for d in (2, 34):
        yield small(f"rope, d {d}", {"position": "rope"}, hq=1, n=2, m=2, d=d, dv=None, want=("raw", "weights"))
    for score in ("cosine", "qk_norm_rms", "qk_norm_ln", "qk_norm_l2", "neg_l2", "additive"):
        yield small(
            f"rope, score {score}",
            {"position": "rope", "score": score},
            hq=1,
            n=4,
            m=4,
            dv=None,
            want=("raw", "weights"),
        )
    gains = {"id": "qk_norm_rms", "gq": random(72, (4,)), "gk": random(73, (4,)), "eps": 0.25}
    yield small("rope after the gains of qk_norm_rms", {"position": "rope", "score": gains}, hq=1, n=4, m=4, want=RAW)
    general = {"id": "general", "w": random(74, (4, 4))}
    yield small("rope before the W of general", {"position": "rope", "score": general}, hq=1, n=4, m=4, want=RAW)
    yield small("rope, heads 4 over 2", {"position": "rope"}, hq=4, hkv=2, n=2, m=2, want=RAW)
    yield small("rope, far away", {"position": "rope", "causalOffset": 1000}, hq=1, n=2, m=3, d=8, want=RAW)


def rotation_tables():
    x = [[1, 2, 3, 4]] * 2
    for interleaved, turned in (
        (True, [-1.142640, 1.922076, 2.959851, 4.029800]),
        (False, [-1.984111, 1.959901, 2.462378, 4.019800]),
    ):
        position = {"id": "rope", "interleaved": interleaved}
        yield probe(
            f"table: rope of (1, 2, 3, 4), interleaved {interleaved}",
            4,
            x,
            position,
            "printed table: rope",
            [x[0], turned],
            1e-6,
        )


def rotation_identities():
    """The two layouts are one, up to the order of the dimensions; scores depend on the distance alone."""
    base = small(
        "identity: rope interleaved", {"position": {"id": "rope", "interleaved": True}}, hq=1, n=4, m=4, want=RAW
    )
    yield base
    order = [0, 2, 1, 3]
    yield Case(
        "identity: rope interleaved = rope of permuted rows",
        base.query[..., order],
        base.key[..., order],
        base.value,
        {"position": "rope"},
        want=RAW,
    )
    q, k = random(75, (1, 1, 1, 4)), random(76, (1, 1, 1, 4))
    yield Case(
        "rope sees distances alone",
        np.repeat(q, 8, axis=2),
        np.repeat(k, 8, axis=2),
        None,
        {"position": "rope"},
        want=("raw",),
    )


def ramps():
    for heads in (1, 3, 6, 8, 12):
        yield small(f"alibi, heads {heads}", {"position": "alibi"}, hq=heads, n=2, m=2, d=2, dv=1, want=BIASED)
    for label, normalizer in (
        ("sigmoid", "sigmoid"),
        ("softmax1", "softmax1"),
        ("relu_n", "relu_n"),
        ("sparsemax", "sparsemax"),
        ("softmax_sink", {"id": "softmax_sink", "sinks": np.array([0.5, -0.5])}),
    ):
        yield small(
            f"alibi, {label}",
            {"position": "alibi", "normalizer": normalizer},
            n=3,
            m=3,
            d=2,
            dv=None,
            want=("biased", "weights"),
        )
        causal = {"position": "alibi", "normalizer": normalizer, "causal": True, **LOWER}
        yield small(f"alibi, {label}, causal lower_right", causal, n=3, m=5, dv=1, want=("weights", "output"))
    yield small(
        "alibi, symmetric",
        {"position": {"id": "alibi", "symmetric": True}, "normalizer": "sigmoid"},
        n=3,
        m=3,
        d=2,
        dv=None,
        want=("biased", "weights"),
    )
    for n, m, more in ((2, 5, UPPER), (5, 3, LOWER), (3, 5, {"causalOffset": 1})):
        name = f"alibi, n {n}, m {m}, {' '.join(map(str, more.values()))}"
        yield small(
            name, {"position": "alibi", "normalizer": "sigmoid", **more}, n=n, m=m, dv=None, want=("biased", "weights")
        )
    yield small(
        "alibi after the softcap and beside a bias",
        {"position": "alibi", "softcap": 0.5, "attnBias": random(77, (1, 2, 4, 4))},
        n=4,
        m=4,
        d=2,
        dv=1,
        want=("capped", *BIASED),
    )
    yield small(
        "alibi, heads 4 over 2", {"position": "alibi", "normalizer": "softmax1"}, hq=4, hkv=2, n=2, m=2, want=BIASED
    )


SLOPES = {
    1: [-8],
    3: [-4, -8, -2],
    6: [-2, -4, -6, -8, -1, -3],
    8: [-1, -2, -3, -4, -5, -6, -7, -8],
    12: [-1, -2, -3, -4, -5, -6, -7, -8, -0.5, -1.5, -2.5, -3.5],
}


def ramp_tables():
    """Queries of zeros: what is left of a logit is the bias, the slope itself one step away."""
    for heads, powers in SLOPES.items():
        slope = 2.0 ** np.array(powers).reshape(1, -1, 1, 1)
        zero = np.zeros((1, heads, 2, 1))
        yield Case(
            f"table: slopes of {heads} heads",
            zero,
            zero,
            None,
            {"position": "alibi"},
            want=("biased",),
            literal={"biased": slope * np.array([[0, 1], [-1, 0]])},
            source="printed table: slopes",
            tolerance=1e-9,
        )


def buckets():
    table = random(78, (32, 2))
    for label, more in (("", {}), (", unidirectional", {"bidirectional": False})):
        position = {"id": "t5", "table": table, **more}
        yield small(f"t5{label}", {"position": position, "scale": 1}, n=3, m=3, d=2, want=BIASED)
        options = {"position": position, "scale": 1, "causal": True, **LOWER}
        yield small(f"t5{label}, causal lower_right", options, n=2, m=24, d=1, dv=None, want=("biased",))
    few = {"id": "t5", "table": random(79, (8, 2)), "maxDistance": 10}
    yield small(
        "t5 of 8 buckets up to 10",
        {"position": few, "normalizer": "sigmoid", "causalOffset": 4},
        n=2,
        m=13,
        d=1,
        dv=None,
        want=("biased", "weights"),
    )
    yield small("t5 by default", {"position": "t5"}, n=3, m=3, want=BIASED)
    yield small(
        "t5, heads 4 over 2",
        {"position": {"id": "t5", "table": random(80, (32, 4))}},
        hq=4,
        hkv=2,
        n=2,
        m=2,
        want=BIASED,
    )


STARTS = {
    True: [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91],
    False: [*range(1, 17), 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113],
}


def staircase():
    """A table of bucket numbers under queries of zeros: the logit is the number of the bucket, on both sides of every start."""
    for bidirectional, starts in STARTS.items():
        far = starts[-1] + 2
        m = 2 * far + 1 if bidirectional else far + 4
        relative = np.arange(m) - far
        found = np.searchsorted(starts, np.abs(relative) if bidirectional else -relative, side="right")
        found = np.where(relative > 0, found + 16, found) if bidirectional else found
        table = np.stack([np.arange(32), 100 + np.arange(32)], axis=1).astype(np.float64)
        position = {"id": "t5", "table": table, "bidirectional": bidirectional}
        literal = {"biased": np.stack([found, 100 + found]).astype(np.float64).reshape(1, 2, 1, m)}
        yield Case(
            f"table: buckets, bidirectional {bidirectional}",
            np.zeros((1, 2, 1, 1)),
            np.zeros((1, 2, m, 1)),
            None,
            {"position": position, "causalOffset": far},
            want=("biased",),
            literal=literal,
            source="printed table: buckets",
            tolerance=1e-9,
        )


def lengths():
    for label, more in (
        ("", {}),
        (" with key lengths", {"keyValueSeqLengths": [2, 5]}),
        (", causal", {"causal": True, **LOWER}),
        (", sigmoid", {"normalizer": "sigmoid"}),
        (", entmax15", {"normalizer": "entmax15"}),
        (", relu_n", {"normalizer": "relu_n"}),
        (", linear_elu1", {"normalizer": "linear_elu1"}),
    ):
        yield small(f"query lengths{label}", {"querySeqLengths": [3, 1], **more}, b=2, hq=1, n=4, m=5)
    yield small("query lengths of 0 and N, heads 4 over 2", {"querySeqLengths": [0, 2]}, hq=4, hkv=2, n=2, m=3, b=2)
    behind = small("nan in a removed query", {"querySeqLengths": [2, 3]}, hq=1, n=3, m=3, dense=False, b=2)
    behind.query[0, 0, 2] = NAN
    yield behind
