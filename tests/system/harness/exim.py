"""A private Exim, from the package that scripts/setup unpacked beside the system's (two mail servers cannot be installed together).

It takes messages and keeps them in its queue: what was received is looked at there.
"""
import os
import re
import shutil
from pathlib import Path

from .processes import Process, free_port, listens, wait_for

PROGRAM = Path("/usr/local/lib/exota-test/exim4-daemon-heavy/usr/sbin/exim4")
USER = "Debian-exim"
SETTINGS = """\
exim_user = {user}
exim_group = {user}
primary_hostname = exim.test
spool_directory = {base}/spool
log_file_path = {base}/%slog
keep_environment =
local_interfaces = <; 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
queue_only = true
acl_smtp_rcpt = accept
acl_smtp_data = accept
{settings}
begin acl
begin routers
begin transports
"""


class Exim:
    def __init__(self, directory, settings=""):
        self.base, self.port = Path(directory) / "exim", free_port()
        (self.base / "spool").mkdir(parents=True)
        shutil.chown(self.base, USER)
        shutil.chown(self.base / "spool", USER)
        configuration = self.base / "exim.conf"
        configuration.write_text(SETTINGS.format(user=USER, base=self.base, port=self.port, settings=settings))
        self.process = Process([PROGRAM, "-C", configuration, "-bdf"], self.base / "output")
        wait_for(lambda: listens("127.0.0.1", self.port) or not self.process.running(), self.process.tail)
        assert self.process.running(), self.process.tail()

    @staticmethod
    def is_installed():
        return PROGRAM.exists() and os.geteuid() == 0

    def messages(self):
        """(envelope sender, header and body) of each message in its queue."""
        found = []
        for head in (self.base / "spool/input").glob("*-H"):
            lines = head.read_bytes().split(b"\n")
            body = head.with_name(head.name[:-1] + "D").read_bytes().partition(b"\n")[2]
            header = b"\n".join(lines[lines.index(b"") + 1:]) if b"" in lines else b""
            found.append((lines[2].decode().strip("<>"), re.sub(rb"^\d+[A-Z* ] ", b"", header, flags=re.M) + b"\n" + body))
        return found

    def log(self):
        path = self.base / "mainlog"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        self.process.stop()
