"""Makes blocks.json: attention on feature maps as torch.nn.functional gives it, in float64. See blocks.md.

Contains no code of the project: each block is written from its paper with torch's own layers, which do the arithmetic.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

EPS = 1e-5  # of batch normalization, torch's default


class Draw:
    """Numbers that float32 holds exactly: multiples of 1/32, from one seed for each case."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, *shape, spread=1.0):
        x = torch.randn(*shape, generator=self.generator, dtype=torch.float64) * spread
        return torch.round(x * 32) / 32

    def batch_norm(self, *shape):
        """γ, β, μ, σ² along the axis before the last."""
        *sets, channels = shape
        table = self(*sets, 4, channels, spread=0.5)
        table[..., 0, :] += 1
        table[..., 3, :] = table[..., 3, :].abs() + 0.5
        return table


def gap(x):
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


def batch_norm(x, table):
    if table is None:
        return x
    weight, bias, mean, variance = table
    return F.batch_norm(x, mean, variance, weight, bias, training=False, eps=EPS)


def channel(gates):
    return gates[:, :, None, None]


def conv1x1(x, w, name):
    return F.conv2d(x, w[name][:, :, None, None], w.get(name + "_bias"))


# ------------------------------------------------------------------------------------------------------ the blocks


def se(x, w, settings):
    z = gap(x)
    hidden = F.relu(F.linear(z, w["w1"], w.get("b1")))
    gates = torch.sigmoid(F.linear(hidden, w["w2"], w.get("b2")))
    return channel(gates) * x, {"pooled": z, "hidden": hidden, "channel_gates": gates}


def eca(x, w, settings):
    z, k = gap(x), w["w"].numel()
    gates = torch.sigmoid(F.conv1d(z[:, None], w["w"][None, None], padding=(k - 1) // 2)).squeeze(1)
    return channel(gates) * x, {"pooled": z, "channel_gates": gates}


def sk(x, w, settings):
    groups, table, branches = settings["groups"], w.get("conv_bn"), []
    for m, kernel in enumerate(w["conv"]):
        u = F.conv2d(x, kernel, padding=m + 1, dilation=m + 1, groups=groups)
        branches.append(F.relu(batch_norm(u, None if table is None else table[m])))
    u = torch.stack(branches, 1)
    s = gap(u.sum(1))
    z = F.relu(batch_norm(F.linear(s, w["fc"]), w.get("fc_bn")))
    gates = torch.softmax(torch.stack([F.linear(z, a) for a in w["select"]], 1), 1)
    views = {"branches": u, "pooled": s, "hidden": z, "branch_gates": gates}
    return (gates[..., None, None] * u).sum(1), views


def sse(x, w, settings):
    gates = torch.sigmoid(F.conv2d(x, w["w"][None, :, None, None], w.get("b")))
    return gates * x, {"spatial_gates": gates.squeeze(1)}


def scse(x, w, settings):
    (by_channel, views), (by_pixel, more) = se(x, w, settings), sse(x, w, settings)
    y = by_channel + by_pixel if settings.get("combine") == "sum" else torch.max(by_channel, by_pixel)
    return y, {**views, **more}


def spatial(x, w, settings):
    planes = [x.amax(1, keepdim=True), x.mean(1, keepdim=True)]
    planes = torch.cat(planes if settings.get("maxFirst", True) else planes[::-1], 1)
    k = w["w"].shape[-1]
    gates = torch.sigmoid(batch_norm(F.conv2d(planes, w["w"][None], padding=(k - 1) // 2), w.get("bn")))
    return gates * x, {"planes": planes, "spatial_gates": gates.squeeze(1)}


def cbam(x, w, settings):
    mlp = lambda z: F.linear(F.relu(F.linear(z, w["w1"], w.get("b1"))), w["w2"], w.get("b2"))
    means, maxima = gap(x), F.adaptive_max_pool2d(x, 1).flatten(1)
    gates = torch.sigmoid(mlp(means) + mlp(maxima))
    refined = channel(gates) * x
    y, views = spatial(refined, w, settings)
    return y, {"pooled": means, "pooled_max": maxima, "channel_gates": gates, "refined": refined, **views}


def tokens(x):
    return x.flatten(2).transpose(1, 2)


def non_local(x, w, settings):
    pair, scale = settings.get("pair", "embedded_gaussian"), settings.get("scale", 1)
    hat = F.max_pool2d(x, 2) if settings.get("pool") else x
    g = tokens(conv1x1(hat, w, "g"))
    if pair == "gaussian":
        theta, phi = tokens(x), tokens(hat)
    else:
        theta, phi = tokens(conv1x1(x, w, "theta")), tokens(conv1x1(hat, w, "phi"))
    n, m = theta.shape[1], phi.shape[1]
    if pair == "concat":
        pairs = torch.cat([theta[:, :, None].expand(-1, n, m, -1), phi[:, None].expand(-1, n, m, -1)], -1)
        weights = scale * F.relu(F.linear(pairs, w["f"][None])).squeeze(-1) / m
    else:
        s = scale * torch.bmm(theta, phi.transpose(1, 2))
        weights = s / m if pair == "dot" else torch.softmax(s, -1)
    mixed = torch.bmm(weights, g)
    back = mixed.transpose(1, 2).reshape(x.shape[0], -1, *x.shape[2:])
    y = batch_norm(conv1x1(back, w, "z"), w.get("bn")) + x
    return y, {"query": theta, "key": phi, "value": g, "attention": weights, "mixed": mixed}


def sagan(x, w, settings):
    smaller = (lambda t: F.max_pool2d(t, 2)) if settings.get("pool") else lambda t: t
    query = tokens(conv1x1(x, w, "query"))
    key, value = (tokens(smaller(conv1x1(x, w, name))) for name in ("key", "value"))
    weights = torch.softmax(torch.bmm(query, key.transpose(1, 2)), -1)
    mixed = torch.bmm(weights, value)
    back = mixed.transpose(1, 2).reshape(x.shape[0], -1, *x.shape[2:])
    back = conv1x1(back, w, "out") if "out" in w else back
    return w["gamma"] * back + x, {"query": query, "key": key, "value": value, "attention": weights, "mixed": mixed}


def kernel_similarity(x, w, settings):
    rows = x.flatten(1)
    y = F.cosine_similarity(rows[:, None], rows[None], dim=-1, eps=settings.get("eps", 1e-8))
    return y, {"norms": torch.linalg.vector_norm(rows, dim=1)}


# ------------------------------------------------------------------------------------------------------- the cases


def cases():
    """Name, block, settings, X and weights; all sizes beside C are odd or unequal somewhere."""
    seed = iter(range(1, 1000))
    new = lambda: Draw(next(seed))

    def mlp(draw, channels, hidden, biases):
        w = {"w1": draw(hidden, channels, spread=0.7), "w2": draw(channels, hidden, spread=0.7)}
        return {**w, "b1": draw(hidden), "b2": draw(channels)} if biases else w

    for name, shape, r, biases in [
        ("plain", (2, 6, 3, 4), 2, False),
        ("biases", (2, 6, 3, 5), 3, True),
        ("C < r", (2, 3, 2, 3), 16, True),
        ("one channel, one pixel", (1, 1, 1, 1), 16, True),
    ]:
        draw = new()
        yield f"se: {name}", "se", {"reduction": r}, draw(*shape), mlp(draw, shape[1], max(1, shape[1] // r), biases)

    for shape, k, settings in [
        ((2, 7, 2, 3), 1, {}),
        ((2, 8, 1, 3), 3, {}),
        ((1, 127, 1, 1), 3, {}),
        ((1, 128, 1, 1), 5, {}),
        ((2, 3, 2, 1), 5, {"kernelSize": 5}),
        ((1, 4, 1, 2), 9, {"kernelSize": 9}),
        ((1, 16, 1, 2), 7, {"gamma": 1, "b": 2}),
    ]:
        draw = new()
        yield f"eca: C = {shape[1]}, k = {k}", "eca", settings, draw(*shape), {"w": draw(k)}

    for name, shape, m, groups, d, bn in [
        ("plain", (2, 4, 3, 5), 2, 2, 3, False),
        ("batch normalization", (2, 4, 5, 4), 2, 1, 3, True),
        ("three branches, a group for each channel", (1, 4, 3, 7), 3, 4, 5, True),
        ("one pixel", (2, 2, 1, 1), 2, 1, 3, False),
    ]:
        draw, c = new(), shape[1]
        x = draw(*shape)
        w = {"conv": draw(m, c, c // groups, 3, 3, spread=0.5), "fc": draw(d, c), "select": draw(m, c, d)}
        if bn:
            w |= {"conv_bn": draw.batch_norm(m, c), "fc_bn": draw.batch_norm(d)}
        yield f"sk: {name}", "sk", {"branches": m, "groups": groups, "reduction": 2, "smallest": d}, x, w

    for name, shape, bias in [("plain", (2, 5, 3, 4), False), ("bias", (2, 3, 1, 5), True), ("one of all", (1, 1, 1, 1), True)]:
        draw = new()
        yield f"sse: {name}", "sse", {}, draw(*shape), {"w": draw(shape[1])} | ({"b": draw(1)} if bias else {})

    for name, settings, sign in [("max", {}, 0), ("sum", {"combine": "sum"}, 0), ("max, all x < 0", {"combine": "max"}, -1)]:
        draw = new()
        x = draw(2, 5, 3, 3)
        x = sign * (x.abs() + 0.25) if sign else x
        yield f"scse: {name}", "scse", settings, x, mlp(draw, 5, 2, True) | {"w": draw(5), "b": draw(1)}

    for name, shape, settings, extras in [
        ("plain", (1, 4, 5, 6), {"reduction": 2}, False),
        ("biases and batch normalization", (2, 4, 3, 5), {"reduction": 2}, True),
        ("mean first, k = 3", (2, 3, 4, 3), {"maxFirst": False, "kernelSize": 3}, True),
        ("C < r, one pixel", (2, 3, 1, 1), {}, False),
    ]:
        draw, c, k = new(), shape[1], settings.get("kernelSize", 7)
        w = mlp(draw, c, max(1, c // settings.get("reduction", 16)), extras) | {"w": draw(2, k, k, spread=0.3)}
        if extras:
            w["bn"] = draw.batch_norm(1)
        yield f"cbam: {name}", "cbam", settings, draw(*shape), w

    for name, shape, settings, bn in [
        ("k = 7", (1, 3, 5, 9), {}, False),
        ("k = 3, mean first", (2, 3, 3, 4), {"kernelSize": 3, "maxFirst": False}, True),
        ("a map smaller than the kernel, one channel", (1, 1, 2, 1), {}, True),
    ]:
        draw, k = new(), settings.get("kernelSize", 7)
        w = {"w": draw(2, k, k, spread=0.4)} | ({"bn": draw.batch_norm(1)} if bn else {})
        yield f"spatial: {name}", "spatial", settings, draw(*shape), w

    for name, shape, settings, extras in [
        ("plain", (2, 4, 3, 2), {}, False),
        ("biases, batch normalization, scale", (2, 4, 3, 3), {"scale": 0.5}, True),
        ("pooled, odd sides", (1, 4, 5, 3), {"pool": True}, True),
        ("gaussian", (2, 3, 2, 4), {"pair": "gaussian"}, False),
        ("gaussian, pooled", (1, 2, 3, 4), {"pair": "gaussian", "pool": True, "scale": 0.25}, True),
        ("dot", (2, 4, 2, 3), {"pair": "dot"}, False),
        ("dot, pooled", (1, 4, 5, 4), {"pair": "dot", "pool": True, "scale": -0.5}, True),
        ("concatenation", (2, 4, 2, 3), {"pair": "concat"}, False),
        ("concatenation, pooled", (1, 4, 3, 5), {"pair": "concat", "pool": True, "scale": -2}, True),
        ("one channel, one pixel", (2, 1, 1, 1), {}, True),
    ]:
        draw, c = new(), shape[1]
        inner, pair = max(1, c // 2), settings.get("pair", "embedded_gaussian")
        names = [("g", inner, c), ("z", c, inner)]
        names += [("theta", inner, c), ("phi", inner, c)] if pair != "gaussian" else []
        w = {n: draw(rows, columns, spread=0.7) for n, rows, columns in names}
        if pair == "concat":
            w["f"] = draw(2 * inner)
        if extras:
            w |= {n + "_bias": draw(rows) for n, rows, _ in names} | {"bn": draw.batch_norm(c)}
        yield f"non_local: {name}", "non_local", settings, draw(*shape), w

    for name, shape, settings, gamma, out, biases in [
        ("plain", (2, 8, 3, 3), {}, 0.75, True, False),
        ("at the start of training", (1, 8, 2, 3), {}, 0.0, True, False),
        ("C < r, biases", (1, 3, 3, 4), {}, -1.25, True, True),
        ("pooled, C/2 values, odd sides", (1, 4, 5, 3), {"reduction": 4, "valueReduction": 2, "pool": True}, 0.5, True, False),
        ("C values and no W_v", (2, 4, 3, 2), {"reduction": 2, "valueReduction": 1}, 0.5, False, True),
    ]:
        draw, c = new(), shape[1]
        inner, values = (max(1, c // settings.get(name, 8)) for name in ("reduction", "valueReduction"))
        names = [("query", inner, c), ("key", inner, c), ("value", values, c)] + ([("out", c, values)] if out else [])
        w = {n: draw(rows, columns, spread=0.7) for n, rows, columns in names}
        w |= {n + "_bias": draw(rows) for n, rows, _ in names} if biases else {}
        yield f"sagan: {name}", "sagan", settings, draw(*shape), w | {"gamma": torch.tensor([gamma], dtype=torch.float64)}

    draw = new()
    kernels = draw(5, 2, 3, 3)
    kernels[2] = -kernels[0]
    kernels[4] = 3 * kernels[1]
    yield "kernel_similarity: opposite and proportional kernels", "kernel_similarity", {}, kernels, {}
    draw = new()
    kernels = draw(4, 3, 1, 1)
    kernels[1] = 0
    yield "kernel_similarity: a kernel of zeros", "kernel_similarity", {}, kernels, {}
    kernels = torch.tensor([[2.0**-30, 0], [2.0**-10, 2.0**-11], [1, 1]], dtype=torch.float64)[:, :, None, None]
    yield "kernel_similarity: kernels shorter than eps", "kernel_similarity", {}, kernels, {}
    yield "kernel_similarity: eps of 2^-10", "kernel_similarity", {"eps": 2.0**-10}, kernels, {}


def tensor(x):
    whole = lambda v: int(v) if v == int(v) else v
    assert torch.isfinite(x).all()
    return {"shape": list(x.shape), "data": [whole(v) for v in x.flatten().tolist()]}


def main(path):
    lines = []
    for name, block, settings, x, weights in cases():
        for t in (x, *weights.values()):
            assert torch.equal(t, t.float().double()), f"{name}: not exact in float32"
        y, views = globals()[block](x, weights, settings)
        case = {"name": name, "choice": {"id": block, **settings}, "x": tensor(x)}
        case["weights"] = {n: tensor(t) for n, t in weights.items()}
        lines.append(json.dumps({**case, "y": tensor(y), "views": {n: tensor(t) for n, t in views.items()}}, separators=(",", ":")))
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{len(lines)} cases, {path.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
