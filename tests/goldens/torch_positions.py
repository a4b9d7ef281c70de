"""Positions by PyTorch on whole matrices, after the code of the models that use them, written anew.

Sinusoids as in fairseq (a table of all positions), RoPE as in Llama (complex numbers for neighbours, halves turned for the
other layout), ALiBi as in Bloom (slopes by two geometric series), T5's buckets as in its PyTorch port (with the float32
logarithm).
"""

import math

import torch

from case import named


def added(x, places, choice):
    """(B, H, N, d) with the vectors of the N places added."""
    name, p = named(choice)
    if name == "sinusoidal":
        return x + sinusoids(places, x.shape[-1], p)
    return x + torch.from_numpy(p["table"])[places] if name == "learned" and "table" in p else x


def sinusoids(places, d, p):
    half, theta = d // 2, p.get("theta", 10000)
    steps = d / 2 if p.get("frequency", "paper") == "paper" else max(half - 1, 1)
    frequencies = torch.exp(torch.arange(half).double() * -(math.log(theta) / steps))
    angles = places.double().unsqueeze(1) * frequencies.unsqueeze(0)
    table = torch.zeros(len(places), d).double()
    if p.get("layout", "interleaved") == "interleaved":
        table[:, 0 : 2 * half : 2], table[:, 1 : 2 * half : 2] = angles.sin(), angles.cos()
    else:
        table[:, :half], table[:, half : 2 * half] = angles.sin(), angles.cos()
    return table


def rotated(x, places, choice):
    name, p = named(choice)
    if name != "rope":
        return x
    size = p.get("rotaryEmbeddingDim") or x.shape[-1]
    frequencies = 1.0 / p.get("ropeTheta", 10000) ** (torch.arange(0, size, 2).double() / size)
    angles, (turn, rest) = torch.outer(places.double(), frequencies), (x[..., :size], x[..., size:])
    if p.get("interleaved"):
        pairs = torch.view_as_complex(turn.reshape(*turn.shape[:-1], -1, 2).contiguous())
        turned = torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)
    else:
        cos, sin = (torch.cat([f(angles)] * 2, dim=-1) for f in (torch.cos, torch.sin))
        low, high = turn.chunk(2, dim=-1)
        turned = turn * cos + torch.cat([-high, low], dim=-1) * sin
    return torch.cat([turned, rest], dim=-1)


def bias(choice, places, heads, m):
    """(1, H, N, M), or 0."""
    name, p = named(choice)
    relative = torch.arange(m).unsqueeze(0) - places.unsqueeze(1)
    if name == "alibi":
        ramp = -relative.abs() if p.get("symmetric") else relative
        return slopes(heads).reshape(1, -1, 1, 1) * ramp
    if name == "t5" and "table" in p:
        table = torch.from_numpy(p["table"])
        return table[buckets(relative, len(table), p)].permute(2, 0, 1).unsqueeze(0)
    return 0.0


def slopes(heads):
    closest = 2 ** math.floor(math.log2(heads))
    found = torch.tensor(2.0 ** (-(2.0 ** -(math.log2(closest) - 3)))).double() ** torch.arange(1, 1 + closest)
    if closest == heads:
        return found
    base = torch.tensor(2.0 ** (-(2.0 ** -(math.log2(2 * closest) - 3))), dtype=torch.float64)
    return torch.cat([found, base ** torch.arange(1, 1 + 2 * (heads - closest), 2)])


def buckets(relative, count, p):
    start = torch.zeros_like(relative)
    if p.get("bidirectional", True):
        count //= 2
        start = (relative > 0).long() * count
        distance = relative.abs()
    else:
        distance = (-relative).clamp(min=0)
    exact = count // 2
    wide = torch.log(distance.float() / exact) / math.log(p.get("maxDistance", 128) / exact) * (count - exact)
    wide = (exact + wide.nan_to_num(neginf=0).long()).clamp(max=count - 1)
    return start + torch.where(distance < exact, distance, wide)
