"""OpenDKIM verifying, before us in the milter chain."""
from pathlib import Path

from .processes import Process, free_port, listens, wait_for


class OpenDkim:
    def __init__(self, directory, keys, *, authserv_id="mx.test", address="127.0.0.1", removal=True, name="opendkim"):
        """`removal` False leaves OpenDKIM's default clean-up of forged results, with its holes."""
        directory = Path(directory)
        self.port = free_port(address)
        configuration = directory / f"{name}.conf"
        settings = [("Mode", "v"), ("Socket", f"inet:{self.port}@{address}"), ("Background", "no"), ("Syslog", "yes"), ("AuthservID", authserv_id),
                    ("AlwaysAddARHeader", "yes"), ("TestPublicKeys", keys.public_keys)]
        if removal:
            settings += [("RemoveARAll", "yes"), ("RemoveARFrom", authserv_id)]
        configuration.write_text("".join(f"{key} {value}\n" for key, value in settings))
        self._process = Process(["/usr/sbin/opendkim", "-f", "-x", configuration], directory / f"{name}.log")
        wait_for(lambda: listens(address, self.port) or not self._process.running(), "OpenDKIM listening")
        assert self._process.running(), self._process.tail()

    def stop(self):
        self._process.kill()  # it takes five seconds to end on SIGTERM (libmilter)
