# SPDX-License-Identifier: MIT
"""A guest as router, NAT or director for others, which are namespaces of its own."""

import socket
import struct

from case import case, each_family, outcome, receive, soon, text

IP = socket.IPPROTO_IP


def behind(machine, network, mtu=1500):
    """A namespace `box` behind a machine that forwards: .1 of the network is the machine, .2 the box."""
    machine.namespace("ip link del veth")
    machine.run(f"""ip link add veth mtu {mtu} type veth peer name inner mtu {mtu} netns box
        ip addr add 10.{network}.0.1/24 dev veth; ip -6 addr add fd{network}::1/64 dev veth nodad; ip link set veth up
        ip -n box addr add 10.{network}.0.2/24 dev inner; ip -n box -6 addr add fd{network}::2/64 dev inner nodad
        ip -n box link set lo up; ip -n box link set inner up
        ip -n box route add default via 10.{network}.0.1; ip -n box -6 route add default via fd{network}::1""")
    machine.set("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
                "sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0")  # fmt: skip


def box(machine, kind, address, port):
    made = machine.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind, 0, "box")
    made.bind((address, port))
    return made


def exchange(a, client, server, sizes=(10, 1472, 1473, 5000)):
    told = []
    for size in sizes:
        client.sendto(text(size), server.getsockname()[:2])
        data, source = server.recvfrom(9000)
        server.sendto(data, source[:2])
        told.append((source[0], client.recv(9000) == text(size)))
    return told


@each_family("to one behind b", "large", fast=True)
def routed(a, b, family):
    behind(b, 60)
    if family == 4:
        a.set("ip route add 10.60.0.0/24 via 10.0.0.2", "ip route del 10.60.0.0/24")
    else:
        a.set("ip -6 route add fd60::/64 via fd00::2", "ip -6 route del fd60::/64")
    address = "10.60.0.2" if family == 4 else "fd60::2"
    client, _ = a.bound(socket.SOCK_DGRAM, family)
    told = exchange(a, client, box(b, socket.SOCK_DGRAM, address, 7000))
    listener = box(b, socket.SOCK_STREAM, address, 7000)
    listener.listen()
    stream, _ = a.bound(socket.SOCK_STREAM, family)
    stream.connect((address, 7000))
    stream.sendall(text(100_000))
    return [*told, receive(listener.accept()[0], 100_000) == text(100_000)]


@each_family("the last hop: time exceeded by a router")
def last_hop(a, b, family):
    behind(b, 60)
    a.set(*(("ip route add 10.60.0.0/24 via 10.0.0.2", "ip route del 10.60.0.0/24") if family == 4
            else ("ip -6 route add fd60::/64 via fd00::2", "ip -6 route del fd60::/64")))  # fmt: skip
    told = []
    server = box(b, socket.SOCK_DGRAM, "10.60.0.2" if family == 4 else "fd60::2", 7000)
    client, _ = a.bound(socket.SOCK_DGRAM, family)
    client.setsockopt(*((IP, 11, 1) if family == 4 else (41, 25, 1)))
    client.connect(server.getsockname()[:2])
    for hops in (1, 2, 3):
        client.setsockopt(*((IP, socket.IP_TTL, hops) if family == 4 else (41, socket.IPV6_UNICAST_HOPS, hops)))
        told.append((hops, outcome(client.send, b"hop"), soon(server, seconds=0.3), soon(client, seconds=0.3)))
    return told


@each_family("a router whose next link is narrow")
def narrow(a, b, family):
    behind(b, 60, 1300)
    a.set(*(("ip route add 10.60.0.0/24 via 10.0.0.2", "ip route del 10.60.0.0/24; ip route flush cache") if family == 4
            else ("ip -6 route add fd60::/64 via fd00::2", "ip -6 route del fd60::/64; ip -6 route flush cache")))  # fmt: skip
    address = "10.60.0.2" if family == 4 else "fd60::2"
    server = box(b, socket.SOCK_DGRAM, address, 7000)
    client, _ = a.bound(socket.SOCK_DGRAM, family)
    client.connect((address, 7000))
    told = []
    for df in (2, 1, 0):
        client.setsockopt(*((IP, 10, df) if family == 4 else (41, 23, df)))
        for size in (1200, 1400, 3000):
            sent = outcome(client.send, text(size))
            got = soon(server, seconds=0.3)
            told.append((df, size, sent, len(got) if isinstance(got, bytes) else got))
    listener = box(b, socket.SOCK_STREAM, address, 7000)
    listener.listen()
    stream, _ = a.bound(socket.SOCK_STREAM, family)
    stream.connect((address, 7000))
    stream.sendall(text(60_000))
    return [*told, receive(listener.accept()[0], 60_000) == text(60_000)]


@case("no route behind a router")
def no_route(a, b):
    behind(b, 60)
    a.set("ip route add 10.61.0.0/24 via 10.0.0.2", "ip route del 10.61.0.0/24")
    b.set("ip route add unreachable 10.61.0.0/24", "ip route del unreachable 10.61.0.0/24")
    client, _ = a.bound(socket.SOCK_DGRAM)
    client.setsockopt(IP, 11, 1)
    client.connect(("10.61.0.1", 7000))
    client.send(b"where?")
    return soon(client)


@case("a router that knows a shorter way (redirect)", "unseen")
def redirect(a, b, dom0):
    for each in (a, b):
        each.set("sysctl -qw net.ipv4.conf.all.accept_redirects=1 net.ipv4.conf.eth0.accept_redirects=1", "ip route flush cache")
    a.set("ip route add 10.0.0.254/32 via 10.0.0.2", "ip route del 10.0.0.254/32")
    b.set("sysctl -qw net.ipv4.ip_forward=1", "sysctl -qw net.ipv4.ip_forward=0")
    return a.run("ping -n -q -c 3 -i 0.1 -W 5 10.0.0.254 | grep -c ' 0% packet loss'")


def masquerades(machine):
    machine.module("nft_masq")
    machine.set("""nft 'table ip hide { chain out { type nat hook postrouting priority srcnat; oifname "eth0" masquerade; }; }'""",
                "nft delete table ip hide; conntrack -F 2>/dev/null")  # fmt: skip


@case("from one behind a, who hides it (masquerade)", fast=True)
def masquerade(a, b):
    behind(a, 62)
    masquerades(a)
    client = box(a, socket.SOCK_DGRAM, "10.62.0.2", 7001)
    server, _ = b.bound(socket.SOCK_DGRAM)
    told = exchange(a, client, server)
    listener, port = b.bound(socket.SOCK_STREAM)
    listener.listen()
    stream = box(a, socket.SOCK_STREAM, "10.62.0.2", 0)
    stream.connect((b.ip4, port))
    stream.sendall(text(100_000))
    reader, (source, _) = listener.accept()
    told.append((source, receive(reader, 100_000) == text(100_000)))
    return told, a.run("ip netns exec box ping -n -q -c 3 -i 0.01 -W 5 10.0.0.2 | grep -c ' 0% packet loss'")


@case("errors to one that is hidden")
def masquerade_errors(a, b):
    behind(a, 62)
    masquerades(a)
    client = box(a, socket.SOCK_DGRAM, "10.62.0.2", 7001)
    client.connect((b.ip4, 9))
    client.send(b"anybody?")
    return soon(client)


@case("to one behind b, by b's own address (DNAT)")
def forwarded_port(a, b):
    behind(b, 60)
    b.module("nft_nat")
    b.set("""nft 'table ip open { chain in { type nat hook prerouting priority dstnat; iifname "eth0" udp dport 8080 dnat to 10.60.0.2:7000;
        iifname "eth0" tcp dport 8080 dnat to 10.60.0.2:7000; }; }'""", "nft delete table ip open; conntrack -F 2>/dev/null")  # fmt: skip
    server = box(b, socket.SOCK_DGRAM, "10.60.0.2", 7000)
    client, _ = a.bound(socket.SOCK_DGRAM)
    told = []
    for size in (10, 5000):
        client.sendto(text(size), (b.ip4, 8080))
        data, source = server.recvfrom(9000)
        server.sendto(data, source)
        data, source = client.recvfrom(9000)
        told.append((data == text(size), source))
    listener = box(b, socket.SOCK_STREAM, "10.60.0.2", 7000)
    listener.listen()
    stream, _ = a.bound(socket.SOCK_STREAM)
    stream.connect((b.ip4, 8080))
    stream.sendall(text(60_000))
    return [*told, receive(listener.accept()[0], 60_000) == text(60_000)]


@case("both hide another: NAT at both ends")
def double(a, b):
    behind(a, 62)
    behind(b, 60)
    masquerades(a)
    b.set("""nft 'table ip open { chain in { type nat hook prerouting priority dstnat; iifname "eth0" udp dport 8080 dnat to 10.60.0.2:7000; }; }'""",
          "nft delete table ip open; conntrack -F 2>/dev/null")  # fmt: skip
    server = box(b, socket.SOCK_DGRAM, "10.60.0.2", 7000)
    client = box(a, socket.SOCK_DGRAM, "10.62.0.2", 7001)
    told = []
    for size in (10, 5000):
        client.sendto(text(size), (b.ip4, 8080))
        data, source = server.recvfrom(9000)
        server.sendto(data, source)
        told.append((source[0], client.recv(9000) == text(size)))
    return told


@case("a flowtable of a router's")
def flowtable(a, b):
    behind(b, 60)
    b.module("nf_flow_table_inet")
    a.set("ip route add 10.60.0.0/24 via 10.0.0.2", "ip route del 10.60.0.0/24")
    b.set("""nft 'table ip fast { flowtable f { hook ingress priority 0; devices = { eth0, veth }; };
        chain forward { type filter hook forward priority 0; ip protocol { tcp, udp } flow add @f; counter; }; }'""",
          "nft delete table ip fast; conntrack -F 2>/dev/null")  # fmt: skip
    client, _ = a.bound(socket.SOCK_DGRAM)
    told = exchange(a, client, box(b, socket.SOCK_DGRAM, "10.60.0.2", 7000), (10, 20, 1472) * 3)
    listener = box(b, socket.SOCK_STREAM, "10.60.0.2", 7000)
    listener.listen()
    stream, _ = a.bound(socket.SOCK_STREAM)
    stream.connect(("10.60.0.2", 7000))
    reader = listener.accept()[0]
    for _ in range(5):
        stream.sendall(text(20_000))
        told.append(receive(reader, 20_000) == text(20_000))
    return told


SERVICE, TO = "=H2x4s2s2xI16sII4s", "=4s2s2xIiII"


@case("LVS: b directs to one behind it (direct routing)")
def direct_routing(a, b):
    lvs(a, b, 3)
    return answers(a, b)


@case("LVS: b directs to one behind it (masquerading)")
def lvs_masquerade(a, b):
    lvs(a, b, 0)
    return answers(a, b)


def lvs(a, b, how):
    """10.0.0.88:8000 is b's for the link and the box's for itself."""
    behind(b, 60)
    b.module("ip_vs", "ip_vs_rr")
    b.set("ip addr add 10.0.0.88/32 dev eth0", "ip addr del 10.0.0.88/32 dev eth0")
    b.run("ip -n box addr add 10.0.0.88/32 dev lo")
    a.set(f"ip neigh replace 10.0.0.88 lladdr {b.mac} dev eth0 nud permanent", "ip neigh del 10.0.0.88 dev eth0")
    control = b.socket(socket.AF_INET, socket.SOCK_RAW, 255)
    b.set("sysctl -qw net.ipv4.vs.conntrack=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.veth.accept_local=1", "true")
    to = struct.pack(TO, socket.inet_aton("10.60.0.2"), struct.pack("!H", 8000), how, 1, 0, 0)
    for protocol in (6, 17):
        service = struct.pack(SERVICE, protocol, socket.inet_aton("10.0.0.88"), struct.pack("!H", 8000), 0, b"rr", 0, 0, b"\xff" * 4)
        control.setsockopt(IP, 1154, service)
        control.setsockopt(IP, 1159, service + to)
    b.call("odd", "Virtual")


def answers(a, b):
    address = "10.0.0.88"
    server = box(b, socket.SOCK_DGRAM, "0.0.0.0", 8000)
    client, _ = a.bound(socket.SOCK_DGRAM)
    told = []
    for size in (10, 3000):
        client.sendto(text(size), (address, 8000))
        told.append(server.recvfrom(9000)[0] == text(size))
    return told
