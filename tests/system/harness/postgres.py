"""A private PostgreSQL with ExOTA's tables, and servers that only pretend to be one."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from .exota import SOURCE
from .hosts import HERE
from .processes import PATIENCE, disown, free_port, own, wait_for

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SQL = SOURCE / "packaging/postgresql"
READER, READERS_PASSWORD = "exota_node", "node secret"
WRITER, WRITERS_PASSWORD = "provisioning", "writer's secret"


class Postgres:
    """One cluster on 127.0.0.1, or at the address of a host, and a Unix socket; what was committed outlives kill() and start(). The server asks
    everybody but the superuser on the socket for his password. `kill`, `freeze` and `thaw` are of the postmaster and all that it started.

    `more`: lines of its configuration. `patience`: seconds that a statement may take."""

    def __init__(self, directory, pki, host=HERE, *, more="", patience=PATIENCE):
        self.directory, self.port, self.host, self.patience = Path(directory), free_port(), host, patience
        pki._leaf("database", "/CN=database", "ca", 3650, ["subjectAltName=DNS:localhost", "extendedKeyUsage=serverAuth"])
        self.ca = pki.certificate("ca")
        user = pwd.getpwnam("postgres")
        os.chown(self.directory, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", "data", "-A", "scram-sha-256", "--auth-local=trust", "-U", "postgres", "--no-sync", "--locale=C", "-E", "UTF8")
        for kind, path in zip(("crt", "key"), pki["database"]):
            own_file = self.directory / f"data/server.{kind}"
            own_file.write_bytes(Path(path).read_bytes())
            own_file.chmod(0o600)
            os.chown(own_file, user.pw_uid, user.pw_gid)
        with open(self.directory / "data/postgresql.conf", "a") as conf:
            conf.write(f"listen_addresses = '{host.address}'\nport = {self.port}\nunix_socket_directories = '{self.directory}'\nfsync = off\n"
                       f"full_page_writes = off\nshared_buffers = 16MB\nssl = on\n{more}")
        with open(self.directory / "data/pg_hba.conf", "a") as hba:
            hba.write("host all all samenet scram-sha-256\n")  # initdb lets this host in, no other
        self.start()
        self.sql("CREATE DATABASE exota", database="postgres")
        for name in ("schema.sql", "roles.sql"):
            self._run("psql", *self._to("exota"), "-v", "ON_ERROR_STOP=1", "-q", "-f", SQL / name)
        self.sql(f"CREATE ROLE {READER} LOGIN PASSWORD '{READERS_PASSWORD}' IN ROLE exota_reader")
        password = WRITERS_PASSWORD.replace("'", "''")
        self.sql(f"CREATE ROLE {WRITER} LOGIN PASSWORD '{password}' IN ROLE exota_writer")

    def _run(self, program, *arguments):
        done = subprocess.run(["runuser", "-u", "postgres", "--", PROGRAMS / program, *map(str, arguments)], cwd=self.directory, capture_output=True,
                              text=True, timeout=self.patience)
        assert done.returncode == 0, done
        return done.stdout

    def _to(self, database):
        return ["-h", self.directory, "-p", self.port, "-U", "postgres", "-d", database]

    def sql(self, statement, database="exota"):
        return self._run("psql", *self._to(database), "-v", "ON_ERROR_STOP=1", "-A", "-t", "-q", "-c", statement).strip()

    def session(self):
        """psql that stays, to be told by its standard input."""
        return subprocess.Popen(["runuser", "-u", "postgres", "--", PROGRAMS / "psql", *map(str, self._to("exota")), "-v", "ON_ERROR_STOP=1", "-A", "-t", "-q"],
                                cwd=self.directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def conninfo(self, user=READER, port=None, ca=None):
        """As over a network, where nobody is believed who does not prove it."""
        return (f"host=localhost hostaddr={self.host.address} port={port or self.port} dbname=exota user={user} gssencmode=disable sslmode=verify-full "
                f"sslrootcert={ca or self.ca}")

    def start(self):
        own(self)
        with self.host:
            self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", str(int(PATIENCE)), "start")

    def stop(self):
        self.thaw()
        self._run("pg_ctl", "-D", "data", "-m", "fast", "-w", "stop")
        disown(self)

    def _processes(self):
        """The postmaster, and its children."""
        pid_file = self.directory / "data/postmaster.pid"
        if not pid_file.exists():
            return []
        first = int(pid_file.read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children")
        return [first, *map(int, children.read_text().split())] if children.exists() else []

    def _signal(self, number):
        for pid in self._processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def freeze(self):
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def kill(self):
        """As a machine that loses its power."""
        pids = self._processes()
        self._signal(signal.SIGKILL)
        wait_for(lambda: not any(alive(pid) for pid in pids), "the end of the server")
        # What it would find to be dead, once somebody had reaped it.
        for left in (self.directory / "data/postmaster.pid", self.directory / f".s.PGSQL.{self.port}.lock"):
            left.unlink(missing_ok=True)
        disown(self)

    def remove(self):
        self.kill()
        shutil.rmtree(self.directory / "data", ignore_errors=True)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


class Pretender:
    """What pretends to be a server: each connection is handed to `serve(client)`."""

    def __init__(self, serve):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.connections = 0
        self._serve, self._open = serve, []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(client)
            threading.Thread(target=self._guarded, args=(client,), daemon=True).start()

    def _guarded(self, client):
        try:
            self._serve(client)
        except OSError:
            pass
        client.close()

    def close(self):
        for one in [self._socket, *self._open]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()


def between(port, hears, says):
    """A server on that port and its client, a few octets at a time: `hears` is called before those that the server hears, `says` before the others."""
    def pump(source, sink, before):
        try:
            while octets := source.recv(512):
                before(octets)
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(client):
        with socket.create_connection(("127.0.0.1", port)) as server:
            other = threading.Thread(target=pump, args=(server, client, says), daemon=True)
            other.start()
            pump(client, server, hears)
            other.join()
    return serve


def slowly(port):
    """What a server on that port says and hears, each piece a little late."""
    return between(port, lambda _: time.sleep(0.01), lambda _: time.sleep(0.01))


def late(port, go, at_once=()):
    """What a server on that port says comes a little late, and not before `go` (an Event) is set; but at once what begins as one of `at_once`."""
    def wait(octets):
        if not octets.startswith(at_once):
            time.sleep(0.01)
            go.wait()
    return between(port, lambda _: None, wait)


def garbage(client):
    client.recv(8)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def silence(client):
    while client.recv(4096):
        pass


def endless(client):
    """Takes anybody, and begins a row that never ends."""
    if client.recv(65536)[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):  # asks for TLS, or GSSAPI
        client.sendall(b"N")
        client.recv(65536)
    client.sendall(b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I")
    client.recv(65536)
    client.sendall(b"D\x7f\xff\xff\xff" + b"x" * 1000)
    silence(client)
