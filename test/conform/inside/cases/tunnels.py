# SPDX-License-Identifier: MIT
"""Tunnels between the guests: what is within is compared by what arrives, what is without by packets."""

import socket

from case import case, receive, soon, tcp, text, udp

LOCAL = {"v4": ("10.0.0.1", "10.0.0.2"), "v6": ("fd00::1", "fd00::2")}
DEVICES = {
    "GRE": ("ip_gre", "type gre local {0} remote {1}", "v4"),
    "GRE with key, sequence and checksum": ("ip_gre", "type gre local {0} remote {1} key 7 seq csum", "v4"),
    "GRE with frames (gretap)": ("ip_gre", "type gretap local {0} remote {1}", "v4"),
    "GRE over IPv6": ("ip6_gre", "type ip6gre local {0} remote {1}", "v6"),
    "IPv4 in IPv4": ("ipip", "type ipip local {0} remote {1}", "v4"),
    "IPv4 in IPv6": ("ip6_tunnel", "type ip6tnl mode any local {0} remote {1}", "v6"),
    "VXLAN": ("vxlan", "type vxlan id 5 local {0} remote {1} dstport 4789", "v4"),
    "VXLAN over IPv6": ("vxlan", "type vxlan id 5 local {0} remote {1} dstport 4789", "v6"),
    "VXLAN with checksums": ("vxlan", "type vxlan id 6 local {0} remote {1} dstport 4790 udpcsum", "v4"),
    "Geneve": ("geneve", "type geneve id 5 remote {1}", "v4"),
    "bare UDP (FOU)": ("fou", "type ipip local {0} remote {1} encap fou encap-sport 5555 encap-dport 5555", "v4"),
}


def carry(a, b, addresses):
    """Pings, datagrams below and above what the tunnel takes, and a stream."""
    for each, (own, _) in zip((a, b), (addresses, addresses[::-1])):
        each.run(f"ip addr add {own}/24 dev tun; ip link set tun up")
    a.run(f"ping -n -q -c 2 -i 0.01 -W 5 {addresses[1]}")
    server, port = b.bound(socket.SOCK_DGRAM, address=addresses[1])
    client, _ = a.bound(socket.SOCK_DGRAM, address=addresses[0])
    told = [a.run("ip -o link show tun").split("mtu ")[1].split()[0]]
    for size in (1, 1300, 1400, 1472, 1473, 8000):
        client.sendto(text(size), (addresses[1], port))
        told.append((size, soon(server) == text(size)))
    listener, port = b.bound(socket.SOCK_STREAM, address=addresses[1])
    listener.listen()
    client, _ = a.bound(socket.SOCK_STREAM, address=addresses[0])
    client.connect((addresses[1], port))
    client.sendall(text(100_000))
    return [*told, receive(listener.accept()[0], 100_000) == text(100_000)]


def device(name, module, how, version, index):
    @case(name, "unseen")
    def one(a, b):
        ends = LOCAL[version]
        for each, (own, other) in zip((a, b), (ends, ends[::-1])):
            each.module(module)
            if module == "fou":
                each.module("ipip")
                each.set("ip fou add port 5555 ipproto 4", "ip fou del port 5555")
            each.set(f"ip link add tun {how.format(own, other)}", "ip link del tun")
            # Its multicast is a matter of time.
            each.run("sysctl -qw net.ipv6.conf.tun.disable_ipv6=1")
        return carry(a, b, (f"10.{20 + index}.0.1", f"10.{20 + index}.0.2"))

    one.__module__ = __name__


for number, (name, parts) in enumerate(DEVICES.items()):
    device(name, *parts, number)


@case("IPv6 in IPv4 (SIT)", "unseen")
def sit(a, b):
    for each, (own, other) in zip((a, b), (LOCAL["v4"], LOCAL["v4"][::-1])):
        each.module("sit")
        each.set(f"ip link add tun type sit local {own} remote {other}", "ip link del tun")
        each.run(f"ip addr add fd77::{each.number}/64 dev tun nodad; ip link set tun up")
    a.run("ping -n -q -c 2 -i 0.01 -W 5 -s 1400 fd77::2")
    return a.run("ping -n -q -c 2 -i 0.01 -W 5 -s 4000 fd77::2 | grep -c ' 0% packet loss'")


@case("WireGuard", "unseen")
def wireguard(a, b):
    return wire(a, b, 1420)


@case("WireGuard whose packets are above the MTU of eth0", "unseen")
def wireguard_large(a, b):
    return wire(a, b, 1500)


def wire(a, b, mtu):
    keys = []
    for each in (a, b):
        each.module("wireguard")
        each.program("wg")
        each.set(f"ip link add tun mtu {mtu} type wireguard; wg genkey >/tmp/key", "ip link del tun; rm /tmp/key")
        keys.append(each.run("wg pubkey </tmp/key").strip())
    for each, other, key in ((a, b, keys[1]), (b, a, keys[0])):
        each.run(f"wg set tun private-key /tmp/key listen-port 51820 peer {key} endpoint {other.ip4}:51820 allowed-ips 10.40.0.0/24")
    return carry(a, b, ("10.40.0.1", "10.40.0.2"))


@case("L2TP over UDP", "unseen")
def l2tp_udp(a, b):
    return l2tp(a, b, "encap udp udp_sport 5000 udp_dport 5000")


@case("L2TP over IP", "unseen")
def l2tp_ip(a, b):
    return l2tp(a, b, "encap ip")


def l2tp(a, b, how):
    for each, other in ((a, b), (b, a)):
        each.module("l2tp_eth", "l2tp_ip")
        each.set(f"ip l2tp add tunnel tunnel_id 1 peer_tunnel_id 1 local {each.ip4} remote {other.ip4} {how}",
                 "ip l2tp del tunnel tunnel_id 1")  # fmt: skip
        each.run("ip l2tp add session name tun tunnel_id 1 session_id 1 peer_session_id 1; sysctl -qw net.ipv6.conf.tun.disable_ipv6=1")
    return carry(a, b, ("10.41.0.1", "10.41.0.2"))


ESP = "proto esp spi {spi} mode {mode} auth 'hmac(sha256)' 0x{key} enc 'cbc(aes)' 0x{key}"
AH = "proto ah spi {spi} mode {mode} auth 'hmac(sha256)' 0x{key}"


def secured(name, modules, state, protocol, mode, more="", family=4):
    @case(name, "unseen")
    def one(a, b):
        one_end, other_end = a.address(family), b.address(family)
        for each in (a, b):
            each.module(*modules)
            each.set("true", "ip xfrm state flush; ip xfrm policy flush")
            for spi, source, target in ((1, one_end, other_end), (2, other_end, one_end)):
                keyed = state.format(spi=spi, mode=mode, key="0123456789abcdef" * 2)
                each.run(f"ip xfrm state add src {source} dst {target} {keyed} {more}")
                way = "out" if source == each.address(family) else "in"
                each.run(f"ip xfrm policy add src {source} dst {target} dir {way} tmpl src {source} dst {target} proto {protocol} mode {mode}")
        if "espinudp" in more:
            for each in (a, b):
                keys, _ = each.bound(socket.SOCK_DGRAM, port=4500)
                keys.setsockopt(socket.IPPROTO_UDP, 100, 2)  # UDP_ENCAP, UDP_ENCAP_ESPINUDP
        a.run(f"ping -n -q -c 2 -i 0.01 -W 5 {other_end}")
        told = []
        client, server = udp(a, b, family)
        for size in (1, 1300, 1472, 8000):
            client.send(text(size))
            told.append((size, soon(server) == text(size)))
        client, server = tcp(a, b, family)
        client.sendall(text(60_000))
        told.append(receive(server, 60_000) == text(60_000))
        client.close()
        server.close()
        return told

    one.__module__ = __name__


secured("ESP, transport", ("esp4",), ESP, "esp", "transport")
secured("ESP, tunnel", ("esp4",), ESP, "esp", "tunnel")
secured("ESP, transport, IPv6", ("esp6",), ESP, "esp", "transport", family=6)
secured("ESP in UDP (NAT traversal)", ("esp4",), ESP, "esp", "transport", "encap espinudp 4500 4500 0.0.0.0")
secured("AH, transport", ("ah4",), AH, "ah", "transport")
secured("AH, tunnel, IPv6", ("ah6",), AH, "ah", "tunnel", family=6)


@case("MACsec over eth0", "unseen", ordinary="its frames are not IP")
def macsec(a, b):
    for each, other in ((a, b), (b, a)):
        each.module("macsec")
        each.set("ip link add link eth0 tun type macsec encrypt on", "ip link del tun")
        each.run(f"ip macsec add tun tx sa 0 pn 1 on key 0{each.number} 0123456789abcdef0123456789abcde{each.number}")
        each.run(f"ip macsec add tun rx port 1 address {other.mac}")
        each.run(f"ip macsec add tun rx port 1 address {other.mac} sa 0 pn 1 on key 0{other.number} 0123456789abcdef0123456789abcde{other.number}")
        each.run("sysctl -qw net.ipv6.conf.tun.disable_ipv6=1")
    return carry(a, b, ("10.42.0.1", "10.42.0.2"))
