"""What nobody needs now goes back to the system, and nothing is lost by it."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

import pytest

from mnist_draw.app.shell import heap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")


def resident_kb(name: str) -> int:
    """Return how much of a library's file lies in the memory of this process."""
    total, counts = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            counts = name in line
        elif counts and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


def give_back() -> None:
    library = ctypes.CDLL(None)
    if not hasattr(library, "malloc_trim"):
        pytest.skip("another C library than GNU's")
    heap._give_back(library, compiler=True)


def test_the_compiler_leaves_the_memory_and_comes_back() -> None:
    llvm = pytest.importorskip("llvmlite.binding")
    assembly = "define i32 @f(i32 %x) {\n  %y = add i32 %x, 2\n  ret i32 %y\n}"
    llvm.parse_assembly(assembly).verify()
    before = resident_kb("libllvmlite")
    give_back()
    assert resident_kb("libllvmlite") < before / 3
    module = llvm.parse_assembly(assembly)
    module.verify()
    assert "add i32" in str(module)


def test_only_what_equals_the_file_is_found() -> None:
    pytest.importorskip("llvmlite.binding")
    parts = heap.unchanged_parts("libllvmlite")
    assert parts
    of_file = [
        line
        for line in Path("/proc/self/maps").read_text().splitlines()
        if "libllvmlite" in line and re.search(r" (r--p|r-xp) ", line)
    ]
    # The loader has written addresses into one that may only be read since.
    assert len(parts) < len(of_file)
    assert not heap.unchanged_parts("a library that is not there")


def test_what_is_swapped_out_is_no_copy_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "smaps"
    monkeypatch.setattr(heap, "_MAPPED", told)
    lines = (
        "{:x}-{:x} r--p 00000000 08:01 7 /lib/libthat.so\nSize: 4 kB\nAnonymous: {} kB\n"
        "LazyFree: 0 kB\nSwap: {} kB\nVmFlags: rd mr\n"
    )
    told.write_text(
        lines.format(0x1000, 0x2000, 0, 0)
        + lines.format(0x2000, 0x3000, 4, 0)
        + lines.format(0x3000, 0x4000, 0, 4)
    )
    assert heap.unchanged_parts("libthat") == [(0x1000, 0x2000)]


def test_blocks_that_were_freed_leave_the_memory() -> None:
    library = heap._library()
    if library is None:
        pytest.skip("another C library than GNU's")
    # More than is mapped by itself, and smaller ones that keep their place between them.
    blocks = [bytearray(100_000) for _ in range(400)]
    kept = blocks[::2]
    del blocks[::2], blocks
    before = resident_kb("[heap]")
    heap._give_back(library, compiler=False)
    assert resident_kb("[heap]") < before - 10_000
    assert not any(map(any, kept))
