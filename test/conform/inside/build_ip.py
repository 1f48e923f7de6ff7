# SPDX-License-Identifier: MIT
"""Packets made by hand."""

import socket
import struct

from frames import summed


def checksum(data):
    return 0xFFFF - summed(data)


def ipv4(source, target, protocol, payload, number=1, flags=0, offset=0, ttl=64, tos=0, options=b"", wrong=0):
    """A packet; `flags`: 1 more fragments, 2 do not fragment; `wrong` is added to the header's checksum."""
    words = 5 + len(options) // 4
    head = struct.pack(
        "!BBHHHBBH4s4s",
        *(0x40 | words, tos, words * 4 + len(payload), number, flags << 13 | offset // 8, ttl, protocol, 0),
        *(socket.inet_aton(source), socket.inet_aton(target)),
    )
    value = checksum(head + options) ^ wrong
    return head[:10] + struct.pack("!H", value) + head[12:] + options + payload


def ipv6(source, target, protocol, payload, hops=64, tos=0, label=0):
    return (
        struct.pack("!IHBB", 6 << 28 | tos << 20 | label, len(payload), protocol, hops)
        + socket.inet_pton(socket.AF_INET6, source)
        + socket.inet_pton(socket.AF_INET6, target)
        + payload
    )


def udp(source, target, ports, data, wrong=0, says=None):
    """A datagram with its checksum; `wrong` spoils it."""
    length = len(data) + 8
    is_six = ":" in source
    family = socket.AF_INET6 if is_six else socket.AF_INET
    pseudo = socket.inet_pton(family, source) + socket.inet_pton(family, target)
    pseudo += struct.pack("!II", length, 17) if is_six else struct.pack("!HH", 17, length)
    head = struct.pack("!HHHH", *ports, says or length, 0)
    value = checksum(pseudo + head + data) ^ wrong
    return head[:6] + struct.pack("!H", value or 0xFFFF) + data


def frame(source, target, packet):
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes.fromhex(target.replace(":", "") + source.replace(":", "")) + struct.pack("!H", kind) + packet


def fragments6(payload, protocol, pieces, number=7):
    """IPv6 payloads of the fragments whose (offset, size, more) are given."""
    for offset, size, more in pieces:
        yield struct.pack("!BBHI", protocol, 0, offset | more, number) + payload[offset : offset + size]
