"""The questions: inputs and options of every golden case. No answers are computed here.

Options have the names of the JavaScript API. The later members of the lists have their questions in `cases_*.py`.
"""

import numpy as np

import cases_mixed
import cases_normalizers
import cases_positions
import cases_scores
from case import INF, NAN, STAGES, Case, mask, problem, random, row

NORMALIZERS = {
    "softmax": "softmax",
    "sigmoid": "sigmoid",
    "sigmoid_visible": {"id": "sigmoid", "n": "visible"},
    "sigmoid_bias_zero": {"id": "sigmoid", "bias": 0},
    "sigmoid_bias": {"id": "sigmoid", "bias": -1.5},
    "softmax1": "softmax1",
    "sparsemax": "sparsemax",
    "soft_threshold_tau": {"id": "soft_threshold", "tau": 0.125},
    "soft_threshold_tau_renormalize": {"id": "soft_threshold", "tau": 0.125, "renormalize": True},
    "soft_threshold_alpha": {"id": "soft_threshold", "alpha": 0.5},
    "soft_threshold_alpha_renormalize": {"id": "soft_threshold", "alpha": 0.875, "renormalize": True},
}


def all_cases():
    groups = (scores, scales, sizes, heads, normalizers, causal, windows, masks, softcaps, extremes, removed, literals, student_teacher)
    later = (module.cases for module in (cases_normalizers, cases_scores, cases_positions, cases_mixed))
    cases = [case for group in (*groups, *later) for case in group()]
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    return cases


def scores():
    for score in ("dot", "scaled_dot", "cosine"):
        yield problem(f"score {score}", {"score": score}, n=5, m=7, d=8, dv=8, want=("raw", "scaled", "weights", "output"))
        for label, normalizer in NORMALIZERS.items():
            if label != "softmax":
                yield problem(f"score {score}, normalizer {label}", {"score": score, "normalizer": normalizer}, b=1, hq=1)
    yield problem("no value", {}, want=("scaled", "weights"))
    for d in (1, 3, 80):
        yield problem(f"score cosine, d {d}", {"score": "cosine"}, b=1, hq=1, d=d, want=("raw", "weights"))
    zero = problem("score cosine, zero vectors", {"score": "cosine"}, b=1, hq=1, want=("raw", "weights", "output"))
    zero.query[0, 0, 1] = 0
    zero.key[0, 0, 2] = 0
    yield zero
    yield problem("score cosine, large eps", {"score": {"id": "cosine", "eps": 2.0}}, b=1, hq=1, want=("raw", "weights"))


def scales():
    for scale in (0.25, 1, 0, -0.5):
        yield problem(f"scale {scale}", {"scale": scale}, b=1, want=("raw", "scaled", "weights", "output"))
    yield problem("scale of dot", {"score": "dot", "scale": 0.125}, b=1, want=("scaled", "weights"))
    yield problem("scale of cosine", {"score": "cosine", "scale": 10}, b=1, want=("scaled", "weights"))
    for temperature in (0.25, 4):
        yield problem(f"temperature {temperature}", {"temperature": temperature}, b=1, want=("raw", "scaled", "weights"))
    yield problem("temperature of cosine", {"score": "cosine", "temperature": 0.125}, b=1, want=("scaled", "weights"))
    yield problem("scale and temperature", {"scale": 3, "temperature": 0.5}, b=1, want=("scaled", "weights", "output"))
    yield problem("temperature of sigmoid", {"temperature": 2, "normalizer": "sigmoid"}, b=1)


def sizes():
    for d in (1, 3, 32, 80):
        yield problem(f"d {d}", b=1, hq=1, d=d, want=("raw", "scaled", "weights", "output"))
    for dv in (1, 7, 9):
        yield problem(f"dv {dv}", b=1, hq=1, d=4, dv=dv)
    for n, m in ((1, 6), (6, 1), (8, 4), (9, 5), (7, 13), (17, 33)):
        yield problem(f"n {n}, m {m}", b=1, hq=1, n=n, m=m, d=5)
    for label, normalizer in NORMALIZERS.items():
        yield problem(f"one key, normalizer {label}", {"normalizer": normalizer}, b=1, hq=1, n=2, m=1)


def heads():
    for hq, hkv in ((4, 2), (4, 1), (6, 3)):
        yield problem(f"heads {hq} over {hkv}", hq=hq, hkv=hkv, n=3, m=5, want=("raw", "weights", "output"))
    yield problem("heads 4 over 2, causal, softmax1", {"causal": True, "normalizer": "softmax1"}, hq=4, hkv=2, n=5, m=5)


def normalizers():
    for label, normalizer in NORMALIZERS.items():
        yield problem(f"normalizer {label}", {"normalizer": normalizer}, spread=1.5)
        mixed = {
            "normalizer": normalizer,
            "causal": True,
            "causalAlignment": "lower_right",
            "attnMask": mask("110111 111011 011111 101110 111101", (1, 1, 5, 6)),
            "attnBias": random(7, (1, 2, 1, 6)),
        }
        yield problem(f"normalizer {label}, mixed masks", mixed, spread=1.5)
        empty = {"normalizer": normalizer, "attnMask": mask("000000 111000 000000 000111 010101", (1, 1, 5, 6))}
        yield problem(f"normalizer {label}, empty rows", empty, b=1, hq=1)
    zeroed = {"normalizer": {"id": "soft_threshold", "tau": 0.5}}
    yield problem("soft_threshold zeroes rows", zeroed, b=1, hq=1, n=8)
    zeroed = {"normalizer": {"id": "soft_threshold", "tau": 0.5, "renormalize": True}}
    yield problem("soft_threshold zeroes rows, renormalize", zeroed, b=1, hq=1, n=8)


def causal():
    yield problem("causal", {"causal": True}, n=5, m=5, want=("masked", "weights", "output"))
    for n, m in ((3, 4), (3, 5), (5, 3), (5, 5)):
        for alignment in ("upper_left", "lower_right"):
            options = {"causal": True, "causalAlignment": alignment}
            yield problem(f"causal {alignment}, n {n}, m {m}", options, b=1, n=n, m=m, want=("masked", "weights", "output"))
    yield problem("causal offset 3", {"causal": True, "causalOffset": 3}, b=1, n=2, m=5)
    yield problem("causal offset 1", {"causal": True, "causalOffset": 1}, b=1, n=4, m=6)


def windows():
    for left, right in ((2, 0), (2, 1), (0, 0), (-1, 0), (0, -1), (1, 2)):
        options = {"leftWindowSize": left, "rightWindowSize": right}
        yield problem(f"window {left} {right}", options, b=1, n=6, m=6, want=("masked", "weights", "output"))
    yield problem("window 2, causal", {"leftWindowSize": 2, "causal": True}, b=1, n=6, m=6)
    for n, m in ((3, 6), (6, 3)):
        for alignment in ("upper_left", "lower_right"):
            options = {"leftWindowSize": 1, "rightWindowSize": 1, "causal": True, "causalAlignment": alignment}
            yield problem(f"window 1 1, causal {alignment}, n {n}, m {m}", options, b=1, n=n, m=m)
    options = {"leftWindowSize": 1, "causal": True, "causalOffset": 2}
    yield problem("window 1, causal offset 2", options, b=1, n=3, m=5)


def masks():
    bits = np.random.RandomState(3).randint(0, 3, size=240) > 0
    for shape in ((1, 1, 5, 6), (1, 1, 1, 6), (2, 1, 1, 6), (2, 1, 5, 6), (1, 2, 5, 1), (2, 2, 5, 6), (1, 1, 1, 1)):
        options = {"attnMask": bits[: np.prod(shape)].reshape(shape)}
        yield problem(f"mask {shape}", options)
        yield problem(f"bias {shape}", {"attnBias": random(11, shape)}, want=("biased", "weights", "output"))
    minus = random(13, (1, 1, 5, 6))
    minus[..., [0, 1, 2, 2, 4], [1, 3, 0, 5, 4]] = -INF
    yield problem("bias with -inf", {"attnBias": minus}, want=("biased", "masked", "weights", "output"))
    yield problem("bias with -inf, sigmoid", {"attnBias": minus, "normalizer": "sigmoid"})
    yield problem("bias with -inf, soft_threshold", {"attnBias": minus, "normalizer": NORMALIZERS["soft_threshold_alpha"]})
    row_of_minus = minus.copy()
    row_of_minus[..., 3, :] = -INF
    yield problem("bias with a row of -inf", {"attnBias": row_of_minus})
    large = np.where(np.isinf(minus), -1e9, minus)
    yield problem("bias with -1e9 is no mask", {"attnBias": np.where(np.isinf(row_of_minus), -1e9, large)}, want=("weights", "output"))
    yield problem("key lengths", {"keyValueSeqLengths": [4, 6]}, want=("masked", "weights", "output"))
    yield problem("key lengths with 0", {"keyValueSeqLengths": [0, 3]})
    yield problem("key lengths with 0, sigmoid", {"keyValueSeqLengths": [0, 3], "normalizer": "sigmoid"})
    yield problem("key lengths, sigmoid of the visible", {"keyValueSeqLengths": [2, 5], "normalizer": NORMALIZERS["sigmoid_visible"]})
    yield problem("key lengths, causal", {"keyValueSeqLengths": [3, 6], "causal": True}, n=6, m=6)
    options = {"causal": True, "attnMask": bits[:36].reshape(1, 1, 6, 6), "attnBias": random(17, (1, 2, 6, 6))}
    yield problem("mask, bias and causal", options, n=6, m=6, want=STAGES)
    everything = {**options, "leftWindowSize": 3, "keyValueSeqLengths": [5, 4], "softcap": 1.5, "temperature": 0.5, "scale": 1}
    yield problem("everything at once", everything, n=6, m=6, hq=2, hkv=1, want=STAGES)


def softcaps():
    yield problem("softcap 2", {"softcap": 2, "score": "dot"}, b=1, want=("raw", "scaled", "capped", "weights", "output"))
    yield problem("softcap 50", {"softcap": 50, "score": "dot"}, b=1, spread=6, want=("scaled", "capped", "weights"))
    yield problem("softcap 0 is off", {"softcap": 0}, b=1, want=("capped", "weights"))
    yield problem("softcap, causal", {"softcap": 2, "causal": True}, b=1, n=5, m=5, want=("capped", "masked", "weights", "output"))
    minus = random(19, (1, 1, 5, 6))
    minus[..., 2] = -INF
    yield problem("softcap, bias with -inf", {"softcap": 0.5, "attnBias": minus}, b=1, want=("capped", "biased", "weights", "output"))
    yield problem("softcap, sparsemax", {"softcap": 1, "score": "dot", "normalizer": "sparsemax"}, b=1)
    yield problem("softcap, softmax1", {"softcap": 1, "score": "dot", "normalizer": "softmax1"}, b=1)


def extremes():
    spikes = [[1e4, -1e4, 0, 9999, 3], [-1e4, -1e4, -9999, -1e4, -1e4], [1e4] * 5, [0.5] * 5, [0] * 5, [-1e4, 0, 0, 0, 1e4]]
    for label, normalizer in NORMALIZERS.items():
        yield row(f"logits of 1e4 and equal ones, normalizer {label}", spikes, {"normalizer": normalizer}, want=("raw", "weights", "output"))
    long_vectors = problem("long vectors, scaled_dot", {}, b=1, hq=1, d=16, want=("raw", "scaled", "weights"))
    long_vectors.query *= 64
    long_vectors.key *= 64
    yield long_vectors


def removed():
    """Non-finite numbers: unseen behind a mask, seen in allowed logits."""
    behind = problem("nan and inf in removed keys", {"keyValueSeqLengths": [4, 5]}, dense=False)
    behind.key[0, :, 4:] = NAN
    behind.value[0, :, 4:] = INF
    behind.key[1, 0, 5] = INF
    behind.value[1, 1, 5] = NAN
    yield behind
    for label in ("sigmoid", "softmax1", "sparsemax", "soft_threshold_alpha"):
        again = Case(f"{behind.name}, {label}", behind.query, behind.key, behind.value, {**behind.options, "normalizer": NORMALIZERS[label]}, dense=False)
        yield again
    later = problem("nan in a key and a value that only later rows see", {"causal": True}, b=1, hq=1, n=6, m=6, dense=False)
    later.key[0, 0, 3, 1] = NAN
    later.value[0, 0, 3] = NAN
    yield later
    for label, normalizer in NORMALIZERS.items():
        options = {"normalizer": normalizer, "attnMask": mask("111011 110111 110011 111111", (1, 1, 4, 6))}
        seen = problem(f"nan in an allowed logit, normalizer {label}", options, b=1, hq=1, n=4, dense=False)
        seen.key[0, 0, 3, 0] = NAN
        yield seen
        logits = [[1, INF, 0, 2], [1, -INF, 0, 2], [-INF, -INF, -INF, -INF], [INF, -INF, 0, 0], [INF, NAN, 0, 0], [0, 1, 2, 3]]
        yield row(f"logits of inf and -inf, normalizer {label}", logits, {"normalizer": normalizer}, dense=False)


def literals():
    """Figures from tables that were worked out apart from any of the implementations here, six digits each."""
    table = [[2, 1, 0, -1], [1.2, 0.8, 0.3, -0.5], [1, 1, 0, 0], [0.5, 0.4, 0.3, 0.2]]
    rounded = {"source": "printed table: normalizers", "tolerance": 1e-6, "want": ("weights",)}

    def rows(name, logits, options, weights):
        weights = np.array(weights, dtype=np.float64).reshape(len(weights), 1, 1, -1)
        return row(f"table: {name}", logits, options, literal={"weights": weights}, **rounded)

    softmax = [[0.643914, 0.236883, 0.087144, 0.032059], [0.442561, 0.296658, 0.179932, 0.080849],
               [0.365529, 0.365529, 0.134471, 0.134471], [0.288651, 0.261183, 0.236328, 0.213838]]
    sparsemax = [[1, 0, 0, 0], [0.7, 0.3, 0, 0], [0.5, 0.5, 0, 0], [0.4, 0.3, 0.2, 0.1]]
    yield rows("softmax", table, {}, softmax)
    yield rows("sparsemax", table, {"normalizer": "sparsemax"}, sparsemax)
    first = table[:1]
    yield rows("sigmoid b = 0", first, {"normalizer": {"id": "sigmoid", "bias": 0}}, [[0.880797, 0.731059, 0.5, 0.268941]])
    yield rows("sigmoid b = -ln 4", first, {"normalizer": "sigmoid"}, [[0.648786, 0.404610, 0.2, 0.084224]])
    yield rows("softmax1", first, {"normalizer": "softmax1"}, [[0.592299, 0.217895, 0.080159, 0.029489]])
    tau = {"normalizer": {"id": "soft_threshold", "tau": 0.1}}
    yield rows("softmax, then tau = 0.1", first, tau, [[0.543914, 0.136883, 0, 0]])
    yield rows("softmax, then tau = 0.7", first, {"normalizer": {"id": "soft_threshold", "tau": 0.7}}, [[0, 0, 0, 0]])
    for n in (4, 64, 1024):
        for normalizer in ("sigmoid", "softmax1"):
            mass = np.array([n / (n + 1)]).reshape(1, 1, 1)
            yield row(f"table: mass of {normalizer} at {n} zero logits", [[0] * n], {"normalizer": normalizer},
                      literal={"output": mass[..., None]}, source=rounded["source"], want=("output",), tolerance=1e-6)
    plane = np.array([[1, 0], [3, 3], [0.9, 0.1], [-2, 0]]).astype(np.float32).astype(np.float64).reshape(1, 1, 4, 2)
    query = np.array([1.0, 0.0]).reshape(1, 1, 1, 2)
    for options, raw, weights in (
        ({"score": "dot"}, [1, 3, 0.9, -2], [0.107024, 0.790808, 0.096840, 0.005328]),
        ({"score": "cosine", "temperature": 0.1}, [1, 0.707107, 0.993884, -1], [0.501473, 0.026806, 0.471721, 0]),
    ):
        shaped = {"raw": np.reshape(raw, (1, 1, 1, 4)), "weights": np.reshape(weights, (1, 1, 1, 4))}
        yield Case(f"table: a long key, {options['score']}", query, plane, None, options, want=("raw", "weights"),
                   literal=shaped, source="printed table: a long key", tolerance=1e-6)
    yield row("table: softcap and a mask", [[0, 0, 0]], {"softcap": 2, "attnMask": mask("110", (1, 1, 1, 3))},
              want=("weights",), literal={"weights": np.reshape([0.5, 0.5, 0], (1, 1, 1, 3))},
              source="printed table: a mask after the softcap", tolerance=1e-6)
    yield row("table: softcap 50", [[10, 25, 50, 100]], {"softcap": 50}, want=("capped",),
              literal={"capped": np.reshape([9.8688, 23.1059, 38.0797, 48.2014], (1, 1, 1, 4))},
              source="printed table: softcap", tolerance=1e-4)
    yield from cosine_table()
    yield diagnostics_table()


def cosine_table():
    pairs = [((1e-5, 0), (1e-5, 0), 1.0), ((1e-9, 0), (1e-9, 0), 0.01), ((1e-9, 0), (1e9, 0), 0.1), ((0, 0), (1, 2), 0.0), ((0, 0), (0, 0), 0.0)]
    single = lambda which: np.array([pair[which] for pair in pairs], dtype=np.float32).astype(np.float64).reshape(5, 1, 1, 2)
    expected = np.array([pair[2] for pair in pairs]).reshape(5, 1, 1, 1)
    yield Case("table: cosine eps", single(0), single(1), None, {"score": "cosine"}, want=("raw",), literal={"raw": expected},
               source="printed table: the eps of cosine", tolerance=1e-6)


def diagnostics_table():
    """Three tokens, causal, all logits 0; the bias is the logarithm of the weights."""
    weights = np.array([[1, 0, 0], [0.6, 0.4, 0], [0.2, 0.5, 0.3]]).reshape(1, 1, 3, 3)
    with np.errstate(divide="ignore"):
        bias = np.log(weights).astype(np.float32).astype(np.float64)
    zero = np.zeros((1, 1, 3, 1))
    statistics = {
        "mass": [1, 1, 1],
        "entropy": [0, 0.673012, 1.029653],
        "effectiveKeys": [1, 1.960132, 2.800094],
        "maxWeight": [1, 0.6, 0.5],
        "attentionDistance": [0, 0.6, 0.9],
        "firstMass": [1, 0.6, 0.2],
        "selfMass": [1, 0.4, 0.3],
        "argmax": [0, 0, 1],
    }
    literal = {"weights": weights, "statistics": {name: np.reshape(row, (1, 1, 3)) for name, row in statistics.items()}}
    return Case("table: diagnostics", zero, zero, None, {"causal": True, "attnBias": bias}, want=("weights",), literal=literal,
                source="printed table: diagnostics", tolerance=1e-6)


def student_teacher():
    """energy = bmm(query, key) / soft, attention = softmax(energy, -1) over B samples, S students, T teachers; unit vectors."""
    q, k = random(23, (4, 1, 3, 8)), random(29, (4, 1, 5, 8))
    unit = lambda x: (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype(np.float32).astype(np.float64)
    for soft in (0.125, 1, 4):
        options = {"score": "dot", "temperature": soft}
        yield Case(f"student and teacher, soft {soft}", unit(q), unit(k), None, options, want=("raw", "scaled", "weights"))
