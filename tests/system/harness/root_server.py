"""A DNS server on loopback with a signed root of our own and nothing below it: for those who ask whether their resolver answers and validates."""
import subprocess

from .processes import Process, free_port, wait_for

ZONE = "$ORIGIN .\n. 1 IN SOA ns. hostmaster. 1 3600 600 86400 1\n. 1 IN NS ns.\nns. 1 IN A 127.0.0.1\n"


class RootServer:
    """@param signed  False: it passes no DNSSEC on, like many a resolver in a router"""

    def __init__(self, directory, *, signed=True, name="root"):
        self.directory = directory / name
        self.directory.mkdir(mode=0o755)
        self.port = free_port()
        self.address = f"127.0.0.1@{self.port}"
        self.anchors = self.directory / "anchors"
        (self.directory / "zone").write_text(ZONE)
        keys = [self._run("ldns-keygen", "-a", "ECDSAP256SHA256", *flags, ".") for flags in (["-k"], [])]
        self.anchors.write_text((self.directory / f"{keys[0]}.key").read_text())
        self._run("ldns-signzone", "-n", "-o", ".", "-f", "signed", "zone", *keys)
        zone = "signed" if signed else "zone"
        configuration = self.directory / "unbound.conf"
        configuration.write_text(
            f'server:\n  interface: 127.0.0.1\n  port: {self.port}\n  do-ip6: no\n  chroot: ""\n  username: ""\n  directory: "{self.directory}"\n'
            f'  pidfile: "{self.directory}/pid"\n  use-syslog: no\n  num-threads: 1\n  domain-insecure: "."\nremote-control:\n  control-enable: no\n'
            f'auth-zone:\n  name: "."\n  zonefile: "{self.directory}/{zone}"\n  for-downstream: no\n  for-upstream: yes\n')
        self.process = Process(["unbound", "-d", "-c", configuration], self.directory / "log")
        wait_for(lambda: "127.0.0.1" in self._ask(), lambda: f"the root resolves: {self.process.tail()}", 20)

    def _ask(self):
        return subprocess.run(["dig", "+time=1", "+tries=1", "+short", "-p", str(self.port), "@127.0.0.1", "ns.", "A"],
                              capture_output=True, text=True).stdout

    def _run(self, *command):
        return subprocess.run(command, cwd=self.directory, check=True, capture_output=True, text=True).stdout.strip()

    def stop(self):
        self.process.kill()
