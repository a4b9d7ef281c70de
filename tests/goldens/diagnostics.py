#!/usr/bin/env python3
"""Makes diagnostics.json: what is read off attention weights, worked out in float64 numpy row by row, the maximum flows by
networkx, and figures from a printed table. Run it in the ONNX environment.
"""

import reproducible  # noqa: F401  first: it settles the arithmetic of what follows

import math
from fractions import Fraction
from pathlib import Path

import networkx
import numpy as np

from case import mask, random
from generate import rounded, tensor, write

NUMPY, FLOW = f"numpy {np.__version__}", f"networkx {networkx.__version__} maximum_flow"
PRINTED, SIX_DIGITS = "printed table: diagnostics", 1e-6


def main():
    groups = (rollouts, flows, detectors, row_statistics, distances, sinks, inductions, duplicates, table)
    stored = [case for group in groups for case in group()]
    assert len({item["name"] for item in stored}) == len(stored), "two cases have one name"
    size = write(Path(__file__).parent / "diagnostics.json", stored)
    print(f"{len(stored)} cases, {size} bytes")


def case(kind, name, weights, expected, source=NUMPY, tolerance=None, **more):
    item = {"kind": kind, "name": name, "source": source, "weights": tensor(weights)}
    item |= {key: tensor(value) if isinstance(value, np.ndarray) else value for key, value in more.items()}
    item["expected"] = rounded(expected)
    return item | ({} if tolerance is None else {"tolerance": tolerance})


def attention(seed, shape, causal=False):
    """Softmax weights of random logits in whole 1024ths, the largest so that each row sums to 1 exactly."""
    logits = random(seed, shape, 16, 1.5)
    if causal:
        logits = np.where(np.tri(*shape[-2:], dtype=bool), logits, -np.inf)
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    counts = np.floor(raised / raised.sum(-1, keepdims=True) * 1024)
    largest = counts.argmax(-1, keepdims=True)
    left = 1024 - counts.sum(-1, keepdims=True)
    np.put_along_axis(counts, largest, np.take_along_axis(counts, largest, -1) + left, -1)
    return counts / 1024


# ------------------------------------------------------------------------------------------------------- across layers


def rollout(weights, residual):
    """Abnar and Zuidema 2020, section 3: weights (L, H, N, N), heads averaged first; the matrix of every layer so far."""
    found, joined = [], np.eye(weights.shape[-1])
    for layer in weights.mean(1):
        if residual:
            layer = layer + np.eye(len(layer))
            layer = layer / layer.sum(-1, keepdims=True)
        joined = layer @ joined
        found.append(joined)
    return np.array(found)


def rollouts():
    for seed, (layers, heads, n), causal in (
        (1, (1, 1, 3), False),
        (2, (2, 1, 4), False),
        (3, (3, 2, 5), True),
        (4, (4, 3, 4), False),
        (5, (2, 4, 6), True),
    ):
        weights = attention(seed, (layers, heads, n, n), causal)
        for residual in (True, False):
            name = f"rollout of {layers} layers, {heads} heads, {n} tokens{', causal' if causal else ''}{'' if residual else ', no residual'}"
            yield case("rollout", name, weights, {"rollout": rollout(weights, residual)}, residual=residual)
    halves = attention(6, (2, 2, 4, 4)) / 2
    yield case(
        "rollout", "rollout of rows that sum to a half", halves, {"rollout": rollout(halves, True)}, residual=True
    )


def flow(weights):
    """Every maximum flow from a token of the last layer to one of the input, through edges whose capacity is the weight."""
    layers, n = len(weights), weights.shape[-1]
    graph = networkx.DiGraph()
    for l, layer in enumerate(joined_with_identity(weights)):
        for i, j in np.ndindex(n, n):
            # A node is (how many layers lie below it, token).
            graph.add_edge((l + 1, i), (l, j), capacity=Fraction(layer[i, j]))
    raw = [[networkx.maximum_flow_value(graph, (layers, i), (0, j)) for j in range(n)] for i in range(n)]
    return np.array(raw, dtype=np.float64)


def joined_with_identity(weights):
    for layer in weights.mean(1):
        layer = layer + np.eye(len(layer))
        yield layer / layer.sum(-1, keepdims=True)


def normalised(rows):
    return rows / rows.sum(-1, keepdims=True)


def flows():
    for seed, (layers, heads, n), causal in (
        (11, (2, 1, 3), False),
        (12, (2, 2, 4), True),
        (13, (3, 1, 4), False),
        (14, (3, 2, 6), True),
        (15, (2, 3, 5), False),
        (16, (1, 1, 3), False),
    ):
        weights = attention(seed, (layers, heads, n, n), causal)
        raw = flow(weights)
        name = f"flow of {layers} layers, {heads} heads, {n} tokens{', causal' if causal else ''}"
        yield case("flow", name, weights, {"flow": raw, "normalised": normalised(raw)}, source=f"{FLOW}; {NUMPY}")


# ------------------------------------------------------------------------------------------------------ named patterns


def pattern(name, tokens):
    """What each kind of head would look at, as TransformerLens draws it."""
    found = np.zeros((len(tokens), len(tokens)))
    for i in range(len(tokens)):
        for j in range(i + 1):
            if name == "previous":
                found[i, j] = j == i - 1
            elif name == "duplicate":
                found[i, j] = j < i and tokens[i] == tokens[j]
            else:
                found[i, j] = j >= 1 and tokens[i] == tokens[j - 1]
    return found


def detector(weights, drawn):
    """The share of all attention that is on the pattern, and 1 minus the mean distance from it, to three decimals."""
    return {
        "mul": float((weights * drawn).sum() / weights.sum()),
        "abs": 1 - round(float(np.abs(weights - drawn).sum() / len(weights)), 3),
    }


def detectors():
    sequences = {
        "repeated": [3, 1, 4, 1, 5, 3, 1, 4, 1, 5],
        "with BOS": [0, 2, 7, 5, 2, 7, 5],
        "all different": [4, 3, 2, 1, 0],
        "all equal": [6] * 5,
    }
    for seed, (label, tokens) in enumerate(sequences.items()):
        n = len(tokens)
        weights = attention(21 + seed, (n, n), True)
        for name in ("previous", "duplicate", "induction"):
            drawn = pattern(name, tokens)
            yield case(
                "detector",
                f"{name} tokens, {label}",
                weights,
                {"pattern": drawn, **detector(weights, drawn)},
                pattern=name,
                tokens=tokens,
            )
    perfect = np.eye(6, k=-1)
    perfect[0, 0] = 1
    drawn = pattern("previous", [0] * 6)
    yield case(
        "detector",
        "previous tokens, a perfect head",
        perfect,
        {"pattern": drawn, **detector(perfect, drawn)},
        pattern="previous",
        tokens=[0] * 6,
    )
    tokens = [1, 2, 3, 4] * 2
    perfect = pattern("induction", tokens)
    perfect[:4, 0] = 1
    drawn = pattern("induction", tokens)
    yield case(
        "detector",
        "induction, a perfect head",
        perfect,
        {"pattern": drawn, **detector(perfect, drawn)},
        pattern="induction",
        tokens=tokens,
    )


# ------------------------------------------------------------------------------------------------------------- one row


def statistics(w, allowed):
    """Of the keys that may be attended to; None stands for what is not defined."""
    mass, p = math.fsum(w), [x / math.fsum(w) for x in w if x > 0] if any(w) else []
    entropy = -math.fsum(x * math.log(x) for x in p) if p else None
    return {
        "mass": mass,
        "entropy": entropy,
        "normalisedEntropy": entropy / math.log(allowed) if p and allowed > 1 else None,
        "hill1": math.exp(entropy) if p else None,
        "hill2": 1 / math.fsum(x * x for x in p) if p else None,
    }


def of_rows(weights, allowed):
    rows = [statistics(w[a], int(a.sum())) for w, a in zip(weights, allowed)]
    return {name: [row[name] for row in rows] for name in rows[0]}


def row_statistics():
    causal, everything = np.tri(6, dtype=bool), np.ones((5, 7), bool)
    weights = attention(31, (6, 6), True)
    yield case("rows", "statistics of causal rows", weights, of_rows(weights, causal), allowed=causal)
    weights = attention(32, (5, 7))
    yield case("rows", "statistics of full rows", weights, of_rows(weights, everything), allowed=everything)
    half = weights * np.array([0.5, 0.25, 1.5, 0.125, 2]).reshape(5, 1)
    yield case("rows", "statistics of rows with other sums", half, of_rows(half, everything), allowed=everything)
    allowed = mask("1111 1100 1000 0000 1111", (5, 4))
    weights = np.array([[0.25] * 4, [0.5, 0.5, 0, 0], [1, 0, 0, 0], [0] * 4, [1, 0, 0, 0]])
    yield case(
        "rows",
        "statistics of even, single, empty and certain rows",
        weights,
        of_rows(weights, allowed),
        allowed=allowed,
    )
    zeroed = np.array([[0, 0, 0, 0], [0.75, 0.25, 0, 0]])
    yield case(
        "rows",
        "statistics of a row that a threshold zeroed",
        zeroed,
        of_rows(zeroed, np.ones((2, 4), bool)),
        allowed=np.ones((2, 4), bool),
    )


def distances():
    for label, seed, (n, m), offset in (
        ("square", 41, (5, 5), 0),
        ("offset 3", 42, (2, 5), 3),
        ("offset -2", 43, (4, 3), -2),
    ):
        weights = attention(seed, (n, m))
        found = [float(np.sum(row / row.sum() * np.abs(i + offset - np.arange(m)))) for i, row in enumerate(weights)]
        yield case(
            "distance", f"distance, {label}", weights, {"rows": found, "mean": float(np.mean(found))}, offset=offset
        )
    half = attention(44, (4, 4)) / 2
    found = [float(np.sum(row / row.sum() * np.abs(i - np.arange(4)))) for i, row in enumerate(half)]
    yield case(
        "distance", "distance, rows that sum to a half", half, {"rows": found, "mean": float(np.mean(found))}, offset=0
    )
    for height, width, first, patch in ((2, 3, 0, 1), (3, 2, 1, 16), (2, 2, 2, 14), (1, 4, 1, 8)):
        total = height * width + first
        weights = attention(45 + total, (total, total))
        found = grid_distance(weights, height, width, first, patch)
        name = f"distance on a grid of {height} by {width}, patches of {patch}, {first} tokens before"
        yield case(
            "gridDistance",
            name,
            weights,
            {"rows": found, "mean": float(np.mean(found))},
            height=height,
            width=width,
            patchSize=patch,
            tokensBefore=first,
        )


def grid_distance(weights, height, width, first, patch):
    """Dosovitskiy et al. 2021, figure 7: tokens that are no patch are dropped, and the rows made whole again."""
    places = [(r * patch, c * patch) for r in range(height) for c in range(width)]
    found = []
    for i, row in enumerate(weights[first:, first:]):
        found.append(math.fsum(p * math.dist(places[i], place) for p, place in zip(row / row.sum(), places)))
    return found


# ---------------------------------------------------------------------------------------------------------- over heads


def sinks():
    for label, seed, shape, causal in (("causal", 61, (2, 3, 6, 6), True), ("full", 62, (1, 2, 5, 5), False)):
        weights = attention(seed, shape, causal)
        n = shape[-1]
        every = {
            f"sink{k}": np.array([[np.mean([a[i, k] for i in range(k, n)]) for a in layer] for layer in weights])
            for k in (0, 1)
        }
        later = np.array([[np.mean([a[i, 0] for i in range(1, n)]) for a in layer] for layer in weights])
        share = {f"share{k}": float(np.mean(every[f"sink{k}"] > 0.3)) for k in (0, 1)}
        yield case("sink", f"sink mass, {label}", weights, {**every, "sink0From1": later, **share}, threshold=0.3)


def inductions():
    generator = np.random.RandomState(71)
    for n, bos in ((4, 0), (4, 1), (3, 0), (5, 1)):
        once = generator.randint(1, 50, size=n).tolist()
        tokens = [0] * bos + once + once
        total = len(tokens)
        weights = attention(72 + n + bos, (total, total), True)
        stripe = [float(weights[i, i - n + 1]) for i in range(n + bos, 2 * n + bos)]
        name = f"induction score of {n} tokens twice{', with BOS' if bos else ''}"
        yield case(
            "induction",
            name,
            weights,
            {"induction": float(np.mean(stripe)), "previous": float(np.mean(np.diagonal(weights, -1)))},
            tokens=tokens,
            period=n,
            bos=bool(bos),
        )
    tokens = [7, 8, 9] * 2
    perfect = np.eye(6, k=-2)
    perfect[:2, 0] = 1
    yield case(
        "induction",
        "induction score of a perfect head",
        perfect,
        {"induction": 1.0, "previous": float(np.mean(np.diagonal(perfect, -1)))},
        tokens=tokens,
        period=3,
        bos=False,
    )


def duplicates():
    """The mean, over the tokens that were there before, of the attention to where they were."""
    for label, seed, tokens in (
        ("twice", 81, [5, 6, 7, 5, 6, 7]),
        ("often", 82, [1, 1, 2, 1, 2]),
        ("never", 83, [1, 2, 3]),
    ):
        n = len(tokens)
        weights = attention(seed, (n, n), True)
        drawn = pattern("duplicate", tokens)
        again = drawn.any(-1)
        share = float((weights * drawn).sum(-1)[again].mean()) if again.any() else None
        yield case(
            "duplicate",
            f"duplicate tokens, {label}",
            weights,
            {"rows": (weights * drawn).sum(-1), "mean": share},
            tokens=tokens,
        )


# --------------------------------------------------------------------------------------------------------------- table


def table():
    """Figures that were worked out apart from the code here, six digits each."""
    first = np.array([[1, 0, 0], [0.6, 0.4, 0], [0.2, 0.5, 0.3]])
    second = np.array([[1, 0, 0], [0.9, 0.1, 0], [0.1, 0.1, 0.8]])
    both, causal = np.stack([first, second])[:, None], np.tri(3, dtype=bool)
    rows = lambda *x: np.array(x, dtype=np.float64)
    with_identity, without = (
        rows([1, 0, 0], [0.615, 0.385, 0], [0.155, 0.26, 0.585]),
        rows([1, 0, 0], [0.96, 0.04, 0], [0.32, 0.44, 0.24]),
    )
    found = [
        case("rollout", "table: rollout", both, {"last": with_identity}, residual=True),
        case("rollout", "table: rollout, no residual", both, {"last": without}, residual=False),
        case(
            "flow",
            "table: flow",
            both,
            {
                "flow": rows([1, 0, 0], [0.75, 0.55, 0], [0.2, 0.3, 0.65]),
                "normalised": rows([1, 0, 0], [0.576923, 0.423077, 0], [0.173913, 0.260870, 0.565217]),
            },
        ),
        case(
            "rows",
            "table: statistics",
            first,
            {
                "mass": [1, 1, 1],
                "entropy": [0, 0.673012, 1.029653],
                "normalisedEntropy": [None, 0.970951, 0.937231],
                "hill1": [1, 1.960132, 2.800094],
                "hill2": [1, 1.923077, 2.631579],
            },
            allowed=causal,
        ),
        case("distance", "table: distance", first, {"rows": [0, 0.6, 0.9], "mean": 0.5}, offset=0),
        case(
            "sink",
            "table: sink mass",
            first[None, None],
            {"sink0": np.array([[0.6]]), "sink0From1": np.array([[0.4]])},
            threshold=0.3,
        ),
        case(
            "detector",
            "table: previous tokens",
            first,
            {"mul": 0.366667, "abs": 0.067},
            pattern="previous",
            tokens=[0, 1, 2],
        ),
        case(
            "induction",
            "table: the diagonal before",
            first,
            {"previous": 0.55},
            tokens=[0, 1, 2],
            period=None,
            bos=False,
        ),
    ]
    check_table(first, both, causal, with_identity, without, found)
    return [item | {"source": PRINTED, "tolerance": SIX_DIGITS} for item in found]


def check_table(first, both, causal, with_identity, without, found):
    """The printed figures against the code of this file."""
    near = lambda a, b: np.testing.assert_allclose(
        np.array(a, dtype=np.float64), np.array(b, dtype=np.float64), rtol=0, atol=SIX_DIGITS
    )
    near(rollout(both, True)[-1], with_identity)
    near(rollout(both, False)[-1], without)
    near(flow(both).ravel(), found[2]["expected"]["flow"]["data"])
    near(normalised(flow(both)).ravel(), found[2]["expected"]["normalised"]["data"])
    for name, values in of_rows(first, causal).items():
        near(
            [math.nan if x is None else x for x in values],
            [math.nan if x is None else x for x in found[3]["expected"][name]],
        )
    near(
        [found[6]["expected"][name] for name in ("mul", "abs")],
        [detector(first, pattern("previous", [0, 1, 2]))[name] for name in ("mul", "abs")],
    )
    near(np.diagonal(first, -1).mean(), 0.55)
    near([first[:, 0].mean(), first[1:, 0].mean()], [0.6, 0.4])


if __name__ == "__main__":
    main()
