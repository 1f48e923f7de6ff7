# SPDX-License-Identifier: MIT
"""How long a packet may be, and who says so."""

import socket
import struct

import build_ip
from case import acquaint, begin, case, each_family, outcome, receive, soon, tcp, text, udp

IP = socket.IPPROTO_IP
SIZES = (1000, 1200, 1400, 1472, 1473, 4000, 8972, 9001)


def by_sizes(a, b, df):
    told = []
    for one, other in ((a, b), (b, a)):
        client, server = udp(one, other)
        client.setsockopt(IP, 10, 2 if df else 0)
        for size in SIZES:
            sent = outcome(client.send, text(size))
            told.append((one.name, size, sent, soon(server, seconds=0.3) == text(size) if sent == size else None))
        client.close()
        server.close()
    return told


def set_mtu(machine, mtu, device="eth0", usual=1500):
    machine.set(f"ip link set {device} mtu {mtu}", f"ip link set {device} mtu {usual}")


@case("MTU 1280 at one end", "unseen")
def small_one(a, b):
    set_mtu(a, 1280)
    begin(a, b)
    return by_sizes(a, b, True), by_sizes(a, b, False)


@case("MTU 576 at both", "unseen")
def small_both(a, b):
    for each in (a, b):
        # Below 1280 there is no IPv6, nor what it knew.
        each.set("ip link set eth0 mtu 576", f"""ip link set eth0 mtu 1500; ip -6 addr replace {each.ip6}/64 dev eth0 nodad
            {acquaint(each, b if each is a else a)}""")  # fmt: skip
    begin(a, b)
    return by_sizes(a, b, False)


@case("MTU 9000 at one end, and 1500 in dom0", "unseen")
def large_one(a, b):
    set_mtu(a, 9000)
    return by_sizes(a, b, True)


@case("MTU 9000 at both, and 1500 in dom0", "unseen", ordinary="dom0 loses what is too long for it, so all stays with it")
def large_both(a, b):
    for each in (a, b):
        set_mtu(each, 9000)
    return by_sizes(a, b, True)


@case("MTU 9000 everywhere", "unseen")
def large_all(a, b, dom0):
    for name in dom0.run("ls -d /sys/class/net/vif*.0 | xargs -n1 basename").split():
        set_mtu(dom0, 9000, name)
    for each in (a, b):
        set_mtu(each, 9000)
    begin(a, b)
    told = by_sizes(a, b, True), by_sizes(a, b, False)
    client, server = tcp(a, b)
    client.sendall(text(200_000))
    return told, receive(server, 200_000) == text(200_000)


@case("a route with an MTU of its own")
def route_mtu(a, b):
    a.set("ip route add 10.0.0.2/32 dev eth0 mtu 1000", "ip route del 10.0.0.2/32 dev eth0")
    client, server = udp(a, b)
    told = []
    for df in (0, 2):
        client.setsockopt(IP, 10, df)
        for size in (972, 973, 4000):
            sent = outcome(client.send, text(size))
            told.append((df, size, sent, soon(server) == text(size) if sent == size else None))
    return told


@case("a router that says a packet was too long")
def too_long(a, b):
    a.set("true", "ip route flush cache")
    client, server = udp(a, b)
    client.setsockopt(IP, 10, 2)
    client.send(text(1400))
    told = [soon(server) == text(1400)]
    quoted = build_ip.ipv4(a.ip4, b.ip4, 17, struct.pack("!HHHH", client.getsockname()[1], server.getsockname()[1], 1408, 0), flags=2)
    message = struct.pack("!BBHHH", 3, 4, 0, 0, 800) + quoted
    message = message[:2] + struct.pack("!H", build_ip.checksum(message)) + message[4:]
    b.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).sendto(message, (a.ip4, 0))
    a.until(f"ip route get {b.ip4} | grep -q 'mtu 800'")
    told += [outcome(client.send, text(1400)), client.getsockopt(IP, 14), outcome(client.send, text(700))]
    client.setsockopt(IP, 10, 1)
    told.append(outcome(client.send, text(1400)))
    return [*told, len(soon(server)), len(soon(server))]


@each_family("a stream to one whose route has a small MTU")
def stream_small(a, b, family):
    address = b.address(family)
    a.set(f"ip route add {address} dev eth0 mtu 1280", f"ip route del {address} dev eth0")
    client, server = tcp(a, b, family)
    client.sendall(text(60_000))
    return receive(server, 60_000) == text(60_000)


@case("a socket that probes the MTU of its path")
def probing(a, b):
    a.set("sysctl -qw net.ipv4.tcp_mtu_probing=2", "sysctl -qw net.ipv4.tcp_mtu_probing=0")
    client, server = tcp(a, b)
    client.sendall(text(100_000))
    return receive(server, 100_000) == text(100_000)
