"""Theano's scalar operations as LLVM instructions.

Each entry of the table writes one operation for one element. Floating-point instructions allow
contraction (a multiplication and an addition rounded once) and nothing that would change the
meaning of infinities or of what is not a number.
"""

from __future__ import annotations

from collections.abc import Callable
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
        test = _compare(e, "fcmp une" if x.is_float else "icmp ne", x, literal(0, x.dtype))
        return e.value(f"zext i1 {test} to i8", "bool")
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


def _compare(e: Emitter, comparison: str, a: Register, b: Register) -> str:
    return e.value(f"{comparison} {a.typed}, {b.name}", "bool").name


def _alike(e: Emitter, inputs: list[Register], dtype: str) -> list[Register]:
    return [convert(e, x, dtype) for x in inputs]


def _folded(float_op: str, int_op: str) -> Write:
    def write_it(e: Emitter, inputs: list[Register], dtype: str) -> Register:
        first, *others = _alike(e, inputs, dtype)
        for other in others:
            first = e.op(float_op if first.is_float else int_op, first, other)
        return first

    return write_it


def _common(inputs: list[Register]) -> str:
    """The type in which two numbers are compared: the wider of the two."""
    return max(
        (x.dtype for x in inputs), key=lambda dtype: (dtype.startswith("float"), _bits(dtype))
    )


def _comparison(float_test: str, signed_test: str, unsigned_test: str) -> Write:
    def write_it(e: Emitter, inputs: list[Register], dtype: str) -> Register:
        a, b = _alike(e, inputs, _common(inputs))
        test = float_test if a.is_float else unsigned_test if a.is_unsigned else signed_test
        bit = _compare(e, f"{'fcmp' if a.is_float else 'icmp'} {test}", a, b)
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


_multiply = _folded("fmul contract", "mul")
_divide = _floats_only(_folded("fdiv contract arcp", "sdiv"), "division")


def _neg(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    (x,) = _alike(e, inputs, dtype)
    return e.value(f"fneg {x.typed}", dtype) if x.is_float else e.op("sub", literal(0, dtype), x)


def _extreme(bigger: bool) -> Write:
    def write_it(e: Emitter, inputs: list[Register], dtype: str) -> Register:
        first, *others = _alike(e, inputs, dtype)
        for other in others:
            # What is not a number wins on either side, as in NumPy: "unordered or greater".
            kind = "fcmp u" if first.is_float else f"icmp {'u' if first.is_unsigned else 's'}"
            test = _compare(e, f"{kind}{'gt' if bigger else 'lt'}", first, other)
            first = e.value(f"select i1 {test}, {first.typed}, {other.typed}", dtype)
        return first

    return write_it


def _sign(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    (x,) = _alike(e, inputs, dtype)
    zero, one, minus = literal(0, dtype), literal(1, dtype), literal(-1, dtype)
    kind = "fcmp o" if x.is_float else "icmp s"
    above = _compare(e, f"{kind}gt", x, zero)
    below = _compare(e, f"{kind}lt", x, zero)
    part = e.value(f"select i1 {below}, {minus.typed}, {zero.typed}", dtype)
    return e.value(f"select i1 {above}, {one.typed}, {part.typed}", dtype)


def _switch(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    condition, then, otherwise = inputs
    chosen, other = _alike(e, [then, otherwise], dtype)
    bit = _compare(
        e, "fcmp une" if condition.is_float else "icmp ne", condition, literal(0, condition.dtype)
    )
    return e.value(f"select i1 {bit}, {chosen.typed}, {other.typed}", dtype)


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


def _exp(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    if dtype != "float32":
        return _library("exp")(e, inputs, dtype)
    (x,) = _alike(e, inputs, dtype)
    e.declarations |= {EXP32, "declare float @llvm.rint.f32(float)"}
    return e.value(f"call float @mnist_draw_exp32({x.typed})", "float32")


def _clip(e: Emitter, inputs: list[Register], dtype: str) -> Register:
    x, low, high = inputs
    return _extreme(False)(e, [_extreme(True)(e, [x, low], dtype), high], dtype)


#: exp of a float32 without branches, so that LLVM can do many at once: x = n ln 2 + r with
#: |r| ≤ ln 2 / 2, e^r by the polynomial of Cephes' expf (S. L. Moshier, 1989; error below 2 ulp).
#: Below -86.6 the result is 0 instead of a denormal number.
EXP32 = """define internal float @mnist_draw_exp32(float %x) alwaysinline nounwind readnone {
  %toobig = fcmp ogt float %x, 0x40562E4300000000
  %toosmall = fcmp olt float %x, 0xC055A92D40000000
  %c1 = select i1 %toobig, float 0x40562E4200000000, float %x
  %c2 = select i1 %toosmall, float 0xC055A92D40000000, float %c1
  %t = fmul float %c2, 0x3FF7154760000000
  %n = call float @llvm.rint.f32(float %t)
  %m1 = fmul contract float %n, 0xBFE6300000000000
  %r1 = fadd contract float %c2, %m1
  %m2 = fmul contract float %n, 0x3F2BD01060000000
  %r = fadd contract float %r1, %m2
  %q0 = fmul contract float %r, 0x3F2A0D2CE0000000
  %p1 = fadd contract float %q0, 0x3F56E879C0000000
  %q1 = fmul contract float %p1, %r
  %p2 = fadd contract float %q1, 0x3F81112100000000
  %q2 = fmul contract float %p2, %r
  %p3 = fadd contract float %q2, 0x3FA5553820000000
  %q3 = fmul contract float %p3, %r
  %p4 = fadd contract float %q3, 0x3FC5555540000000
  %q4 = fmul contract float %p4, %r
  %p5 = fadd contract float %q4, 5.000000e-01
  %rr = fmul contract float %r, %r
  %q5 = fmul contract float %p5, %rr
  %s1 = fadd contract float %q5, %r
  %s = fadd contract float %s1, 1.000000e+00
  %ni = fptosi float %n to i32
  %biased = add i32 %ni, 126
  %bits = shl i32 %biased, 23
  %power = bitcast i32 %bits to float
  %double = fadd float %s, %s
  %value = fmul float %double, %power
  %v1 = select i1 %toobig, float 0x7FF0000000000000, float %value
  %v2 = select i1 %toosmall, float 0.000000e+00, float %v1
  %nan = fcmp uno float %x, %x
  %v3 = select i1 %nan, float %x, float %v2
  ret float %v3
}"""


_LIBRARY = ("Cos", "Erf", "Expm1", "Log", "Log1p", "Pow", "Sin", "Tanh")
OPERATIONS: dict[str, Write] = {
    **{name: _library(name.lower()) for name in _LIBRARY},
    **{name: _intrinsic(name.lower()) for name in ("Ceil", "Floor", "Sqrt")},
    **{name: _folded(name.lower(), name.lower()) for name in ("AND", "OR", "XOR")},
    **{name: _comparison(*(kind + name.lower() for kind in "osu"))
       for name in ("GE", "GT", "LE", "LT")},
    "Add": _folded("fadd contract", "add"),
    "Sub": _folded("fsub contract", "sub"),
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
    "Clip": _clip,
    "EQ": _comparison("oeq", "eq", "eq"),
    "NEQ": _comparison("une", "ne", "ne"),
}  # fmt: skip
