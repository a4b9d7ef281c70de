"""Imported before numpy or torch: makes them add in one order on every machine.

Their libraries choose among code for different processors when they start, and the choices differ in the last digit. What was
chosen here is what any processor with AVX2 and FMA can do.
"""

import os
from importlib import metadata

NEWER = ["AVX512F", "AVX512CD", "AVX512_SKX", "AVX512_CLX", "AVX512_CNL", "AVX512_ICL"]
if int(metadata.version("numpy").split(".")[0]) > 1:
    NEWER = ["X86_V4", "AVX512_ICL", "AVX512_SPR"]

os.environ["NPY_DISABLE_CPU_FEATURES"] = " ".join(NEWER)
os.environ["OPENBLAS_CORETYPE"] = "Haswell"
os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
