"""Name servers of our own: nsd with zones of the test, signed where wanted, and a validating unbound in front that asks nobody else."""
import re
import subprocess
from pathlib import Path

from .processes import Process, free_port, wait_for

SOA = "@ 1 IN SOA ns hostmaster 1 3600 600 86400 1\n@ 1 IN NS ns\nns 1 IN A 127.0.0.1\n"


def txt(name, text):
    """A TXT record with a lifetime of a second, so that no cache outlives a test's change of mind."""
    return f"{name} 1 IN TXT " + " ".join(f'"{text[i:i + 250]}"' for i in range(0, len(text), 250)) + "\n"


def key_servers(directory, keys):
    """Servers that publish every key of the tests' signing domains (message.Keys), and nothing else."""
    zones = {}
    for line in keys.public_keys.read_text().splitlines():
        name, record = line.split(" ", 1)
        zones[name.split("._domainkey.")[1]] = txt("selector1._domainkey", record.strip())
    return NameServers(directory, zones)


def verifying(servers):
    """Settings of an exota that verifies by these servers."""
    return {"dkim": {"source": "verify"}, "authentication_results": None,
            "dns": {"servers": [servers.address], "dnssec": "off", "open_zones": ["test."], "timeout": 2, "message_timeout": 5}}


class NameServers:
    """@param zones   origin → records (see `txt`)
    @param signed  origins to sign; `anchors` is the file with their keys
    @param broken  signed origins in which one octet of the data is changed after signing: bogus
    @param breaks  what becomes an octet more or another one in those: (pattern, replacement)
    @param others  origin → port of a server of its own (see DnsLists)
    """

    def __init__(self, directory, zones, *, signed=(), broken=(), breaks=(r'("v=DKIM1; k=rsa; p=MIIB)', r'\1X'), others=None):
        self.directory = Path(directory) / "dns"
        self.directory.mkdir(mode=0o755)
        self.zones, self.signed, self.broken = dict(zones), set(signed) | set(broken), set(broken)
        self.breaks = breaks
        self.others = dict(others or {})
        self.anchors = self.directory / "anchors"
        self.authority_port, self.port = free_port(), free_port()
        self.address = f"127.0.0.1@{self.port}"
        self._keys = {origin: self._make_keys(origin) for origin in self.signed}
        self.anchors.write_text("".join((self.directory / f"{keys[0]}.key").read_text() for keys in self._keys.values()))
        for origin in self.zones:
            self._write(origin)
        self.authority = self.resolver = None
        self.start()

    def _run(self, *command):
        return subprocess.run([str(part) for part in command], cwd=self.directory, check=True, capture_output=True, text=True).stdout.strip()

    def _make_keys(self, origin):
        return [self._run("ldns-keygen", "-a", "ECDSAP256SHA256", *flags, origin) for flags in (["-k"], [])]

    def _write(self, origin):
        path = self.directory / origin
        path.write_text(f"$ORIGIN {origin}.\n{SOA}{self.zones[origin]}")
        if origin not in self.signed:
            return
        self._run("ldns-signzone", "-n", "-f", f"{origin}.out", origin, *self._keys[origin])
        text = (self.directory / f"{origin}.out").read_text()
        if origin in self.broken:
            changed = re.sub(*self.breaks, text)
            assert changed != text, "nothing to break"
            text = changed
        path.write_text(text)

    def start(self):
        nsd = self.directory / "nsd.conf"
        nsd.write_text(
            f'server:\n  ip-address: 127.0.0.1@{self.authority_port}\n  username: ""\n  chroot: ""\n  zonesdir: "{self.directory}"\n'
            f'  pidfile: "{self.directory}/nsd.pid"\n  database: ""\n  xfrdfile: "{self.directory}/xfrd"\n  xfrdir: "{self.directory}"\n'
            f'  zonelistfile: "{self.directory}/zone.list"\n  cookie-secret-file: ""\n  server-count: 1\nremote-control:\n  control-enable: no\n'
            + "".join(f"zone:\n  name: {origin}\n  zonefile: {origin}\n" for origin in self.zones))
        self.authority = Process(["nsd", "-d", "-c", nsd], self.directory / "nsd.log")
        unbound = self.directory / "unbound.conf"
        unbound.write_text(
            f'server:\n  interface: 127.0.0.1\n  port: {self.port}\n  do-ip6: no\n  chroot: ""\n  username: ""\n  directory: "{self.directory}"\n'
            f'  pidfile: "{self.directory}/unbound.pid"\n  use-syslog: no\n  num-threads: 1\n  module-config: "validator iterator"\n'
            f'  do-not-query-localhost: no\n  local-zone: "test." nodefault\n  local-zone: "." refuse\n  cache-max-ttl: 1\n'
            f'  cache-max-negative-ttl: 1\n  infra-keep-probing: yes\n'
            + "".join(f'  local-zone: "{origin}." transparent\n' for origin in [*self.zones, *self.others])
            # It passes signatures on and judges nothing itself: the judge of bogus answers is the program under test.
            + "".join(f'  domain-insecure: "{origin}"\n' for origin in [*self.zones, *self.others]) + "remote-control:\n  control-enable: no\n"
            + "".join(f'stub-zone:\n  name: "{origin}"\n  stub-addr: 127.0.0.1@{self.authority_port}\n' for origin in self.zones)
            + "".join(f'stub-zone:\n  name: "{origin}"\n  stub-addr: 127.0.0.1@{port}\n' for origin, port in self.others.items()))
        self.start_resolver()

    def start_resolver(self):
        self.resolver = Process(["unbound", "-d", "-c", self.directory / "unbound.conf"], self.directory / "unbound.log")
        origin = next(iter(self.zones))
        wait_for(lambda: origin in self.ask(origin, "SOA"), lambda: f"{origin} resolves: {self.resolver.tail()} {self.authority.tail()}", 20)

    def ask(self, name, kind):
        done = subprocess.run(["dig", "+time=1", "+tries=1", "+noall", "+answer", "-p", str(self.port), "@127.0.0.1", name, kind],
                              capture_output=True, text=True)
        return done.stdout

    def change(self, origin, records):
        """The zone holds `records` from now on; returns when the resolver says so."""
        self.zones[origin] = records
        self._write(origin)
        self.authority.stop()
        self.authority = Process(["nsd", "-d", "-c", self.directory / "nsd.conf"], self.directory / "nsd.log")
        wait_for(lambda: origin in self.ask(origin, "SOA"), lambda: f"{origin} resolves again: {self.authority.tail()}", 20)

    def stop(self):
        for server in (self.resolver, self.authority):
            if server:
                server.kill()


class DnsLists:
    """DNS lists of addresses, served by rbldnsd.
    @param zones  origin → lines of an ip4set: "203.0.113.66", ":127.0.0.2:text" …
    """

    def __init__(self, directory, zones):
        self.directory = Path(directory) / "rbldnsd"
        self.directory.mkdir(mode=0o755)
        self.port = free_port()
        self.zones = list(zones)
        for number, lines in enumerate(zones.values()):
            (self.directory / f"list{number}").write_text("\n".join([f"$SOA 1 ns.{self.zones[number]} hostmaster 1 600 300 86400 1", "$TTL 1", *lines, ""]))
        self.server = None
        self.start()

    def start(self):
        files = [f"{origin}:ip4set:list{number}" for number, origin in enumerate(self.zones)]
        self.server = Process(["rbldnsd", "-n", "-u", "nobody", "-b", f"127.0.0.1/{self.port}", "-w", self.directory, *files], self.directory / "rbldnsd.log")
        wait_for(lambda: "127." in self._ask(f"2.0.0.127.{self.zones[0]}"), lambda: f"rbldnsd answers: {self.server.tail()}", 20)

    def _ask(self, name):
        return subprocess.run(["dig", "+time=1", "+tries=1", "+short", "-p", str(self.port), "@127.0.0.1", name, "A"], capture_output=True, text=True).stdout

    def stop(self):
        self.server.kill()
