# SPDX-License-Identifier: MIT
"""What a packet socket on a device sees, as tcpdump would; with what tcpdump does not print: checksums, GSO."""

import select
import socket
import struct
import time

import counters
import frames

ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR = 263, 8, 15
STATUS_CSUM_NOT_READY, STATUS_CSUM_VALID = 0x8, 0x80
SO_RCVBUFFORCE = 33
VNET = struct.Struct("<BBHHHH")
QUIET = 0.15  # seconds without a packet: nothing is on its way any more


class Watch:
    """The counters of a device, while nobody captures."""

    def __init__(self, device):
        self.device = device
        self.restart()

    def restart(self):
        """Forgets what was until now."""
        self.settle()
        self.before = counters.read(self.device)
        self.volume = counters.volume()

    def settle(self):
        """Waits until all is quiet."""
        volume = None
        while volume != (volume := counters.volume()):
            time.sleep(QUIET)

    def finish(self, options):
        """Waits until all is quiet; then what was seen, and how counters moved meanwhile."""
        self.settle()
        moved, ways = self.moved()
        counts = {name: change for name, change in moved.items() if not counters.is_volume(name) and not counters.is_noise(name)}
        return {"packets": [], "forms": [], "blurred": [], **self.counted(counts, ways)}

    def moved(self):
        after, volume = counters.read(self.device), counters.volume()
        moved = {name: after[name] - self.before.get(name, 0) for name in after}
        ways = {name: [now - was for now, was in zip(volume[name], self.volume[name])] for name in volume}
        return {name: change for name, change in moved.items() if change}, ways

    def counted(self, counts, ways):
        return {"counters": counts, "diverted": [ways["tx_packets"][1], ways["rx_packets"][1]]}

    def close(self):
        pass


class Capture(Watch):
    """And what a packet socket sees meanwhile."""

    def __init__(self, device):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.bind((device, ETH_P_ALL))
        super().__init__(device)

    def restart(self):
        self.frames = []
        super().restart()
        self.frames = []

    def settle(self):
        while select.select([self.socket], [], [], QUIET)[0]:
            self.frames.append(self.receive())

    def finish(self, options):
        self.settle()
        told = frames.describe(self.frames, options)
        counts, ways = self.moved()
        if told.pop("has streams"):
            counts = {name: change for name, change in counts.items() if not counters.is_volume(name)}
        else:
            counts |= {f"link {name}": sum(change) - told["unseen"].get(name, 0) for name, change in ways.items()}
        told.pop("unseen")
        told["blurred"] = sorted(prefix for kind in told["blurred"] for prefix in counters.OF[kind])
        self.close()
        return {**told, **self.counted(counts, ways)}

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
