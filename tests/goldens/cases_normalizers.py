"""Questions about the later normalizers: a sink of its own, entmax, ReLU, the k largest, a threshold after others, linear attention."""

import numpy as np

from case import INF, NAN, Case, mask, random, row, small

SINKS = np.array([0.75, -1.5])
NORMALIZERS = {
    "softmax_sink": {"id": "softmax_sink", "sinks": SINKS},
    "entmax15": "entmax15",
    "relu_n": "relu_n",
    "relu_n_visible": {"id": "relu_n", "n": "visible"},
    "relu_n_alpha": {"id": "relu_n", "alpha": 2},
    "topk_3": {"id": "topk", "k": 3},
    "topk_first_2": {"id": "topk", "k": 2, "ties": "first"},
    "threshold_sigmoid": {"id": "soft_threshold", "after": "sigmoid", "alpha": 0.75},
    "threshold_entmax15": {"id": "soft_threshold", "after": "entmax15", "tau": 0.125, "renormalize": True},
    "threshold_relu_n": {"id": "soft_threshold", "after": "relu_n", "tau": 0.125},
}


def cases():
    groups = (plain, thresholds, masked, extremes, removed, ties, linear, linear_masks, tables)
    return [case for group in groups for case in group()]


def of_one_head(normalizer):
    """The same with the parameters of the first head only."""
    heads = isinstance(normalizer, dict) and "sinks" in normalizer
    return {**normalizer, "sinks": normalizer["sinks"][:1]} if heads else normalizer


def plain():
    for label, normalizer in NORMALIZERS.items():
        yield small(f"normalizer {label}", {"normalizer": normalizer}, n=3, dv=2, spread=1.5)
        if not label.startswith("threshold"):
            yield small(
                f"score cosine, normalizer {label}",
                {"score": "cosine", "scale": 4, "normalizer": of_one_head(normalizer)},
                hq=1,
                n=3,
                dv=None,
            )
        yield small(f"one key, normalizer {label}", {"normalizer": of_one_head(normalizer)}, hq=1, n=2, m=1)
    yield small("softmax_sink, sinks by default", {"normalizer": "softmax_sink"}, n=3)
    sinks = np.array([4, -4, 0.25, 1.0])
    yield small(
        "softmax_sink, heads 4 over 2",
        {"normalizer": {"id": "softmax_sink", "sinks": sinks}},
        b=2,
        hq=4,
        hkv=2,
        n=2,
        m=3,
        dv=1,
    )
    scaled = {"normalizer": {"id": "softmax_sink", "sinks": SINKS}, "scale": 0.25, "temperature": 0.5, "softcap": 1.5}
    yield small("softmax_sink is not scaled", scaled, n=3)
    yield small("topk by default", {"normalizer": "topk"}, hq=1, n=2, m=11)
    yield small("topk, k beyond the keys", {"normalizer": {"id": "topk", "k": 9}}, hq=1, n=2, m=5)
    yield small("entmax15 of many keys", {"normalizer": "entmax15"}, hq=1, n=2, m=37, dv=None, want=("weights",))
    yield small("relu_n, alpha 0", {"normalizer": {"id": "relu_n", "alpha": 0}}, hq=1, n=3)
    yield small(
        "relu_n, alpha 0.5 of the visible",
        {"normalizer": {"id": "relu_n", "alpha": 0.5, "n": "visible"}, "causal": True},
        hq=1,
        n=5,
        m=5,
    )


def thresholds():
    """Every other normalizer once before the threshold."""
    for after in ("softmax", "softmax1", "softmax_sink", "sigmoid", "sparsemax", "entmax15", "relu_n", "topk"):
        for options in ({"alpha": 0.5}, {"tau": 0.0625, "renormalize": True}):
            normalizer = {"id": "soft_threshold", "after": after, **options}
            yield small(
                f"threshold after {after}, {' '.join(options)}", {"normalizer": normalizer}, hq=1, n=2, m=9, dv=None
            )
    zeroed = {"id": "soft_threshold", "after": "sparsemax", "tau": 0.75}
    yield small("threshold after sparsemax zeroes rows", {"normalizer": zeroed}, hq=1, n=6, m=4)


def masked():
    for label, normalizer in NORMALIZERS.items():
        heads = 2 if label == "softmax_sink" else 1
        mixed = {
            "normalizer": normalizer,
            "causal": True,
            "causalAlignment": "lower_right",
            "attnMask": mask("110111 111011 011111 101110", (1, 1, 4, 6)),
            "attnBias": random(7, (1, heads, 1, 6)),
        }
        yield small(f"normalizer {label}, mixed masks", mixed, hq=heads, n=4, dv=1, spread=1.5)
        empty = {"normalizer": of_one_head(normalizer), "attnMask": mask("000000 111000 000111 010101", (1, 1, 4, 6))}
        yield small(f"normalizer {label}, empty rows", empty, hq=1, n=4, dv=1)


def extremes():
    spikes = [
        [1e4, -1e4, 0, 9999, 3],
        [-1e4, -1e4, -9999, -1e4, -1e4],
        [1e4] * 5,
        [0.5] * 5,
        [0] * 5,
        [-1e4, 0, 0, 0, 1e4],
    ]
    for label, normalizer in NORMALIZERS.items():
        options = {"normalizer": of_one_head(normalizer)}
        yield row(f"logits of 1e4 and equal ones, normalizer {label}", spikes, options)
    for sink in (1e4, -1e4):
        yield row(f"a sink of {sink:g}", spikes, {"normalizer": {"id": "softmax_sink", "sinks": np.array([sink])}})


def removed():
    """Non-finite numbers: unseen behind a mask, seen in allowed logits."""
    for label, normalizer in NORMALIZERS.items():
        normalizer = of_one_head(normalizer)
        behind = small(
            f"nan and inf in removed keys, {label}",
            {"keyValueSeqLengths": [3, 4], "normalizer": normalizer},
            hq=1,
            n=2,
            m=5,
            dv=1,
            dense=False,
            b=2,
        )
        behind.key[0, :, 3:], behind.value[0, :, 3:] = NAN, INF
        behind.key[1, 0, 4], behind.value[1, 0, 4] = INF, NAN
        yield behind
        logits = [
            [1, NAN, 0, 2],
            [1, INF, 0, 2],
            [1, -INF, 0, 2],
            [-INF] * 4,
            [INF, -INF, 0, 0],
            [INF, NAN, 0, 0],
            [0, 1, 2, 3],
        ]
        yield row(f"logits of nan, inf and -inf, normalizer {label}", logits, {"normalizer": normalizer}, dense=False)


def ties():
    tied = [[1, 1, 0, 0], [0, 0, 1, 1], [2, 1, 1, 1], [1, 2, 1, 1], [3, 3, 3, 3], [0, 1, 0, 1]]
    for k in (1, 2, 3):
        for how in ("keep", "first"):
            yield row(f"topk ties, k {k}, {how}", tied, {"normalizer": {"id": "topk", "k": k, "ties": how}})
    options = {
        "normalizer": {"id": "topk", "k": 2, "ties": "first"},
        "attnMask": mask("0111 1011 1110 0011 1101 1111", (6, 1, 1, 4)),
    }
    yield row("topk ties behind a mask, first", tied, options)


LINEAR = {"normalizer": "linear_elu1"}


def linear():
    yield small("linear_elu1", LINEAR, n=3, m=4, want=("raw", "weights", "output"))
    yield small("linear_elu1, eps 0", {"normalizer": {"id": "linear_elu1", "eps": 0}}, hq=1, n=3)
    yield small("linear_elu1, large eps", {"normalizer": {"id": "linear_elu1", "eps": 0.5}}, hq=1, n=3)
    yield small("linear_elu1, heads 4 over 2", LINEAR, hq=4, hkv=2, n=3, m=4)
    yield small("linear_elu1, one key", LINEAR, hq=1, n=2, m=1)
    yield small("linear_elu1, rope", {**LINEAR, "position": "rope"}, hq=1, n=5, m=5)
    yield small("linear_elu1, sinusoidal", {**LINEAR, "position": "sinusoidal"}, hq=1, n=5, m=5)
    far = np.array([[40, -40], [-40, -40], [1e4, 0], [0, 0]]).reshape(1, 1, 4, 2)
    yield Case("linear_elu1, long vectors", far, far[:, :, ::-1].copy(), far / 64, LINEAR)


def linear_masks():
    yield small("linear_elu1, causal", {**LINEAR, "causal": True}, n=5, m=5)
    yield small(
        "linear_elu1, causal lower_right", {**LINEAR, "causal": True, "causalAlignment": "lower_right"}, hq=1, n=5, m=3
    )
    yield small("linear_elu1, key lengths", {**LINEAR, "keyValueSeqLengths": [4, 0]}, hq=1, n=3, b=2)
    empty = {**LINEAR, "attnMask": mask("000000 111000 000111 010101", (1, 1, 4, 6))}
    yield small("linear_elu1, empty rows", empty, hq=1, n=4)
    behind = small(
        "nan in removed keys, linear_elu1", {**LINEAR, "keyValueSeqLengths": [3, 4]}, hq=1, n=2, m=5, dense=False, b=2
    )
    behind.key[0, :, 3:], behind.value[0, :, 3:] = NAN, INF
    behind.value[1, 0, 4] = NAN
    yield behind
    seen = small("nan in an allowed key, linear_elu1", empty, hq=1, n=4, dense=False)
    seen.key[0, 0, 4, 1] = NAN
    yield seen


def tables():
    """Figures that were worked out apart from any of the implementations here, six digits each."""
    table = [[2, 1, 0, -1], [1.2, 0.8, 0.3, -0.5], [1, 1, 0, 0], [0.5, 0.4, 0.3, 0.2]]

    def rows(name, normalizer, weights, logits=table[:1]):
        literal = {"weights": np.array(weights, dtype=np.float64).reshape(len(logits), 1, 1, -1)}
        return row(
            f"table: {name}",
            logits,
            {"normalizer": normalizer},
            literal=literal,
            want=("weights",),
            source="printed table: normalizers",
            tolerance=1e-6,
        )

    yield rows(
        "entmax15",
        "entmax15",
        [
            [0.830719, 0.169281, 0, 0],
            [0.583515, 0.317963, 0.098522, 0],
            [0.466506, 0.466506, 0.033494, 0.033494],
            [0.327030, 0.272343, 0.222657, 0.177970],
        ],
        table,
    )
    yield rows("relu_n", "relu_n", [[0.5, 0.25, 0, 0]])
    yield rows("top 2", {"id": "topk", "k": 2}, [[0.731059, 0.268941, 0, 0]])
    yield rows("top 1 of a tie, keep", {"id": "topk", "k": 1}, [[0.5, 0.5, 0, 0]], table[2:3])
    yield rows("top 1 of a tie, first", {"id": "topk", "k": 1, "ties": "first"}, [[1, 0, 0, 0]], table[2:3])
    yield from entropies()
    query, keys = np.array([1.0, 0]).reshape(1, 1, 1, 2), np.array([[1.0, 0], [3, 3], [-1, 0]]).reshape(1, 1, 3, 2)
    yield Case(
        "table: linear attention",
        query,
        keys,
        None,
        {"normalizer": {"id": "linear_elu1", "eps": 0}},
        want=("weights",),
        literal={"weights": np.reshape([0.266869, 0.640486, 0.092644], (1, 1, 1, 3))},
        source="printed table: linear attention",
        tolerance=1e-6,
    )


def entropies():
    """What scaling does to eight scores, and a temperature to four."""
    quantiles = [sign * z for z in (0.157311, 0.488776, 0.887147, 1.534121) for sign in (1, -1)]
    for name, logits, options, entropy, top, tolerance in (
        ("scaled", quantiles, {}, 1.719331, 0.387684, 2e-6),
        ("8 times", quantiles, {"scale": 8}, 0.037106, 0.994132, 2e-6),
        ("an 8th", quantiles, {"scale": 0.125}, 2.072812, 0.150421, 2e-6),
        ("temperature 0.25", [2, 1, 0, -1], {"temperature": 0.25}, 0.0931, None, 5e-5),
        ("temperature 0.5", [2, 1, 0, -1], {"temperature": 0.5}, 0.4554, None, 5e-5),
        ("temperature 1", [2, 1, 0, -1], {}, 0.9475, None, 5e-5),
        ("temperature 2", [2, 1, 0, -1], {"temperature": 2}, 1.2451, None, 5e-5),
        ("temperature 4", [2, 1, 0, -1], {"temperature": 4}, 1.3482, None, 5e-5),
        ("temperature 100", [2, 1, 0, -1], {"temperature": 100}, 1.38623, None, 5e-6),
    ):
        known = {"entropy": entropy} | ({} if top is None else {"maxWeight": top})
        literal = {"statistics": {name: np.reshape(float(value), (1, 1, 1)) for name, value in known.items()}}
        yield row(
            f"table: entropy, {name}",
            logits,
            options,
            want=(),
            literal=literal,
            source="printed table: entropy",
            tolerance=tolerance,
        )
