# SPDX-License-Identifier: MIT
"""What a machine counts, as `nstat -az` and `ip -s link` show it."""

import os
import re

# What of TCP and its relatives says how fast it was: how many segments, in which of several ways to the same end.
TIMED = {
    "Tcp": {"InSegs", "OutSegs", "CurrEstab", "RetransSegs"},
    "TcpExt": None,
    "IpExt": {"InOctets", "OutOctets", "InNoECTPkts"},
}
# And what says what happened.
TOLD = {
    "SyncookiesSent", "SyncookiesRecv", "SyncookiesFailed", "ListenOverflows", "ListenDrops",
    "TCPAbortOnData", "TCPAbortOnClose", "TCPAbortOnMemory", "TCPAbortOnTimeout", "TCPAbortOnLinger", "TCPAbortFailed",
    "TCPFastOpenActive", "TCPFastOpenActiveFail", "TCPFastOpenPassive", "TCPFastOpenPassiveFail",
    "TCPFastOpenCookieReqd", "TCPMD5NotFound", "TCPMD5Unexpected", "TCPMD5Failure", "TCPBacklogDrop", "TCPRcvQDrop",
    "TCPReqQFullDrop", "TCPMinTTLDrop", "IPReversePathFilter", "TCPMTUPFail", "TCPMTUPSuccess", "PFMemallocDrop",
    "TCPDeferAcceptDrop", "TCPZeroWindowDrop", "TCPOFODrop", "TCPWqueueTooBig",
}  # fmt: skip
# What depends on how many segments a stream took.
VOLUME = re.compile(r"^Ip.*(Receives|ForwDatagrams|Delivers|Requests|Transmits|Octets|ECTPkts|ECT[01]Pkts|CEPkts)$")
# What packets of neighbours and groups move, where nobody captures who could tell them apart.
NOISE = re.compile(r"^(Ip.*(Mcast|Bcast).*|Icmp6(In|Out)(Msgs|Type1[3-4]\d|Router.*|Neighbor.*|Group.*|MLD.*)|link multicast)$")
# What packets of neighbours and groups are counted by, which come when they like.
OF = {4: ("IpIn", "IpOut", "IpExtIn", "IpExtOut"), 6: ("Ip6In", "Ip6Out", "Icmp6In", "Icmp6Out")}
LINKS = ("eth0", "coloop0")


def read(device):
    found = {}
    for path in ("/proc/net/snmp", "/proc/net/netstat"):
        found.update(tables(path))
    # By device, so that the driver's own packets are not among them.
    for line in lines(f"/proc/net/dev_snmp6/{device}"):
        name, value = line.split()[:2]
        if name != "ifIndex":
            found[name] = int(value)
    for name in ("rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "rx_nohandler", "multicast"):
        found[f"link {name}"] = sum(statistic(each, name) for each in LINKS)
    return found


def volume():
    """Packets and bytes each way, by both devices that may carry what is eth0's; and what the channel had."""
    names = ("tx_packets", "tx_bytes", "rx_packets", "rx_bytes")
    return {name: [statistic(each, name) for each in LINKS] for name in names}


def tables(path):
    rows = lines(path)
    for names, values in zip(rows[::2], rows[1::2]):
        table, *names = names.split()
        table = table.rstrip(":")
        for name, value in zip(names, values.split()[1:]):
            if is_told(table, name):
                yield f"{table}{name}", int(value)


def is_told(table, name):
    timed = TIMED.get(table, set())
    return name in TOLD if timed is None else name not in timed


def is_volume(name):
    return VOLUME.search(name) is not None


def is_noise(name):
    return NOISE.search(name) is not None


def statistic(device, name):
    path = f"/sys/class/net/{device}/statistics/{name}"
    return int(lines(path)[0]) if os.path.exists(path) else 0


def lines(path):
    try:
        with open(path) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []
