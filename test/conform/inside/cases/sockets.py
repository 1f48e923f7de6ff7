# SPDX-License-Identifier: MIT
"""What programs may ask of a socket, and hear from it."""

import socket
import struct

from case import arrived, case, each_family, outcome, receive, soon, tcp, text, udp

SOL, IP, IP6 = socket.SOL_SOCKET, socket.IPPROTO_IP, socket.IPPROTO_IPV6
MSG_ZEROCOPY, MSG_TRUNC = 0x4000000, 0x20


@case("all that IP tells with a datagram", fast=True)
def told_by_ip(a, b):
    client, server = udp(a, b)
    for option in (8, 12, 13, 6, 7, 20, 23, 25):  # PKTINFO RECVTTL RECVTOS RECVOPTS RETOPTS ORIGDST CHECKSUM FRAGSIZE
        outcome(server.setsockopt, IP, option, 1)
    client.setsockopt(IP, socket.IP_TOS, 0x2E)
    client.setsockopt(IP, socket.IP_TTL, 33)
    client.setsockopt(IP, socket.IP_OPTIONS, bytes([7, 7, 4, 0, 0, 0, 0, 1]))
    told = []
    for size in (10, 5000):
        client.send(text(size))
        data, control, flags, source = server.recvmsg(6000, 1000)
        told.append((len(data), flags, source[0], sorted(control)))
    return told


@case("all that IPv6 tells with a datagram", "large", fast=True)
def told_by_ip6(a, b):
    client, server = udp(a, b, 6)
    for option in (49, 51, 53, 55, 58, 66, 74, 77):
        outcome(server.setsockopt, IP6, option, 1)
    client.setsockopt(IP6, socket.IPV6_TCLASS, 0x2E)
    client.setsockopt(IP6, socket.IPV6_UNICAST_HOPS, 33)
    told = []
    for size in (10, 5000):
        client.send(text(size))
        data, control, flags, source = server.recvmsg(6000, 1000)
        told.append((len(data), flags, source[0], sorted(control)))
    return told


@case("a datagram that is longer than the reader's buffer", "large")
def truncated(a, b):
    client, server = udp(a, b)
    told = []
    for size in (100, 5000):
        client.send(text(size))
        data, _, flags, _ = server.recvmsg(50)
        told.append((len(data), flags))
        client.send(text(size))
        told.append((len(server.recv(50, socket.MSG_PEEK)), server.recvmsg(6000, 0, MSG_TRUNC)[0] == text(size)))
    return told


@case("sockets bound to the device, and to another", fast=True)
def bound_to_device(a, b):
    told = []
    for device in ("eth0", "eth1", "lo"):
        client, server = udp(a, b)
        server.setsockopt(SOL, socket.SO_BINDTODEVICE, device.encode())
        client.send(b"device")
        told.append((device, soon(server)))
        server.close()
    client, server = udp(a, b)
    client.setsockopt(SOL, socket.SO_BINDTODEVICE, b"eth0")
    client.send(b"device")
    return [*told, soon(server), server.getsockopt(SOL, socket.SO_INCOMING_CPU if hasattr(socket, "SO_INCOMING_CPU") else 49)]


@case("marks and priorities, seen by rules of both guests", fast=True)
def marks(a, b):
    rules = """table inet seen { counter marked { }; counter urgent { }; counter came { };
        chain out { type filter hook output priority 0; meta mark 0x2a counter name marked; meta priority 0:5 counter name urgent; };
        chain in { type filter hook input priority 0; udp dport >= 10000 iif eth0 meta mark 0 counter name came; }; }"""
    for each in (a, b):
        each.set(f"nft '{rules}'", "nft delete table inet seen")
    client, server = udp(a, b)
    client.setsockopt(SOL, socket.SO_MARK, 42)
    client.setsockopt(SOL, socket.SO_PRIORITY, 5)
    server.setsockopt(SOL, 75, 1)
    client.send(b"marked")
    data, control, _, _ = server.recvmsg(100, 100)
    listed = [each.run("nft list counters | grep -o 'packets [0-9]*'").split("\n") for each in (a, b)]
    return data, control, listed


@case("a mark chooses the route, a priority the class")
def mark_routes(a, b):
    a.set("ip rule add fwmark 42 table 42; ip route add unreachable 10.0.0.2 table 42",
          "ip rule del fwmark 42 table 42; ip route flush table 42")  # fmt: skip
    told = []
    for mark in (0, 42):
        client = a.socket()
        client.setsockopt(SOL, socket.SO_MARK, mark)
        told.append(outcome(client.connect, (b.ip4, 9)))
    return told


@case("timestamps of arrival and departure (SO_TIMESTAMPING)")
def timestamps(a, b):
    client, server = udp(a, b)
    server.setsockopt(SOL, 37, 1 << 3 | 1 << 4)  # RX_SOFTWARE, SOFTWARE
    client.setsockopt(SOL, 37, 1 << 1 | 1 << 4 | 1 << 7 | 1 << 8 | 1 << 11)  # TX_SOFTWARE, SCHED, OPT_ID, TSONLY
    client.send(b"when")
    _, control, _, _ = server.recvmsg(100, 200)
    told = [(level, kind, len(value), any(value[:8])) for level, kind, value in control]
    return told, a.call("odd", "stamps", client, 2)


@case("when TCP's bytes left and were acknowledged (SO_TIMESTAMPING)")
def tcp_timestamps(a, b):
    client, server = tcp(a, b)
    client.setsockopt(SOL, 37, 1 << 1 | 1 << 4 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 11)
    client.send(text(3000))
    receive(server, 3000)
    return a.call("odd", "stamps", client, 3)


@case("a time to be sent at (SO_TXTIME), without a discipline that keeps it")
def txtime(a, b):
    client, server = udp(a, b)
    client.setsockopt(SOL, 61, struct.pack("=iI", 1, 0))
    client.sendmsg([b"later"], [(SOL, 61, struct.pack("=Q", 1))])
    return soon(server)


@case("a time to be sent at, kept by fq")
def txtime_fq(a, b):
    a.module("sch_fq")
    a.set("tc qdisc replace dev eth0 root fq", "tc qdisc del dev eth0 root")
    client, server = udp(a, b)
    client.setsockopt(SOL, 61, struct.pack("=iI", 1, 0))
    return a.call("odd", "send_later", client, 300), soon(server)


@case("a pace of the program's own (SO_MAX_PACING_RATE)")
def pacing(a, b):
    client, server = tcp(a, b)
    client.setsockopt(SOL, 47, 2_000_000)
    client.setblocking(True)
    client.sendall(text(60_000))
    return receive(server, 60_000) == text(60_000)


@each_family("MSG_ZEROCOPY over TCP, and what its queue says")
def zerocopy(a, b, family):
    client, server = tcp(a, b, family)
    client.setsockopt(SOL, 60, 1)
    told = []
    for _ in range(3):
        told.append(client.send(text(20_000), MSG_ZEROCOPY))
        told.append(receive(server, told[-1]) == text(20_000)[: told[-1]])
    return told, a.call("odd", "completions", client, 3)


@case("MSG_ZEROCOPY over UDP")
def zerocopy_udp(a, b):
    client, server = udp(a, b)
    client.setsockopt(SOL, 60, 1)
    told = []
    for size in (1000, 1400):
        told.append((client.send(text(size), MSG_ZEROCOPY), server.recv(9000) == text(size)))
    return told, a.call("odd", "completions", client, 2)


@case("sendfile and splice, both ends")
def spliced(a, b):
    client, server = tcp(a, b)
    return a.call("odd", "send_file", client, 100_000), b.call("odd", "splice_all", server, 100_000)


@case("kTLS: records that the kernel makes and opens", "opaque")
def ktls(a, b):
    for each in (a, b):
        each.module("tls")
    client, server = tcp(a, b)
    a.call("odd", "ktls", client, 1)
    b.call("odd", "ktls", server, 2)
    client.sendall(text(40_000))
    return receive(server, 40_000) == text(40_000)


@case("io_uring: send and receive")
def io_uring(a, b):
    client, server = tcp(a, b)
    told = []
    for size in (10, 3000):
        told.append(a.call("uring", "send", client, text(size)))
        told.append(b.call("uring", "receive", server, size) == text(size))
    return told


@case("a socket filter of the reader", "large")
def filtered(a, b):
    client, server = udp(a, b)
    b.call("odd", "only_longer_than", server, 100)
    told = []
    for size in (10, 200, 5000):
        client.send(text(size))
        got = soon(server)
        told.append((size, got if isinstance(got, str) else len(got)))
    return told


@each_family("several readers of one port (SO_REUSEPORT)")
def reuseport(a, b, family):
    readers = [b.socket(socket.AF_INET if family == 4 else socket.AF_INET6) for _ in range(3)]
    port = 9800
    for each in readers:
        each.setsockopt(SOL, 15, 1)
        each.bind((b.address(family), port))
        each.settimeout(0.05)
    client, _ = a.bound(socket.SOCK_DGRAM, family, port=9801)
    for _ in range(6):
        client.sendto(b"x", (b.address(family), port))
    return sum(isinstance(outcome(each.recv, 10), bytes) for _ in range(6) for each in readers)


@case("a packet socket of b's, before and after its own rules", fast=True)
def packet_socket(a, b):
    ear = b.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    ear.bind(("eth0", 0x0800))
    client, _ = udp(a, b)
    client.send(b"heard")
    data, source = ear.recvfrom(2000)
    return len(data), data[-5:], source[0], source[1], source[2], source[4].hex()


@case("a program that waits for room (SO_SNDBUF, EPOLLOUT)")
def send_room(a, b):
    client, server = udp(a, b)
    client.setsockopt(SOL, socket.SO_SNDBUF, 4608)
    server.setsockopt(SOL, 33, 8 << 20)
    for _ in range(200):
        client.send(text(1000))
    return sum(len(server.recv(2000)) for _ in range(200))


@case("a reader whose buffer is full loses what its owner lets it")
def no_room(a, b):
    client, server = udp(a, b)
    server.setsockopt(SOL, socket.SO_RCVBUF, 2304)
    for _ in range(50):
        client.send(text(1000))
    arrived(a, b)
    got = 0
    server.setblocking(False)
    while isinstance(outcome(server.recv, 2000), bytes):
        got += 1
    return got
