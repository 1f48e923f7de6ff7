# SPDX-License-Identifier: MIT
"""Datagrams of every size."""

import socket

from case import each_family, outcome, soon, text, udp

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 10, 23
DO = 2
UDPLITE = 136


def sizes(family):
    """Around what a frame of 1500 bytes takes, and the longest."""
    head = 28 if family == 4 else 48
    longest = 65507 if family == 4 else 65527
    return [0, 1, 1499 - head, 1500 - head, 1501 - head, 8192, longest]


@each_family("datagrams of 0 bytes to the longest", "large", fast=True)
def every_size(a, b, family):
    client, server = udp(a, b, family)
    told = []
    for size in sizes(family):
        client.send(text(size))
        data = server.recv(70000)
        server.send(data)
        told.append((size, data == text(size), client.recv(70000) == data))
    return told


@each_family("datagrams that must not be cut", fast=True)
def uncut(a, b, family):
    client, server = udp(a, b, family)
    if family == 4:
        client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DO)
    else:
        client.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, DO)
    told = []
    for size in [*sizes(family), 70000]:
        sent = outcome(client.send, text(size))
        told.append((size, sent, soon(server) if sent == size else None))
    return told


@each_family("datagrams to a port that nobody has")
def refused(a, b, family):
    client, server = udp(a, b, family)
    server.close()
    client.send(b"anybody?")
    return soon(client), outcome(client.send, b"still"), soon(client)


@each_family("UDP-Lite that covers its header alone")
def lite(a, b, family):
    client, server = udp(a, b, family, UDPLITE)
    told = []
    for cover in (0, 8, 20):
        client.setsockopt(UDPLITE, 10, cover)
        for size in (0, 1, 1000, 5000):
            client.send(text(size))
            told.append((cover, server.recv(70000) == text(size)))
    return told


@each_family("without a checksum", "large")
def unsummed(a, b, family):
    client, server = udp(a, b, family)
    if family == 4:
        client.setsockopt(socket.SOL_SOCKET, 11, 1)
    else:
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_UDP, 101, 1)
            each.setsockopt(socket.IPPROTO_UDP, 102, 1)
    told = []
    for size in (1, 1000, 5000):
        client.send(text(size))
        told.append(server.recv(70000) == text(size))
    return told


@each_family("many datagrams in a row, in order")
def order(a, b, family):
    client, server = udp(a, b, family)
    server.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
    for number in range(300):
        client.send(number.to_bytes(2, "big") + text(number * 5))
    return [int.from_bytes(server.recv(2000)[:2], "big") for _ in range(300)] == list(range(300))


@each_family("segments of UDP_SEGMENT to a socket without UDP_GRO", "large")
def trains(a, b, family):
    client, server = udp(a, b, family)
    client.setsockopt(socket.IPPROTO_UDP, 103, 1000)
    told = []
    for size in (1000, 2000, 3500, 20000):
        client.send(text(size))
        told.append([len(server.recv(70000)) for _ in range(-(-size // 1000))])
    return told


@each_family("segments of UDP_SEGMENT to a socket with UDP_GRO", "large")
def trains_whole(a, b, family):
    client, server = udp(a, b, family)
    client.setsockopt(socket.IPPROTO_UDP, 103, 1000)
    server.setsockopt(socket.IPPROTO_UDP, 104, 1)
    told = []
    for size in (1000, 2000, 3500, 20000):
        client.send(text(size))
        data = b""
        while len(data) < size:
            part, control, _, _ = server.recvmsg(70000, 64)
            data += part
        told.append((size, data == text(size)))
    return told


@each_family("one socket that many write to, and one that writes to many")
def unconnected(a, b, family):
    server, port = b.bound(socket.SOCK_DGRAM, family)
    told = []
    for number in range(5):
        client, _ = a.bound(socket.SOCK_DGRAM, family)
        client.sendto(text(number), (b.address(family), port))
        data, source = server.recvfrom(100)
        server.sendto(data + b"!", source[:2])
        told.append((data, client.recv(100)))
    return told


