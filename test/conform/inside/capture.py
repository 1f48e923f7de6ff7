# SPDX-License-Identifier: MIT
"""What a packet socket on a device sees, as tcpdump would; with what tcpdump does not print: checksums, GSO."""

import select
import socket
import struct

import counters
import frames

ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 8, 15, 23
STATUS_CSUM_NOT_READY, STATUS_CSUM_VALID = 0x8, 0x80
SO_RCVBUFFORCE = 33
VNET = struct.Struct("<BBHHHH")
QUIET = 0.15  # seconds without a packet: nothing is on its way any more


class Capture:
    def __init__(self, device):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.bind((device, ETH_P_ALL))
        self.device = device
        self.restart()

    def restart(self):
        """Forgets what was until now."""
        while select.select([self.socket], [], [], QUIET)[0]:
            self.receive()
        self.before = counters.read(self.device)
        self.volume = counters.volume()
        self.frames = []

    def finish(self, options):
        """Waits until all is quiet; then what was seen, and how counters moved meanwhile."""
        while select.select([self.socket], [], [], QUIET)[0]:
            self.frames.append(self.receive())
        told = frames.describe(self.frames, options)
        after, volume = counters.read(self.device), counters.volume()
        moved = {name: after[name] - self.before.get(name, 0) for name in after}
        ways = {name: [now - was for now, was in zip(volume[name], self.volume[name])] for name in volume}
        counts = {name: change for name, change in moved.items() if change}
        if "unseen" in options:
            told |= {"packets": [], "forms": []}
        if told.pop("has streams") or "unseen" in options:
            counts = {name: change for name, change in counts.items() if not counters.VOLUME.search(name)}
        else:
            quiet = told.pop("unseen")
            counts |= {f"link {name}": sum(change) - quiet.get(name, 0) for name, change in ways.items()}
        told.pop("unseen", None)
        told["blurred"] = sorted(prefix for kind in told["blurred"] for prefix in counters.OF[kind])
        self.close()
        return {**told, "counters": counts, "diverted": [ways["tx_packets"][1], ways["rx_packets"][1]]}

    def receive(self):
        try:
            data, control, _, address = self.socket.recvmsg(1 << 17, 256)
        except OSError as error:
            return frames.Frame(None, False, 0, (), repr(error))
        status = 0
        for level, kind, value in control:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, _, _, _, _, tag, tag_type = struct.unpack("<IIIHHHH", value[:20])
                if status & 0x10:
                    status |= tag << 16
        return frames.Frame(data[VNET.size :], address[2] == 4, status, VNET.unpack(data[: VNET.size]), None)

    def close(self):
        self.socket.close()
