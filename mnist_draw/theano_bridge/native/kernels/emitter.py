"""A small writer of LLVM assembly, enough for loops over arrays.

The text is written directly, with the opaque pointers that LLVM has had since version 15
(https://llvm.org/docs/LangRef.html): llvmlite's own builder changes with its releases.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from typing import Concatenate, ParamSpec

import numpy as np

#: Machine types of NumPy's; truth values are bytes, as in NumPy's arrays.
LLVM_TYPES = {
    **{f"{sign}int{bits}": f"i{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float32": "float",
    "float64": "double",
    "bool": "i8",
}


@dataclass(frozen=True)
class Register:
    """A value in a register (or a literal), with NumPy's name of its type."""

    name: str
    dtype: str

    @property
    def type(self) -> str:
        """LLVM's name of the type."""
        return LLVM_TYPES[self.dtype]

    @property
    def typed(self) -> str:
        """The value as an operand."""
        return f"{self.type} {self.name}"

    @property
    def is_float(self) -> bool:
        """Whether it is a floating-point number."""
        return self.dtype.startswith("float")

    @property
    def is_unsigned(self) -> bool:
        """Whether it is a number without sign; truth values are."""
        return self.dtype.startswith("u") or self.dtype == "bool"


def literal(value: float, dtype: str) -> Register:
    """Write a constant the way LLVM reads it back exactly."""
    if dtype.startswith("float"):
        number = float(np.dtype(dtype).type(value))
        return Register(f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}", dtype)
    return Register(str(int(value)), dtype)


def register(value: Register | float, dtype: str = "int64") -> Register:
    """Write a number as a constant; registers are registers."""
    return value if isinstance(value, Register) else literal(value, dtype)


#: The parameters of every kernel: its arguments, and which part of its work to do.
_PARAMETERS = "ptr %args, i64 %start, i64 %stop"
#: LLVM takes half of the vector registers of Intel's servers unless it is told otherwise.
_WIDE = '"prefer-vector-width"="512"'
START = Register("%start", "int64")
STOP = Register("%stop", "int64")


class Emitter:
    """The body of one kernel, line by line."""

    def __init__(self, name: str) -> None:
        self.function = name
        self.variables: list[str] = []
        self.lines: list[str] = []
        self._ending: list[str] = []
        self.declarations: set[str] = set()
        self.metadata: list[str] = []
        self._access = ""
        self._count = 0

    def name(self, prefix: str = "v") -> str:
        """Return a name that is not in use."""
        self._count += 1
        return f"{prefix}{self._count}"

    def line(self, text: str) -> None:
        """Add one instruction that gives no value."""
        self.lines.append("  " + text)

    def value(self, instruction: str, dtype: str) -> Register:
        """Add an instruction and return the register with its value."""
        register = Register("%" + self.name(), dtype)
        self.line(f"{register.name} = {instruction}")
        return register

    def call(self, result: str, function: str, *operands: Register) -> Register:
        """Call a function declared by name; ``result`` is a NumPy type."""
        kinds = ", ".join(operand.type for operand in operands)
        self.declarations.add(f"declare {LLVM_TYPES[result]} @{function}({kinds})")
        arguments = ", ".join(operand.typed for operand in operands)
        return self.value(f"call {LLVM_TYPES[result]} @{function}({arguments})", result)

    def variable(self, dtype: str, initial: Register | None = None) -> str:
        """Reserve a place on the stack for one value; return its address."""
        address = "%" + self.name("p")
        self.variables.append(f"  {address} = alloca {LLVM_TYPES[dtype]}")
        if initial is not None:
            self.set(address, initial)
        return address

    def get(self, address: str, dtype: str) -> Register:
        """Read a variable."""
        return self.value(f"load {LLVM_TYPES[dtype]}, ptr {address}", dtype)

    def set(self, address: str, value: Register) -> None:
        """Write a variable."""
        self.line(f"store {value.typed}, ptr {address}")

    def add_to(self, address: str, value: Register, operation: str = "add") -> None:
        """Add a value to a variable, or apply another operation."""
        self.set(address, self.op(operation, self.get(address, value.dtype), value))

    @contextmanager
    def each_bit(self, word: Register) -> Iterator[Register]:
        """Repeat the lines of the ``with`` block for the place of each 1 in a word."""
        self.declarations.add("declare i64 @llvm.cttz.i64(i64, i1)")
        bits = self.variable("int64", word)
        with self.loop(0, self.call("int64", "llvm.ctpop.i64", word)):
            left = self.get(bits, "int64")
            place = self.value(f"call i64 @llvm.cttz.i64({left.typed}, i1 true)", "int64")
            self.set(bits, self.op("and", left, self.op("sub", left, 1)))
            yield place

    def label(self, name: str) -> None:
        """Begin a block."""
        self.lines.append(f"{name}:")

    @contextmanager
    def loop(
        self,
        start: Register | int,
        stop: Register | int,
        step: Register | int = 1,
        independent: bool = False,
    ) -> Iterator[Register]:
        """Repeat the lines of the ``with`` block for start, start + step, … below stop.

        ``independent`` promises that no round reads what another writes, so that LLVM may run
        several at once even where an output takes an input's place.
        """
        head = self.name("head")
        body = self.name("body")
        end = self.name("end")
        counter = self.variable("int64", register(start))
        self.line(f"br label %{head}")
        self.label(head)
        index = self.get(counter, "int64")
        more = self.value(f"icmp slt i64 {index.name}, {register(stop).name}", "bool")
        self.line(f"br i1 {more.name}, label %{body}, label %{end}")
        self.label(body)
        outer = self._access
        suffix = ""
        if independent:
            group = self._metadata("distinct !{}")
            loop = len(self.metadata) + 1
            accesses = self._metadata(f'!{{!"llvm.loop.parallel_accesses", {group}}}')
            suffix = f", !llvm.loop {self._metadata(f'distinct !{{!{loop}, {accesses}}}')}"
            self._access = f", !llvm.access.group {group}"
        yield index
        self._access = outer
        following = self.op("add nsw", index, step)
        self.set(counter, following)
        self.line(f"br label %{head}{suffix}")
        self.label(end)

    def _metadata(self, content: str) -> str:
        """Add a metadata node."""
        self.metadata.append(f"!{len(self.metadata)} = {content}")
        return f"!{len(self.metadata) - 1}"

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Run the lines of the ``with`` block where the i1 register holds."""
        then = self.name("then")
        end = self.name("end")
        self.line(f"br i1 {condition}, label %{then}, label %{end}")
        self.label(then)
        yield
        self.line(f"br label %{end}")
        self.label(end)

    def argument(self, index: int) -> Register:
        """Read number ``index`` of the kernel's 64-bit arguments."""
        address = self.value(f"getelementptr i64, ptr %args, i64 {index}", "int64")
        return self.value(f"load i64, ptr {address.name}", "int64")

    def address(self, word: Register) -> str:
        """Take a 64-bit integer as an address."""
        return self.value(f"inttoptr {word.typed} to ptr", "int64").name

    def pointer(self, index: int) -> str:
        """Read an argument that is an address."""
        return self.address(self.argument(index))

    def arguments(self, first: int, stop: int) -> list[Register]:
        """Read arguments that are numbers, up to one before ``stop``."""
        return [self.argument(index) for index in range(first, stop)]

    def pointers(self, count: int) -> list[str]:
        """Read the first arguments, which are addresses."""
        return [self.pointer(index) for index in range(count)]

    def rows(self) -> AbstractContextManager[Register]:
        """Repeat the lines of the ``with`` block for each of the kernel's rows."""
        return self.loop(START, STOP)

    def element(self, pointer: str, dtype: str, index: Register | int) -> str:
        """Return the address of an element of an array."""
        # Truth values and bytes alike: getelementptr counts in elements of this type.
        place = register(index).typed
        instruction = f"getelementptr inbounds {LLVM_TYPES[dtype]}, ptr {pointer}, {place}"
        return self.value(instruction, "int64").name

    def whole(self, address: str) -> str:
        """Return an address that LLVM cannot take apart, for elements at fixed places beside it.

        Each of them would get a base of its own, or base and index together would cost the
        processor one more operation for each vector.
        """
        return self.value(f'call ptr asm "", "=r,0"(ptr {address})', "int64").name

    def load(self, pointer: str, dtype: str, index: Register | int) -> Register:
        """Read an element of an array."""
        address = self.element(pointer, dtype, index)
        return self.value(f"load {LLVM_TYPES[dtype]}, ptr {address}{self._access}", dtype)

    def store(self, pointer: str, index: Register | int, value: Register) -> None:
        """Write an element of an array."""
        address = self.element(pointer, value.dtype, index)
        self.line(f"store {value.typed}, ptr {address}{self._access}")

    def prefetch(self, address: str) -> None:
        """Ask the memory for a cache line in advance; any address will do."""
        self.declarations.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        self.line(f"call void @llvm.prefetch.p0(ptr {address}, i32 0, i32 3, i32 1)")

    def flush_denormals(self) -> None:
        """Let the kernel take and give 0 in place of denormal numbers, which slow x86 down."""
        before = self.variable("int32")
        flushed = self.variable("int32")
        store, load = (f"void @llvm.x86.sse.{name}mxcsr(ptr" for name in ("st", "ld"))
        self.declarations |= {f"declare {store})", f"declare {load})"}
        self.line(f"call {store} {before})")
        self.set(flushed, self.op("or", self.get(before, "int32"), 0x8040))
        self.line(f"call {load} {flushed})")
        self._ending.append(f"  call {load} {before})")

    def op(self, operation: str, left: Register, right: Register | float) -> Register:
        """Apply a two-operand instruction such as ``add nsw`` or ``fmul contract``."""
        operand = register(right, left.dtype).name
        return self.value(f"{operation} {left.typed}, {operand}", left.dtype)

    def test(self, comparison: str, a: Register, b: Register | float = 0) -> str:
        """Compare two values; return the i1 register."""
        return self.value(f"{comparison} {a.typed}, {register(b, a.dtype).name}", "bool").name

    def negated(self, condition: str) -> str:
        """Return the opposite of an i1 register."""
        return self.value(f"xor i1 {condition}, true", "bool").name

    def choose(self, condition: str, yes: Register, no: Register) -> Register:
        """Choose a value by an i1 register."""
        return self.value(f"select i1 {condition}, {yes.typed}, {no.typed}", yes.dtype)

    def smaller(self, a: Register, b: Register | int) -> Register:
        """Return the smaller of two 64-bit integers."""
        other = register(b)
        return self.choose(self.test("icmp slt", a, other), a, other)

    def finished(self) -> Function:
        """Return the kernel, ready to be compiled."""
        head = f"define void @{self.function}({_PARAMETERS}) nounwind {_WIDE} {{"
        body = [*self.variables, *self.lines, *self._ending, "  ret void", "}"]
        lines = [head, *body, *self.metadata]
        return Function(self.function, "\n".join(lines), tuple(sorted(self.declarations)))

    def named(self) -> Function:
        """Return the kernel under a name that ends with a hash of its text."""
        digest = hashlib.sha256(self.finished().text.encode()).hexdigest()
        self.function += f"_{digest[:20]}"
        return self.finished()


How = ParamSpec("How")


def written(lines: Callable[Concatenate[Emitter, How], None]) -> Callable[How, Function]:
    """Make the kernel whose lines a function writes, once for the same shapes and types."""

    @cache
    @wraps(lines)
    def kernel(*how: How.args, **named: How.kwargs) -> Function:
        e = Emitter(lines.__name__)
        lines(e, *how, **named)
        return e.named()

    return kernel  # type: ignore[return-value]


@dataclass(frozen=True)
class Function:
    """A function ready to be compiled; equal names mean equal texts."""

    name: str
    text: str
    declarations: tuple[str, ...] = ()
