"""What a golden question is, and ways to write one down.

Inputs are multiples of 1/64 or 1/4 (or float32 values where a case says so), so that storing them as float32 rounds nothing.
Random numbers come from numpy's RandomState, whose stream is frozen for good.
"""

from dataclasses import dataclass, field

import numpy as np

INF, NAN = float("inf"), float("nan")


@dataclass
class Case:
    """One question. `want` names the parts of the answer to store; `literal` holds answers copied from a printed table."""

    name: str
    query: np.ndarray
    key: np.ndarray
    value: np.ndarray | None
    options: dict
    want: tuple = ("output", "weights")
    literal: dict = field(default_factory=dict)
    source: str = ""
    tolerance: float | None = None
    dense: bool = True  # False: a non-finite Q, K or V, which implementations that multiply by 0 cannot answer


def random(seed, shape, step=64, spread=1.0):
    return np.round(np.random.RandomState(seed).standard_normal(shape) * spread * step) / step


def problem(name, options=None, *, b=2, hq=2, hkv=None, n=5, m=6, d=4, dk=None, dv=3, step=64, spread=1.0, **rest):
    """A random problem whose seed is its name, so that cases can come and go without changing the others. Without dv: no V."""
    seed = sum((i + 1) * ord(c) for i, c in enumerate(name))
    hkv = hkv or hq
    q = random(seed, (b, hq, n, d), step, spread)
    k = random(seed + 1, (b, hkv, m, dk or d), step, spread)
    v = random(seed + 2, (b, hkv, m, dv), step) if dv else None
    return Case(name, q, k, v, options or {}, **rest)


def small(name, options=None, *, b=1, step=16, **rest):
    """A problem of one batch and few digits."""
    return problem(name, options, b=b, step=step, **rest)


def row(name, logits, options, **rest):
    """Rows of given logits: d = 1, q = 1, k = the logit, and a value of 1, so that the output is the row's mass."""
    logits = np.atleast_2d(np.asarray(logits, dtype=np.float64)).astype(np.float32).astype(np.float64)
    rows, m = logits.shape
    ones = np.ones((rows, 1, 1, 1))
    return Case(
        name, ones, logits.reshape(rows, 1, m, 1), np.ones((rows, 1, m, 1)), {"score": "dot", **options}, **rest
    )


def mask(bits, shape):
    """A boolean mask from a string of 0 and 1."""
    return np.array([bit == "1" for bit in bits if bit in "01"]).reshape(shape)


STAGES = ("raw", "scaled", "capped", "biased", "masked", "weights", "output")


def named(choice):
    """The id and the parameters of a member that is given by its id alone or as an object."""
    return (choice["id"], choice) if isinstance(choice, dict) else (choice, {})
