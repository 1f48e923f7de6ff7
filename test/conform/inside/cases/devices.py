# SPDX-License-Identifier: MIT
"""What guests build over eth0: bridges, bonds, VLANs, VRFs, containers."""

import socket

from case import acquaint, begin, case, receive, soon, tcp, text, udp

OWN = "its MAC address is its own, so it is no guest's vif"


def move(machine, other, device):
    """The guest's addresses, and what it knows of the other, from eth0 to a device over it, and back."""

    def to(device):
        return f"""ip addr replace {machine.ip4}/24 dev {device}; ip -6 addr replace {machine.ip6}/64 dev {device} nodad
        {acquaint(machine, other, device)}"""

    forth = f"ip addr flush dev eth0 scope global; ip link set {device} up; {to(device)}"
    return forth, f"ip link set eth0 up; {to('eth0')}"


def talk(a, b):
    """Pings, datagrams and a stream, each way."""
    told = []
    for one, other in ((a, b), (b, a)):
        told.append(one.run(f"ping -n -q -c 2 -i 0.01 -W 5 {other.ip4} | grep -c ' 0% packet loss'"))
        client, server = udp(one, other)
        for size in (1, 1472, 1473, 5000):
            client.send(text(size))
            told.append((size, soon(server) == text(size)))
        stream, reader = tcp(one, other)
        stream.sendall(text(60_000))
        told.append(receive(reader, 60_000) == text(60_000))
    return told


@case("a bridge over b's eth0, with a container beside it", "unseen")
def bridge(a, b):
    forth, back = move(b, a, "br0")
    b.set("true", f"ip link del br0; {back}")
    b.run(f"ip link add br0 type bridge; ip link set br0 address {b.mac}; ip link set eth0 master br0; {forth}")
    b.namespace("ip link del box")
    b.run("""ip link add box type veth peer name eth0 netns box; ip link set box master br0 up
        ip -n box link set eth0 up; ip -n box addr add 10.0.0.52/24 dev eth0""")
    begin(a, b)
    return talk(a, b), a.run("ping -n -q -c 3 -i 0.01 -W 5 10.0.0.52 | grep -c ' 0% packet loss'")


@case("a bond over a's eth0", "unseen")
def bond(a, b):
    a.module("bonding")
    forth, back = move(a, b, "bond0")
    a.set("true", f"ip link del bond0; {back}")
    a.run(f"""ip link add bond0 type bond mode active-backup miimon 100; ip addr flush dev eth0; ip link set eth0 down
        ip link set eth0 master bond0; {forth}
        until grep -q eth0 /sys/class/net/bond0/bonding/active_slave; do sleep 0.1; done""")
    begin(a, b)
    return talk(a, b)


@case("macvlan in a's container", "unseen", ordinary=OWN)
def macvlan(a, b):
    a.module("macvlan")
    a.namespace("ip -n box link del over")
    a.run("""ip link add over link eth0 type macvlan mode bridge; ip link set over netns box
        ip -n box link set over up; ip -n box addr add 10.0.0.62/24 dev over""")
    b.set("true", "ip neigh flush 10.0.0.62")
    return a.run("ip netns exec box ping -n -q -c 3 -i 0.01 -W 5 10.0.0.2 | grep -c ' 0% packet loss'")


def ipvlan(mode):
    @case(f"ipvlan in a's container, mode {mode}", "unseen")
    def one(a, b):
        a.module("ipvlan")
        a.namespace("ip -n box link del over")
        a.run(f"""ip link add over link eth0 type ipvlan mode {mode}; ip link set over netns box
            ip -n box link set over up; ip -n box addr add 10.0.0.61/24 dev over
            ip -n box neigh replace 10.0.0.2 lladdr {b.mac} dev over""")
        b.set(f"ip neigh replace 10.0.0.61 lladdr {a.mac} dev eth0", "ip neigh flush 10.0.0.61")
        begin(a, b)
        told = [a.run("ip netns exec box ping -n -q -c 3 -i 0.01 -W 5 10.0.0.2 | grep -c ' 0% packet loss'")]
        server, port = b.bound(socket.SOCK_DGRAM)
        client = a.socket(socket.AF_INET, socket.SOCK_DGRAM, 0, "box")
        client.bind(("10.0.0.61", 7002))
        for size in (1, 1472, 5000):
            client.sendto(text(size), (b.ip4, port))
            data, source = server.recvfrom(6000)
            server.sendto(data, source)
            told.append((source, soon(client) == text(size)))
        return told

    one.__module__ = __name__


for each in ("l2", "l3", "l3s"):
    ipvlan(each)


@case("VLAN over both", "unseen", ordinary="a tag is the bridge's")
def vlan(a, b):
    for each in (a, b):
        each.module("8021q")
        each.set("ip link add link eth0 name eth0.10 type vlan id 10", "ip link del eth0.10")
        each.run(f"ip addr add 10.10.0.{each.number}/24 dev eth0.10; ip link set eth0.10 up")
    return a.run("ping -n -q -c 3 -i 0.01 -W 5 -s 3000 10.10.0.2 | grep -c ' 0% packet loss'")


@case("eth0 in a VRF", "unseen")
def vrf(a, b):
    a.module("vrf")
    _, back = move(a, b, "eth0")
    a.set("true", f"ip link set eth0 nomaster; ip link del vrf1; {back}")
    a.run(f"ip link add vrf1 type vrf table 10; ip link set vrf1 up; ip link set eth0 master vrf1; {back}")
    told = []
    server, port = b.bound(socket.SOCK_DGRAM)
    client = a.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"vrf1")
    client.bind((a.ip4, 7003))
    for size in (1, 1472, 5000):
        client.sendto(text(size), (b.ip4, port))
        data, source = server.recvfrom(6000)
        server.sendto(data, source)
        told.append((source, soon(client) == text(size)))
    return told


@case("a tap of tcpdump's own on both eth0", "unseen")
def tcpdump(a, b):
    taps = [each.start("tcpdump -l -n -t -i eth0 'udp port 7004' 2>&1") for each in (a, b)]
    for tap in taps:
        tap.lines_until("listening on")
    server, port = b.bound(socket.SOCK_DGRAM, port=7004)
    client, _ = a.bound(socket.SOCK_DGRAM)
    client.connect((b.ip4, port))
    for size in (0, 10, 1472):
        client.send(text(size))
        server.recv(2000)
    return [[tap.lines_until("7004") for _ in range(3)] for tap in taps]


@case("eth0 that has another name", "unseen")
def renamed(a, b):
    a.set("ip link set eth0 down; ip link set eth0 name lan0; ip link set lan0 up", "true")
    a.run("ip link set lan0 down; ip link set lan0 name eth0; ip link set eth0 up")
    a.run(move(a, b, "eth0")[1])
    begin(a, b)
    return talk(a, b)
