#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs cases between guests a and b, from dom0, one after the other; a line of JSON says what each saw.

    drive.py A B channel|netfront ROUND <NAMES

A and B are where their machine.py is reached, ADDRESS%DEVICE:PORT; NAMES are lines: `all`, `last`, `fast`, or names. ROUND keeps the ports of one run from those of another, whose connections may be waiting for their end."""

import contextlib
import hashlib
import importlib
import inspect
import itertools
import json
import os
import pkgutil
import socket
import sys
import time
import traceback

import case
from machine import Machine, NotHere
from remote import End

DEVICE = "eth0"
# Connections whose program is gone, and whose other end a case has silenced, would speak in later cases.
ORPHANS = "ss -HKtn state connected exclude established '( dst 10.0.0.0/8 or dst fd00::/8 )' >/dev/null"


def connect(name, number, where):
    where, port = where.rsplit(":", 1)
    address, device = where.split("%")
    connection = reach((address, int(port), 0, socket.if_nametoindex(device)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return case.Guest(name, number, End(connection).root())


def reach(address):
    """An address that is new is not used at once."""
    for _ in range(50):
        connection = socket.socket(socket.AF_INET6)
        try:
            connection.connect(address)
            return connection
        except OSError:
            connection.close()
            time.sleep(0.1)
    raise SystemExit(f"nobody answers at {address}")


def load():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
    for found in sorted(pkgutil.iter_modules([folder]), key=lambda each: each.name):
        importlib.import_module(f"cases.{found.name}")


def turned_to(way, a, b):
    """Waits until packets of both take this way: a case before may have closed the channel."""
    client, server = case.udp(a, b)
    for _ in range(600):
        before = [machine.sent() for machine in (a, b)]
        client.send(b"?")
        server.send(server.recv(10))
        client.recv(10)
        moved = [machine.sent() > count for machine, count in zip((a, b), before)]
        if moved == [way == "channel"] * 2:
            break
        time.sleep(0.5)
    else:
        raise SystemExit(f"packets of a and b do not take the {way}: {moved}")
    tidy((a, b))


def run(each, a, b, dom0):
    machines = {"a": a, "b": b}
    case.ports[socket.SOCK_DGRAM] = itertools.count(10000)
    case.captures = captures = {
        name: machine.capture(DEVICE, "unseen" not in each.options) for name, machine in machines.items()
    }
    seen = {"outcome": "ran"}
    try:
        several = len(inspect.signature(each.run).parameters) > 2 and "family" not in inspect.signature(each.run).parameters
        seen["told"] = plain(each.run(a, b, dom0) if several else each.run(a, b))
    except NotHere as missing:
        seen |= {"outcome": "not here", "why": str(missing)}
    except Exception as error:
        seen |= {"outcome": "failed", "why": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
    # Connections end while it is still seen.
    seen["untidy"] = tidy((a, b, dom0), captures.values())
    for name, capture in captures.items():
        seen[name] = capture.finish(each.options)
    return seen


def tidy(machines, captures=()):
    """What could not be taken back; what sockets say in their end has come before anything else is taken back."""
    failed, left = [], list(machines)
    while left:
        told = [(machine, *machine.tidy()) for machine in left]
        failed += [f"{machine.name}: {what}" for machine, _, whats in told for what in whats]
        left = [machine for machine, has_more, _ in told if has_more]
        for each in captures if left else ():
            each.settle()
    return failed


def chosen(names):
    kinds = {
        "all": lambda each: "last" not in each.options,
        "last": lambda each: "last" in each.options,
        "fast": lambda each: each.fast,
    }
    return list(filter(kinds.get(names[0], lambda each: each.name in names), case.cases))


def plain(value):
    """As JSON has it; long bytes by their number and digest."""
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value)} bytes {hashlib.sha256(value).hexdigest()[:8]}" if len(value) > 80 else repr(bytes(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    return int(value) if isinstance(value, int) else repr(value)


def main(where_a, where_b, way, number):
    names = sys.stdin.read().splitlines()
    case.ports[None] = itertools.count(20000 + 2000 * int(number))
    case.way = way
    load()
    a, b = connect("a", 1, where_a), connect("b", 2, where_b)
    dom0 = case.Guest("dom0", 254, Machine())
    for each in chosen(names):
        turned_to(way, a, b)
        begun = time.monotonic()
        seen = run(each, a, b, dom0)
        about = {"case": each.name, "subject": each.subject, "ordinary": each.ordinary}
        print(json.dumps({**about, "seconds": round(time.monotonic() - begun, 1), **seen}), flush=True)
        for machine in (a, b):
            machine.run(ORPHANS)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main(*sys.argv[1:])
