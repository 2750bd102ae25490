"""OpenDKIM verifying, before us in the milter chain."""
from pathlib import Path

from .processes import Process, free_port, listens, wait_for


class OpenDkim:
    def __init__(self, directory, keys, *, authserv_id="mx.test", address="127.0.0.1", removal=True, job_id=False, key_server=None, unix=False, name="opendkim"):
        """@param removal     False leaves OpenDKIM's default clean-up of forged results, with its holes
        @param job_id      whether it writes the queue id behind its authserv-id
        @param key_server  a KeyServer to ask for keys; None: they come from a file
        @param unix        a Unix socket: over TCP libmilter waits 40 ms for each acknowledgement once a session is a few messages old
        """
        directory = Path(directory)
        self.port = free_port(address)
        self.listen = f"inet:{address}:{self.port}"
        socket = f"inet:{self.port}@{address}"
        if unix:
            self.listen, socket = f"unix:{directory / name}.sock", f"local:{directory / name}.sock"
        configuration = directory / f"{name}.conf"
        settings = [("Mode", "v"), ("Socket", socket), ("UMask", "000"), ("Background", "no"), ("Syslog", "yes"), ("AuthservID", authserv_id),
                    ("AlwaysAddARHeader", "yes")]
        settings += [("ResolverConfiguration", key_server.resolver_configuration), ("DNSTimeout", 1)] if key_server else [("TestPublicKeys", keys.public_keys)]
        settings += [("RemoveARAll", "yes"), ("RemoveARFrom", authserv_id)] if removal else []
        settings += [("AuthservIDWithJobID", "yes")] if job_id else []
        configuration.write_text("".join(f"{key} {value}\n" for key, value in settings))
        self._process = Process(["/usr/sbin/opendkim", "-f", "-x", configuration], directory / f"{name}.log")
        wait_for(lambda: (Path(f"{directory / name}.sock").is_socket() if unix else listens(address, self.port)) or not self._process.running(),
                 "OpenDKIM listening")
        assert self._process.running(), self._process.tail()

    def running(self):
        return self._process.running()

    def stop(self):
        self._process.kill()  # it takes five seconds to end on SIGTERM (libmilter)
