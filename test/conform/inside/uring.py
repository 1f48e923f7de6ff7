# SPDX-License-Identifier: MIT
"""io_uring, as much as one request at a time takes."""

import ctypes
import mmap
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
SETUP, ENTER = 425, 426
SEND, RECV = 26, 27


class Ring:
    def __init__(self):
        params = ctypes.create_string_buffer(120)
        self.fd = call(SETUP, 4, params)
        entries = struct.unpack_from("=II", params)[1]
        # struct io_sqring_offsets and io_cqring_offsets: head, tail, ring_mask, ..., array (6) or cqes (5).
        self.sq, self.cq = struct.unpack_from("=7I", params, 40), struct.unpack_from("=6I", params, 80)
        self.requests = mmap.mmap(self.fd, self.sq[6] + 4 * 4, offset=0)
        self.answers = mmap.mmap(self.fd, self.cq[5] + entries * 16, offset=0x8000000)
        self.entries = mmap.mmap(self.fd, 64 * 4, offset=0x10000000)

    def do(self, opcode, fd, address, size):
        """The request's result: bytes, or an error below zero."""
        tail = struct.unpack_from("=I", self.requests, self.sq[1])[0]
        self.entries[:64] = struct.pack("=BBHiQQIIQ", opcode, 0, 0, fd, 0, address, size, 0, 1).ljust(64, b"\0")
        struct.pack_into("=I", self.requests, self.sq[6] + 4 * (tail & 3), 0)
        struct.pack_into("=I", self.requests, self.sq[1], tail + 1)
        call(ENTER, self.fd, 1, 1, 1, None, 0)
        head = struct.unpack_from("=I", self.answers, self.cq[0])[0]
        mask = struct.unpack_from("=I", self.answers, self.cq[2])[0]
        result = struct.unpack_from("=i", self.answers, self.cq[5] + 16 * (head & mask) + 8)[0]
        struct.pack_into("=I", self.answers, self.cq[0], head + 1)
        return result

    def close(self):
        for each in (self.requests, self.answers, self.entries):
            each.close()
        os.close(self.fd)


def call(number, *args):
    result = libc.syscall(number, *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def send(sock, data):
    sock.setblocking(True)
    kept, ring = ctypes.create_string_buffer(data, len(data)), Ring()
    try:
        return ring.do(SEND, sock.fileno(), ctypes.addressof(kept), len(data))
    finally:
        ring.close()


def receive(sock, size):
    sock.setblocking(True)
    data, ring = b"", Ring()
    try:
        while len(data) < size:
            kept = ctypes.create_string_buffer(size - len(data))
            got = ring.do(RECV, sock.fileno(), ctypes.addressof(kept), len(kept))
            if got <= 0:
                raise OSError(-got, "io_uring")
            data += kept.raw[:got]
        return data
    finally:
        ring.close()
