"""Kernels arranged for several cores compute what they compute one after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.theano_bridge.native import phases
from mnist_draw.theano_bridge.native.kernels.emitter import Function
from mnist_draw.theano_bridge.native.phases import BLOCK_BYTES, Instruction, Region, arrange
from mnist_draw.theano_bridge.native.plan import passed_on

#: Elements of every array in the simulated memory.
LENGTH = 24
SPACE = 1000


def region(array, by_rows=True):
    return Region(array * SPACE, array * SPACE + LENGTH, by_rows)


def instruction(reads=(), writes=(), extent=LENGTH, chunk=6, name="kernel", **flags):
    regions = dict(enumerate([*reads, *writes]))
    written = frozenset(range(len(reads), len(regions)))
    return Instruction(Function(name, ""), [], [], extent, chunk, regions, written, **flags)


def names(arranged):
    return [sorted(tuple(m.function.name for m in g.members) for g in p) for p in arranged]


def test_who_needs_all_rows_waits_and_others_run_in_a_row():
    first = instruction([region(0)], [region(1)], name="first")
    second = instruction([region(1), region(9, False)], [region(2)], name="second")
    third = instruction([region(2)], [region(2)], name="third")
    ((group,),) = arrange([first, second, third])
    assert [m.function.name for m in group.members] == ["first", "second", "third"]
    assert len(group.chunks()) == 4
    first = instruction([region(0)], [region(1)], name="first")
    sums = instruction([region(1, False)], [region(2)], name="sum")
    other = instruction([region(5)], [region(6)], name="other")
    assert names(arrange([first, sums, other])) == [[("first",), ("other",)], [("sum",)]]
    reads = instruction([region(0, False)], [region(1)], name="reads")
    update = instruction([region(0)], [region(0)], name="update")
    assert names(arrange([reads, update])) == [[("reads",)], [("update",)]]


def test_large_rows_are_passed_on_in_blocks():
    size = 10 * BLOCK_BYTES
    one, two = (Region(a * 100 * size, a * 100 * size + size, True) for a in (1, 2))
    first = instruction([], [one], extent=100, chunk=50, name="first")
    second = instruction([one], [two], extent=100, chunk=50, name="second")
    ((group,),) = arrange([first, second])
    calls = group.chunks()[0]
    assert [c.member.function.name for c in calls[:4]] == ["first", "second", "first", "second"]
    assert [(c.start, c.stop) for c in calls[:4:2]] == [(0, 5), (5, 10)]
    assert passed_on([[group]], []) == {group: {one: 5, two: 5}}
    assert passed_on([[group]], [Region(two.first + 8, two.first + 9, False)]) == {group: {one: 5}}


@st.composite
def programs(draw):
    """Instructions of a random program, with what each reads by rows, as a whole, and writes."""
    result = []
    for _ in range(draw(st.integers(1, 9))):
        target = draw(st.integers(0, 4))
        along = draw(st.lists(st.integers(0, 4), max_size=2))
        # A kernel that overwrites what it reads elsewhere would be wrong by itself.
        whole = [a for a in draw(st.lists(st.integers(0, 4), max_size=1)) if a != target]
        extent = draw(st.sampled_from([1, 4, 6, 8, 12, 24]))
        multiple = draw(st.integers(1, extent))
        chunk = min(extent, multiple * draw(st.integers(1, extent)))
        result.append((target, along, whole, extent, chunk, multiple))
    return result


def assert_multiples(group, calls_of_chunks):
    """No chunk ends within a part of a member, or has less than one, so that none shares a part."""
    for member in group.members:
        starts = [min(c.start for c in calls if c.member is member) for calls in calls_of_chunks]
        ends = [*starts, member.extent]
        assert not any(start % member.multiple for start in starts)
        assert ends[-1] - ends[-2] >= member.multiple


@pytest.mark.slow
@given(programs(), st.sets(st.integers(0, 4)), st.sampled_from([1, 2, 3, 8, 1000]), st.randoms())
def test_any_timing_gives_the_same(program, read_later, block, rng):
    instructions = [
        instruction(
            [*(region(a) for a in along), *(region(a, False) for a in whole)],
            [region(target)],
            extent,
            chunk,
            multiple=multiple,
            whole=rng.random() < 0.3,
        )
        for target, along, whole, extent, chunk, multiple in program
    ]
    work = dict(zip(instructions, enumerate(program), strict=True))

    def call(memory, member, start, stop, unit=0, each=0, rooms=()):
        number, (target, along, whole, extent, _, _) = work[member]

        def part(array):
            first, last = start * LENGTH // extent, stop * LENGTH // extent
            if region(array) in rooms:
                return rooms[region(array)][first - unit * each : last - unit * each]
            return memory[array][first:last]

        total = sum(7 * int(memory[a].sum()) for a in whole)
        values = sum((i + 3) * part(a) for i, a in enumerate(along))
        part(target)[...] = (values + total + number) % 1009

    expected = np.arange(5 * LENGTH).reshape(5, LENGTH)
    found = expected.copy()
    for member in instructions:
        call(expected, member, 0, member.extent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phases, "BLOCK_BYTES", block)
        arranged = arrange(instructions)
        passed = passed_on(arranged, [region(a) for a in read_later])
        planned = [[(g, passed.get(g, {}), g.chunks()) for g in phase] for phase in arranged]
    for phase in planned:
        chunks = []
        for group, regions, calls_of_chunks in phase:
            each = LENGTH // group.units
            assert_multiples(group, calls_of_chunks)
            for calls in calls_of_chunks:
                rooms = {r: np.full(units * each, -1) for r, units in regions.items()}
                chunks.append([(*call, each, rooms) for call in calls])
        while chunks:
            chunk = rng.choice(chunks)
            member, unit, start, stop, each, rooms = chunk.pop(0)
            call(found, member, start, stop, unit, each, rooms)
            chunks = [c for c in chunks if c]
    for array in read_later:
        np.testing.assert_array_equal(found[array], expected[array])


def test_parts_of_several_sizes_leave_each_of_two_threads_a_chunk():
    # 500 pictures of convolutions, and of products of 256 and of 10 columns.
    sizes = {"extent": 500, "chunk": 252}
    first = instruction([region(0)], [region(1)], multiple=63, **sizes)
    second = instruction([region(1)], [region(2)], multiple=12, **sizes)
    third = instruction([region(2)], [region(3)], multiple=84, **sizes)
    ((group,),) = arrange([first, second, third])
    starts = [calls[0].start for calls in group.chunks()]
    assert starts == [0, 252]
