#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The host role for one pair of domains, as small as it can be: what docs/xenstore.md says, in dom0's own language.

    host.py SOCKET A:NAME:VIF:MAC B:NAME:VIF:MAC

A toolstack that stands in for coloopd's host role does this for every pair that it allows. It decides who may: this
program allows the one pair. It looks five times a second, where a toolstack would watch the nodes that it reads."""

import signal
import socket
import struct
import sys
import time
from urllib.parse import quote

READ, MKDIR, REMOVE, SET_PERMS, WRITE, ERROR = 2, 12, 13, 14, 11, 16


class XenStore:
    """Requests of io/xs_wire.h, one after the other."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def request(self, kind, *texts, tail=b""):
        body = b"".join(text.encode() + b"\0" for text in texts) + tail
        self.socket.sendall(struct.pack("<4I", kind, 0, 0, len(body)) + body)
        answer, _, _, length = struct.unpack("<4I", self.receive(16))
        body = self.receive(length)
        if answer == ERROR:
            raise OSError(body.rstrip(b"\0").decode())
        return body

    def receive(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise SystemExit("XenStore hung up")
            data += part
        return data

    def read(self, path):
        """None where there is nothing."""
        try:
            return self.request(READ, path).decode("ascii", "replace")
        except OSError:
            return None

    def write(self, path, text):
        self.request(WRITE, path, tail=text.encode())

    def make(self, path, *permissions):
        """With its permissions before there is any value in it: children take their parent's."""
        self.request(MKDIR, path)
        self.request(SET_PERMS, path, *permissions)

    def remove(self, path):
        try:
            self.request(REMOVE, path)
        except OSError:
            pass  # it is not there


class End:
    """One of the two domains."""

    def __init__(self, text):
        domid, self.name, self.vif, self.mac = text.split(":", 3)
        self.domid = int(domid)
        self.tree = f"/local/domain/{self.domid}"
        self.relayed = None  # what the other was told of our offer, in this epoch

    def offer(self, store, other):
        """Its offer to the other: (epoch, state, rest), or None. What does not parse is not there."""
        words = (store.read(f"{self.tree}/data/coloop/offers/{other.domid}") or "").split(" ")
        if len(words) != 5 or words[1] not in STATES or not all(w.isdigit() for w in words[:1] + words[2:]):
            return None
        return int(words[0]), words[1], words[2:]


STATES = ["offered", "live", "closed"]  # in this order, never back


class Pair:
    def __init__(self, store, ends):
        self.store, self.ends = store, ends
        self.epoch = 0

    def ways(self):
        one, other = self.ends
        return [(one, other), (other, one)]

    def may(self):
        """Both run an endpoint that speaks our version. Whether they may at all is the toolstack's to say."""
        hellos = [self.store.read(f"{end.tree}/data/coloop/hello") for end in self.ends]
        return all(hello and int(hello.split(" ")[0]) <= 1 <= int(hello.split(" ")[1]) for hello in hellos)

    def announce(self):
        """A new life: offers of the last one go first, and both ends hear the same epoch, which only grows."""
        self.epoch = max(self.epoch + 1, int(time.time()))
        for end, peer in self.ways():
            self.store.remove(f"{end.tree}/coloop/offers/{peer.domid}")
            end.relayed = None
        for end, peer in self.ways():
            link = f"{end.vif}:{end.mac}:{peer.mac}"
            text = f"{self.epoch} {quote(peer.name, safe='.+-_')} {link} 0 - 1"
            self.store.write(f"{end.tree}/coloop/peers/{peer.domid}", text)

    def withdraw(self):
        for end, peer in self.ways():
            for node in ("offers", "declined", "peers"):
                self.store.remove(f"{end.tree}/coloop/{node}/{peer.domid}")
        self.epoch = 0

    def relay(self):
        """Passes on what each end says to the other. False: this life is over."""
        isOver = False
        for end, peer in self.ways():
            offer = end.offer(self.store, peer)
            if offer is None or offer[0] != self.epoch:
                isOver |= end.relayed is not None  # it took back what the other may use
                continue
            if end.relayed is not None:
                isOver |= offer[2] != end.relayed[2]  # other pages
                isOver |= STATES.index(offer[1]) < STATES.index(end.relayed[1])
            isOver |= offer[1] == "closed"
            if offer != end.relayed:
                text = f"{offer[0]} {offer[1]} {' '.join(offer[2])}"
                self.store.write(f"{peer.tree}/coloop/offers/{end.domid}", text)
                end.relayed = offer
        return not isOver

    def pass_on_declines(self):
        for end, peer in self.ways():
            why = self.store.read(f"{end.tree}/data/coloop/declined/{peer.domid}")
            node = f"{peer.tree}/coloop/declined/{end.domid}"
            if why is None:
                self.store.remove(node)
            elif self.store.read(node) != why:
                self.store.write(node, why)


def main():
    path, *texts = sys.argv[1:]
    store, ends = XenStore(path), [End(text) for text in texts]
    pair = Pair(store, ends)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    host, count = f"1 1 {int(time.time())}", 0
    store.make("/coloop/alive", "r0")
    for end in ends:
        store.make(f"{end.tree}/coloop", "n0", f"r{end.domid}")
        store.write(f"{end.tree}/coloop/host", host)
    try:
        while True:
            if count % 50 == 0:  # every 10 s: else the guests end their channels after a minute
                store.write("/coloop/alive", f"{host} {count // 50 + 1}")
            if not pair.may():
                pair.withdraw()
            elif pair.epoch == 0 or not pair.relay():
                pair.announce()
            pair.pass_on_declines()
            count += 1
            time.sleep(0.2)
    finally:
        pair.withdraw()
        store.remove("/coloop/alive")


main()
