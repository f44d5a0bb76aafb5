"""Arrays that only pass from kernel to kernel within a block, and need no memory of their own.

What one kernel of a block writes and another one reads, and nobody else does, never has to leave
the core's cache: it is kept in a small piece of memory that every block uses anew. The gradients
between two layers of a convolutional network are such arrays, tens of megabytes each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mnist_draw.theano_bridge.native.phases import Group, Instruction, Region


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
