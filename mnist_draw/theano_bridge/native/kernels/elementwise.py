"""Fused elementwise kernels: one loop for a whole composite operation.

A kernel runs over *rows* of its output or, where nothing is broadcast, over elements. An input may
be a random mask that is not stored anywhere (see `random_number`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from mnist_draw.theano_bridge.native.kernels import scalars
from mnist_draw.theano_bridge.native.kernels.emitter import (
    START,
    STOP,
    Emitter,
    Function,
    Register,
    literal,
)

_WEYL = 0x9E3779B9

Kind = Literal["full", "scalar", "unit", "fixed", "strided", "random"]


@dataclass(frozen=True)
class Operand:
    """How a kernel reads one of its inputs.

    ``full``: like the output, element for element; ``scalar``: one element for all;
    ``unit``: rows anywhere, their elements side by side; ``fixed``: one element for each row;
    ``strided``: rows and elements anywhere; ``random``: computed from a 64-bit state.
    """

    kind: Kind
    dtype: str


def kernel(
    op: Any,
    operands: tuple[Operand, ...],
    outputs: tuple[str, ...],
    flushes: bool = False,
) -> Function:
    """Write the kernel of a scalar operation; ``flushes``: with 0 in place of denormal numbers.

    Its 64-bit arguments are: the addresses of outputs, then of inputs (of the state for random
    ones); n1 and n2, where row r = i0 · n1 + i1 has n2 elements; then for each ``unit``,
    ``fixed`` or ``strided`` input its strides for i0, i1 and the element, in elements. Without
    such inputs the kernel runs over elements and needs neither n1 nor n2.
    """
    flat = runs_over_elements(operands)
    body = Emitter("elementwise")
    if flushes:
        body.flush_denormals()
    pointers = [body.pointer(index) for index in range(len(outputs) + len(operands))]
    targets = pointers[: len(outputs)]
    sources = pointers[len(outputs) :]
    ready = {
        index: body.load(sources[index], operand.dtype, 0)
        for index, operand in enumerate(operands)
        if operand.kind == "scalar"
    }
    seeds = {
        index: (body.variable("uint32"), *_seeds(body, sources[index]))
        for index, operand in enumerate(operands)
        if operand.kind == "random"
    }

    def element(position: Register, row: dict[int, Register]) -> None:
        values = []
        for index, operand in enumerate(operands):
            if operand.kind == "random":
                values.append(random_number(body, *seeds[index][::2]))
            elif index in ready:
                values.append(ready[index])
            elif operand.kind == "full":
                values.append(body.load(sources[index], operand.dtype, position))
            else:
                values.append(body.load(sources[index], operand.dtype, row[index]))
        results = scalars.write(body, op, values, list(outputs))
        for target, result, dtype in zip(targets, results, outputs, strict=True):
            body.store(target, position, scalars.convert(body, result, dtype))

    def begin(position: Register) -> None:
        for spread, low, _ in seeds.values():
            x = body.value(f"trunc {position.typed} to i32", "uint32")
            body.set(spread, body.op("add", body.op("mul", x, _WEYL), low))

    if flat:
        begin(START)
        with body.loop(START, STOP, independent=True) as i:
            element(i, {})
    else:
        first = len(pointers)
        n1 = body.argument(first)
        n2 = body.argument(first + 1)
        moving = [i for i, one in enumerate(operands) if one.kind in ("unit", "fixed", "strided")]
        places = range(first + 2, first + 2 + 3 * len(moving), 3)
        strides = {
            index: body.arguments(at, at + 3) for index, at in zip(moving, places, strict=True)
        }
        with body.loop(START, STOP) as r:
            i0 = body.op("sdiv", r, n1)
            i1 = body.op("sub", r, body.op("mul", i0, n1))
            offset = body.op("mul", r, n2)
            bases = {
                index: body.op("add", body.op("mul", i0, s[0]), body.op("mul", i1, s[1]))
                for index, s in strides.items()
            }
            for index in strides:
                if operands[index].kind == "fixed":
                    ready[index] = body.load(sources[index], operands[index].dtype, bases[index])
            begin(offset)
            with body.loop(0, n2, independent=True) as j:
                row = {}
                for index, s in strides.items():
                    step = j if operands[index].kind == "unit" else body.op("mul", j, s[2])
                    row[index] = body.op("add", bases[index], step)
                element(body.op("add", offset, j), row)
    return body.named()


def runs_over_elements(operands: tuple[Operand, ...]) -> bool:
    """Whether a kernel with these inputs counts elements instead of rows."""
    return all(operand.kind in ("full", "scalar", "random") for operand in operands)


def _seeds(e: Emitter, state: str) -> tuple[Register, Register]:
    """Mix a 64-bit state (the end of SplitMix64) into the two words of `random_number`."""
    word = e.load(state, "int64", 0)
    word = e.op("mul", _fold(e, word, 30), 0xBF58476D1CE4E5B9)
    word = _fold(e, e.op("mul", _fold(e, word, 27), 0x94D049BB133111EB), 31)
    low = e.value(f"trunc {word.typed} to i32", "uint32")
    shifted = e.op("lshr", word, 32)
    return low, e.value(f"trunc {shifted.typed} to i32", "uint32")


def _fold(e: Emitter, x: Register, bits: int) -> Register:
    return e.op("xor", x, e.op("lshr", x, bits))


def random_number(e: Emitter, spread: str, high: Register) -> Register:
    """Compute the random number that belongs to a position: uniform in [0, 1), 24 bits.

    The position, spread by Weyl's constant and mixed with one half of the state, goes through the
    integer hash ``lowbias32`` (C. Wellons, "Prospecting for hash functions", 2018), the other half
    between its rounds. Any thread can compute any element, so that no mask is stored. ``spread`` is
    a variable that is set to the next position's: one addition in place of nine operations.
    """
    x = e.get(spread, "uint32")
    e.set(spread, e.op("add", x, _WEYL))
    x = e.op("mul", _fold(e, x, 16), 0x21F0AAAD)
    x = e.op("mul", e.op("xor", _fold(e, x, 15), high), 0xD35A2D97)
    bits = e.op("lshr", _fold(e, x, 15), 8)
    # Below 2²⁴ a signed conversion is the same and has an instruction on every processor.
    number = e.value(f"sitofp i32 {bits.name} to float", "float32")
    return e.op("fmul", number, literal(2.0**-24, "float32"))
