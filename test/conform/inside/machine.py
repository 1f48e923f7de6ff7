#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a case can do in one machine; a guest serves it to dom0's driver:

    machine.py DEVICE PORT

by IPv6 on the management link, so that the driver is not among the IPv4 packets that counters count."""

import contextlib
import ctypes
import os
import socket
import subprocess
import sys

import counters
from capture import Capture, Watch
from remote import End

PATIENCE = 10  # seconds; a time that counts in no result
libc = ctypes.CDLL(None, use_errno=True)


class NotHere(Exception):
    """A program or a feature of the kernel is missing, so that the case says nothing."""


@contextlib.contextmanager
def inside(namespace):
    """This thread is in a network namespace that `ip netns` made."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open(f"/run/netns/{namespace}", os.O_RDONLY) if namespace else own
    try:
        if libc.setns(other, 0):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        yield
    finally:
        libc.setns(own, 0)
        for each in {own, other}:
            os.close(each)


class Machine:
    def __init__(self):
        self.kept = []

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0, namespace=None):
        with inside(namespace):
            try:
                made = socket.socket(family, kind, protocol)
            except OSError as error:
                raise NotHere(f"socket({family}, {kind}, {protocol}): {error.strerror}") from error
        made.settimeout(PATIENCE)
        if family in (socket.AF_INET, socket.AF_INET6):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return self.keep(made)

    def keep(self, thing):
        self.kept.append(thing)
        return thing

    def run(self, command, fails=False):
        """What a command of the shell prints."""
        done = subprocess.run(
            ["sh", "-ec", command], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
        )
        if done.returncode and not fails:
            raise RuntimeError(f"{done.stderr.strip() or done.stdout.strip()}: {command}")
        return done.stdout

    def set(self, command, undo):
        """A change that is taken back after the case; what came last goes first, sockets among it."""
        self.kept.append(Undo(undo))
        return self.run(command)

    def until(self, condition):
        """Waits until a command of the shell succeeds."""
        self.run(f"until {condition}; do sleep 0.05; done")

    def start(self, command):
        """A program that goes on; `output` ends it."""
        return self.keep(
            Program(["sh", "-ec", f"exec {command}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )

    def namespace(self, device):
        """A namespace `box`; its end is not waited for by anybody, so the device that reaches into it goes before."""
        self.set("ip netns add box", f"{device}; ip netns del box")

    def module(self, *names):
        for name in names:
            done = subprocess.run(["modprobe", name], capture_output=True, text=True)
            if done.returncode:
                raise NotHere(f"no module {name}")

    def program(self, name):
        if subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True).returncode:
            raise NotHere(f"no program {name}")

    def capture(self, device, sees):
        return Capture(device) if sees else Watch(device)

    def counters(self, device):
        return counters.read(device)

    def sent(self):
        """How many packets of this machine have taken a channel."""
        return counters.statistic("coloop0", "tx_packets")

    def call(self, module, function, *args):
        """A function of a file beside this one, where a case needs more than one call on a socket; what it makes to be
        closed is closed after the case."""
        made = getattr(__import__(module), function)(*args)
        if hasattr(made, "close"):
            self.keep(made)
            return None
        return made

    def tidy(self):
        """Of what a case opened and changed, closes what came last, or takes it back: up to where one follows the other, as
        what a socket says in its end is to meet what was set up for it. Whether there is more, and what failed."""
        failed, last = [], self.kept[-1:]
        while self.kept and isinstance(self.kept[-1], Undo) == isinstance(last[0], Undo):
            failed.append(self.kept.pop().close())
        return bool(self.kept), [each for each in failed if each]


class Undo:
    def __init__(self, command):
        self.command = command

    def close(self):
        done = subprocess.run(["sh", "-c", self.command], capture_output=True, text=True)
        return f"{self.command}: {done.stderr.strip()}" if done.returncode else None


class Program(subprocess.Popen):
    def lines_until(self, text):
        """Waits for a line that has `text`."""
        for line in self.stdout:
            if text in line:
                return line
        raise RuntimeError(f"it ended without {text}")

    def close(self):
        self.kill()
        self.wait()
        self.stdout.close()


def main(device, port):
    listener = socket.socket(socket.AF_INET6)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    listener.bind(("::", int(port)))
    listener.listen()
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            machine = Machine()
            End(connection, (socket.socket, Program, Capture, Watch)).serve(machine)
            while machine.tidy()[0]:
                pass


if __name__ == "__main__":
    main(*sys.argv[1:])
