"""Forbid this process to open sockets and to start programs, with seccomp. In: nothing. Out: nothing.

Landlock knows TCP only (and UDP in its newest versions); a name that is looked up leaves by UDP. The filter is a few
instructions that the kernel runs before each system call: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
_NUMBER, _PROCESSOR = 0, 4  # offsets in what the filter sees
# The kernel's name of the processor, and its numbers of: socket, execve, execveat, ptrace, process_vm_readv,
# process_vm_writev, pidfd_getfd, io_uring_setup (which could open sockets past this filter).
_NUMBERS = {
    "x86_64": (0xC000003E, (41, 59, 322, 101, 310, 311, 438, 425)),
    "aarch64": (0xC00000B7, (198, 221, 281, 117, 270, 271, 438, 425)),
}
_X32 = 0x40000000  # numbers from here on are another set of the same calls


def forbid_sockets_and_programs() -> bool:
    """Install the filter for this thread and all that it starts. Returns whether there is one for this processor.

    Pairs of connected sockets (`socketpair`) and what is open already stay usable. Raises OSError.
    """
    if sys.platform != "linux" or (known := _NUMBERS.get(platform.machine())) is None or sys.maxsize < 1 << 32:
        return False
    program = _program(*known)
    code = ctypes.create_string_buffer(program, len(program))
    pointer = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(
        _SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.c_char_p(pointer), ctypes.c_ulong(0), ctypes.c_ulong(0)
    ):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return True


def _program(processor: int, numbers: tuple[int, ...]) -> bytes:
    """Return the filter: calls of another processor's kind, and these, are refused."""
    refuse = len(numbers) + 1  # instructions between the first comparison of a number and the refusal
    lines = [
        (_LOAD, 0, 0, _PROCESSOR),
        (_EQUAL, 0, refuse + 2, processor),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, refuse, 0, _X32),
        *((_EQUAL, len(numbers) - n, 0, number) for n, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
