#!/usr/bin/env python3
"""Makes www/student-teacher.json from www/sentence.safetensors. Needs numpy and nothing else.

    python3 tests/goldens/student_teacher.py

The student-teacher form of SemCKD (Chen et al. 2021, arXiv 2012.03236, section 3.2): the tokens are layers. For each layer, the
Gram matrix of its features over a batch; its rows, L2-normalised, are the queries (student layers) and keys (teacher layers):
energy = bmm(query, key) / soft, attention = softmax(energy, -1), one matrix per sample. Here the sixteen tokens of the sentence
play the batch, and the values of all heads of a layer are its features. SemCKD sends the rows through two small learned networks
first; those are left out, since there is nothing to learn them from.
"""

import json
import struct
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
STUDENTS, TEACHERS = (0, 2, 4), (0, 1, 2, 3, 4, 5)
EPS = 1e-12
TEXT = (
    "Student and teacher layers of one model, all-MiniLM-L6-v2: layers 0, 2 and 4 ask, layers 0 to 5 answer. The 16 tokens of "
    "the sentence are the batch, one matrix per token; a row is a layer's similarities of that token to all tokens (Gram matrix "
    "of the values), scaled to length 1. The learned projections of SemCKD are left out, so this shows the form "
    "softmax(bmm(query, key) / soft), not a trained distillation."
)


def values(path):
    """The tokens, and the values of each layer, (layers, tokens, heads * d), from a safetensors file of float32."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])

    def layer(index):
        entry = header[f"layers.{index}.v"]
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        heads = np.frombuffer(data[start:end], dtype="<f4").reshape(entry["shape"])[0]
        return heads.transpose(1, 0, 2).reshape(heads.shape[1], -1).astype(np.float64)

    return header["__metadata__"]["tokens"], [layer(index) for index in TEACHERS]


def rows(features):
    """One unit vector per sample: its row of the Gram matrix."""
    gram = features @ features.T
    return gram / np.maximum(np.linalg.norm(gram, axis=1, keepdims=True), EPS)


def tensor(layers):
    """(samples, 1 head, layers, samples), float32, with the fewest digits that read back as the same float32."""
    stacked = np.stack(layers, axis=1)[:, None].astype(np.float32)
    return {"shape": list(stacked.shape), "data": [float(str(x)) for x in stacked.ravel()]}


if __name__ == "__main__":
    tokens, features = values(ROOT / "www" / "sentence.safetensors")
    of_layer = [rows(layer) for layer in features]
    names = lambda role, layers: json.dumps([f"{role} layer {layer}" for layer in layers])
    metadata = {
        "query_tokens": names("student", STUDENTS),
        "key_tokens": names("teacher", TEACHERS),
        "batch_tokens": tokens,
        "score": "dot",
        "temperature": "1",
        "text": TEXT,
    }
    content = {
        "__metadata__": metadata,
        "query": tensor([of_layer[layer] for layer in STUDENTS]),
        "key": tensor([of_layer[layer] for layer in TEACHERS]),
    }
    out = ROOT / "www" / "student-teacher.json"
    out.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{out.name}: {out.stat().st_size} bytes")
