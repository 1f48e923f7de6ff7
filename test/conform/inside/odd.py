# SPDX-License-Identifier: MIT
"""What takes several calls on one socket, or one that Python has no name for."""

import ctypes
import fcntl
import os
import select
import socket
import struct
import tempfile
import time

MSG_OOB, MSG_ERRQUEUE = 1, 0x2000
SIOCATMARK = 0x8905


def urgent(sock, inline):
    """What a reader sees around the mark."""
    told = []
    for _ in range(8):
        at_mark = struct.unpack("i", fcntl.ioctl(sock, SIOCATMARK, b"\0" * 4))[0]
        if at_mark and not inline:
            told.append(("apart", sock.recv(1, MSG_OOB)))
        told.append((at_mark, sock.recv(100)))
        if told[-1][1].endswith(b"f"):
            return told
    return told


def send_later(sock, ms):
    """A datagram that is to leave so many milliseconds from now; whether the kernel took it."""
    at = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + ms * 1_000_000
    return sock.sendmsg([b"later"], [(socket.SOL_SOCKET, 61, struct.pack("=Q", at))])


def stamps(sock, count):
    """What the kernel says of packets and bytes that left (SO_TIMESTAMPING): origin, code, kind and number of each."""
    told = []
    for error in errors(sock):
        _, origin, kind, code, _, info, number = struct.unpack_from("=IBBBBII", error)
        told.append((origin, kind, code, info, number))
        if len(told) == count:
            break
    return sorted(told)


def completions(sock, count):
    """Which sends of MSG_ZEROCOPY the kernel is done with, and whether it had copied after all."""
    done, copied = 0, set()
    for error in errors(sock):
        _, _, origin, code, _, low, high = struct.unpack_from("=IBBBBII", error)
        if origin == 5:
            done += high - low + 1
            copied.add(code)
        if done >= count:
            break
    return done, sorted(copied)


def errors(sock):
    """What the error queue of a socket has, until none has come for four seconds."""
    waits = select.poll()
    waits.register(sock, 0)
    while waits.poll(4000):
        _, control, _, _ = sock.recvmsg(0, 400, MSG_ERRQUEUE)
        for level, kind, value in control:
            if (level, kind) in ((socket.IPPROTO_IP, 11), (socket.IPPROTO_IPV6, 25)):
                yield value


def send_file(sock, size):
    with tempfile.TemporaryFile() as file:
        file.write(bytes(range(250)) * (size // 250))
        file.flush()
        sent = 0
        while sent < size:
            sent += os.sendfile(sock.fileno(), file.fileno(), sent, size - sent)
    return sent


def splice_all(sock, size):
    """What arrives, by a pipe into a file."""
    out, into = os.pipe()
    sock.setblocking(True)
    with tempfile.TemporaryFile() as file:
        got = 0
        while got < size:
            count = os.splice(sock.fileno(), into, min(size - got, 30_000))
            os.splice(out, file.fileno(), count)
            got += count
        os.close(out)
        os.close(into)
        file.seek(0)
        return file.read() == bytes(range(250)) * (size // 250)


def ktls(sock, way):
    """TLS 1.3 with AES-GCM-128 and a key that all know; `way`: 1 sends, 2 receives."""
    sock.setsockopt(socket.IPPROTO_TCP, 31, b"tls")
    sock.setsockopt(282, way, struct.pack("=HH8s16s4s8s", 0x0304, 51, b"iv" * 4, b"key!" * 4, b"salt", bytes(8)))


def only_longer_than(sock, size):
    """A classic filter that accepts packets of more than so many bytes, UDP's header among them."""
    program = struct.pack("=HBBI", 0x80, 0, 0, 0) + struct.pack("=HBBI", 0x25, 0, 1, size)
    program += struct.pack("=HBBI", 6, 0, 0, 0xFFFFFFFF) + struct.pack("=HBBI", 6, 0, 0, 0)
    kept = ctypes.create_string_buffer(program)
    sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("=HxxxxxxQ", 4, ctypes.addressof(kept)))


class Virtual:
    """Forgets all services of ip_vs in the end."""

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, 255) as control:
            control.setsockopt(socket.IPPROTO_IP, 1157, b"")
