"""Theano's scalar operations as LLVM instructions.

Each entry of the table writes one operation for one element. LLVM may change no floating-point
instruction, or the numbers that fill no vector at the end of a loop could be rounded otherwise; in
`_exp` multiplications and additions may be fused, since there is one way to do that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.kernels.emitter import Emitter, Register, literal

Write = Callable[[Emitter, list[Register], str], Register]


class UnknownOperationError(NotImplementedError):
    """The graph holds an operation that this package cannot write."""


def convert(e: Emitter, x: Register, dtype: str) -> Register:
    """Convert a number to another type, as NumPy's ``astype`` does."""
    if x.dtype == dtype:
        return x
    if x.name.startswith("0x") or not x.name.startswith("%"):
        # Literals are typed where they are written: go through an instruction.
        zero = literal(0, x.dtype)
        x = e.op("fadd" if x.is_float else "add", x, zero)
    target = Register("", dtype)
    if dtype == "bool":
        return e.value(f"zext i1 {_is_true(e, x)} to i8", "bool")
    if x.dtype == "bool" and target.is_float:
        return e.choose(_is_true(e, x), literal(1, dtype), literal(0, dtype))
    if x.is_float and target.is_float:
        change = "fpext" if dtype == "float64" else "fptrunc"
    elif target.is_float:
        change = "uitofp" if x.is_unsigned else "sitofp"
    elif x.is_float:
        change = "fptoui" if target.is_unsigned else "fptosi"
    elif _bits(dtype) == _bits(x.dtype):
        return Register(x.name, dtype)
    elif _bits(dtype) < _bits(x.dtype):
        change = "trunc"
    else:
        change = "zext" if x.is_unsigned else "sext"
    return e.value(f"{change} {x.typed} to {target.type}", dtype)


def _is_true(e: Emitter, x: Register) -> str:
    return e.test("fcmp une" if x.is_float else "icmp ne", x)


def write(e: Emitter, op: Any, inputs: list[Register], dtypes: list[str]) -> list[Register]:
    """Write a scalar operation, a composite of several included."""
    name = type(op).__name__.removeprefix("Scalar")
    if name != "Composite":
        if name not in OPERATIONS or len(dtypes) != 1:
            raise UnknownOperationError(name)
        return [OPERATIONS[name](e, inputs, dtypes[0])]
    values = dict(zip(op.fgraph.inputs, inputs, strict=True))
    for node in op.fgraph.toposort():
        operands = [_operand(values, variable) for variable in node.inputs]
        results = write(e, node.op, operands, [output.type.dtype for output in node.outputs])
        values.update(zip(node.outputs, results, strict=True))
    return [_operand(values, variable) for variable in op.fgraph.outputs]


def _operand(values: dict[Any, Register], variable: Any) -> Register:
    if variable in values:
        return values[variable]
    return literal(variable.data, variable.type.dtype)


def _bits(dtype: str) -> int:
    return 8 * np.dtype(dtype).itemsize


def _alike(e: Emitter, inputs: list[Register], dtype: str) -> list[Register]:
    return [convert(e, x, dtype) for x in inputs]


def _folded(float_op: str, int_op: str) -> Write:
    def write_it(e: Emitter, inputs: list[Register], dtype: str) -> Register:
        first, *others = _alike(e, inputs, dtype)
        for other in others:
            first = e.op(float_op if first.is_float else int_op, first, other)
        return first

    return write_it


def _comparison(float_test: str, signed_test: str, unsigned_test: str) -> Write:
    def write_it(e: Emitter, inputs: list[Register], dtype: str) -> Register:
        wider = max(inputs, key=lambda x: (x.is_float, _bits(x.dtype)))
        a, b = _alike(e, inputs, wider.dtype)
        test = float_test if a.is_float else unsigned_test if a.is_unsigned else signed_test
        bit = e.test(f"{'fcmp' if a.is_float else 'icmp'} {test}", a, b)
        return e.value(f"zext i1 {bit} to i8", "bool")

    return write_it


def _intrinsic(name: str) -> Write:
    return _called(f"llvm.{name}.f32", f"llvm.{name}.f64")


def _library(name: str) -> Write:
    return _called(f"{name}f", name)


def _called(single: str, double: str) -> Write:
    def write_it(e: Emitter, inputs: list[Register], dtype: str) -> Register:
        function = single if dtype == "float32" else double
        return e.call(dtype, function, *_alike(e, inputs, dtype))

    return _floats_only(write_it, double)


def _floats_only(write_it: Write, name: str) -> Write:
    def checked(e: Emitter, inputs: list[Register], dtype: str) -> Register:
        if not dtype.startswith("float"):
            raise UnknownOperationError(f"{name} of {dtype}")
        return write_it(e, inputs, dtype)

    return checked


_multiply = _folded("fmul", "mul")
_divide = _floats_only(_folded("fdiv", "sdiv"), "division")


def _neg(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    (x,) = _alike(e, inputs, dtype)
    return e.value(f"fneg {x.typed}", dtype) if x.is_float else e.op("sub", literal(0, dtype), x)


def _extreme(bigger: bool) -> Write:
    def write_it(e: Emitter, inputs: list[Register], dtype: str) -> Register:
        first, *others = _alike(e, inputs, dtype)
        for other in others:
            # What is not a number wins on either side, as in NumPy: "unordered or greater".
            kind = "fcmp u" if first.is_float else f"icmp {'u' if first.is_unsigned else 's'}"
            test = e.test(f"{kind}{'gt' if bigger else 'lt'}", first, other)
            first = e.choose(test, first, other)
        return first

    return write_it


def _sign(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    (x,) = _alike(e, inputs, dtype)
    zero = literal(0, dtype)
    one = literal(1, dtype)
    minus = literal(-1, dtype)
    kind = "fcmp o" if x.is_float else "icmp s"
    above = e.test(f"{kind}gt", x, zero)
    below = e.test(f"{kind}lt", x, zero)
    return e.choose(above, one, e.choose(below, minus, zero))


def _switch(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    condition, then, otherwise = inputs
    chosen, other = _alike(e, [then, otherwise], dtype)
    return e.choose(_is_true(e, condition), chosen, other)


def _sigmoid(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    (x,) = _alike(e, inputs, dtype)
    power = _exp(e, [e.value(f"fneg {x.typed}", dtype)], dtype)
    return e.op("fdiv", literal(1, dtype), e.op("fadd", literal(1, dtype), power))


def _softplus(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    """Write log(1 + exp(x)) as max(x, 0) + log1p(exp(-|x|)), which never overflows."""
    (x,) = _alike(e, inputs, dtype)
    magnitude = _intrinsic("fabs")(e, [x], dtype)
    power = _exp(e, [e.value(f"fneg {magnitude.typed}", dtype)], dtype)
    rest = _library("log1p")(e, [power], dtype)
    return e.op("fadd", _extreme(True)(e, [x, literal(0, dtype)], dtype), rest)


#: The polynomial of Cephes' expf (S. L. Moshier, 1989; error below 2 ulp), highest power first.
_EXP_POLYNOMIAL = (1.9875691e-4, 1.3981999e-3, 8.333452e-3, 4.1665796e-2, 1.6666665e-1, 0.5)


def _exp(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    """Write exp of a float32 without branches; below -86.6 it is 0, not a denormal number."""
    if dtype != "float32":
        return _library("exp")(e, inputs, dtype)
    (x,) = _alike(e, inputs, dtype)
    number = partial(literal, dtype=dtype)
    too_big = e.test("fcmp ogt", x, 88.72284)
    too_small = e.test("fcmp olt", x, -86.64339)
    inside = e.choose(too_small, number(-86.64339), e.choose(too_big, number(88.72278), x))
    n = e.call(dtype, "llvm.rint.f32", e.op("fmul", inside, 1.442695))
    r = inside  # x - n ln 2
    for part in (-0.69335938, 2.1219444e-4):
        r = e.op("fadd contract", r, e.op("fmul contract", n, part))
    total = number(_EXP_POLYNOMIAL[0])
    for factor in _EXP_POLYNOMIAL[1:]:
        total = e.op("fadd contract", e.op("fmul contract", total, r), factor)
    total = e.op("fmul contract", total, e.op("fmul contract", r, r))
    total = e.op("fadd contract", e.op("fadd contract", total, r), 1)
    bits = e.op("shl", e.op("add", convert(e, n, "int32"), 126), 23)
    power = e.value(f"bitcast {bits.typed} to float", dtype)
    value = e.op("fmul", e.op("fadd", total, total), power)
    value = e.choose(too_small, number(0), e.choose(too_big, number(np.inf), value))
    return e.choose(e.test("fcmp uno", x, x), x, value)


_LIBRARY = ("Cos", "Erf", "Expm1", "Log", "Log1p", "Pow", "Sin", "Tanh")
OPERATIONS: dict[str, Write] = {
    **{name: _library(name.lower()) for name in _LIBRARY},
    **{name: _intrinsic(name.lower()) for name in ("Ceil", "Floor", "Sqrt")},
    **{name: _folded(name.lower(), name.lower()) for name in ("AND", "OR", "XOR")},
    **{
        name: _comparison(*(kind + name.lower() for kind in "osu"))
        for name in ("GE", "GT", "LE", "LT")
    },
    "Add": _folded("fadd", "add"),
    "Sub": _folded("fsub", "sub"),
    "Mul": _multiply,
    "TrueDiv": _divide,
    "Neg": _neg,
    "Abs": _intrinsic("fabs"),
    "Sqr": lambda e, inputs, dtype: _multiply(e, 2 * inputs, dtype),
    "Exp": _floats_only(_exp, "exp"),
    "Sigmoid": _floats_only(_sigmoid, "sigmoid"),
    "Softplus": _floats_only(_softplus, "softplus"),
    "Maximum": _extreme(True),
    "Minimum": _extreme(False),
    "Sign": _sign,
    "Reciprocal": lambda e, inputs, dtype: _divide(e, [literal(1, dtype), *inputs], dtype),
    "Identity": lambda e, inputs, dtype: convert(e, inputs[0], dtype),
    "Cast": lambda e, inputs, dtype: convert(e, inputs[0], dtype),
    "Second": lambda e, inputs, dtype: convert(e, inputs[1], dtype),
    "Switch": _switch,
    "Clip": lambda e, inputs, dtype: _extreme(False)(
        e,
        [_extreme(True)(e, inputs[:2], dtype), inputs[2]],
        dtype,
    ),
    "EQ": _comparison("oeq", "eq", "eq"),
    "NEQ": _comparison("une", "ne", "ne"),
}
