#!/usr/bin/env python3
"""Makes the test data of this folder, and the passage that the page shows, from the full captures. Needs numpy and
nothing else.

    python3 tests/data/trim.py FOLDER

FOLDER holds the originals: passage.safetensors, passage.expected.safetensors and sentence.expected.safetensors.
What is kept, and why, is in README.md beside this file.
"""

import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "www"
TYPES = {"F32": "<f4", "F16": "<f2"}
HEADS = [0, 5, 11]  # the heads whose expected weights the original has
STEP = 16


def read(path):
    """Tensors (name -> float32 array) and metadata of a safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        start, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[start:end], dtype="<f4").reshape(entry["shape"])
    return tensors, metadata


def write(path, tensors, metadata, dtype="F32"):
    """The same, back to a file; names in order, the header padded with spaces to a multiple of 8. Numbers are rounded to
    the nearest of their type, ties to even."""
    header, offset = {"__metadata__": metadata}, 0
    tensors = {name: np.ascontiguousarray(tensor, dtype=TYPES[dtype]) for name, tensor in tensors.items()}
    for name in sorted(tensors):
        size = tensors[name].nbytes
        header[name] = {"dtype": dtype, "shape": list(tensors[name].shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            file.write(tensors[name].tobytes())
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes")


def chosen_rows(count):
    """Every 16th row, and the last one: a tail that no vector width divides."""
    return sorted({*range(0, count, STEP), count - 1})


def passage_inputs(source):
    tensors, metadata = read(source / "passage.safetensors")
    kept = {name: tensor[:, HEADS] for name, tensor in tensors.items() if name.endswith((".q", ".k"))}
    write(HERE / "passage.safetensors", kept, {**metadata, "heads": json.dumps(HEADS)})


def passage_example(source):
    """All heads, with half the bytes: three digits of each number are left, and the page says so."""
    tensors, metadata = read(source / "passage.safetensors")
    write(PAGE / "passage.safetensors", tensors, {**metadata, "rounded": "from float32 to float16"}, "F16")


def passage_weights(source):
    tensors, metadata = read(source / "passage.expected.safetensors")
    assert json.loads(metadata["heads"]) == HEADS
    rows = chosen_rows(next(iter(tensors.values())).shape[2])
    kept = {name: tensor[:, :, rows] for name, tensor in tensors.items()}
    words = {name: metadata[name] for name in ("model", "heads", "tokens")}
    write(HERE / "passage.expected.safetensors", kept, {**words, "rows": json.dumps(rows)})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    passage_inputs(folder)
    passage_example(folder)
    passage_weights(folder)
    shutil.copyfile(folder / "sentence.expected.safetensors", HERE / "sentence.expected.safetensors")
