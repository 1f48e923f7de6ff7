# SPDX-License-Identifier: MIT
"""SCTP, by streams and by messages."""

import socket

from case import each_family, outcome, receive, text

SCTP = 132


@each_family("SCTP: a stream", "unseen")
def stream(a, b, family):
    for each in (a, b):
        each.module("sctp")
    listener, port = b.bound(socket.SOCK_STREAM, family, protocol=SCTP)
    listener.listen()
    client, _ = a.bound(socket.SOCK_STREAM, family, protocol=SCTP)
    client.connect((b.address(family), port))
    server, _ = listener.accept()
    told = []
    for size in (1, 1400, 5000, 40_000):
        client.sendall(text(size))
        told.append(receive(server, size) == text(size))
    client.shutdown(socket.SHUT_WR)
    return [*told, server.recv(10)]


@each_family("SCTP: messages", "unseen")
def messages(a, b, family):
    for each in (a, b):
        each.module("sctp")
    server, port = b.bound(socket.SOCK_SEQPACKET, family, protocol=SCTP)
    server.listen()
    client, _ = a.bound(socket.SOCK_SEQPACKET, family, protocol=SCTP)
    told = []
    for size in (1, 1400, 5000, 20_000):
        client.sendto(text(size), (b.address(family), port))
        got = b""
        while len(got) < size:
            got += server.recv(30_000)
        told.append(got == text(size))
    return told


@each_family("SCTP: nobody listens", "unseen")
def refused(a, b, family):
    for each in (a, b):
        each.module("sctp")
    client, _ = a.bound(socket.SOCK_STREAM, family, protocol=SCTP)
    return outcome(client.connect, (b.address(family), 9))
