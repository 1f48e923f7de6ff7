# SPDX-License-Identifier: MIT
"""Calls to objects of another machine, over one TCP connection, one after the other.

What cannot be copied (sockets, processes) stays where it is: the other side gets a `Far` that calls it there. Both
ends are machines of one lab that trust each other, so pickle does."""

import io
import pickle
import struct


class Far:
    """An object of the other side; each of its methods is a call."""

    def __init__(self, end, number):
        self._end, self._number = end, number

    def __getattr__(self, name):
        return lambda *args, **named: self._end.call(self._number, name, args, named)


class End:
    """One side of a connection. `stays` are the classes whose objects are not copied."""

    def __init__(self, connection, stays=()):
        self.stream = connection.makefile("rwb")
        self.stays = stays
        self.objects = {}

    def call(self, number, name, args, named):
        self.send((number, name, args, named))
        is_done, value = self.receive()
        if not is_done:
            raise value
        return value

    def serve(self, root):
        """Answers calls until the other side hangs up."""
        self.objects[0] = root
        while True:
            try:
                number, name, args, named = self.receive()
            except EOFError:
                return
            try:
                answer = True, getattr(self.objects[number], name)(*args, **named)
            except Exception as error:
                answer = False, error
            self.send(answer)

    def root(self):
        return Far(self, 0)

    def send(self, value):
        data = io.BytesIO()
        pickler = pickle.Pickler(data)
        pickler.persistent_id = self.name
        pickler.dump(value)
        self.stream.write(struct.pack("<I", data.tell()) + data.getvalue())
        self.stream.flush()

    def receive(self):
        header = self.stream.read(4)
        if len(header) < 4:
            raise EOFError("the other side hung up")
        unpickler = pickle.Unpickler(io.BytesIO(self.stream.read(struct.unpack("<I", header)[0])))
        unpickler.persistent_load = self.find
        return unpickler.load()

    def name(self, value):
        """How an object that is not copied is named to the other side; None for all else."""
        if isinstance(value, Far):
            return "yours", value._number
        if isinstance(value, self.stays):
            self.objects[id(value)] = value
            return "mine", id(value)
        return None

    def find(self, name):
        whose, number = name
        return self.objects[number] if whose == "yours" else Far(self, number)
