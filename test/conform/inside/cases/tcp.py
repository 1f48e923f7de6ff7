# SPDX-License-Identifier: MIT
"""Connections, by their whole life."""

import socket
import struct

from case import case, each_family, outcome, receive, soon, tcp, text

LONG = 300_000


@each_family("a stream each way and half-close", fast=True)
def streams(a, b, family):
    client, server = tcp(a, b, family)
    sent = text(LONG)
    told = []
    for one, other in ((client, server), (server, client)):
        for at in range(0, LONG, 50_000):
            one.sendall(sent[at : at + 50_000])
            told.append(receive(other, 50_000) == sent[at : at + 50_000])
        one.shutdown(socket.SHUT_WR)
        told.append(other.recv(10))
    return told


@each_family("nobody listens", fast=True)
def refused(a, b, family):
    client = a.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    return outcome(client.connect, (b.address(family), 9))


@case("urgent data, in line and apart")
def urgent(a, b):
    client, server = tcp(a, b)
    told = []
    for inline in (0, 1):
        server.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, inline)
        client.send(b"abc")
        client.send(b"!", socket.MSG_OOB)
        client.send(b"def")
        told.append(b.call("odd", "urgent", server, inline))
    return told


@case("a window of zero, and one that opens")
def window(a, b):
    def small(client, listener):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)

        client.setsockopt(socket.SOL_SOCKET, 32, 1 << 20)

    client, server = tcp(a, b, before=small)
    told = [client.send(text(60_000))]
    a.until("ss -tHno state established dport '>=' 10000 | grep -q persist")
    return [*told, receive(server, 60_000) == text(60_000)]


@case("keepalive to a peer that is silent")
def keepalive(a, b):
    client, server = tcp(a, b)
    for option, value in ((4, 1), (5, 1), (6, 3)):
        client.setsockopt(socket.IPPROTO_TCP, option, value)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.send(b"x")
    told = [server.recv(10)]
    b.set("nft 'table ip silent { chain in { type filter hook input priority 0; tcp dport >= 10000 drop; }; }'",
          "nft delete table ip silent")  # fmt: skip
    client.settimeout(20)
    return [*told, outcome(client.recv, 10)]


@case("a reset by SO_LINGER", fast=True)
def reset(a, b):
    client, server = tcp(a, b)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    return soon(server), outcome(server.send, b"x")


@case("data after the reader has gone")
def late(a, b):
    client, server = tcp(a, b)
    server.send(b"unread")
    client.close()
    return soon(server), outcome(server.send, b"x"), soon(server)


@case("half-close, then much the other way")
def half(a, b):
    client, server = tcp(a, b)
    client.send(b"request")
    client.shutdown(socket.SHUT_WR)
    told = [receive(server, 100)]
    server.sendall(text(50_000))
    server.close()
    return [*told, receive(client, 60_000) == text(50_000)]


@case("fast open: cookie, then data in the SYN")
def fast_open(a, b):
    for each in (a, b):
        each.set("sysctl -qw net.ipv4.tcp_fastopen=3; ip tcp_metrics flush", "sysctl -qw net.ipv4.tcp_fastopen=1")
    b.run("sysctl -qw net.ipv4.tcp_fastopen_key=00000001-00000002-00000003-00000004")
    listener, port = b.bound(socket.SOCK_STREAM)
    listener.setsockopt(socket.IPPROTO_TCP, 23, 5)
    listener.listen()
    told = []
    for _ in range(3):
        client = a.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.setblocking(True)
        client.sendto(b"hello", 0x20000000, (b.ip4, port))
        server = listener.accept()[0]
        told.append(server.recv(100))
        server.close()
        told.append(client.recv(10))
        client.close()
    return told


@case("MPTCP, one subflow")
def multipath(a, b):
    for each in (a, b):
        each.set("sysctl -qw net.mptcp.enabled=1", "true")
    client, server = tcp(a, b, protocol=262)
    client.sendall(text(20_000))
    told = [receive(server, 20_000) == text(20_000)]
    for each in (client, server):
        each.send(b"last")
    return [*told, server.recv(10), client.recv(10), b.run("nstat -asz MPTcpExtMPCapableSYNRX | grep -c MPCapableSYNRX")]


@case("MPTCP, a subflow of a second address")
def subflows(a, b):
    a.set("ip addr add 10.0.0.71/24 dev eth0; ip mptcp endpoint add 10.0.0.71 dev eth0 subflow",
          "ip mptcp endpoint flush; ip addr del 10.0.0.71/24 dev eth0")  # fmt: skip
    client, server = tcp(a, b, protocol=262)
    for turn in range(5):
        client.sendall(text(2000))
        receive(server, 2000)
        server.send(b"ok")
        client.recv(2)
    b.until("ss -tHn state established src 10.0.0.2 dst 10.0.0.71 | grep -q .")
    return True


@each_family("explicit congestion notification", fast=True)
def ecn(a, b, family):
    for each in (a, b):
        each.set("sysctl -qw net.ipv4.tcp_ecn=1", "sysctl -qw net.ipv4.tcp_ecn=2")
    client, server = tcp(a, b, family)
    client.sendall(text(40_000))
    data = receive(server, 40_000)
    return data == text(40_000)


@case("congestion seen by a router on the way (CE)")
def congested(a, b):
    for each in (a, b):
        each.set("sysctl -qw net.ipv4.tcp_ecn=1", "sysctl -qw net.ipv4.tcp_ecn=2")
    a.set("nft 'table ip marking { chain out { type filter hook output priority 0; ip ecn ect0 ip ecn set ce; }; }'",
          "nft delete table ip marking")  # fmt: skip
    client, server = tcp(a, b)
    for _ in range(4):
        client.sendall(text(4_000))
        receive(server, 4_000)
    return True


@case("old ways: no timestamps, scaling or SACK")
def plain_old(a, b):
    for name in ("tcp_timestamps", "tcp_window_scaling", "tcp_sack"):
        a.set(f"sysctl -qw net.ipv4.{name}=0", f"sysctl -qw net.ipv4.{name}=1")
    client, server = tcp(a, b)
    client.sendall(text(100_000))
    return receive(server, 100_000) == text(100_000)


@case("a segment size of the program's own")
def segment_size(a, b):
    client, server = tcp(a, b, before=lambda client, listener: client.setsockopt(socket.IPPROTO_TCP, 2, 700))
    client.sendall(text(20_000))
    told = [receive(server, 20_000) == text(20_000)]
    return [*told, client.getsockopt(socket.IPPROTO_TCP, 2), server.getsockopt(socket.IPPROTO_TCP, 2)]


@case("SYN cookies")
def cookies(a, b):
    b.set("sysctl -qw net.ipv4.tcp_syncookies=2", "sysctl -qw net.ipv4.tcp_syncookies=1")
    client, server = tcp(a, b)
    client.sendall(text(3000))
    return receive(server, 3000) == text(3000)


@case("signed segments (TCP-MD5)")
def signed(a, b):
    def key(other):
        address = struct.pack("=HH4s120x", 2, 0, socket.inet_aton(other))
        return address + struct.pack("=BBHI80s", 0, 0, 6, 0, b"secret")

    def sign(client, listener):
        client.setsockopt(socket.IPPROTO_TCP, 14, key(b.ip4))
        listener.setsockopt(socket.IPPROTO_TCP, 14, key(a.ip4))

    client, server = tcp(a, b, before=sign)
    client.sendall(text(20_000))
    return receive(server, 20_000) == text(20_000)


@case("a signature that is missing")
def unsigned(a, b):
    listener, port = b.bound(socket.SOCK_STREAM)
    address = struct.pack("=HH4s120x", 2, 0, socket.inet_aton(a.ip4))
    listener.setsockopt(socket.IPPROTO_TCP, 14, address + struct.pack("=BBHI80s", 0, 0, 6, 0, b"secret"))
    listener.listen()
    client = a.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.IPPROTO_TCP, 7, 2)
    client.settimeout(4)
    return outcome(client.connect, (b.ip4, port))


@case("service, life time and mark of a connection", fast=True)
def marked(a, b):
    def mark(client, listener):
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0xB8)
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 7)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x28)

    client, server = tcp(a, b, before=mark)
    client.sendall(text(5000))
    told = [receive(server, 5000) == text(5000)]
    server.send(b"answer")
    return [*told, client.recv(10)]


@case("one byte at a time, without delay")
def bytewise(a, b):
    client, server = tcp(a, b)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    told = b""
    for byte in b"byte by byte":
        client.send(bytes([byte]))
        told += server.recv(1)
    return told


@each_family("a connection to oneself by one's own address", ordinary="it leaves the guest nowhere")
def oneself(a, b, family):
    client, server = tcp(a, a, family)
    client.send(b"me")
    return server.recv(10)
