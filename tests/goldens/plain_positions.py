"""Positions as the papers write them: what is added to a row, how a row is turned, what is added to a logit."""

import cmath
import math

import numpy as np

from case import named


def added(row, position, choice):
    """The row with its position's vector added."""
    name, p = named(choice)
    if name == "sinusoidal":
        return row + sinusoid(position, len(row), p)
    return row + p["table"][position] if name == "learned" and "table" in p else row


def sinusoid(position, d, p):
    """Vaswani et al. 2017, section 3.5 (`paper`), and the code released with it (`t2t`), whose frequencies end at 1/theta.

    An odd d has one column of zeros at its end.
    """
    half, theta = d // 2, p.get("theta", 10000)
    if p.get("frequency", "paper") == "paper":
        angles = [position / theta ** (2 * i / d) for i in range(half)]
    else:
        angles = [position / theta ** (i / max(half - 1, 1)) for i in range(half)]
    sines, cosines = [math.sin(a) for a in angles], [math.cos(a) for a in angles]
    if p.get("layout", "interleaved") == "interleaved":
        together = [x for pair in zip(sines, cosines) for x in pair]
    else:
        together = sines + cosines
    return np.array(together + [0.0] * (d - 2 * half))


def rotated(row, position, choice):
    """Su et al. 2021: pairs of dimensions as complex numbers, turned by position * theta^(-2m/rot)."""
    name, p = named(choice)
    if name != "rope":
        return row
    size, theta = p.get("rotaryEmbeddingDim") or len(row), p.get("ropeTheta", 10000)
    turned = row.copy()
    for m in range(size // 2):
        a, b = (2 * m, 2 * m + 1) if p.get("interleaved") else (m, m + size // 2)
        z = complex(row[a], row[b]) * cmath.exp(1j * position * theta ** (-2 * m / size))
        turned[a], turned[b] = z.real, z.imag
    return turned


def bias(choice, position, j, h, heads):
    """What a logit gains."""
    name, p = named(choice)
    if name == "alibi":
        distance = abs(position - j) if p.get("symmetric") else position - j
        return -slopes(heads)[h] * distance
    if name == "t5":
        return p["table"][bucket(j - position, len(p["table"]), p), h] if "table" in p else 0.0
    return 0.0


def slopes(heads):
    """Press et al. 2022: 2^(-8(h+1)/n) for n a power of two; else those of the next smaller one and every other of the next."""
    power = 2 ** math.floor(math.log2(heads))
    geometric = lambda n: [2 ** (-8 * (h + 1) / n) for h in range(n)]
    return geometric(power) + geometric(2 * power)[0::2][: heads - power]


def bucket(relative, buckets, p):
    """Raffel et al. 2020, as in Mesh TensorFlow: exact distances, then logarithmically wider ones."""
    start = 0
    if p.get("bidirectional", True):
        buckets //= 2
        start = buckets if relative > 0 else 0
        distance = abs(relative)
    else:
        distance = max(-relative, 0)
    exact = buckets // 2
    if distance < exact:
        return start + distance
    share = math.log(distance / exact) / math.log(p.get("maxDistance", 128) / exact)
    return start + min(exact + int(share * (buckets - exact)), buckets - 1)
