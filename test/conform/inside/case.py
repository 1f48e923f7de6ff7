# SPDX-License-Identifier: MIT
"""How a case is written: a function of two guests that says what their programs saw.

    @case("UDP: an echo")
    def echo(a, b):
        client, server = udp(a, b)
        client.send(b"hello")
        return server.recv(100)

Options: `neighbours`: ARP and neighbour discovery are compared, too; `opaque`: what packets carry is drawn anew each time;
`fragments`: they are compared one by one; `segments`: TCP's segments are; `unseen`: nobody captures packets, as how many
there are is a matter of time; `large`: the case is run once more with nobody who captures, as some of its datagrams cross
in one piece then; `last`: it runs after all others, as netfront is not as before when it is over: after a native XDP
program its frames are 256 bytes too long."""

import errno
import itertools
import socket
import time
from collections import namedtuple

from machine import NotHere  # noqa: F401, cases say it

Case = namedtuple("Case", "name subject run ordinary fast options")
cases = []
# What the driver sets: which way packets are to take, and the captures of the case that runs.
way, captures = "netfront", {}
# Of datagrams always the same, as some cases sum and cut them by hand; of connections never, as ends of older ones wait.
ports = {socket.SOCK_DGRAM: itertools.count(10000)}


def case(name, *options, ordinary=False, fast=False):
    """`ordinary`: why its packets take the ordinary path by design; `fast`: of those that `make test` runs."""

    def add(run):
        subject = run.__module__.removeprefix("cases.")
        cases.append(Case(name, subject, run, ordinary, fast, options))
        if "large" in options:
            cases.append(Case(f"{name}, captured by nobody", subject, run, ordinary, fast, (*options, "unseen")))
        return run

    return add


def each_family(name, *options, **named):
    """A case of IPv4 and one of IPv6; its function takes the family, 4 or 6, after the guests."""

    def add(run):
        for family in (4, 6):

            def one(a, b, family=family):
                return run(a, b, family)

            one.__module__ = run.__module__
            case(f"{name}, IPv{family}", *options, **named)(one)
        return run

    return add


class Guest:
    """A machine with its addresses; methods are machine.py's."""

    def __init__(self, name, number, machine):
        self.name, self.number, self.machine = name, number, machine
        self.ip4, self.ip6 = f"10.0.0.{number}", f"fd00::{number:x}"
        self.mac = f"00:16:3e:00:00:{number:02x}"
        self.link_local = f"fe80::216:3eff:fe00:{number:x}"

    def __getattr__(self, name):
        return getattr(self.machine, name)

    def address(self, family):
        return self.ip4 if family == 4 else self.ip6

    def bound(self, kind, family=4, port=None, address=None, protocol=0, namespace=None):
        """A socket that is bound to an address of eth0, and its port."""
        port = next(ports.get(kind, ports[None])) if port is None else port
        made = self.socket(family_of(family), kind, protocol, namespace)
        made.bind((address or self.address(family), port))
        return made, port


def family_of(number):
    return socket.AF_INET if number == 4 else socket.AF_INET6


def udp(a, b, family=4, protocol=0):
    """A socket of each, connected to the other."""
    (client, source), (server, target) = (each.bound(socket.SOCK_DGRAM, family, protocol=protocol) for each in (a, b))
    client.connect((b.address(family), target))
    server.connect((a.address(family), source))
    return client, server


def tcp(a, b, family=4, protocol=0, before=lambda client, listener: None):
    """A connection's two ends; `before` sets options on sockets that are not connected yet."""
    listener, port = b.bound(socket.SOCK_STREAM, family, protocol=protocol)
    client, _ = a.bound(socket.SOCK_STREAM, family, protocol=protocol)
    before(client, listener)
    listener.listen()
    client.connect((b.address(family), port))
    return client, listener.accept()[0]


def acquaint(machine, other, device="eth0"):
    """A command that has a machine know the other's addresses, of which it may have forgotten some with a device."""
    known = f"{other.ip4} {other.ip6} {other.link_local}"
    return f"for each in {known}; do ip neigh replace $each lladdr {other.mac} dev {device} nud permanent; done"


def arrived(a, b):
    """All that a has sent to b has come to its reader, or is lost: a ping that was sent after it is answered."""
    a.run(f"ping -n -q -c 1 -W 10 {b.ip4}")


def begin(a, b):
    """After changes that may have closed the channel: waits until packets take it again, and compares from here on."""
    for _ in range(600):
        before = [each.sent() for each in (a, b)]
        a.run(f"ping -n -q -c 1 -W 1 {b.ip4}", fails=True)
        if all((each.sent() > count) == (way == "channel") for each, count in zip((a, b), before)):
            break
        time.sleep(0.5)
    for each in captures.values():
        each.restart()


def receive(server, size):
    """So many bytes of a stream, or all until its end."""
    data = b""
    while len(data) < size:
        part = server.recv(min(size - len(data), 65536))
        if not part:
            break
        data += part
    return data


def outcome(call, *args):
    """What a call returns, or the name of the error that it ends with."""
    try:
        return call(*args)
    except TimeoutError:
        return "nothing came"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def soon(sock, size=70000, seconds=1):
    """What a socket receives where it may be nothing."""
    sock.settimeout(seconds)
    return outcome(sock.recv, size)


def text(size):
    """Bytes of which no part is like another."""
    return b"".join(number.to_bytes(4, "big") for number in range(size // 4 + 1))[:size]
