# SPDX-License-Identifier: MIT
"""Rules, connections that are tracked, and programs that look at packets, in both guests."""

import re
import socket

from case import arrived, begin, case, each_family, outcome, receive, soon, tcp, text, udp

IP = socket.IPPROTO_IP
TC = "programs of tc at the sender would be passed by, so its packets stay on the ordinary path"
XDP = "a native XDP program would be passed by, so its device has no channel"


def counts(machine, table):
    """Packets and bytes of the counters of a table's rules, in order."""
    return re.findall(r"packets (\d+) bytes (\d+)", machine.run(f"nft list table {table}"))


def rules(machine, family, chains):
    machine.set(f"nft 'table {family} site {{ {chains} }}'", f"nft delete table {family} site")


def tracked(machine, what):
    """Entries of conntrack, without what is drawn or a time."""
    machine.program("conntrack")
    listed = machine.run(f"conntrack -L {what} 2>/dev/null", fails=True).splitlines()
    return sorted(re.sub(r"^(\w+\s+\d+) \d+|[sd]port=[2-9]\d{4} |\bid=\d+", r"\1", line) for line in listed if "10.0.0." in line)


@each_family("drop, before and after the routing of b", "large", fast=True)
def drops(a, b, family):
    for hook in ("prerouting", "input"):
        b.set(f"nft 'table inet {hook} {{ chain c {{ type filter hook {hook} priority 0; "
              f"iif eth0 udp dport >= 10000 meta length {400 if hook == 'input' else 800}-1400 counter drop; counter; }}; }}'",
              f"nft delete table inet {hook}")  # fmt: skip
    client, server = udp(a, b, family)
    told = []
    for size in (10, 500, 1000, 3000):
        client.send(text(size))
        got = soon(server, seconds=0.3)
        told.append((size, len(got) if isinstance(got, bytes) else got))
    return told, [counts(b, f"inet {hook}") for hook in ("prerouting", "input")]


@case("counters of every hook, at both ends", "large", fast=True)
def counters(a, b):
    for each in (a, b):
        rules(each, "inet", "".join(
            f"chain {hook} {{ type filter hook {hook} priority {priority}; ip protocol udp counter; ip protocol icmp counter; }};"
            for hook, priority in (("prerouting", -300), ("input", 0), ("output", 0), ("postrouting", 300))))  # fmt: skip
    client, server = udp(a, b)
    for size in (0, 10, 1472, 4000):
        client.send(text(size))
        server.send(server.recv(5000))
        client.recv(5000)
    a.run(f"ping -n -q -c 2 -i 0.01 -s 3000 {b.ip4}")
    return [counts(each, "inet site") for each in (a, b)]


@case("chains of the device: egress of a, ingress of b", fast=True)
def device_chains(a, b):
    for each, hook in ((a, "egress"), (b, "ingress")):
        rules(each, "netdev", f"chain c {{ type filter hook {hook} device eth0 priority 0; ip protocol udp counter; udp dport 10001 ip length 128-200 counter drop; ip dscp set ef; }};")
    client, server = udp(a, b)
    server.setsockopt(IP, 13, 1)
    told = []
    for size in (10, 120, 1400):
        client.send(text(size))
        got = outcome(server.recvmsg, 5000, 100)
        told.append(got if isinstance(got, str) else (len(got[0]), got[1][0][2]))
        server.settimeout(1)
    return told, [counts(each, "netdev site") for each in (a, b)]


@case("limits and quotas")
def limits(a, b):
    rules(b, "ip", "chain c { type filter hook input priority 0; udp dport >= 10000 limit rate 1/hour burst 3 packets counter accept; udp dport >= 10000 counter drop; };")
    client, server = udp(a, b)
    for _ in range(6):
        client.send(b"limited")
    arrived(a, b)
    return counts(b, "ip site")


@case("connections that are tracked, at both ends")
def tracking(a, b):
    for each in (a, b):
        each.module("nf_conntrack")
        rules(each, "ip", "chain in { type filter hook input priority 0; ct state new counter; ct state established counter; ct state invalid counter; };")
        each.run("conntrack -F 2>/dev/null", fails=True)
    client, server = udp(a, b)
    for _ in range(3):
        client.send(b"ask")
        server.send(server.recv(10))
        client.recv(10)
    a.run(f"ping -n -q -c 1 {b.ip4}")
    return [(tracked(each, "-p udp"), len(tracked(each, "-p icmp"))) for each in (a, b)], [counts(each, "ip site")[:3] for each in (a, b)]


@case("only what a asked for comes in")
def stateful(a, b):
    a.module("nf_conntrack")
    rules(a, "ip", 'chain in { type filter hook input priority 0; iifname != "eth0" accept; ct state established,related accept; counter drop; };')
    client, server = udp(a, b)
    told = [outcome(server.send, b"unasked"), soon(client, seconds=0.3)]
    client.send(b"ask")
    told.append(server.recv(10))
    server.send(b"answer")
    told.append(soon(client))
    stream, reader = tcp(a, b)
    stream.sendall(text(30_000))
    told.append(receive(reader, 30_000) == text(30_000))
    refused, _ = a.bound(socket.SOCK_DGRAM)
    refused.connect((b.ip4, 9))
    refused.send(b"related")
    return [*told, soon(refused), counts(a, "ip site")]


@case("zones of conntrack")
def zones(a, b):
    b.module("nf_conntrack")
    rules(b, "ip", "chain pre { type filter hook prerouting priority raw; iif eth0 ct zone set 5; }; chain out { type filter hook output priority raw; oif eth0 ct zone set 5; }; chain in { type filter hook input priority 0; ct state new counter; ct state established counter; };")
    client, server = udp(a, b)
    for _ in range(3):
        client.send(b"zone")
        server.send(server.recv(10))
        client.recv(10)
    return [line for line in tracked(b, "-p udp") if "zone" in line], counts(b, "ip site")


@case("a helper of conntrack: TFTP's second connection")
def helper(a, b):
    a.module("nf_conntrack_tftp")
    rules(a, "ip", 'ct helper t { type "tftp" protocol udp; }; chain out { type filter hook output priority 0; udp dport 69 ct helper set "t"; }; chain in { type filter hook input priority 0; iifname != "eth0" accept; ct state established,related counter accept; counter drop; };')
    server = b.socket()
    server.bind((b.ip4, 69))
    client, _ = a.bound(socket.SOCK_DGRAM)
    client.sendto(b"\0\1file\0octet\0", (b.ip4, 69))
    _, source = server.recvfrom(100)
    other, _ = b.bound(socket.SOCK_DGRAM)
    other.sendto(b"\0\3\0\1data", source)
    return soon(client), counts(a, "ip site")


@case("untracked, and marks of connections")
def notrack(a, b):
    for each in (a, b):
        each.module("nf_conntrack")
        rules(each, "ip", "chain pre { type filter hook prerouting priority raw; udp dport 10003 notrack; }; chain in { type filter hook input priority 0; ct state untracked counter; ct state new ct mark set 9; ct mark 9 counter; };")
    told = []
    for _ in range(2):
        client, server = udp(a, b)
        client.send(b"x")
        server.send(server.recv(10))
        told.append(client.recv(10))
    return told, [counts(each, "ip site") for each in (a, b)]


@case("another port, by b itself (redirect)")
def redirected(a, b):
    b.module("nft_redir")
    rules(b, "ip", 'chain pre { type nat hook prerouting priority dstnat; iifname "eth0" udp dport 7777 redirect to :7778; };')
    server, _ = b.bound(socket.SOCK_DGRAM, port=7778)
    client, _ = a.bound(socket.SOCK_DGRAM)
    client.sendto(b"there", (b.ip4, 7777))
    data, source = server.recvfrom(10)
    server.sendto(data, source)
    return data, client.recvfrom(10)


@case("a socket for every address (TPROXY)")
def tproxy(a, b):
    b.module("nft_tproxy", "nft_socket")
    rules(b, "ip", 'chain pre { type filter hook prerouting priority mangle; iifname "eth0" ip daddr 10.88.0.0/16 udp dport 53 tproxy to :7779 meta mark set 1 accept; };')
    b.set("ip rule add fwmark 1 table 99; ip route add local default dev lo table 99", "ip rule del fwmark 1 table 99; ip route flush table 99")
    a.set("ip route add 10.88.0.0/16 via 10.0.0.2", "ip route del 10.88.0.0/16")
    server = b.socket()
    server.setsockopt(IP, 19, 1)
    server.setsockopt(IP, 20, 1)
    server.bind(("0.0.0.0", 7779))
    client, _ = a.bound(socket.SOCK_DGRAM)
    client.sendto(b"any", ("10.88.3.4", 53))
    data, control, _, _ = server.recvmsg(10, 100)
    return data, control


@case("packets that a rule changes: TTL, DSCP, length of TCP's segments")
def mangled(a, b):
    rules(a, "ip", "chain out { type filter hook postrouting priority mangle; oif eth0 ip ttl set 7; ip dscp set cs3; tcp flags syn tcp option maxseg size set 900; };")
    client, server = udp(a, b)
    server.setsockopt(IP, 12, 1)
    client.send(b"changed")
    told = [server.recvmsg(10, 100)[1]]
    stream, reader = tcp(a, b)
    reader.sendall(text(20_000))
    return [*told, receive(stream, 20_000) == text(20_000)]


@case("rules of iptables, of both kinds")
def iptables(a, b):
    told = []
    for program in ("iptables-nft", "iptables-legacy"):
        b.program(program)
        b.set(f"{program} -A INPUT -i eth0 -p udp --dport 10003 -m length --length 100:200 -j DROP", f"{program} -D INPUT -i eth0 -p udp --dport 10003 -m length --length 100:200 -j DROP")
        client, server = udp(a, b)
        for size in (10, 100):
            client.send(text(size))
            told.append((size, soon(server, seconds=0.3)))
    return told


@case("a queue to a program of b's (NFLOG)", "unseen")
def logged(a, b):
    b.module("nfnetlink_log")
    rules(b, "ip", "chain in { type filter hook input priority 0; udp dport >= 10000 log group 5 counter; };")
    client, server = udp(a, b)
    client.send(b"logged")
    return server.recv(10), counts(b, "ip site")


@case("tc at b's ingress: drop, mark, change")
def ingress(a, b):
    b.module("sch_ingress")
    b.set("tc qdisc add dev eth0 ingress", "tc qdisc del dev eth0 ingress")
    b.module("cls_u32", "act_gact", "act_skbedit")
    b.run("tc filter add dev eth0 ingress prio 1 protocol ip u32 match ip dport 10001 0xffff match u16 0x0080 0xff80 at 2 action drop")
    b.run("tc filter add dev eth0 ingress prio 2 protocol ip matchall action skbedit mark 77")
    rules(b, "ip", "chain in { type filter hook input priority 0; meta mark 77 counter; };")
    client, server = udp(a, b)
    told = []
    for size in (10, 110, 400):
        client.send(text(size))
        told.append((size, soon(server, seconds=0.3)))
    return told, counts(b, "ip site")


@case("tc at a's egress", ordinary=TC)
def egress(a, b):
    a.module("sch_ingress", "cls_matchall", "act_gact")
    a.set("tc qdisc add dev eth0 clsact", "tc qdisc del dev eth0 clsact")
    a.run("tc filter add dev eth0 egress protocol ip matchall action ok")
    client, server = udp(a, b)
    client.send(b"looked at")
    return server.recv(10)


@case("disciplines that promise nothing", "large", fast=True)
def disciplines(a, b):
    told = []
    for kind in ("fq_codel", "pfifo", "sfq", "fq"):
        a.module(f"sch_{kind}" if kind not in ("pfifo",) else "sch_fq_codel")
        a.set(f"tc qdisc replace dev eth0 root {kind}", "tc qdisc del dev eth0 root 2>/dev/null || true")
        client, server = udp(a, b)
        for size in (10, 3000):
            client.send(text(size))
            told.append((kind, server.recv(4000) == text(size)))
    return told


@case("a discipline with a rate", "unseen", ordinary="a rate is netfront's queue's to keep")
def rate(a, b):
    a.module("sch_tbf")
    a.set("tc qdisc replace dev eth0 root tbf rate 10mbit burst 32k latency 400ms", "tc qdisc del dev eth0 root")
    client, server = udp(a, b)
    for size in (10, 1000):
        client.send(text(size))
        server.recv(2000)
    return True


@case("programs of a cgroup that drop what leaves, and pass it")
def cgroup(a, b):
    a.program("/opt/coloop/senders")
    index = a.call("socket", "if_nametoindex", "eth0")
    told = []
    for passes in (1, 0):
        folder = f"/sys/fs/cgroup/conform{passes}"
        a.set(f"mkdir {folder}", f"rmdir {folder}")
        a.run(f"/opt/coloop/senders cgroup {folder} {index} {passes}")
        told.append("100% packet loss" in a.run(f"sh -c 'echo $$ >{folder}/cgroup.procs; exec ping -n -q -c 2 -i 0.1 -W 1 {b.ip4}'", fails=True))
    return told


@case("a generic XDP program that drops datagrams of one length")
def xdp_generic(a, b):
    return xdp(a, b, "xdpgeneric")


@case("a native XDP program", "unseen", "last", ordinary=XDP)
def xdp_native(a, b):
    return xdp(a, b, "xdpdrv")


def xdp(a, b, mode):
    path = "/sys/fs/bpf/conform"
    b.set("mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf", f"rm -f {path}")
    b.call("programs", "drop_length", path, 142)
    b.set(f"ip link set dev eth0 {mode} pinned {path}", f"ip link set dev eth0 {mode} off")
    if mode == "xdpgeneric":
        begin(a, b)
    client, server = udp(a, b)
    told = []
    for size in (10, 100, 1000):
        client.send(text(size))
        got = soon(server, seconds=0.3)
        told.append((size, len(got) if isinstance(got, bytes) else got))
    return told
