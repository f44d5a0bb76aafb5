"""The matrix product, by way of the BLAS that SciPy brings along."""

from __future__ import annotations

import ctypes
from functools import cache

from scipy.linalg import cython_blas
from threadpoolctl import threadpool_limits

from mnist_draw.theano_bridge.native.kernels.emitter import (
    START,
    STOP,
    Emitter,
    Function,
    Register,
    integer,
    literal,
)

_SIZE = {"float32": 4, "float64": 8}


@cache
def gemm(dtype: str) -> int:
    """Return the address of the BLAS' matrix product for float32 or float64.

    The program cuts matrix products among its own threads, so the BLAS is told to use one:
    two pools of threads on the same cores fight, at three to five times the cost.
    """
    threadpool_limits(limits=1, user_api="blas")
    capsule = cython_blas.__pyx_capi__[{"float32": "sgemm", "float64": "dgemm"}[dtype]]
    get_name = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get_pointer(capsule, get_name(capsule)))


@cache
def matrix_product(dtype: str) -> Function:
    """C = A B through the BLAS, part of its rows or of its columns.

    Arguments: the addresses of C, A and B (row-major); M, N, K; the leading dimensions of A, B
    and C; whether A and B are stored transposed (0 or 1); whether start and stop are rows (0) or
    columns (1) of C; the address of the BLAS' gemm.

    The BLAS counts columns first, so it is asked for Cᵀ = Bᵀ Aᵀ; transposed operands go through
    its own flags, never through a copy.
    """
    name = f"matrix_product_{dtype}"
    e = Emitter(name)
    c, a, b = (e.argument(index) for index in range(3))
    m, n, k, lda, ldb, ldc, ta, tb, columns, product = (e.argument(index) for index in range(3, 13))
    size = integer(_SIZE[dtype])
    part = e.op("sub", STOP, START)

    def chosen(flag: Register, yes: Register, no: Register) -> Register:
        bit = e.value(f"icmp ne i64 {flag.name}, 0", "bool").name
        return e.value(f"select i1 {bit}, i64 {yes.name}, i64 {no.name}", "int64")

    def moved(address: Register, elements: Register) -> Register:
        return e.op("add", address, e.op("mul", elements, size))

    zero = integer(0)
    # A row of op(A) lies lda apart, or side by side where A is stored transposed; columns of
    # op(B) the other way round.
    a_row = chosen(ta, START, e.op("mul", START, lda))
    b_column = chosen(tb, e.op("mul", START, ldb), START)
    a = moved(a, chosen(columns, zero, a_row))
    b = moved(b, chosen(columns, b_column, zero))
    c = moved(c, chosen(columns, START, e.op("mul", START, ldc)))
    rows = chosen(columns, m, part)
    width = chosen(columns, part, n)
    slots = []
    for value in (width, rows, k, ldb, lda, ldc):
        narrow = e.value(f"trunc i64 {value.name} to i32", "int32")
        slots.append(e.variable("int32", narrow))
    flags = []
    for flag in (tb, ta):
        letter = chosen(flag, integer(ord("T")), integer(ord("N")))
        narrow = e.value(f"trunc i64 {letter.name} to i8", "int8")
        flags.append(e.variable("int8", narrow))
    one, nothing = e.variable(dtype, literal(1, dtype)), e.variable(dtype, literal(0, dtype))
    function, pa, pb, pc = (
        e.value(f"inttoptr i64 {value.name} to ptr", "int64").name for value in (product, a, b, c)
    )
    s_n, s_m, s_k, s_ldb, s_lda, s_ldc = slots
    arguments = [*flags, s_n, s_m, s_k, one, pb, s_ldb, pa, s_lda, nothing, pc, s_ldc]
    e.line(f"call void {function}({', '.join(f'ptr {x}' for x in arguments)})")
    return e.finished()
