"""Several hosts on one network, each a network namespace with one interface, and the cable of each can be cut.

A host whose network is cut gets nothing and is heard by nobody; nobody is told (no RST, no FIN, no ICMP): whoever talks to it hears nothing more.
Nothing can leave this network: there is no route.
"""
from .namespace import Namespace

NETWORK = "10.77.0."


class Here:
    """Where servers of the tests are usually."""
    address, certificate = "127.0.0.1", "server"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


HERE = Here()


class Host(Namespace):
    """`with host:` is on it. `certificate`: the name of one in the PKI that has its address."""

    def __init__(self, switch, number, certificate):
        super().__init__([])
        self.address, self.certificate, self.hardware = f"{NETWORK}{number}", certificate, f"02:00:00:00:00:{number:02x}"
        self._switch, self._port = switch, f"port{number}"
        with switch:
            self._ip("link", "add", self._port, "type", "veth", "peer", "name", "eth0", "address", self.hardware, "netns", self.path)
            self._ip("link", "set", self._port, "master", "bridge", "up")
        with self:
            self._ip("addr", "add", self.address + "/24", "dev", "eth0")
            self._ip("link", "set", "eth0", "up")

    def knows(self, other):
        """Finds `other` without asking on the network where he is, as behind a router: who is gone is silent, not unreachable."""
        with self:
            self._ip("neigh", "replace", other.address, "lladdr", other.hardware, "dev", "eth0", "nud", "permanent")

    def _set(self, *what):
        with self._switch:
            self._ip("link", "set", self._port, *what)

    def pull_cable(self):
        """Cuts it, and it can see that: its link is down."""
        self._set("down")

    def drop_packets(self):
        """Cuts it, and its link stays up: what it sends, and what is sent to it, gets lost on the way."""
        self._set("nomaster")

    def restore(self):
        self._set("master", "bridge", "up")


class Hosts:
    """`ours` is the host of the program under test; it talks to `servers` servers."""

    def __init__(self, pki, servers):
        addresses = ",".join(f"IP:{NETWORK}{number}" for number in range(1, servers + 2))
        pki._leaf("hosts", "/CN=hosts", "ca", 3650, ["extendedKeyUsage=serverAuth", "subjectAltName=DNS:localhost,IP:127.0.0.1," + addresses])
        self._switch = Namespace([])
        self._hosts = []
        try:
            with self._switch:
                self._switch._ip("link", "add", "bridge", "type", "bridge")
                self._switch._ip("link", "set", "bridge", "up")
            for number in range(1, servers + 2):
                self._hosts.append(Host(self._switch, number, "hosts"))
        except Exception:
            self.close()
            raise
        self.ours, *self.servers = self._hosts
        for server in self.servers:
            self.ours.knows(server)

    def close(self):
        for namespace in [*self._hosts, self._switch]:
            namespace.close()
