# SPDX-License-Identifier: MIT
"""Frames as text that two runs can be compared by: numbers that a kernel draws are named in order of appearance, a
stream is the bytes that it carried, and what a device may cut or put together is told apart from what was carried."""

import hashlib
import struct
from collections import namedtuple
from socket import AF_INET, AF_INET6, inet_ntop

import streams

# `status` is that of the packet socket's auxiliary data, `vnet` the virtio header, `error` why there is no frame.
Frame = namedtuple("Frame", "data is_out status vnet error")
Packet = namedtuple("Packet", "family source target protocol text fragment payload pseudo tos")
Fragment = namedtuple("Fragment", "number offset more")

IP, IPV6, ARP = 0x0800, 0x86DD, 0x0806
# Coloop's own frames, which keep dom0's bridge informed and show that the ordinary path has run empty.
OURS = (0x9000, 0x88B5)
TCP, UDP, ICMP, IGMP, ICMPV6, FRAGMENT, UDPLITE, SCTP = 6, 17, 1, 2, 58, 44, 136, 132
EXTENSIONS = {0: "hop-by-hop", 43: "routing", 60: "destination"}
NEIGHBOUR = (130, 131, 132, 143, 133, 134, 135, 136)
NOT_READY = 0x8
UDP_L4 = 5


def describe(captured, options):
    """`packets`: by flow and direction, in order; `forms`: what was cut or put together; `unseen`: what was left out;
    `blurred`: of which versions of IP it was."""
    flows, forms, unseen, blurred, talk = {}, set(), {}, set(), streams.Streams()
    seen = Seen(options)
    for frame in captured:
        if frame.error:
            flows.setdefault("?", []).append(frame.error)
            continue
        if seen.is_noise(frame):
            way = "tx" if frame.is_out else "rx"
            blurred.add(4 if frame.data[12:14] == b"\x08\0" else 6 if frame.data[12:14] == b"\x86\xdd" else 0)
            for name, count in (("packets", 1), ("bytes", len(frame.data) - (0 if frame.is_out else 14))):
                unseen[f"{way}_{name}"] = unseen.get(f"{way}_{name}", 0) + count
            continue
        for key, text, form in seen.tell(frame, talk):
            flows.setdefault(key, []).append(text)
            if form:
                forms.add(f"{key}: {form}")
    packets = [f"{key}: {text}" for key in sorted(flows) for text in flows[key]]
    return {
        "packets": packets + talk.tell(),
        "forms": sorted(forms),
        "unseen": unseen,
        "blurred": sorted(blurred - {0}),
        "has streams": bool(talk.flows),
    }


class Seen:
    def __init__(self, options):
        self.options, self.names, self.parts = options, {}, {}

    def is_noise(self, frame):
        kind = struct.unpack_from("!H", frame.data, 12)[0]
        if kind in OURS:
            return True
        if "neighbours" in self.options:
            return False
        if kind == IP:
            return frame.data[23] == IGMP
        return kind == ARP or (kind == IPV6 and neighbour(frame.data))

    def tell(self, frame, talk):
        """What a frame says, each as (flow, text, form)."""
        target, source, kind = struct.unpack_from("!6s6sH", frame.data)
        way = f"{'out' if frame.is_out else 'in'} {source.hex(':')}>{target.hex(':')}"
        if frame.status & 0x10:
            way += f" vlan {frame.status >> 16 & 0xFFF}"
        if kind == IP and len(frame.data) >= 34 and frame.data[14] >> 4 == 4:
            packet = self.ipv4(frame.data[14:])
        elif kind == IPV6 and len(frame.data) >= 54:
            packet = self.ipv6(frame.data[14:])
        else:
            text = "" if "opaque" in self.options else frame.data[14:].hex()
            yield way, f"{kind:04x} {len(frame.data)} {text}", None
            return
        key = f"{way} {packet.source}>{packet.target} {packet.protocol}"
        if packet.fragment.offset or packet.fragment.more:
            yield from self.fragment(key, packet, frame)
        elif packet.protocol == TCP and len(packet.payload) >= 20 and "segments" not in self.options:
            talk.add(key, packet, self.checksum(packet, frame))
        else:
            yield from self.whole(key, packet, frame, None)

    def ipv4(self, data):
        length, number, flags, ttl, protocol = struct.unpack_from("!xxHHHBB", data)
        size, tos = (data[0] & 15) * 4, data[1]
        source, target = (inet_ntop(AF_INET, data[at : at + 4]) for at in (12, 16))
        payload = data[size:length]
        text = f"ttl {ttl} tos {tos:02x}{' df' if flags & 0x4000 else ''}{' evil' if flags & 0x8000 else ''}"
        if size > 20:
            # A time stamp's values are the time of day, too.
            text += f" options {data[20 : 24 if data[20] == 0x44 else size].hex()}"
        if summed(data[:size]) != 0xFFFF:
            text += " bad header sum"
        pseudo = data[12:20] + struct.pack("!HH", protocol, len(payload))
        fragment = Fragment(number, (flags & 0x1FFF) * 8, bool(flags & 0x2000))
        return Packet(4, source, target, protocol, text, fragment, payload, pseudo, tos)

    def ipv6(self, data):
        word, length, protocol, hops = struct.unpack_from("!IHBB", data)
        source, target = (inet_ntop(AF_INET6, data[at : at + 16]) for at in (8, 24))
        tos = word >> 20 & 0xFF
        text = f"hops {hops} class {tos:02x} label {'set' if word & 0xFFFFF else 'none'}"
        payload, fragment = data[40 : 40 + length] if length else data[40:], Fragment(0, 0, False)
        while protocol in EXTENSIONS and len(payload) >= 8:
            size = payload[1] * 8 + 8
            text += f" {EXTENSIONS[protocol]} {payload[:size].hex()}"
            protocol, payload = payload[0], payload[size:]
        if protocol == FRAGMENT and len(payload) >= 8:
            protocol, offset, number = struct.unpack_from("!BxHI", payload)
            fragment, payload = Fragment(number, offset & 0xFFF8, bool(offset & 1)), payload[8:]
            if not (fragment.offset or fragment.more):
                text += " atomic fragment"
        pseudo = data[8:40] + struct.pack("!II", len(payload), protocol)
        return Packet(6, source, target, protocol, text, fragment, payload, pseudo, tos)

    def fragment(self, key, packet, frame):
        """Put together where they fit without overlap, as a packet that tells it is; else one by one."""
        number, offset, more = packet.fragment
        if "fragments" in self.options:
            name = self.name("id", number)
            size = len(packet.payload)
            yield key, f"{packet.text} {name} {offset}+{size}{' more' if more else ''} {digest(packet.payload)}", None
            return
        parts = self.parts.setdefault((key, number), {})
        parts[offset] = packet, more
        at, whole = 0, b""
        while at in parts:
            part, more = parts[at]
            whole, at = whole + part.payload, at + len(part.payload)
            if not more:
                del self.parts[key, number]
                first = parts[0][0]
                pseudo = first.pseudo[:-4] + struct.pack("!HH", packet.protocol, len(whole))
                if packet.family == 6:
                    pseudo = first.pseudo[:-8] + struct.pack("!II", len(whole), packet.protocol)
                packet = first._replace(payload=whole, pseudo=pseudo)
                yield from self.whole(key, packet, frame, f"{len(parts)} fragments")
                return

    def whole(self, key, packet, frame, form):
        payload, text = packet.payload, packet.text
        if packet.protocol in (UDP, UDPLITE) and len(payload) >= 8:
            source, target, length = struct.unpack_from("!HHH", payload)
            key += f" {self.port(source)}>{self.port(target)}"
            train, size = payload[8:], len(payload) - 8
            if frame.vnet[1] & 0x7F == UDP_L4:
                size, form = frame.vnet[3], f"train of {-(-len(train) // frame.vnet[3])}"
            state = self.checksum(packet, frame)
            if packet.protocol == UDPLITE:
                text += f" cover {length}"
            elif length != len(payload):
                text += f" says {length}"
            if packet.family == 4 and packet.fragment.number == 0 and " df" not in text:
                text += " no id"
            if not form and len(payload) > 1500:
                form = "whole"
            for at in range(0, max(len(train), 1), max(size, 1)):
                part = train[at : at + size] if size else b""
                yield key, f"{text} {state} {self.content(part)}", form
        elif packet.protocol in (ICMP, ICMPV6) and len(payload) >= 8:
            kind, code, _, number, sequence = struct.unpack_from("!BBHHH", payload)
            if kind in (0, 8, 128, 129):
                text += f" echo {self.name('echo', number)} {sequence}"
                # ping begins with the time of day.
                content = f"{len(payload) - 8} {self.content(payload[24:])}"
            elif kind in (13, 14):
                content = f"{len(payload)} bytes, of the time of day"
            else:
                content = f"mtu {sequence} {self.quoted(packet.family, payload[8:])}"
            yield f"{key} {kind}/{code}", f"{text} {self.checksum(packet, frame)} {content}", form
        elif packet.protocol == SCTP:
            yield from ()
        else:
            yield key, f"{text} {self.content(payload)}", form

    def quoted(self, family, data):
        """What an ICMP error quotes; addresses and protocol of it, as the rest has numbers that a kernel drew."""
        try:
            inner = self.ipv4(data) if family == 4 else self.ipv6(data)
        except (struct.error, ValueError, IndexError):
            return data.hex()
        return f"[{inner.source}>{inner.target} {inner.protocol} {inner.text}, {len(data)} bytes]"

    def checksum(self, packet, frame):
        """ok, partial (the device is to finish it), none or bad."""
        at = {TCP: 16, UDP: 6, UDPLITE: 6, ICMP: 2, ICMPV6: 2}.get(packet.protocol)
        if at is None:
            return "unsummed"
        data, cover = packet.payload, len(packet.payload)
        value = struct.unpack_from("!H", data, at)[0]
        if packet.protocol == UDP and not value:
            return "none"
        if frame.status & NOT_READY:
            return "partial"
        if packet.protocol == UDPLITE:
            cover = struct.unpack_from("!H", data, 4)[0] or cover
        pseudo = b"" if packet.protocol == ICMP else packet.pseudo
        return "ok" if summed(pseudo + data[:cover]) == 0xFFFF else "bad"

    def content(self, data):
        return f"{len(data)} bytes" if "opaque" in self.options else f"{len(data)} {digest(data)}"

    def port(self, number):
        return self.name("port", number) if number >= 10000 else number

    def name(self, kind, number):
        names = self.names.setdefault(kind, {})
        return names.setdefault(number, f"{kind}{len(names) + 1}")


def neighbour(data):
    """Whether it is of neighbour discovery or of multicast listeners."""
    protocol, at = data[20], 54
    if protocol == 0 and len(data) > 62:
        protocol, at = data[54], 54 + data[55] * 8 + 8
    return protocol == ICMPV6 and len(data) > at and data[at] in NEIGHBOUR


def digest(data):
    return hashlib.sha256(data).hexdigest()[:8]


def summed(data):
    """The Internet checksum before its complement: 0xffff where one is within and fits."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
