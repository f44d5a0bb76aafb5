"""Running a list of kernels on several cores, outside the interpreter.

The list is a table of 64-bit words, ``WORDS`` for each kernel: what does not change is in the first
cache line, the claim and the count of chunks done in a line each. ``DESIGN.md`` says how threads
share the work, and why that is right.
"""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from mnist_draw.system import fine_clock, give_way
from mnist_draw.theano_bridge.native.kernels.emitter import Function
from mnist_draw.theano_bridge.native.kernels.llvm import addresses_of

#: Words of the table for each kernel, and what they hold.
WORDS = 24
KERNEL = 0
ARGUMENTS = 1
CHUNKS = 2
CLAIM = 8
DONE = 16

#: Seconds after which a helper that has found nothing to do goes to sleep: between two steps of a
#: training run Python needs 0.1 ms, for a convolutional network over 0.2 ms, and several times as
#: long on a slow computer. A helper that sleeps then misses most of the next step. Counted in
#: looks, it would depend on how long the processor pauses (40 to 140 cycles) and the system takes.
PATIENCE = 2e-3

_WALK = """
define internal i1 @mnist_draw_walk(ptr %table, i64 %count, i64 %step, ptr %current, i1 %leads)
    nounwind {{
entry:
  %tag = shl i64 %step, 32
  %number = lshr i64 %tag, 32
  br label %kernels
kernels:
  %i = phi i64 [ 0, %entry ], [ %i1, %next ]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %kernel, label %finished
kernel:
  %row = getelementptr [{words} x i64], ptr %table, i64 %i
  %chunksp = getelementptr i64, ptr %row, i64 {chunks}
  %chunks = load i64, ptr %chunksp
  %claimp = getelementptr i64, ptr %row, i64 {claim}
  %donep = getelementptr i64, ptr %row, i64 {done}
  br label %claiming
claiming:
  %claim = load atomic i64, ptr %claimp acquire, align 8
  %owner = lshr i64 %claim, 32
  %mine = icmp eq i64 %owner, %number
  br i1 %mine, label %free, label %over
free:
  %chunk = and i64 %claim, 4294967295
  %left = icmp slt i64 %chunk, %chunks
  br i1 %left, label %try, label %waiting
try:
  %following = add i64 %claim, 1
  %pair = cmpxchg ptr %claimp, i64 %claim, i64 %following acq_rel acquire
  %got = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %got, label %work, label %claiming
work:
  %stop = add i64 %chunk, 1
  %functionp = getelementptr i64, ptr %row, i64 {kernel}
  %function = load ptr, ptr %functionp
  %argumentsp = getelementptr i64, ptr %row, i64 {arguments}
  %arguments = load ptr, ptr %argumentsp
  call void %function(ptr %arguments, i64 %chunk, i64 %stop)
  %before = atomicrmw add ptr %donep, i64 1 acq_rel
  br label %claiming
waiting:
  %target = mul i64 %step, %chunks
  br label %look
look:
  %looks = phi i64 [ 0, %waiting ], [ %looks1, %again ]
  %done = load atomic i64, ptr %donep acquire, align 8
  %all = icmp sge i64 %done, %target
  br i1 %all, label %next, label %late
late:
  %now = load atomic i64, ptr %current acquire, align 8
  %same = icmp eq i64 %now, %step
  %stay = or i1 %same, %leads
  br i1 %stay, label %again, label %over
again:
  call void @mnist_draw_wait(i64 %looks)
  %looks1 = add i64 %looks, 1
  br label %look
next:
  %i1 = add i64 %i, 1
  br label %kernels
finished:
  ret i1 true
over:
  ret i1 false
}}
"""

_WAIT = """
define internal void @mnist_draw_wait(i64 %looks) nounwind {{
  %many = icmp sgt i64 %looks, 64
  br i1 %many, label %yield, label %pause
pause:
  {pause}
  ret void
yield:
  {give_way}
  ret void
}}
"""

#: Leads a step: opens all claims, publishes the step, then works like everybody.
_LEAD = """
define void @mnist_draw_lead(ptr %table, i64 %count, i64 %step, ptr %current) nounwind {{
entry:
  %tag = shl i64 %step, 32
  br label %open
open:
  %i = phi i64 [ 0, %entry ], [ %i1, %opened ]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %opened, label %publish
opened:
  %row = getelementptr [{words} x i64], ptr %table, i64 %i
  %claimp = getelementptr i64, ptr %row, i64 {claim}
  store atomic i64 %tag, ptr %claimp release, align 8
  %i1 = add i64 %i, 1
  br label %open
publish:
  store atomic i64 %step, ptr %current release, align 8
  %ignored = call i1 @mnist_draw_walk(ptr %table, i64 %count, i64 %step, ptr %current, i1 true)
  ret void
}}
"""

#: Helps with one step after another until nothing came for some ticks, or until told to leave
#: (a negative step).
_HELP = """
define void @mnist_draw_help(ptr %table, i64 %count, i64 %last, ptr %current, i64 %patience)
    nounwind {{
entry:
  br label %begin
begin:
  %done = phi i64 [ %last, %entry ], [ %step, %work ]
  %since = call i64 @mnist_draw_ticks()
  br label %look
look:
  %looks = phi i64 [ 0, %begin ], [ %looks1, %again ]
  %step = load atomic i64, ptr %current acquire, align 8
  %leave = icmp slt i64 %step, 0
  br i1 %leave, label %end, label %stay
stay:
  %new = icmp ne i64 %step, %done
  br i1 %new, label %work, label %again
work:
  %ignored = call i1 @mnist_draw_walk(ptr %table, i64 %count, i64 %step, ptr %current, i1 false)
  br label %begin
again:
  call void @mnist_draw_wait(i64 %looks)
  %looks1 = add i64 %looks, 1
  %now = call i64 @mnist_draw_ticks()
  %waited = sub i64 %now, %since
  %tired = icmp sgt i64 %waited, %patience
  br i1 %tired, label %end, label %look
end:
  ret void
}}
"""


@cache
def functions() -> tuple[Any, Any]:
    """Compile the two functions once."""
    names = {
        "words": WORDS,
        "chunks": CHUNKS,
        "claim": CLAIM,
        "done": DONE,
        "kernel": KERNEL,
        "arguments": ARGUMENTS,
    }
    pause, declarations = _pause()
    give_way, more = _give_way()
    wait = _WAIT.format(pause=pause, give_way=give_way)
    shared = (*declarations, *more, wait, _WALK.format(**names), *_clock())
    addresses = addresses_of(
        [
            Function("mnist_draw_lead", _LEAD.format(**names), shared),
            Function("mnist_draw_help", _HELP.format(**names), shared),
        ],
    )
    word = ctypes.c_int64
    pointer = ctypes.c_void_p
    lead = ctypes.CFUNCTYPE(None, pointer, word, word, pointer)(addresses["mnist_draw_lead"])
    helps = ctypes.CFUNCTYPE(None, pointer, word, word, pointer, word)(addresses["mnist_draw_help"])
    return lead, helps


def _pause() -> tuple[str, tuple[str, ...]]:
    """The processor's hint that a thread is only waiting."""
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64", "i386", "i686"):
        return "call void @llvm.x86.sse2.pause()", ("declare void @llvm.x86.sse2.pause()",)
    if machine in ("arm64", "aarch64"):
        return "call void @llvm.aarch64.hint(i32 1)", ("declare void @llvm.aarch64.hint(i32)",)
    return "", ()


#: Reads the system's clock that only runs forward: nanoseconds, on Windows ticks of its own.
_TICKS_POSIX = """
define internal i64 @mnist_draw_ticks() nounwind {{
  %time = alloca [2 x i64]
  %ignored = call i32 @mnist_draw_clock(i32 {clock}, ptr %time)
  %seconds = load i64, ptr %time
  %restp = getelementptr i64, ptr %time, i64 1
  %rest = load i64, ptr %restp
  %whole = mul i64 %seconds, 1000000000
  %ticks = add i64 %whole, %rest
  ret i64 %ticks
}}
"""
_TICKS_WINDOWS = """
define internal i64 @mnist_draw_ticks() nounwind {
  %time = alloca i64
  %ignored = call i32 @mnist_draw_clock(ptr %time)
  %ticks = load i64, ptr %time
  ret i64 %ticks
}
"""


def _clock() -> tuple[str, str]:
    """Declare and define the function that reads the clock."""
    clock = fine_clock()
    _name("mnist_draw_clock", clock.function)
    if clock.number is None:
        return "declare i32 @mnist_draw_clock(ptr)", _TICKS_WINDOWS
    return "declare i32 @mnist_draw_clock(i32, ptr)", _TICKS_POSIX.format(clock=clock.number)


@cache
def patience() -> int:
    """Return `PATIENCE` in ticks."""
    return int(PATIENCE * fine_clock().frequency)


def _name(symbol: str, function: Any) -> None:
    """Let compiled code call a function of the system."""
    llvm.add_symbol(symbol, ctypes.cast(function, ctypes.c_void_p).value)


def _give_way() -> tuple[str, tuple[str, ...]]:
    """The system's call that lets another thread have the core."""
    _name("mnist_draw_yield", give_way())
    return "%ignored = call i32 @mnist_draw_yield()", ("declare i32 @mnist_draw_yield()",)
