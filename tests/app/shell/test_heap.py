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
    heap._give_back(library, free=False, compiler=True)


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
