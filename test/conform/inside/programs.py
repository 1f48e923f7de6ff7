# SPDX-License-Identifier: MIT
"""BPF programs, put together by hand."""

import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
BPF, LOAD, PIN, XDP = 321, 5, 6, 6


def drop_length(path, size):
    """Pins an XDP program that drops frames of so many bytes: data_end - data == size."""
    load(path, [
        (0x61, 2, 1, 0, 0),  # r2 = data
        (0x61, 3, 1, 4, 0),  # r3 = data_end
        (0x1F, 3, 2, 0, 0),  # r3 -= r2
        (0xB7, 0, 0, 0, 1),  # drop
        (0x15, 3, 0, 1, size),
        (0xB7, 0, 0, 0, 2),  # pass
        (0x95, 0, 0, 0, 0),
    ])  # fmt: skip


def load(path, program):
    code = b"".join(struct.pack("=BBhi", op, source << 4 | to, offset, value) for op, to, source, offset, value in program)
    kept, license = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    where = ctypes.create_string_buffer(path.encode())
    fd = bpf(LOAD, struct.pack("=IIQQ", XDP, len(program), ctypes.addressof(kept), ctypes.addressof(license)))
    bpf(PIN, struct.pack("=QI", ctypes.addressof(where), fd))
    os.close(fd)


def bpf(command, attributes):
    kept = ctypes.create_string_buffer(attributes.ljust(120, b"\0"), 120)
    result = libc.syscall(BPF, command, kept, 120)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
