# SPDX-License-Identifier: MIT
"""TCP as what it carried: into how many segments a stream is cut, and how often it is acknowledged, is a matter of time."""

import hashlib
import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
NOP, TIMESTAMP, SACK, FAST_OPEN, MPTCP, SIGNATURE = 1, 8, 5, 34, 30, 19
DRAWN = (TIMESTAMP, FAST_OPEN, SIGNATURE)


class Streams:
    def __init__(self):
        self.flows = {}

    def add(self, key, packet, checksum):
        source, target = struct.unpack_from("!HH", packet.payload)
        self.flows.setdefault((key, source, target), Stream()).add(packet, checksum)

    def tell(self):
        """Ports that a kernel drew are named by their order."""
        names, lines = {}, []
        for (key, *ports), stream in self.flows.items():
            named = [names.setdefault(each, f"port{len(names) + 1}") if each >= 10000 else each for each in ports]
            lines.append((f"{key} {named[0]}>{named[1]}", stream))
        return [f"{key}: {line}" for key, stream in sorted(lines, key=lambda each: each[0]) for line in stream.tell()]


class Stream:
    def __init__(self):
        self.first = None
        self.syns, self.content, self.seen, self.urgent = [], {}, set(), set()
        self.counts = {"fin": set(), "rst": 0}

    def add(self, packet, checksum):
        segment = packet.payload
        number, _, size, flags, window, _, pointer = struct.unpack_from("!xxxxIIBBHHH", segment)
        size = (size >> 4) * 4
        data = segment[size:]
        if flags & SYN:
            self.first = number + 1 & 0xFFFFFFFF
            syn = f"syn {flags:02x} {' '.join(options(segment[20:size], True))}"
            if syn not in self.syns:
                self.syns.append(syn)
        at = number + (1 if flags & SYN else 0) - (self.first or number) & 0xFFFFFFFF
        if data:
            self.content[at] = max(data, self.content.get(at, b""), key=len)
        if flags & URG:
            self.urgent.add(at + pointer)
        if flags & FIN:
            self.counts["fin"].add(at + len(data))
        self.counts["rst"] += bool(flags & RST)
        self.seen |= {f"{packet.text} {checksum}"}
        self.seen |= {name for bit, name in ((ECE, "ece"), (CWR, "cwr")) if flags & bit and not flags & SYN}
        self.seen |= {f"option {each}" for each in options(segment[20:size], False) if not flags & SYN}
        if not window and not flags & RST:
            self.seen.add("zero window")

    def tell(self):
        whole = self.whole()
        yield from self.syns
        yield f"{len(whole)} bytes {hashlib.sha256(whole).hexdigest()[:8]}"
        yield f"fins at {sorted(self.counts['fin'])}, {self.counts['rst']} resets, urgent {sorted(self.urgent)}"
        yield f"seen: {', '.join(sorted(self.seen))}"

    def whole(self):
        """The bytes in order; a hole ends them, and is seen by their number."""
        data = b""
        for at, part in sorted(self.content.items()):
            if at > len(data):
                break
            data += part[len(data) - at :]
        return data


def options(data, is_syn):
    """Their kinds, and what a SYN says by them; what a kernel draws (time, cookies, keys) is left out."""
    at = 0
    while at < len(data) and data[at]:
        if data[at] == NOP:
            at += 1
            continue
        kind, size = data[at], max(data[at + 1] if at + 1 < len(data) else 2, 2)
        value = data[at + 2 : at + size]
        if kind == MPTCP:
            yield f"mptcp-{value[0] >> 4}" if value else "mptcp"
        elif kind in DRAWN and is_syn:
            yield f"{kind}/{size}"
        elif is_syn:
            yield f"{kind}={value.hex()}"
        elif kind not in (SACK, TIMESTAMP):
            yield str(kind)
        at += size
