"""Writes the npy and npz files of this folder with numpy, and what numpy reads in them as float32.

    python make.py     # numpy 2.4.6
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
DTYPES = ["<f8", ">f8", "<f4", ">f4", "<f2", ">f2", "<i8", ">i8", "<i4", ">i4", "<i2", ">i2", "|i1"]
DTYPES += ["<u8", ">u8", "<u4", ">u4", "<u2", ">u2", "|u1", "|b1"]


def values(dtype, shape=(2, 3)):
    kind = np.dtype(dtype)
    n = int(np.prod(shape))
    if kind.kind == "f":
        tiny = np.finfo(kind).smallest_subnormal if kind.itemsize == 2 else 2.0**-100
        found = np.resize([0.1, -2.5, tiny, -0.0, 65504.0, 1 / 3], n)
    elif kind.kind == "b":
        found = np.resize([True, False, True], n)
    else:
        found = np.resize(np.array([0, 1, np.iinfo(kind).max, np.iinfo(kind).min, 7, 100], kind), n)
    return found.astype(kind).reshape(shape)


def save(name, array, version=None):
    with open(HERE / name, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


fortran = np.asfortranarray(np.arange(24, dtype=">f4").reshape(2, 3, 4))
named = {"layers.0.q": values("<f4", (2, 3, 4)), "layers.0.k": values("<f2", (1, 2, 4)), "zeros": np.zeros((16, 16))}

for version in (1, 2, 3):
    save(f"version{version}.npy", values("<f4"), (version, 0))
save("fortran.npy", fortran)
save("scalar.npy", np.array(0.1))
save("empty.npy", np.zeros((0,), np.float32))
save("objects.npy", np.array([{}, "text"], dtype=object))
save("record.npy", np.zeros(2, [("q", "<f4", 3), ("k", "<i2")]))
np.savez(HERE / "types.npz", **{dtype.replace("<", "le_").replace(">", "be_").strip("|"): values(dtype) for dtype in DTYPES})
np.savez_compressed(
    HERE / "capture.npz", **named, fortran=fortran, scale=0.1, is_causal=True,
    query_tokens=np.array(["the", "caf\u00e9", "\U0001f408"]), key_tokens=np.array(["a", "b"]), model="by hand",
)

expected = {}
for path in sorted(HERE.glob("*.np[yz]")):
    loaded = np.load(path) if path.stem != "objects" else {}
    arrays = loaded if path.suffix == ".npz" else {"array": loaded}
    expected[path.name] = {
        name: {"shape": list(array.shape), "values": array.astype(np.float32).ravel().tolist()}
        for name, array in arrays.items()
        if isinstance(array, np.ndarray) and array.dtype.kind in "fiub"
    }
(HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
