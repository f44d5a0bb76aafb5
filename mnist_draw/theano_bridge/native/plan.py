"""From a graph and the shapes of its inputs to a program of kernels.

`Layout` writes the words that tell the threads what to call. An array that one kernel of a block
writes and another one reads, and nothing else does, never has to leave the core's cache: it is kept
in a small piece of memory that every block uses anew. The gradients between two layers of a
convolutional network are such arrays, tens of megabytes each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native import phases, runner
from mnist_draw.theano_bridge.native.kernels.emitter import Function
from mnist_draw.theano_bridge.native.kernels.llvm import addresses_of
from mnist_draw.theano_bridge.native.phases import Call, Group, Instruction, Region
from mnist_draw.theano_bridge.native.team import MAX_THREADS, Program, team

Array = np.ndarray[Any, Any]
#: Places of words, each with the input whose address it holds, and an offset.
Sources = list[tuple[int, int, int]]


class Layout:
    """Collects calls and their arguments, then writes them down."""

    def __init__(self, memory: Planner, addresses: dict[str, int]) -> None:
        self.sources: Sources = []
        self._memory = memory
        self._addresses = addresses
        self._words: list[int] = []
        self._places: dict[Instruction, int] = {}
        #: The tables of calls; in place of the arguments' address, yet, the number of the first.
        self._calls: list[Array] = []

    def chunks(
        self,
        group: Group,
        passed: dict[Region, int] | None,
    ) -> list[list[tuple[int, int, int, int]]]:
        """Return each chunk's calls: kernel, number of the first argument, start, stop."""
        return [
            [self._call(call, shifts, group.units) for call in calls]
            for calls in group.chunks()
            for shifts in [self._rooms(group, passed or {})]
        ]

    def _rooms(self, group: Group, passed: dict[Region, int]) -> dict[Region, int]:
        """Reserve room for a block of each of these arrays; return the addresses."""
        return {
            region: self._memory.empty(
                (block * (region.last - region.first) // group.units,),
                "uint8",
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
        """Write a phase's chunks down as `phases.run_chunks` reads them."""
        calls = self._memory.empty((sum(map(len, chunks)), 4), "int64")
        calls[...] = np.array([call for chunk in chunks for call in chunk], np.int64).reshape(-1, 4)
        self._calls.append(calls)
        words = self._memory.empty((len(chunks) + 2,), "int64")
        words[0] = calls.ctypes.data
        words[1] = 0
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
    arranged: Sequence[Sequence[Group]],
    lasting: Iterable[Region],
) -> dict[Group, dict[Region, int]]:
    """Find what need not be kept."""
    groups = [group for phase in arranged for group in phase]
    touches = [
        (region, member)
        for group in groups
        for member in group.members
        for region in member.operands.values()
    ]
    kept = list(lasting)
    result: dict[Group, dict[Region, int]] = {}
    for group in groups:
        for members, block in group.segments():
            if block >= group.chunk:
                continue
            inside = set(members)
            for region in dict.fromkeys(r for member in members for r in member.writes):
                first = next(one for one in members if region in one.operands.values())
                if (
                    region.by_rows
                    and region not in first.reads
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


#: Inputs up to this size are copied into the plan's own memory before each run; larger ones are
#: read where they are. On an AMD EPYC the copy of 16 kB takes 0.5 µs, putting another address into
#: the table 1.6 µs.
COPIED_BYTES = 16_384
#: Elements that are worth another thread: an elementwise loop with an exponential takes 4 µs for
#: them (on the same processor), many times what it takes to claim a chunk.
MIN_CHUNK = 8_192


@dataclass(eq=False)
class Value:
    """What the plan knows of a variable of the graph."""

    array: Array
    source: int | None = None
    static: bool = False
    random: bool = False
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.random:
            self.shape = self.array.shape


#: What a kernel takes: a number, or an array whose address is meant.
Argument = Value | Array | int


class Planner:
    """Collects kernels and memory while the operations' handlers walk the graph."""

    def __init__(self, inputs: Sequence[Array]) -> None:
        self.threads = team().threads
        self.instructions: list[Instruction] = []
        self.buffers: list[Array] = []
        self.copied: list[tuple[int, Array]] = []
        self.bases = [array.ctypes.data for array in inputs]
        self.prepared: list[Array] = []
        #: How many elements of each row of a variable are not zero, and which, by variable.
        self.marks: dict[Any, tuple[Array, Array]] = {}
        self.fault = self.zeros((1,), "int64")

    def take_input(self, index: int, array: Array, updated: bool = False) -> Value:
        """Read an input in place if it is large, or its new value takes its place; else copy it."""
        plain = array.flags.c_contiguous and array.flags.aligned
        if plain and (updated or array.nbytes > COPIED_BYTES):
            return Value(array, index)
        own = self.empty(array.shape, array.dtype)
        self.copied.append((index, own))
        return Value(own)

    def empty(self, shape: Sequence[int], dtype: Any) -> Array:
        """Reserve memory that begins on a cache line, so that vector loads never straddle two."""
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        raw = np.empty(size + 64, np.uint8)
        start = -raw.ctypes.data % 64
        array: Array = raw[start : start + size].view(dtype).reshape(shape)
        self.buffers.append(array)
        return array

    def zeros(self, shape: Sequence[int], dtype: Any) -> Array:
        """Reserve memory that is 0 before the first run, and holds what it held before others."""
        array = self.empty(shape, dtype)
        array[...] = 0
        self.prepared.append(array)
        return array

    def add(
        self,
        function: Function,
        arguments: Sequence[Argument],
        extent: int,
        chunk: int = 0,
        *,
        elements: int = 0,
        rows: Collection[int] = (),
        writes: Collection[int] = (0,),
        multiple: int = 1,
        whole: bool = False,
        work: int = 0,
    ) -> None:
        """Add a kernel; its chunk follows from the number of `elements` where it is not told."""
        chunk = chunk or self.share(extent, elements)
        words = []
        sources = []
        operands: dict[int, Region] = {}
        for position, argument in enumerate(arguments):
            if isinstance(argument, int):
                words.append(argument)
                continue
            value = argument if isinstance(argument, Value) else Value(argument)
            address = value.array.ctypes.data
            words.append(address)
            if value.source is not None:
                offset = address - self.bases[value.source]
                sources.append((position, value.source, offset))
            else:
                self.buffers.append(value.array)
            # Only ever set to 1: it does not matter by whom first.
            if value.array is not self.fault:
                operands[position] = Region(*_bounds(value.array), position in rows)
        written = frozenset(writes) & operands.keys()
        self.instructions.append(
            Instruction(
                function,
                words,
                sources,
                extent,
                max(1, min(chunk, extent)),
                operands,
                written,
                min(multiple, extent),
                whole,
                work or sum(operands[at].last - operands[at].first for at in written) // 4,
            ),
        )

    def share(self, extent: int, elements: int, multiple: int = 1, parts: int = 2) -> int:
        """Return the chunk that cuts work into fair parts for all threads."""
        chunks = max(1, min(self.threads * parts, elements // MIN_CHUNK))
        return -(-extent // (chunks * multiple)) * multiple

    @staticmethod
    def part(pictures: int) -> int:
        """Return how many pictures are one part of a sum: from shapes alone, for all threads."""
        return -(-pictures // MAX_THREADS)

    def finish(self, outputs: Sequence[Value] = ()) -> tuple[Program, Array, Sources]:
        """Compile the kernels and lay out the table; memory that no kernel uses is let go."""
        functions = [instruction.function for instruction in self.instructions]
        addresses = addresses_of([*functions, phases.run_chunks()])
        arranged = phases.arrange(self.instructions)
        lasting = [*self.prepared, *(output.array for output in outputs)]
        passed = passed_on(arranged, [Region(*_bounds(array), False) for array in lasting])
        layout = Layout(self, addresses)
        tables = [
            layout.phase([c for group in groups for c in layout.chunks(group, passed.get(group))])
            for groups in arranged
        ]
        memory = layout.finish()
        table = self.empty((len(arranged), runner.WORDS), "int64")
        table[:] = 0
        for row, chunks in zip(table, tables, strict=True):
            row[runner.KERNEL] = addresses[phases.run_chunks().name]
            row[runner.ARGUMENTS] = chunks.ctypes.data
            row[runner.CHUNKS] = len(chunks) - 2
        unused = [region for regions in passed.values() for region in regions]
        own = ((array, Region(*_bounds(array), False)) for array in self.buffers)
        kept = [array for array, one in own if not any(_overlap(one, each) for each in unused)]
        return Program(table, keep=(memory, kept)), memory, layout.sources


def _bounds(array: Array) -> tuple[int, int]:
    """Return the addresses of an array's first byte and of the byte behind its last."""
    first = last = array.ctypes.data
    for size, stride in zip(array.shape, array.strides, strict=True):
        reach = (size - 1) * stride
        first = first + min(reach, 0)
        last = last + max(reach, 0)
    return first, last + array.itemsize


class Plan:
    """A graph, ready to run for inputs of certain shapes."""

    def __init__(
        self,
        inputs: Sequence[Array],
        planner: Planner,
        outputs: Sequence[Value],
        in_place: dict[int, int],
    ) -> None:
        self._kinds = signature(inputs)
        self.program, self._memory, sources = planner.finish(outputs)
        self._fault = planner.fault
        self._copied = planner.copied
        self._outputs = outputs
        self._in_place = in_place
        self._sources: dict[int, tuple[Array, Array]] = {}
        for index in {source for _, source, _ in sources}:
            entries = [(place, offset) for place, source, offset in sources if source == index]
            places, offsets = np.array(entries, dtype=np.int64).T
            self._sources[index] = (places.copy(), offsets.copy())
        #: The inputs of the latest run. Most are the same arrays every time.
        self._latest: list[Array | None] = [None] * len(inputs)

    def accepts(self, inputs: Sequence[Any]) -> bool:
        """Tell whether the plan was made for inputs of these shapes and types."""
        for array, before, kind in zip(inputs, self._latest, self._kinds, strict=True):
            if array is not before and (not isinstance(array, np.ndarray) or _kind(array) != kind):
                return False
        return True

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """Compute the outputs."""
        latest = self._latest
        for index, (places, offsets) in self._sources.items():
            array = inputs[index]
            if array is not latest[index]:
                self._memory[places] = offsets + array.ctypes.data
        for index, own in self._copied:
            own[...] = inputs[index]
        latest[:] = inputs
        team().run(self.program)
        if self._fault[0]:
            self._fault[0] = 0
            raise IndexError("an index (a label, for instance) is out of range")
        return [
            inputs[self._in_place[number]] if number in self._in_place else value.array.copy()
            for number, value in enumerate(self._outputs)
        ]


def signature(inputs: Sequence[Array]) -> tuple[Any, ...]:
    """What two sets of inputs must share to share a plan."""
    return tuple(_kind(array) for array in inputs)


def _kind(array: Array) -> tuple[Any, ...]:
    flags = array.flags
    return array.shape, array.dtype.char, flags.c_contiguous and flags.aligned


Handler = Callable[[Planner, Any, list[Value]], list[Value]]
