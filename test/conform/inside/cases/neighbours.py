# SPDX-License-Identifier: MIT
"""Who is where on the link: ARP, neighbour discovery, addresses that move."""

import socket

from case import case, each_family, soon

BRIDGE = "what is compared is not IP between the two"


def strangers(a, b, *addresses):
    """Both have forgotten the other, as ARP has not been asked."""
    for each, other in ((a, b), (b, a)):
        for address in addresses or (other.ip4, other.ip6, other.link_local):
            each.set(f"ip neigh del {address} dev eth0 2>/dev/null || true", f"ip neigh replace {address} lladdr {other.mac} dev eth0 nud permanent")


@each_family("the first packet to a neighbour that nobody knows", "neighbours")
def unknown(a, b, family):
    strangers(a, b)
    return a.run(f"ping -{family} -n -q -c 3 -i 0.01 -W 5 {b.address(family)} | grep -c ' 0% packet loss'")


@case("many packets to a neighbour that nobody knows")
def queued(a, b):
    server, port = b.bound(socket.SOCK_DGRAM)
    client, _ = a.bound(socket.SOCK_DGRAM)
    strangers(a, b)
    for number in range(20):
        client.sendto(bytes([number]), (b.ip4, port))
    return [server.recv(10)[0] for _ in range(20)]


@case("neighbours that expire and are asked again", "unseen")
def expiry(a, b):
    for each in (a, b):
        each.set("sysctl -qw net.ipv4.neigh.eth0.base_reachable_time_ms=1000 net.ipv4.neigh.eth0.delay_first_probe_time=1",
                 "sysctl -qw net.ipv4.neigh.eth0.base_reachable_time_ms=30000 net.ipv4.neigh.eth0.delay_first_probe_time=5")  # fmt: skip
    strangers(a, b)
    told = a.run(f"ping -n -q -c 30 -i 0.3 -W 5 {b.ip4} | grep -c ' 0% packet loss'")
    return told, a.run(f"ip neigh show {b.ip4} dev eth0").split()[1:3]


@case("a neighbour that does not answer", "neighbours", ordinary="nobody is there")
def silent(a, b):
    return "100% packet loss" in a.run("ping -n -q -c 2 -W 4 10.0.0.99", fails=True)


@case("gratuitous ARP announces an address of b's", "neighbours")
def gratuitous(a, b):
    a.set("sysctl -qw net.ipv4.conf.eth0.arp_accept=1", "sysctl -qw net.ipv4.conf.eth0.arp_accept=0; ip neigh flush 10.0.0.80")
    b.set("ip addr add 10.0.0.80/24 dev eth0", "ip addr del 10.0.0.80/24 dev eth0")
    b.run("arping -q -A -c 2 -I eth0 10.0.0.80")
    told = a.run("ip neigh show 10.0.0.80").split()[1:4]
    return told, a.run("ping -n -q -c 2 -i 0.01 -W 5 10.0.0.80 | grep -c ' 0% packet loss'")


@case("an address that is taken over: b, dom0, b (keepalived)", "unseen")
def takeover(a, b, dom0):
    told = []
    for owner, device in ((b, "eth0"), (dom0, "xenbr0"), (b, "eth0")):
        owner.set(f"ip addr add 10.0.0.80/32 dev {device}", f"ip addr del 10.0.0.80/32 dev {device} 2>/dev/null || true")
        owner.run(f"arping -q -A -c 1 -I {device} 10.0.0.80")
        before = a.sent()
        told.append(a.run("ping -n -q -c 3 -i 0.05 -W 5 10.0.0.80 | grep -c ' 0% packet loss'"))
        told.append(a.run("ip neigh show 10.0.0.80").split()[4:5] or a.run("ip neigh show 10.0.0.80").split()[3:4])
        owner.run(f"ip addr del 10.0.0.80/32 dev {device}")
        assert a.sent() >= before
    return told


@case("an address that has a MAC address of its own (VRRP)", "unseen", ordinary="it is no vif's")
def virtual_mac(a, b):
    b.set("ip link add vrrp link eth0 address 00:00:5e:00:01:05 type macvlan mode bridge", "ip link del vrrp")
    b.run("ip addr add 10.0.0.81/32 dev vrrp; ip link set vrrp up; arping -q -A -c 1 -I vrrp 10.0.0.81 || true")
    a.set("true", "ip neigh flush 10.0.0.81")
    return a.run("ping -n -q -c 3 -i 0.05 -W 5 10.0.0.81 | grep -c ' 0% packet loss'")


@case("proxy ARP for one behind b", "unseen")
def proxy(a, b):
    b.namespace("ip link del veth")
    b.run("""ip link add veth type veth peer name inner netns box; ip link set veth up
        ip -n box addr add 10.0.0.90/32 dev inner; ip -n box link set inner up; ip -n box link set lo up
        ip -n box route add 10.0.0.1 dev inner; ip route add 10.0.0.90 dev veth""")
    b.set("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.conf.veth.proxy_arp=1",
          "sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.eth0.proxy_arp=0")  # fmt: skip
    a.set("true", "ip neigh flush 10.0.0.90")
    told = a.run("ping -n -q -c 3 -i 0.05 -W 5 10.0.0.90 | grep -c ' 0% packet loss'")
    return told, b.mac in a.run("ip neigh show 10.0.0.90")


def detected(each):
    each.run("while ip -6 addr show dev eth0 to fd00::dd | grep 'tentative' | grep -qv dadfailed; do sleep 0.1; done")


@case("duplicate address detection", "unseen", ordinary="its packets go to a group")
def duplicate(a, b):
    for each in (a, b):
        each.set("sysctl -qw net.ipv6.conf.all.accept_dad=1 net.ipv6.conf.eth0.accept_dad=1",
                 "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0")  # fmt: skip
    a.set("ip addr add fd00::dd/64 dev eth0", "ip addr del fd00::dd/64 dev eth0")
    detected(a)
    b.set("ip addr add fd00::dd/64 dev eth0", "ip addr del fd00::dd/64 dev eth0")
    detected(b)
    return ["dadfailed" in each.run("ip -6 addr show dev eth0 to fd00::dd") for each in (a, b)]


@case("DHCP: b serves, a is given an address", "unseen")
def dhcp(a, b):
    for each in (a, b):
        each.program("busybox")
    b.run("""printf 'start 10.0.0.150\\nend 10.0.0.150\\ninterface eth0\\noption subnet 255.255.255.0\\nlease_file /tmp/leases\\npidfile /tmp/udhcpd.pid\\n' >/tmp/udhcpd.conf
        : >/tmp/leases""")
    server = b.start("busybox udhcpd -f /tmp/udhcpd.conf 2>&1")
    server.lines_until("started")
    a.run("printf '#!/bin/sh\\n[ \"$1\" != bound ] || echo \"$ip $subnet $serverid\"\\n' >/tmp/lease; chmod +x /tmp/lease")
    told = a.run("busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -s /tmp/lease 2>/dev/null", fails=True)
    return told.strip().splitlines()[-1:]


@case("a reader hears what moved meanwhile: a neighbour between b and nobody", "unseen")
def moved(a, b):
    server, port = b.bound(socket.SOCK_DGRAM)
    client, _ = a.bound(socket.SOCK_DGRAM)
    told = []
    for mac in (b.mac, "00:16:3e:00:00:99", b.mac):
        a.run(f"ip neigh replace {b.ip4} lladdr {mac} dev eth0 nud permanent")
        client.sendto(mac.encode(), (b.ip4, port))
        told.append(soon(server))
    return told
