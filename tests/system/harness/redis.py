"""A private redis-server, and servers that only pretend to be one."""
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

from .hosts import HERE
from .processes import PATIENCE, Process, disown, free_port, listens, own, wait_for

PASSWORD = "redissecret"


class Redis:
    """One redis-server with a password, in the clear and under TLS, on 127.0.0.1 or at the address of a host. It keeps nothing over a restart."""

    def __init__(self, directory, pki, more="", *, password=PASSWORD, arguments=(), host=HERE):
        self.directory, self.password, self.arguments, self.host = Path(directory), password, arguments, host
        self.port, self.tls_port = free_port(), free_port()
        self.url, self.tls_url = f"redis://{host.address}:{self.port}", f"rediss://{host.address}:{self.tls_port}"
        certificate, key = pki[host.certificate]
        self.configuration = self.directory / "redis.conf"
        self.configuration.write_text(
            f"bind {host.address}\nport {self.port}\ntls-port {self.tls_port}\ntls-cert-file {certificate}\ntls-key-file {key}\n"
            f"tls-ca-cert-file {pki.certificate('ca')}\ntls-auth-clients no\ndir {self.directory}\nsave \"\"\nappendonly no\n"
            f"requirepass {password}\nlogfile {self.directory}/log\n{more}")
        self.process = None
        self.start()

    def start(self):
        with self.host:
            self.process = Process(["/usr/bin/redis-server", self.configuration, *self.arguments], self.directory / "output")
            wait_for(lambda: listens(self.host.address, self.port) or not self.process.running(), lambda: "redis-server: " + self.process.tail())
        assert self.process.running(), self.process.tail()

    def kill(self):
        self.process.kill()

    def stop(self):
        if self.process and self.process.running():
            self.process.send(signal.SIGCONT)
            self.process.stop()

    def hang(self):
        self.process.pause()

    def go_on(self):
        self.process.send(signal.SIGCONT)

    def command(self, *words):
        """The words of the answer."""
        return self.command_text(*words).split()

    def command_text(self, *words):
        with self.host:
            done = subprocess.run(["/usr/bin/redis-cli", "-h", self.host.address, "-p", str(self.port), *words], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False, env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": self.password})
        assert done.returncode == 0, done
        return done.stdout


class Garbage:
    """Takes connections and says `octets` to each, whatever it is told."""

    def __init__(self, octets):
        self.octets = octets
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        self.clients = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()
        own(self)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients.append(client)
            try:
                client.sendall(self.octets)
            except OSError:
                pass  # it has gone

    def stop(self):
        disown(self)
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was not connected
        self.listener.close()
        self.thread.join(PATIENCE)
        for client in self.clients:
            client.close()

    kill = stop
