#!/usr/bin/env python3
"""Makes goldens.json. README.md beside this file has the environments and the commands."""

import reproducible  # noqa: F401  first: it settles the arithmetic of what follows

import json
import math
import pickle
import sys
from pathlib import Path

import numpy as np

import plain
from cases import all_cases

HERE = Path(__file__).parent
PREFERRED = ("onnx", "torch", "plain")  # whose numbers are stored; the others have to agree


def run(engine, folder):
    """Step one and two: the answers of one outside implementation, to a file for the last step."""
    if engine == "onnx":
        import onnx_engine as module
    else:
        import torch_engine as module
    with np.errstate(all="ignore"):
        answers = {case.name: module.answer(case) for case in all_cases()}
    count = sum(answer is not None for answer in answers.values())
    (folder / f"{engine}.pickle").write_bytes(pickle.dumps({"name": module.NAME, "answers": answers}))
    print(f"{module.NAME}: {count} of {len(answers)} cases answered")


def merge(folder):
    """Step three: every pair of answers compared, the preferred one stored."""
    engines = {name: pickle.loads((folder / f"{name}.pickle").read_bytes()) for name in ("onnx", "torch")}
    stored, compared = [], 0
    for case in all_cases():
        answers = {name: engine["answers"][case.name] for name, engine in engines.items()}
        answers = {name: answer for name, answer in answers.items() if answer}
        answers["plain"] = plain.answer(case)
        compared += agree(case, answers)
        stored.append(entry(case, answers, {name: engine["name"] for name, engine in engines.items()}))
    compared += identities(stored)
    size = write(HERE / "goldens.json", stored)
    print(f"{len(stored)} cases, {compared} arrays compared, {size} bytes")


def write(path, items):
    """An array of cases, one line each."""
    text = "[\n" + ",\n".join(json.dumps(item, separators=(",", ":"), allow_nan=False) for item in items) + "\n]\n"
    path.write_text(text)
    return len(text)


def agree(case, answers):
    """All parts that two implementations both have: equal to 12 digits (of the largest logit, for the logits' own stages)."""
    count = 0
    for name, answer in answers.items():
        for part, theirs in answers["plain"].items():
            if name != "plain" and part in answer and part != "status":
                close(case.name, name, part, answer[part], theirs)
                count += 1
    printed = {name: part for name, part in case.literal.items() if name != "statistics"} | case.literal.get(
        "statistics", {}
    )
    for part, figures in printed.items():
        if part in KNOWN:
            error = np.abs(np.asarray(figures) - KNOWN[part](answers["plain"])).max()
            assert error <= case.tolerance, f"{case.name}: the table's {part} is off by {error}"
            count += 1
    return count


def entropy(weights):
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.where(weights > 0, weights * np.log(weights), 0).sum(-1)


# What printed figures are compared with: parts of an answer, and row statistics of weights that sum to 1.
KNOWN = {
    part: (lambda answer, part=part: answer[part])
    for part in ("raw", "scaled", "capped", "biased", "weights", "output")
}
KNOWN |= {
    "mass": lambda answer: answer["weights"].sum(-1),
    "entropy": lambda answer: entropy(answer["weights"]),
    "effectiveKeys": lambda answer: np.exp(entropy(answer["weights"])),
    "maxWeight": lambda answer: answer["weights"].max(-1),
}


def identities(stored):
    """`identity: X` and `identity: X = Y` are one question in two ways."""
    known = {
        item["name"]: item["expected"]["weights"]["data"] for item in stored if item["name"].startswith("identity: ")
    }
    pairs = [(name, name.split(" = ")[0]) for name in known if " = " in name]
    for second, first in pairs:
        close(second, first, "weights", np.array(known[second]), np.array(known[first]))
    return len(pairs)


def close(case, engine, part, found, expected):
    finite = np.isfinite(expected)
    scale = max(1.0, np.abs(expected[finite]).max(initial=0)) if part not in ("weights", "output") else 1.0
    same = np.allclose(found, expected, rtol=1e-12, atol=1e-13 * scale, equal_nan=True)
    assert same, f"{case}: {engine} differs in {part}: {found} {expected}"


def entry(case, answers, names):
    chosen = next(name for name in PREFERRED if name in answers)
    item = {"name": case.name, "source": case.source or source(answers, chosen, names)}
    item.update(
        query=tensor(case.query), key=tensor(case.key), value=case.value if case.value is None else tensor(case.value)
    )
    item["options"] = {name: option(value) for name, value in case.options.items()}
    item["expected"] = expected(case, answers, chosen)
    item["precision"] = "f64"
    if case.tolerance:
        item["tolerance"] = case.tolerance
    return item


def source(answers, chosen, names):
    """Who answered: the one whose numbers are stored first."""
    names = {**names, "plain": plain.NAME}
    order = [chosen, *(name for name in PREFERRED if name in answers and name != chosen)]
    extra = [helper for name in ("onnx", "torch") for helper in answers.get(name, {}).get("sources", [])[1:]]
    return "; ".join([names[name] for name in order] + extra)


def expected(case, answers, chosen):
    # A bias stage that the preferred implementation does not show comes from the next one that does.
    order = [chosen, *PREFERRED]
    part = lambda name: case.literal.get(name, next(answers[e][name] for e in order if name in answers.get(e, {})))
    wanted = [name for name in case.want if name != "output" or case.value is not None]
    out = {name: rounded(part(name)) for name in ("output", "weights") if name in wanted}
    stages = {name: rounded(part(name)) for name in wanted if name not in out}
    if stages:
        out["stages"] = stages
    if "statistics" in case.literal:
        out["statistics"] = {name: tensor(values) for name, values in case.literal["statistics"].items()}
    status = answers["plain"]["status"]
    if (status != "ok").any():
        out["status"] = status.ravel().tolist()
    return out


def option(value):
    """Tensors of the options, and of the members that they choose."""
    if isinstance(value, dict):
        return {name: option(part) for name, part in value.items()}
    return tensor(value) if isinstance(value, np.ndarray) else value


def rounded(values):
    """Tensors and numbers to 15 digits: what follows is noise, and would be a tenth of the file."""
    if isinstance(values, dict):
        return {name: rounded(part) for name, part in values.items()}
    if isinstance(values, list):
        return [rounded(part) for part in values]
    if isinstance(values, np.ndarray):
        return tensor(np.reshape([rounded(x) for x in values.ravel().tolist()], values.shape))
    return float(f"{values:.15g}") if isinstance(values, float) else values


def tensor(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "data": [number(x) for x in array.ravel().tolist()]}


def number(x):
    """JSON has no NaN and no infinities: they are the strings nan, inf and -inf. Whole numbers lose their point."""
    if isinstance(x, bool):
        return int(x)
    if not math.isfinite(x):
        return str(float(x))
    return int(x) if x == int(x) and abs(x) < 2**53 else x


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("onnx", "torch", "merge"):
        sys.exit("usage: generate.py onnx|torch|merge FOLDER")
    step, place = sys.argv[1], Path(sys.argv[2])
    merge(place) if step == "merge" else run(step, place)
