"""Makes reference/*.npy and *.npz: arrays of every kind that npy.rs reads, and some that it does not.

    python npy_reference.py reference

Element (r, c) of [2, 3] is 3 r + c - 2, of unsigned ones 3 r + c. Made by NumPy 2.4.6.
"""

import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
grid = np.arange(6).reshape(2, 3)
types = ["<f4", "<f8", ">f4", ">f8", "i1", "<i2", "<i4", "<i8", ">i2", ">i4", ">i8", "u1", "<u2", "<u4", "<u8", ">u8"]
arrays = {t.replace("<", "little_").replace(">", "big_"): (grid - 2 * (t[-2] != "u")).astype(t) for t in types}
np.savez(folder / "numpy_types.npz", **arrays)
np.savez_compressed(folder / "numpy_compressed.npz", x=np.zeros((100, 100)), y=(grid - 2.0).T)  # y is by columns
np.save(folder / "numpy_matrix.npy", grid - 2.0)
np.save(folder / "numpy_fortran.npy", np.asfortranarray(grid - 2.0))
np.save(folder / "numpy_vector.npy", np.float32([1, np.nan, -np.inf]))
others = {
    "scalar": np.float64(1),
    "cube": np.zeros((2, 1, 3)),
    "empty": np.zeros((0, 3)),
    "complex": np.zeros(2, complex),
    "half": np.zeros(2, np.float16),
    "bool": np.zeros(2, bool),
    "text": np.array(["a", "bc"]),
    "objects": np.array([{}, None], object),
    "fields": np.zeros(2, [("x", "<f4"), ("y", "<i4", (2,))]),
}
for name, array in others.items():
    np.save(folder / f"numpy_{name}.npy", array)
np.savez(folder / "numpy_others.npz", x=grid, **others)
