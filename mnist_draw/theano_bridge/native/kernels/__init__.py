"""The kernels: machine code written for the operations, types and shapes at hand.

Every kernel has the signature ``void kernel(i64 *args, i64 start, i64 stop)`` and does the part
from ``start`` to ``stop`` of its work, so that several threads can share it.
"""
