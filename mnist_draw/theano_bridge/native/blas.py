"""The BLAS that SciPy brings along: where its functions are, and that it keeps to one thread."""

from __future__ import annotations

import ctypes
from functools import cache

from scipy.linalg import cython_blas
from threadpoolctl import threadpool_limits


@cache
def address(name: str) -> int:
    """Return the address of a BLAS function, such as ``sgemm``.

    The program cuts matrix products among its own threads, so the BLAS is told to use one:
    two pools of threads on the same cores fight, at three to five times the cost.
    """
    threadpool_limits(limits=1, user_api="blas")
    capsule = cython_blas.__pyx_capi__[name]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get_pointer(capsule, get_name(capsule)))
