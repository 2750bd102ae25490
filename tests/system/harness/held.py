"""A server that is slow for as long as a test wants: a relay to it that keeps back what the server says."""
import socket
import threading

from .processes import disown, own


class Held:
    """Relays connections to 127.0.0.1:`port` to a server at `address`. From hold() to let_go() nothing that the server says goes on;
    `kept`: how often it said something meanwhile."""

    def __init__(self, address):
        self._address, self._free, self.kept = address, threading.Event(), 0
        self._free.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()
        own(self)

    def hold(self):
        self.kept = 0
        self._free.clear()

    def let_go(self):
        self._free.set()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._address)
            except OSError:
                return
            self._open += [client, server]
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, sink, held):
        try:
            while octets := source.recv(65536):
                if held and not self._free.is_set():
                    self.kept += 1
                    self._free.wait()
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one of them has gone, and with it what was to be said

    def kill(self):
        disown(self)
        self._free.set()
        for one in [self._listener, *self._open]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has gone
            one.close()

    stop = kill
