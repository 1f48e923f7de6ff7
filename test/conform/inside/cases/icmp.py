# SPDX-License-Identifier: MIT
"""Ping of every kind, errors, and who hears of them."""

import socket
import struct

from case import each_family, case, outcome, soon, text, udp

MSG_ERRQUEUE = 0x2000


@each_family("pings of 0 bytes to the longest", fast=True)
def sizes(a, b, family):
    longest = 65507 if family == 4 else 65527
    for size in (0, 1, 56, 1452, 1472, 1473, 8000, longest):
        a.run(f"ping -{family} -n -q -c 2 -i 0.01 -W 5 -s {size} {b.address(family)}")
    return True


@case("ping that records its route, and its times")
def route(a, b):
    told = [line for line in a.run(f"ping -n -c 1 -R {b.ip4}").splitlines() if line.startswith(("RR", "\t"))]
    a.run(f"ping -n -c 1 -T tsandaddr {b.ip4}")
    return told


@case("ping with a service class, a mark, a pattern and one hop")
def options(a, b):
    for option in ("-Q 0xb8", "-m 7", "-p beef", "-t 1", "-M do", "-M want", "-M dont"):
        a.run(f"ping -n -q -c 1 -W 5 {option} {b.ip4}")
    return True


@case("ping by link-local addresses", fast=True)
def link_local(a, b):
    for one, other in ((a, b), (b, a)):
        one.run(f"ping -6 -n -q -c 2 -i 0.01 -W 5 {other.link_local}%eth0")
    return True


@each_family("an unreachable port, by the error queue", fast=True)
def error_queue(a, b, family):
    client, server = udp(a, b, family)
    level, option = (socket.IPPROTO_IP, 11) if family == 4 else (socket.IPPROTO_IPV6, 25)
    client.setsockopt(level, option, 1)
    server.close()
    client.send(b"hello")
    told = [soon(client)]
    data, control, flags, _ = client.recvmsg(100, 200, MSG_ERRQUEUE)
    for at, kind, value in control:
        number, origin, error, code, _, info, extra = struct.unpack_from("=IBBBBII", value)
        told.append((at, kind, number, origin, error, code, info, extra))
    return [*told, data, flags & ~MSG_ERRQUEUE]


@case("a protocol that nobody has")
def no_protocol(a, b):
    sock = a.socket(socket.AF_INET, socket.SOCK_RAW, 253)
    sock.setsockopt(socket.IPPROTO_IP, 11, 1)
    sock.connect((b.ip4, 0))
    sock.send(b"anybody?")
    return soon(sock)


@case("what a firewall answers: reject, of every kind")
def rejected(a, b):
    told = []
    for kind in ("host-unreachable", "admin-prohibited", "net-prohibited"):
        b.set(f"nft 'table ip no {{ chain in {{ type filter hook input priority 0; udp dport >= 10000 reject with icmp {kind}; }}; }}'",
              "true")  # fmt: skip
        client, _ = udp(a, b)
        client.setsockopt(socket.IPPROTO_IP, 11, 1)
        client.send(b"hello")
        told.append(soon(client))
        b.run("nft delete table ip no")
    return told


@case("requests for the time")
def timestamp(a, b):
    sock = a.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    message = struct.pack("!BBHHHIII", 13, 0, 0, 99, 1, 0, 0, 0)
    message = message[:2] + struct.pack("!H", 0xFFFF - (13 << 8) - 99 - 1) + message[4:]
    sock.sendto(message, (b.ip4, 0))
    while True:
        answer = sock.recv(100)[20:]
        if answer[0] == 14:
            return len(answer), answer[4:8]


@each_family("a ping socket without privileges")
def unprivileged(a, b, family):
    a.set("sysctl -qw net.ipv4.ping_group_range='0 100'", "sysctl -qw net.ipv4.ping_group_range='1 0'")
    protocol = socket.IPPROTO_ICMP if family == 4 else socket.IPPROTO_ICMPV6
    sock = a.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM, protocol)
    sock.sendto(struct.pack("!BBHHH", 8 if family == 4 else 128, 0, 0, 0, 3) + text(500), (b.address(family), 0))
    data = sock.recv(1000)
    return data[0], data[6:]


@case("a raw socket that hears pings")
def raw(a, b):
    ear = b.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    a.run(f"ping -n -q -c 1 -s 100 {b.ip4}")
    data = ear.recv(1000)
    return len(data), data[8], data[9], data[20], outcome(ear.getsockname)[0]
