"""The words that tell a program's threads what to call, and arrays that need no memory.

What one kernel of a block writes and another one reads, and nothing else does, never has to leave
the core's cache: it is kept in a small piece of memory that every block uses anew. The gradients
between two layers of a convolutional network are such arrays, tens of megabytes each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from mnist_draw.theano_bridge.native.phases import Call, Group, Instruction, Region

Array = np.ndarray[Any, Any]
#: Places of words, each with the input whose address it holds, and an offset.
Sources = list[tuple[int, int, int]]


class Memory(Protocol):
    """An allocator of memory that lasts as long as the program."""

    def empty(self, shape: Sequence[int], dtype: Any) -> Array:
        """Reserve memory."""
        ...


class Layout:
    """Collects calls and their arguments, then writes them down."""

    def __init__(self, memory: Memory, addresses: dict[str, int]) -> None:
        self.sources: Sources = []
        self._memory = memory
        self._addresses = addresses
        self._words: list[int] = []
        self._places: dict[Instruction, int] = {}
        #: The tables of calls; in place of the arguments' address, yet, the number of the first.
        self._calls: list[Array] = []

    def chunks(
        self, group: Group, passed: dict[Region, int] | None
    ) -> list[list[tuple[int, int, int, int]]]:
        """Return the calls of each chunk: kernel, number of the first argument, start, stop.

        ``passed``: arrays that are kept for one block at a time, and for how many units.
        """
        return [
            [self._call(call, shifts, group.units) for call in calls]
            for calls in group.chunks()
            for shifts in [self._rooms(group, passed or {})]
        ]

    def _rooms(self, group: Group, passed: dict[Region, int]) -> dict[Region, int]:
        """Reserve room for a block of each of these arrays; return the addresses."""
        return {
            region: self._memory.empty(
                (block * (region.last - region.first) // group.units,), "uint8"
            ).ctypes.data
            for region, block in passed.items()
        }

    def _call(self, call: Call, rooms: dict[Region, int], units: int) -> tuple[int, int, int, int]:
        member = call.member
        own = {at: region for at, region in member.operands.items() if region in rooms}
        place = self._places.get(member)
        if own or place is None:
            place = len(self._words)
            words = list(member.arguments)
            for at, region in own.items():
                # The address that the whole array would have if this block of it lay there.
                each = (region.last - region.first) // units
                words[at] = rooms[region] - call.unit * each
            self._words += words
            self.sources += [(place + at, source, to) for at, source, to in member.sources]
            if not own:
                self._places[member] = place
        return self._addresses[member.function.name], place, call.start, call.stop

    def phase(self, chunks: Sequence[Sequence[tuple[int, int, int, int]]]) -> Array:
        """Write a phase's chunks down as `phases.RUN_CHUNKS` reads them."""
        calls = self._memory.empty((sum(map(len, chunks)), 4), "int64")
        calls[...] = np.array([call for chunk in chunks for call in chunk], np.int64).reshape(-1, 4)
        self._calls.append(calls)
        words = self._memory.empty((len(chunks) + 2,), "int64")
        words[0], words[1] = calls.ctypes.data, 0
        words[2:] = np.cumsum([len(chunk) for chunk in chunks])
        return words

    def finish(self) -> Array:
        """Return all arguments; afterwards the tables of calls hold their addresses."""
        arguments = self._memory.empty((len(self._words) + 1,), "int64")
        arguments[:-1] = self._words
        for calls in self._calls:
            calls[:, 1] = arguments.ctypes.data + 8 * calls[:, 1]
        return arguments


def passed_on(
    arranged: Sequence[Sequence[Group]], lasting: Iterable[Region]
) -> dict[Group, dict[Region, int]]:
    """Find what need not be kept."""
    groups = [group for phase in arranged for group in phase]
    touches = [
        (region, member) for group in groups for member in group.members
        for region in member.operands.values()
    ]  # fmt: skip
    kept = list(lasting)
    result: dict[Group, dict[Region, int]] = {}
    for group in groups:
        for members, block in group.segments():
            if block == group.chunk:
                continue
            inside = set(members)
            for region in dict.fromkeys(r for member in members for r in member.writes):
                if (
                    region.by_rows
                    and _written_first(region, members)
                    and not any(_overlap(region, other) for other in kept)
                    and all(
                        member in inside and other == region
                        for other, member in touches
                        if _overlap(region, other)
                    )
                ):
                    result.setdefault(group, {})[region] = block
    return result


def _overlap(one: Region, other: Region) -> bool:
    return one.first < other.last and other.first < one.last


def _written_first(region: Region, members: Sequence[Instruction]) -> bool:
    first = next(member for member in members if region in member.operands.values())
    return region not in first.reads
