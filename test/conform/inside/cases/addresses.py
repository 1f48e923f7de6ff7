# SPDX-License-Identifier: MIT
"""Addresses: second ones, new ones, ones that go, groups and broadcasts."""

import socket
import struct

from build_ip import ipv4
from case import case, each_family, family_of, outcome, receive, soon, text, udp

IP, IP6 = socket.IPPROTO_IP, socket.IPPROTO_IPV6
GROUP = "sent to a group, which is the bridge's"
ALL = "sent to all, which is the bridge's"


@each_family("second addresses at both ends", "large", fast=True)
def secondary(a, b, family):
    for each in (a, b):
        address = f"10.0.0.7{each.number}/24" if family == 4 else f"fd00::7{each.number}/64"
        each.set(f"ip addr add {address} dev eth0 {'nodad' if family == 6 else ''}", f"ip addr del {address} dev eth0")
    address = "10.0.0.7" if family == 4 else "fd00::7"
    told = []
    for one, other in ((f"{address}1", f"{address}2"), (a.address(family), f"{address}2"), (f"{address}1", b.address(family))):
        server, port = b.bound(socket.SOCK_DGRAM, family, address=other)
        client, _ = a.bound(socket.SOCK_DGRAM, family, address=one)
        for size in (10, 3000):
            client.sendto(text(size), (other, port))
            data, source = server.recvfrom(4000)
            server.sendto(data, source[:2])
            told.append((source[0], client.recv(4000) == text(size)))
    return told


@case("a network of its own on the same link")
def other_network(a, b):
    for each in (a, b):
        each.set(f"ip addr add 10.77.0.{each.number}/24 dev eth0", f"ip addr del 10.77.0.{each.number}/24 dev eth0")
    return a.run("ping -n -q -c 3 -i 0.01 -W 5 10.77.0.2 | grep -c ' 0% packet loss'")


@case("an address that goes while a socket has it")
def gone(a, b):
    a.run("ip addr add 10.0.0.71/24 dev eth0")
    server, port = b.bound(socket.SOCK_DGRAM)
    client, _ = a.bound(socket.SOCK_DGRAM, address="10.0.0.71")
    client.sendto(b"before", (b.ip4, port))
    told = [server.recv(10)]
    a.run("ip addr del 10.0.0.71/24 dev eth0")
    return [*told, outcome(client.sendto, b"after", (b.ip4, port)), soon(server)]


@case("an address that comes while a peer sends to it")
def coming(a, b):
    a.set("ip neigh replace 10.0.0.72 lladdr 00:16:3e:00:00:02 dev eth0 nud permanent", "ip neigh del 10.0.0.72 dev eth0")
    client, _ = a.bound(socket.SOCK_DGRAM)
    server = b.socket()
    server.setsockopt(IP, 15, 1)
    server.bind(("10.0.0.72", 9000))
    client.sendto(b"before", ("10.0.0.72", 9000))
    told = [soon(server)]
    b.set("ip addr add 10.0.0.72/24 dev eth0", "ip addr del 10.0.0.72/24 dev eth0")
    client.sendto(b"after", ("10.0.0.72", 9000))
    return [*told, soon(server)]


@case("UDP and TCP by link-local addresses", "large", fast=True)
def link_local(a, b):
    scope = [each.call("socket", "if_nametoindex", "eth0") for each in (a, b)]
    server = b.socket(socket.AF_INET6)
    server.bind((b.link_local, 9001, 0, scope[1]))
    client = a.socket(socket.AF_INET6)
    client.bind((a.link_local, 9002, 0, scope[0]))
    client.connect((b.link_local, 9001, 0, scope[0]))
    told = []
    for size in (10, 4000):
        client.send(text(size))
        data, source = server.recvfrom(5000)
        told.append((len(data), source[0]))
    listener = b.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.bind((b.link_local, 0, 0, scope[1]))
    listener.listen()
    stream = a.socket(socket.AF_INET6, socket.SOCK_STREAM)
    stream.connect((b.link_local, listener.getsockname()[1], 0, scope[0]))
    stream.sendall(text(20_000))
    return [*told, receive(listener.accept()[0], 20_000) == text(20_000)]


@case("a socket of IPv6 that hears IPv4")
def mapped(a, b):
    server = b.socket(socket.AF_INET6)
    server.bind(("::", 9003))
    client, _ = a.bound(socket.SOCK_DGRAM)
    client.sendto(b"four", (b.ip4, 9003))
    data, source = server.recvfrom(100)
    return data, source[0]


@case("broadcasts arrive once", ordinary=ALL)
def broadcast(a, b):
    server = b.socket()
    server.bind(("", 9004))
    client, _ = a.bound(socket.SOCK_DGRAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    told = []
    for address in ("10.0.0.255", "255.255.255.255"):
        for size in (10, 3000):
            client.sendto(text(size), (address, 9004))
            told.append((address, size, len(server.recv(4000))))
    return [*told, soon(server)]


@each_family("groups are heard once", ordinary=GROUP)
def multicast(a, b, family):
    group = "239.1.2.3" if family == 4 else "ff02::1234"
    server, client = b.socket(family_of(family)), a.socket(family_of(family))
    scope = [each.call("socket", "if_nametoindex", "eth0") for each in (a, b)]
    if family == 4:
        server.setsockopt(IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(b.ip4))
        client.setsockopt(IP, socket.IP_MULTICAST_IF, socket.inet_aton(a.ip4))
    else:
        server.setsockopt(IP6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, group) + struct.pack("=I", scope[1]))
        client.setsockopt(IP6, socket.IPV6_MULTICAST_IF, scope[0])
    server.bind(("" if family == 4 else "::", 9005))
    client.bind((a.address(family), 9006))
    told = []
    for size in (10, 3000):
        client.sendto(text(size), (group, 9005))
        told.append((size, len(server.recv(4000))))
    return [*told, soon(server)]


@case("groups that do not leave the host, and have many hops", ordinary=GROUP)
def scopes(a, b):
    server = b.socket()
    server.setsockopt(IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.2.4") + socket.inet_aton(b.ip4))
    server.bind(("", 9007))
    client, _ = a.bound(socket.SOCK_DGRAM)
    client.setsockopt(IP, socket.IP_MULTICAST_IF, socket.inet_aton(a.ip4))
    told = []
    for ttl in (0, 1, 32):
        client.setsockopt(IP, socket.IP_MULTICAST_TTL, ttl)
        client.sendto(b"group", ("239.1.2.4", 9007))
        told.append((ttl, soon(server)))
    return told


@case("another's address as the source, past filters of the reverse path", fast=True)
def spoofed(a, b):
    told = []
    for strict in (0, 1, 2):
        b.set(f"sysctl -qw net.ipv4.conf.eth0.rp_filter={strict}", "sysctl -qw net.ipv4.conf.eth0.rp_filter=0")
        for source in ("10.9.9.9", "10.0.0.200", "127.0.0.9", "0.0.0.0", "10.0.0.2"):
            client = a.socket(socket.AF_INET, socket.SOCK_RAW, 255)
            server, port = b.bound(socket.SOCK_DGRAM)
            datagram = struct.pack("!HHHH", 5000, port, 12, 0) + b"fake"
            client.sendto(ipv4(source, b.ip4, 17, datagram), (b.ip4, 0))
            told.append((strict, source, soon(server, seconds=0.3)))
            server.close()
    return told




@case("each DSCP and ECN there is", fast=True)
def classes(a, b):
    client, server = udp(a, b)
    server.setsockopt(IP, 13, 1)
    told = []
    for tos in range(0, 256, 5):
        client.setsockopt(IP, socket.IP_TOS, tos)
        client.send(b"x")
        told.append(server.recvmsg(10, 100)[1][0][2][0])
    return bytes(told)
