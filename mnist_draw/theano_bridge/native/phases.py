"""Which kernels one core runs in a row, and which may run side by side.

Kernels that go through the same rows form a *group*, groups that need nothing of each other a
*phase*. ``DESIGN.md`` says what that saves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain, product
from math import gcd, lcm
from typing import NamedTuple

from mnist_draw.theano_bridge.native.kernels.emitter import (
    START,
    STOP,
    Emitter,
    Function,
    written,
)

#: Rows are passed on from kernel to kernel in blocks of about this many bytes, so that they are
#: still in a core's own cache: the second-level cache of AMD's Zen holds 512 kB, that of Intel's
#: processors since Skylake-X 1 MB or more.
BLOCK_BYTES = 400_000


@dataclass(frozen=True)
class Region:
    """Memory that a kernel reads or writes."""

    first: int
    last: int
    by_rows: bool


@dataclass(eq=False)
class Instruction:
    """A kernel with its operands."""

    function: Function
    arguments: list[int]
    sources: list[tuple[int, int, int]]
    extent: int
    chunk: int
    operands: dict[int, Region]
    written: frozenset[int]
    multiple: int = 1
    whole: bool = False
    work: int = 0

    def __post_init__(self) -> None:
        items = self.operands.items()
        self.reads = tuple(region for place, region in items if place not in self.written)
        self.writes = tuple(region for place, region in items if place in self.written)

    @property
    def chunks(self) -> int:
        """Into how many chunks it would be cut by itself."""
        return -(-self.extent // self.chunk)


class Call(NamedTuple):
    """One kernel's work on one block, which begins at a unit of its group."""

    member: Instruction
    unit: int
    start: int
    stop: int


class _Order(IntEnum):
    """How two kernels depend on each other."""

    NONE = 0
    ALONG = 1
    AFTER = 2


def _between(one: Region, other: Region) -> _Order:
    if one.last <= other.first or other.last <= one.first:
        return _Order.NONE
    same = one.by_rows and other.by_rows and one == other
    return _Order.ALONG if same else _Order.AFTER


def _order(earlier: Instruction, later: Instruction) -> _Order:
    pairs = chain(
        product(earlier.writes, later.reads + later.writes),
        product(earlier.reads, later.writes),
    )
    return max((_between(*pair) for pair in pairs), default=_Order.NONE)


class Group:
    """Kernels that go through the same rows."""

    def __init__(self, members: Sequence[Instruction]) -> None:
        self.members = list(members)
        self.units = gcd(*(member.extent for member in members))

    @property
    def work(self) -> int:
        """How long all of it takes."""
        return sum(member.work for member in self.members)

    @property
    def chunk(self) -> int:
        """Units in a chunk: as the member wants it that is cut into the fewest chunks."""
        return min(-(-self._wanted // self._multiple) * self._multiple, self.units)

    @property
    def _wanted(self) -> int:
        wanted = (-(-m.chunk * self.units // m.extent) for m in self.members if m.chunks > 1)
        return max(wanted, default=self.units)

    @property
    def _multiple(self) -> int:
        """Units of which all chunks but the last are multiples."""
        return lcm(*self._multiples)

    @property
    def _multiples(self) -> list[int]:
        """For each member, the units of a part; the last chunk has no fewer."""
        return [-(-m.multiple * self.units // m.extent) for m in self.members]

    @property
    def possible(self) -> bool:
        """Whether its members can be cut at the same places, into as many chunks as they need."""
        if any(m.chunks > self.units for m in self.members):
            return False
        if any(m.multiple * self.units % m.extent for m in self.members if m.multiple > 1):
            return False
        return self._multiple <= self._wanted

    def chunks(self) -> list[list[Call]]:
        """Return, for each chunk, what is called."""
        chunk = self.chunk
        segments = self.segments()
        starts = range(0, max(1, self.units - max(self._multiples) + 1), chunk)
        stops = [*starts[1:], self.units]
        return [
            list(self._calls(segments, start, stop))
            for start, stop in zip(starts, stops, strict=True)
        ]

    def _calls(
        self,
        segments: list[tuple[list[Instruction], int]],
        start: int,
        stop: int,
    ) -> Iterator[Call]:
        for members, block in segments:
            for first in range(start, stop, block):
                last = min(first + block, stop)
                for member in members:
                    each = member.extent // self.units
                    yield Call(member, first, first * each, last * each)

    def segments(self) -> list[tuple[list[Instruction], int]]:
        """Return the members that take turns block by block, and the units of a block."""
        segments: list[list[Instruction]] = [[]]
        for member in self.members:
            if member.whole:
                segments += [[member], []]
            else:
                segments[-1].append(member)
        return [(members, self._block(members)) for members in segments if members]

    def _block(self, members: list[Instruction]) -> int:
        if len(members) == 1:
            return self.units
        written = [r.last - r.first for m in members for r in m.writes if r.by_rows]
        return max(1, min(self.chunk, BLOCK_BYTES * self.units // max(1, sum(written))))


def arrange(instructions: Sequence[Instruction]) -> list[list[Group]]:
    """Put kernels into groups and groups into phases, each as early as it can run."""
    phase_of: dict[Instruction, int] = {}
    group_of: dict[Instruction, Group] = {}
    for number, instruction in enumerate(instructions):
        phase = 0
        along = []
        for earlier in instructions[:number]:
            order = _order(earlier, instruction)
            if order is _Order.NONE:
                continue
            phase = max(phase, phase_of[earlier] + (order is _Order.AFTER))
            if order is _Order.ALONG:
                along.append(earlier)
        joined = {group_of[earlier] for earlier in along if phase_of[earlier] == phase}
        # In the order in which they would run one after the other.
        members = [m for m in instructions[:number] if group_of[m] in joined]
        group = Group([*members, instruction])
        if joined and not group.possible:
            phase += 1
            group = Group([instruction])
        phase_of[instruction] = phase
        group_of.update(dict.fromkeys(group.members, group))
    phases: dict[int, dict[Group, None]] = {}
    for instruction in instructions:
        phases.setdefault(phase_of[instruction], {})[group_of[instruction]] = None
    return [
        sorted(phases[number], key=lambda group: group.work, reverse=True)
        for number in sorted(phases)
    ]


@written
def run_chunks(e: Emitter) -> None:
    """Run the chunks ``start`` to ``stop`` of a phase.

    Arguments: the address of the calls; for each chunk the number of its first call, and the number
    of calls. A call is four words: kernel, its arguments, start, stop.
    """
    calls = e.pointer(0)
    numbers = e.value("getelementptr i64, ptr %args, i64 1", "int64").name
    first, last = (e.load(numbers, "int64", chunk) for chunk in (START, STOP))
    with e.loop(first, last) as i:
        place = e.op("mul", i, 4)
        words = [e.load(calls, "int64", e.op("add", place, word)) for word in range(4)]
        kernel, arguments = map(e.address, words[:2])
        e.line(f"call void {kernel}(ptr {arguments}, {words[2].typed}, {words[3].typed})")
