"""The next hop behind Postfix: takes every message and remembers it octet by octet."""
import socket
import threading
from dataclasses import dataclass, field

from .processes import PATIENCE, wait_for


@dataclass
class Delivered:
    """One message as it arrived, header lines in order."""
    reverse_path: str
    recipients: list
    raw: bytes
    header: list = field(default_factory=list)  # (name, value), the value as on the wire behind the colon, unfolded

    def __post_init__(self):
        head, _, self.body = self.raw.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line[:1] in (b" ", b"\t") and self.header:
                name, value = self.header[-1]
                self.header[-1] = (name, value + " " + line.strip().decode("latin1"))
            else:
                name, _, value = line.decode("latin1").partition(":")
                self.header.append((name, value.strip()))

    def values(self, name):
        return [value for seen, value in self.header if seen.strip().lower() == name.lower()]

    @property
    def queue_id(self):
        """Postfix's queue id, from its own Received field (the topmost)."""
        for value in self.values("Received"):
            _, found, rest = value.partition(" id ")
            if "by gw.test" in value and found:
                return rest.split()[0].rstrip(";")
        return ""


class Sink:
    def __init__(self, address="127.0.0.1"):
        self.messages = []
        self._server = socket.create_server((address, 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)

    def wait_for(self, queue_id, seconds=PATIENCE):
        """The message with this queue id, once it has arrived."""
        return wait_for(lambda: self.find(queue_id), f"message {queue_id} at the sink", seconds)

    def find(self, queue_id):
        return next((message for message in list(self.messages) if message.queue_id == queue_id), None)

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        reverse_path, recipients = "", []
        with connection, connection.makefile("rwb") as stream:
            def reply(text):
                stream.write(text + b"\r\n")
                stream.flush()
            try:
                reply(b"220 sink.test ESMTP")
                for line in stream:
                    word = line[:4].upper()
                    if word == b"EHLO":
                        reply(b"250-sink.test\r\n250-8BITMIME\r\n250 SMTPUTF8")
                    elif word == b"MAIL":
                        reverse_path, recipients = line[10:].strip().decode("latin1"), []
                        reply(b"250 ok")
                    elif word == b"RCPT":
                        recipients.append(line[8:].strip().decode("latin1"))
                        reply(b"250 ok")
                    elif word == b"DATA":
                        reply(b"354 go")
                        raw = bytearray()
                        for part in stream:
                            if part == b".\r\n":
                                break
                            raw += part[1:] if part.startswith(b".") else part
                        self.messages.append(Delivered(reverse_path, recipients, bytes(raw)))
                        reply(b"250 taken")
                    elif word == b"QUIT":
                        reply(b"221 bye")
                        return
                    else:
                        reply(b"250 ok")
            except OSError:
                return
