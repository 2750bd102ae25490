"""Several private redis-servers that belong together: a master and replicas under three Sentinels, and a Cluster of three masters.

Everything among them goes under TLS; the password is that of harness.redis. Each keeps its configuration over a restart, and no counts.
"""
from .hosts import HERE
from .processes import fresh_directory, free_port, wait_for
from .redis import PASSWORD, Redis

SENTINEL_PASSWORD = "sentinelsecret"
MASTER_NAME = "limits"
SLOTS = 16384
FIRST_SLOTS = [0, 5461, 10923, SLOTS]  # of the nodes of a Cluster


def _mutual(pki):
    """What servers need that are clients of each other."""
    certificate, key = pki["exo_client"]
    return f"tls-client-cert-file {certificate}\ntls-client-key-file {key}\ntls-replication yes\nmasterauth {PASSWORD}\n"


class Sentinel(Redis):
    """Of a master; reached under TLS alone."""

    def __init__(self, directory, pki, master, host=HERE):
        super().__init__(directory, pki, _mutual(pki) + f"sentinel monitor {MASTER_NAME} {master.host.address} {master.tls_port} 2\n"
                         f"sentinel auth-pass {MASTER_NAME} {PASSWORD}\nsentinel down-after-milliseconds {MASTER_NAME} 1000\n"
                         f"sentinel failover-timeout {MASTER_NAME} 3000\n", password=SENTINEL_PASSWORD, arguments=["--sentinel"], host=host)

    def knows(self):
        """How many replicas and other Sentinels of the master it has seen, and that its word on the master is whole."""
        words = self.command("sentinel", "master", MASTER_NAME)
        facts = dict(zip(words[::2], words[1::2]))
        return facts["flags"] == "master" and facts["num-slaves"] == "2" and facts["num-other-sentinels"] == "2"

    def master_port(self):
        return int(self.command("sentinel", "get-master-addr-by-name", MASTER_NAME)[1])


class Watched:
    """A master, two replicas, three Sentinels. The master has a host of its own, where there are two."""

    def __init__(self, base, pki, masters_host=HERE, host=HERE):
        common = _mutual(pki) + "repl-diskless-sync-delay 0\n"
        first = Redis(fresh_directory(base, "w"), pki, common, host=masters_host)
        replica = common + f"replicaof {masters_host.address} {first.tls_port}\n"
        self.servers = [first, *(Redis(fresh_directory(base, "w"), pki, replica, host=host) for _ in range(2))]
        self.sentinels = [Sentinel(fresh_directory(base, "s"), pki, first, host) for _ in range(3)]
        self.urls = [sentinel.tls_url for sentinel in self.sentinels]
        wait_for(lambda: all(sentinel.knows() for sentinel in self.sentinels), "the Sentinels to know each other")

    def master(self):
        """By the word of a Sentinel that runs."""
        sentinel = next(sentinel for sentinel in self.sentinels if sentinel.process.running())
        port = sentinel.master_port()
        return next(server for server in self.servers if server.tls_port == port)

    def wait_for_another(self, than):
        def promoted():
            master = self.master()
            return master is not than and master.command("role")[0] == "master" and master
        return wait_for(promoted, "the Sentinels to promote another one")

    def stop(self):
        for process in self.sentinels + self.servers:
            process.stop()


class ClusterNode(Redis):
    def __init__(self, directory, pki, host):
        self.bus_port = free_port()
        super().__init__(directory, pki, _mutual(pki) + f"tls-cluster yes\ncluster-enabled yes\ncluster-port {self.bus_port}\n"
                         "cluster-node-timeout 2000\ncluster-require-full-coverage no\n", host=host)
        self.id = self.command("cluster", "myid")[0]

    def sees(self, count):
        """It knows so many nodes, all of them well, and somebody has each slot."""
        state = self.command("cluster", "info")
        nodes = self.command_text("cluster", "nodes").splitlines()
        return "cluster_state:ok" in state and f"cluster_slots_ok:{SLOTS}" in state and len(nodes) == count and all(" connected" in node for node in nodes)


class Cluster:
    """Three masters; slots that nobody has are no reason for the others to stop."""

    def __init__(self, base, pki, hosts=(HERE, HERE, HERE)):
        self.nodes = [ClusterNode(fresh_directory(base, "c"), pki, host) for host in hosts]
        for number, node in enumerate(self.nodes):
            node.command("cluster", "addslotsrange", str(FIRST_SLOTS[number]), str(FIRST_SLOTS[number + 1] - 1))
            node.command("cluster", "set-config-epoch", str(number + 1))
        for node in self.nodes[1:]:
            node.command("cluster", "meet", self.nodes[0].host.address, str(self.nodes[0].tls_port), str(self.nodes[0].bus_port))
        self.wait_until_whole()

    def wait_until_whole(self):
        wait_for(lambda: all(node.sees(3) for node in self.nodes), lambda: "".join(node.command_text("cluster", "nodes") for node in self.nodes))

    def slot_of(self, tenant):
        return int(self.nodes[0].command("cluster", "keyslot", f"{{{tenant}}}")[0])

    def node_of(self, tenant):
        """Who had his slot at the start."""
        slot = self.slot_of(tenant)
        return next(node for number, node in enumerate(self.nodes) if slot < FIRST_SLOTS[number + 1])

    def stop(self):
        for node in self.nodes:
            node.stop()
