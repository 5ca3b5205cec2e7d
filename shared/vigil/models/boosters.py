"""Trained trees as they serve: LightGBM's own library, without its Python package.

The package imports SciPy, which would cost predict a quarter of every cold start.
"""

import ctypes
import weakref
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from vigil.panel import Floats

THREADS = b"num_threads=2"
NORMAL, RAW, LEAVES, CONTRIBUTIONS, GAIN = 0, 1, 2, 3, 1  # as LightGBM's c_api.h numbers them
ROW_MAJOR, ALL = 1, -1
KINDS = {np.dtype(np.float32): 0, np.dtype(np.float64): 1}


class Booster:
    """Trees from LightGBM's text, checked before: LightGBM survives no other."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._handle = ctypes.c_void_p()
        _call("BoosterLoadModelFromString", text, _out(ctypes.c_int), ctypes.byref(self._handle))
        weakref.finalize(self, _library().LGBM_BoosterFree, self._handle)
        count = ctypes.c_int()
        _call("BoosterGetNumFeature", self._handle, ctypes.byref(count))
        self.features = count.value
        _call("BoosterGetCurrentIteration", self._handle, ctypes.byref(count))
        self.trees = count.value
        self.share = 1 / self.trees if b"\naverage_output\n" in text else 1.0

    def predict(self, table: np.ndarray[tuple[int, int]]) -> Floats:
        """A number a row."""
        return self._made(table, NORMAL, 1)[:, 0]

    def raw(self, table: np.ndarray[tuple[int, int]]) -> Floats:
        """What the trees add up to, a row: of a probability the log odds; of a forest the mean."""
        return self._made(table, RAW, 1)[:, 0] * self.share

    def leaves(self, table: np.ndarray[tuple[int, int]]) -> Floats:
        """The number of the leaf that a row falls into, of every tree."""
        return self._made(table, LEAVES, self.trees)

    def contributions(self, table: np.ndarray[tuple[int, int]]) -> Floats:
        """What each feature adds to a row's number; last what all rows start from."""
        return self._made(table, CONTRIBUTIONS, self.features + 1)

    def gains(self) -> Floats:
        """How much each feature has told all trees."""
        gains = np.empty(self.features)
        _call("BoosterFeatureImportance", self._handle, ALL, GAIN, _address(gains))
        return gains

    def _made(self, table: np.ndarray[tuple[int, int]], kind: int, width: int) -> Floats:
        data, out = np.ascontiguousarray(table), np.empty((len(table), width))
        shape = (KINDS[data.dtype], *data.shape, ROW_MAJOR)
        what = (kind, 0, ALL, THREADS, _out(ctypes.c_int64), _address(out))
        _call("BoosterPredictForMat", self._handle, _address(data), *shape, *what)
        return out


@cache
def _library() -> ctypes.CDLL:
    """It lies in the package, which need not be imported to be found."""
    spec = find_spec("lightgbm")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'lightgbm'", name="lightgbm")
    [file] = (Path(spec.origin).parent / "lib").glob("lib_lightgbm.*")
    library = ctypes.CDLL(str(file))
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library


def _call(function: str, *arguments: object) -> None:
    if getattr(_library(), f"LGBM_{function}")(*arguments):
        raise RuntimeError(f"LightGBM: {_library().LGBM_GetLastError().decode()}")


def _out(kind: type[ctypes.c_int | ctypes.c_int64]) -> object:
    """Room for a number that nobody reads."""
    return ctypes.byref(kind())


def _address(numbers: np.ndarray[tuple[int, ...]]) -> ctypes.c_void_p:
    return ctypes.c_void_p(numbers.ctypes.data)
