"""Compiled kernels that every compiled graph calls by name.

A kernel is a Numba function compiled once, with explicit types, and kept in Numba's disk
cache. Its address is announced to LLVM under a name of ours, and the functions that
PyTensor generates contain nothing but a call of that name. So a network's three functions
do not compile the same loops three times, and PyTensor may cache them: a name, unlike an
address, is the same in the next process.

Kernels take addresses and lengths as integers (``intp``). They hold no reference to a
Python object and never need the interpreter lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import get_cython_function_address, intrinsic

from mnist_draw.theano_bridge import environment

PREFIX = "mnist_draw_"

#: NumPy dtype name -> Numba type, of the two precisions there are kernels for.
FLOATS = {"float32": types.float32, "float64": types.float64}

_announced: dict[str, Any] = {}
_lock = threading.Lock()


def announce_blas() -> None:
    """Make SciPy's ``sgemm`` and ``dgemm`` known to LLVM under names of ours."""
    for name in ("sgemm", "dgemm"):
        if name not in _announced:
            address = get_cython_function_address("scipy.linalg.cython_blas", name)
            llvmlite.binding.add_symbol(PREFIX + name, address)
            _announced[name] = address


def kernel(build: Callable[[Any], Callable[..., Any]], arguments: int, dtype: str) -> Any:
    """Compile a kernel, or load it from the cache, and make it known by its name.

    Parameters
    ----------
    build : callable
        Takes the Numba type of the elements and returns the function to compile. Its
        name is that of the kernel.
    arguments : int
        Number of ``intp`` arguments of the kernel.
    dtype : str
        ``"float32"`` or ``"float64"``.

    Returns
    -------
    numba.types.ExternalFunction
        Callable inside any function that Numba compiles.
    """
    kernel_address(build, arguments, dtype)
    return types.ExternalFunction(_name(build, dtype), _signature(arguments))


def kernel_address(build: Callable[[Any], Callable[..., Any]], arguments: int, dtype: str) -> int:
    """Address of a kernel, compiled as by :func:`kernel`, for whoever calls it directly.

    The function there takes `arguments` integers of the size of a pointer, returns
    nothing, and may run in several threads at once without the interpreter lock.
    """
    name = _name(build, dtype)
    with _lock:
        if name not in _announced:
            announce_blas()
            function = build(FLOATS[dtype])
            with _cache_of_the_program():
                decorator = numba.cfunc(_signature(arguments), nopython=True, cache=True)
                compiled = decorator(function)
            llvmlite.binding.add_symbol(name, compiled.address)
            # Kept: the machine code goes with the object.
            _announced[name] = compiled
        return int(_announced[name].address)


def _name(build: Callable[..., Any], dtype: str) -> str:
    return f"{PREFIX}{build.__name__}_{dtype}"


def _signature(arguments: int) -> Any:
    return types.void(*[types.intp] * arguments)


class _cache_of_the_program:  # noqa: N801 (a context manager, used like a function)
    """Numba's disk cache, for what is decorated inside, beside PyTensor's own."""

    def __enter__(self) -> None:
        self._before = numba.config.CACHE_DIR
        if not self._before:
            numba.config.CACHE_DIR = str(environment.kernel_folder())

    def __exit__(self, *_: object) -> None:
        numba.config.CACHE_DIR = self._before


@intrinsic
def array_at(typingctx: Any, address: Any, element: Any, length: Any) -> Any:
    """A contiguous one-dimensional array of `length` elements at an integer address."""
    array_type = types.Array(element.dtype, 1, "C")

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where, _, count = arguments
        data_type = context.get_data_type(element.dtype)
        array = context.make_array(array_type)(context, builder)
        item = context.get_constant(types.intp, context.get_abi_sizeof(data_type))
        context.populate_array(
            array,
            data=builder.inttoptr(where, data_type.as_pointer()),
            shape=cgutils.pack_array(builder, [count]),
            strides=cgutils.pack_array(builder, [item]),
            itemsize=item,
            meminfo=None,
        )
        return array._getvalue()

    return array_type(address, element, types.intp), codegen


@intrinsic
def gemm(
    typingctx: Any, transa: Any, transb: Any, m: Any, n: Any, k: Any,
    a: Any, lda: Any, b: Any, ldb: Any, beta: Any, c: Any, ldc: Any,
) -> Any:  # fmt: skip
    """``C = op(A) op(B) + beta C`` for matrices in column order, as BLAS does it.

    `transa` and `transb` are the characters ``'N'`` or ``'T'`` as integers, `a`, `b` and
    `c` integer addresses, `beta` a float whose type chooses the precision; the rest are
    integers.
    """
    name = PREFIX + ("sgemm" if beta == types.float32 else "dgemm")
    number = ir.FloatType() if beta == types.float32 else ir.DoubleType()
    integers = [types.intp] * 5
    signature = types.void(
        *integers, types.intp, types.intp, types.intp, types.intp, beta, types.intp,
        types.intp,
    )  # fmt: skip

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        int32, char = ir.IntType(32), ir.IntType(8)

        def by_reference(value: Any, kind: Any) -> Any:
            if isinstance(kind, ir.IntType):
                value = builder.trunc(value, kind)
            return cgutils.alloca_once_value(builder, value)

        ta, tb, m_, n_, k_, a_, lda_, b_, ldb_, beta_, c_, ldc_ = arguments
        one = ir.Constant(number, 1.0)
        matrix = number.as_pointer()
        given = [
            by_reference(ta, char), by_reference(tb, char),
            by_reference(m_, int32), by_reference(n_, int32), by_reference(k_, int32),
            cgutils.alloca_once_value(builder, one),
            builder.inttoptr(a_, matrix), by_reference(lda_, int32),
            builder.inttoptr(b_, matrix), by_reference(ldb_, int32),
            cgutils.alloca_once_value(builder, beta_),
            builder.inttoptr(c_, matrix), by_reference(ldc_, int32),
        ]  # fmt: skip
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        builder.call(function, given)
        return context.get_dummy_value()

    return signature, codegen
