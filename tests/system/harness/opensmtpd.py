"""A private OpenSMTPD, from the package that scripts/setup unpacked beside the system's (two mail servers cannot be installed together).

Its paths and users are compiled in, so it runs in a mount namespace of its own that has them. It passes messages on to a sink.
"""
import os
from pathlib import Path

from .processes import Process, free_port, listens, wait_for

PACKAGE = Path("/usr/local/lib/exota-test/opensmtpd")
IN_NAMESPACE = """
set -e
for file in passwd group; do cp "/etc/$file" "$1/$file"; done
printf 'opensmtpd:x:901:901::/nonexistent:/bin/false\\nopensmtpq:x:902:902::/nonexistent:/bin/false\\n' >> "$1/passwd"
printf 'opensmtpd:x:901:\\nopensmtpq:x:902:\\n' >> "$1/group"
for file in passwd group; do mount --bind "$1/$file" "/etc/$file"; done
mount -t tmpfs tmpfs /var/spool
mkdir -m 711 /var/spool/smtpd
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/opensmtpd/empty
mount -t tmpfs tmpfs /run
mount --bind "$2/usr/sbin" /usr/sbin
exec /usr/sbin/smtpd -d -f "$1/smtpd.conf"
"""


class OpenSmtpd:
    """@param listen  what stands behind the port of `listen on`: "proxy-v2"."""

    def __init__(self, directory, *, sink_port, listen=""):
        base, self.port = Path(directory) / "opensmtpd", free_port()
        base.mkdir()
        (base / "smtpd.conf").write_text(f'listen on 127.0.0.1 port {self.port} {listen}\naction "on" relay host smtp://127.0.0.1:{sink_port}\n'
                                         'match from any for any action "on"\n')
        self.process = Process(["unshare", "-m", "sh", "-c", IN_NAMESPACE, "sh", base, PACKAGE], base / "log")
        wait_for(lambda: listens("127.0.0.1", self.port) or not self.process.running(), self.process.tail)
        assert self.process.running(), self.process.tail()

    @staticmethod
    def is_installed():
        return PACKAGE.exists() and os.geteuid() == 0

    def log(self):
        return self.process.output.read_text(errors="replace")

    def stop(self):
        self.process.stop()
