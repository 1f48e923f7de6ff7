# SPDX-License-Identifier: MIT
"""Packets that no stack would send so."""

import socket

import build_ip
from case import case, each_family, soon, text, udp

PACKET = socket.AF_PACKET


def by_hand(a, b, family=4):
    """A bound socket of b, and what sends a frame that a program of a made."""
    _, server = udp(a, b, family)
    ports = server.getpeername()[1], server.getsockname()[1]
    raw = a.socket(PACKET, socket.SOCK_RAW, 0)
    raw.bind(("eth0", 0))
    return server, ports, lambda packet: raw.send(build_ip.frame(a.mac, b.mac, packet))


@case("wrong and missing checksums of UDP", fast=True)
def checksums(a, b):
    server, ports, send = by_hand(a, b)
    told = []
    for wrong in (0, 1, 0xFF00):
        send(build_ip.ipv4(a.ip4, b.ip4, 17, build_ip.udp(a.ip4, b.ip4, ports, b"sum", wrong)))
        told.append(soon(server))
    data = build_ip.udp(a.ip4, b.ip4, ports, b"none")
    send(build_ip.ipv4(a.ip4, b.ip4, 17, data[:6] + b"\0\0" + data[8:]))
    return [*told, soon(server)]


@case("wrong checksums of UDP and none, IPv6")
def checksums6(a, b):
    server, ports, send = by_hand(a, b, 6)
    told = []
    for wrong in (0, 1):
        send(build_ip.ipv6(a.ip6, b.ip6, 17, build_ip.udp(a.ip6, b.ip6, ports, b"sum", wrong)))
        told.append(soon(server))
    data = build_ip.udp(a.ip6, b.ip6, ports, b"none")
    send(build_ip.ipv6(a.ip6, b.ip6, 17, data[:6] + b"\0\0" + data[8:]))
    return [*told, soon(server)]


@case("headers of IP that are wrong")
def headers(a, b):
    server, ports, send = by_hand(a, b)
    good = build_ip.udp(a.ip4, b.ip4, ports, b"head")
    told = []
    for named in ({"wrong": 1}, {"ttl": 0}, {"ttl": 1}, {"flags": 4}, {"tos": 0xFF}, {"options": b"\1\1\1\0"}):
        send(build_ip.ipv4(a.ip4, b.ip4, 17, good, **named))
        told.append((str(named), soon(server)))
    packet = build_ip.ipv4(a.ip4, b.ip4, 17, good)
    for name, spoilt in (
        ("version 5", b"\x55" + packet[1:]),
        ("short header", b"\x44" + packet[1:]),
        ("long header", b"\x4f" + packet[1:]),
        ("padded", packet + b"pad" * 10),
        ("cut", packet[:-2]),
        ("from itself", build_ip.ipv4(b.ip4, b.ip4, 17, good)),
        ("from all", build_ip.ipv4("255.255.255.255", b.ip4, 17, good)),
        ("from a group", build_ip.ipv4("224.0.0.5", b.ip4, 17, good)),
        ("from loopback", build_ip.ipv4("127.0.0.1", b.ip4, 17, good)),
    ):
        send(spoilt)
        told.append((name, soon(server)))
    return told


@case("lengths of UDP that are wrong")
def lengths(a, b):
    server, ports, send = by_hand(a, b)
    told = []
    for says in (0, 7, 8, 9, 100):
        send(build_ip.ipv4(a.ip4, b.ip4, 17, build_ip.udp(a.ip4, b.ip4, ports, b"length", says=says)))
        told.append((says, soon(server)))
    return told


ORDERS = {
    "in order": [(0, 800), (800, 800), (1600, 408)],
    "backwards": [(1600, 408), (800, 800), (0, 800)],
    "one twice": [(0, 800), (0, 800), (800, 800), (1600, 408)],
    "overlapping": [(0, 800), (400, 800), (1200, 808)],
    "within another": [(0, 1200), (800, 400), (1200, 808)],
    "tiny": [(0, 8), (8, 8), (16, 984), (1000, 1008)],
    "a hole": [(0, 800), (1600, 408)],
}


@each_family("fragments, in order, backwards, twice, overlapping, tiny", "fragments", fast=True)
def fragments(a, b, family):
    forgets(b, family)
    server, ports, send = by_hand(a, b, family)
    source, target = a.address(family), b.address(family)
    datagram = build_ip.udp(source, target, ports, text(2000))
    told = []
    for number, (name, pieces) in enumerate(ORDERS.items()):
        for offset, size in pieces:
            more = offset + size < len(datagram)
            part = datagram[offset : offset + size]
            if family == 4:
                send(build_ip.ipv4(source, target, 17, part, 100 + number, int(more), offset))
            else:
                (part,) = build_ip.fragments6(datagram, 17, [(offset, size, int(more))], 100 + number)
                send(build_ip.ipv6(source, target, 44, part))
        told.append((name, soon(server)))
    forgotten(b, family)
    return told


def forgets(b, family):
    """Fragments whose others do not come within a second, not thirty."""
    name = "net.ipv4.ipfrag_time" if family == 4 else "net.ipv6.ip6frag_time"
    b.set(f"sysctl -qw {name}=1", f"sysctl -qw {name}={30 if family == 4 else 60}")


def forgotten(b, family):
    """Waits until no fragment waits for another."""
    file, word = ("sockstat", "FRAG") if family == 4 else ("sockstat6", "FRAG6")
    b.run(f"until grep -q '^{word}: inuse 0 ' /proc/net/{file}; do sleep 0.1; done")


@each_family("fragments that never come, and their answer", "fragments")
def incomplete(a, b, family):
    forgets(b, family)
    server, ports, send = by_hand(a, b, family)
    source, target = a.address(family), b.address(family)
    datagram = build_ip.udp(source, target, ports, text(2000))
    if family == 4:
        send(build_ip.ipv4(source, target, 17, datagram[:800], 300, 1, 0))
    else:
        (part,) = build_ip.fragments6(datagram, 17, [(0, 800, 1)], 300)
        send(build_ip.ipv6(source, target, 44, part))
    forgotten(b, family)
    return soon(server)


@case("an atomic fragment, IPv6", "fragments")
def atomic(a, b):
    server, ports, send = by_hand(a, b, 6)
    (part,) = build_ip.fragments6(build_ip.udp(a.ip6, b.ip6, ports, b"atom"), 17, [(0, 100, 0)])
    send(build_ip.ipv6(a.ip6, b.ip6, 44, part))
    return soon(server)


EXTENSIONS = {
    "padding": (0, bytes([17, 0, 1, 4, 0, 0, 0, 0])),
    "an option to be skipped": (60, bytes([17, 0, 0x1E, 4, 1, 2, 3, 4])),
    "an option that discards": (60, bytes([17, 0, 0x5E, 4, 1, 2, 3, 4])),
    "an option that answers": (60, bytes([17, 0, 0x9E, 4, 1, 2, 3, 4])),
    "a router alert": (0, bytes([17, 0, 5, 2, 0, 0, 1, 0])),
    "a source route that is done": (43, bytes([17, 0, 0, 0, 0, 0, 0, 0])),
    "a source route that is not": (43, bytes([17, 2, 0, 1, 0, 0, 0, 0]) + bytes(16)),
    "no next header": (59, b""),
    "an unknown next header": (253, b""),
}


@case("extension headers")
def extensions(a, b):
    server, ports, send = by_hand(a, b, 6)
    datagram = build_ip.udp(a.ip6, b.ip6, ports, b"extended")
    told = []
    for name, (protocol, header) in EXTENSIONS.items():
        send(build_ip.ipv6(a.ip6, b.ip6, protocol, header + datagram))
        told.append((name, soon(server)))
    return told


@case("hop limits, classes and flow labels")
def labels(a, b):
    server, ports, send = by_hand(a, b, 6)
    datagram = build_ip.udp(a.ip6, b.ip6, ports, b"labelled")
    told = []
    for named in ({"hops": 0}, {"hops": 1}, {"hops": 255}, {"tos": 0xB8}, {"tos": 3}, {"label": 0xABCDE}):
        send(build_ip.ipv6(a.ip6, b.ip6, 17, datagram, **named))
        told.append((str(named), soon(server)))
    return told


@case("a frame to another's MAC address, and one from another's", ordinary="neither is of the two guests")
def strangers(a, b):
    server, ports, _ = by_hand(a, b)
    raw = a.socket(PACKET, socket.SOCK_RAW, 0)
    raw.bind(("eth0", 0))
    packet = build_ip.ipv4(a.ip4, b.ip4, 17, build_ip.udp(a.ip4, b.ip4, ports, b"strange"))
    told = []
    for source, target in ((a.mac, "00:16:3e:00:00:77"), ("00:16:3e:00:00:78", b.mac)):
        raw.send(build_ip.frame(source, target, packet))
        told.append(soon(server))
    return told


@case("IP_HDRINCL, and what the kernel fills in")
def included(a, b):
    server, ports, _ = by_hand(a, b)
    raw = a.socket(socket.AF_INET, socket.SOCK_RAW, 255)
    told = []
    for size in (10, 1400):
        datagram = build_ip.udp(a.ip4, b.ip4, ports, text(size))
        raw.sendto(build_ip.ipv4("0.0.0.0", b.ip4, 17, datagram, number=0), (b.ip4, 0))
        told.append(soon(server))
    return told


@case("protocols that are none, by raw sockets at both ends")
def raw(a, b):
    told = []
    for protocol in (2, 89, 103, 253, 254):
        ear = b.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
        mouth = a.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
        for size in (0, 100, 1480, 4000):
            mouth.sendto(text(size), (b.ip4, 0))
            told.append((protocol, size, ear.recv(5000)[20:] == text(size)))
        ear.close()
    return told
