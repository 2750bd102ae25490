"""The MTA's side of the milter protocol, raw: for what Postfix never does (garbage, stalls, ABORT anywhere, other MTAs' macros)."""
import select
import socket
import struct

from .processes import PATIENCE

# protocol steps and replies of the offer, as Postfix 3.7 makes it
OFFER = struct.pack(">III", 6, 0x1FF, 0x1FFFFF)
EVERY_STEP = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "U": 0x100, "T": 0x200}
NO_REPLY = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "U": 0x20000, "N": 0x40000, "B": 0x80000}


def frame(command, payload=b""):
    return struct.pack(">I", len(payload) + 1) + command.encode() + payload


def strings(*parts):
    return b"".join((part if isinstance(part, bytes) else part.encode()) + b"\0" for part in parts)


class MilterClient:
    """One connection to a milter. Steps that the filter negotiated away are not sent, replies that it will not give are not read."""

    def __init__(self, where, *, seconds=PATIENCE, offer=OFFER):
        if isinstance(where, tuple):
            self._socket = socket.create_connection(where, seconds)
        else:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(seconds)
            self._socket.connect(str(where))
        self.protocol = 0
        if offer is not None:
            self.write(frame("O", offer))
            command, payload = self.read()
            assert command == "O", (command, payload)
            self.version, self.actions, self.protocol = struct.unpack(">III", payload[:12])
            self.symbols = payload[12:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def write(self, octets):
        self._socket.sendall(octets)

    def read(self):
        """One frame: (command, payload). EOFError when the filter hung up."""
        length = struct.unpack(">I", self._exactly(4))[0]
        data = self._exactly(length)
        return chr(data[0]), data[1:]

    def _exactly(self, count):
        parts = b""
        while len(parts) < count:
            try:
                part = self._socket.recv(count - len(parts))
            except ConnectionResetError:
                part = b""
            if not part:
                raise EOFError("the filter hung up")
            parts += part
        return parts

    def hung_up(self):
        """Reads to the end of the stream. True: the filter closed it (within the time limit)."""
        try:
            while self._socket.recv(65536):
                pass
            return True
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def macros(self, stage, **values):
        pairs = [text for name, value in values.items() for text in (name if len(name) == 1 else "{" + name + "}", value)]
        self.write(frame("D", stage.encode() + strings(*pairs)))

    def send(self, command, payload=b""):
        """One step; its reply, or None where the filter will give none or did not want the step."""
        if command in EVERY_STEP and self.protocol & EVERY_STEP[command]:
            return None
        self.write(frame(command, payload))
        if command in "AKQ" or self.protocol & NO_REPLY.get(command, 0):
            return None
        return self.read()

    def connect(self, host="exo", address="40.92.0.10", port=25000):
        family = b"6" if ":" in address else b"4"
        return self.send("C", strings(host) + family + struct.pack(">H", port) + strings(address))

    def end_of_message(self):
        """(edits, reply): what the filter asks to change, and its last word."""
        self.write(frame("E"))
        return self.answer()

    def heard(self):
        """Whether the filter has said something that was not read yet."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def answer(self):
        """What end_of_message() returns, of one that was written."""
        edits = []
        while True:
            command, payload = self.read()
            if command in "ahimq+-e":
                edits.append((command, payload))
                if command == "a":
                    return edits[:-1], (command, payload)
            elif command == "p":
                continue
            else:
                return edits, (command, payload)

    def message(self, fields, **arguments):
        """One whole message, see begin_message(). @return (edits, reply)"""
        self.begin_message(fields, **arguments)
        return self.end_of_message()

    def begin_message(self, fields, *, sender="<a@b.test>", recipients=("<r@dest.test>",), queue_id="QID1", body=b"hi\r\n", mail_macros=None):
        """All of a message but its end."""
        self.macros("M", mail_addr=sender.strip("<>"), **(mail_macros or {}))
        self.send("M", strings(sender))
        for recipient in recipients:
            self.send("R", strings(recipient))
        self.macros("T", i=queue_id)
        self.send("T")
        for name, value in fields:
            self.send("L", strings(name, value))
        self.send("N")
        if body:
            self.send("B", body)
        self.macros("E", i=queue_id)

    def quit(self):
        self.send("Q")
        return self.hung_up()
