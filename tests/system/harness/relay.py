"""The gateway to Exchange: exota with sections [gateway.NAME] of that direction, and an internet of the tests that it sends to."""
from .exchange import Exchange, PolicyServer
from .exota import Exota
from .namespace import Namespace
from .processes import PATIENCE, free_port, listens, wait_for
from .smtp import SmtpClient

# Of the internet, none of this host: local by a route, so nobody finds them among the host's addresses.
GOOD, CLEAR, UNTRUSTED, BROKEN, EXPIRED, NOBODY, WITH_ROOT, SECOND, POLICIES, OURS = (
    "192.0.2.101", "192.0.2.102", "192.0.2.103", "192.0.2.104", "192.0.2.105", "192.0.2.106", "192.0.2.107", "192.0.2.108", "192.0.2.80", "198.51.100.1")


def internet():
    """A network namespace in which 192.0.2.0/24 is reached, and is not ours."""
    made = Namespace([OURS])
    with made:
        made._ip("route", "add", "local", "192.0.2.0/24", "dev", "lo")
    return made


class Relay(Exota):
    """exota whose sections are `sections`: NAME → keys over the usual ones; `ports[NAME]` is where each listens. Other arguments are Exota's.

    @param servers  NameServers; None: nobody answers
    """

    def __init__(self, binary, directory, *, pki, sections, servers=None, changes=None, **arguments):
        self.ports = {name: free_port() for name in sections}
        spool = directory / "spool"
        spool.mkdir(exist_ok=True)
        ours = {"milter": {"listen": [], "socket_group": None}}
        ours["dns"] = {"servers": [servers.address if servers else "127.0.0.1@9"], "open_zones": ["test."], "timeout": 2}
        ours["dns"] |= {"dnssec": "on", "trust_anchor_files": [str(servers.anchors)]} if servers and servers.signed else {"dnssec": "off"}
        for name, keys in sections.items():
            ours[f"gateway.{name}"] = {"direction": "to-exchange", "listen": [f"inet:127.0.0.1:{self.ports[name]}"], "hostname": "us.test",
                                       "spool_directory": str(spool), "mta_sts_directory": str(directory / "mta-sts"), "tls_level": "may"} | keys
        environment = arguments.pop("environment", {}) | {"SSL_CERT_FILE": str(pki.certificate("ca"))}
        super().__init__(binary, directory, changes=ours | (changes or {}), environment=environment, **arguments)

    def command(self):
        return [*self.wrapper, self.binary, "serve", "-c", self.configuration, *self.arguments]

    def _reachable(self):
        return all(listens("127.0.0.1", port) for port in self.ports.values())

    def connect(self, name, hello="mta.test"):
        client = SmtpClient(self.ports[name])
        client.command(f"EHLO {hello}")
        return client

    def gateway_metric(self, name, **labels):
        return sum(value for sample, value in self.metrics().items()
                   if sample.startswith(f"exota_gateway_{name}{{") and all(f'{key}="{word}"' in sample for key, word in labels.items()))

    def relayed(self, seconds=PATIENCE, **fields):
        """The newest record of a delivery that has these fields."""
        def found():
            return [record for record in self.records() if record.get("event") == "relayed" and all(record.get(key) == value for key, value in fields.items())]
        return wait_for(found, lambda: f"a delivery with {fields}: {self.process.tail()}", seconds)[-1]


def send(client, recipient, sender="jane@contoso.com", raw=b"Subject: hello\r\n\r\ntext\r\n"):
    """One transaction, whole or given up; the reply that decided it."""
    reply = client.command(f"MAIL FROM:<{sender}>")
    for command in (f"RCPT TO:<{recipient}>", "DATA"):
        if reply.accepted:
            reply = client.command(command)
    if reply.code != 354:
        client.command("RSET")
        return reply
    client.write(raw + b".\r\n")
    return client.reply()


def certificates(pki, names):
    """Those of the mail hosts: good (with its `names`), of nobody's authority, expired, and the MTA's own as a client."""
    if not pki.certificate("relay_good").exists():
        shown = ",".join(f"DNS:{name}" for name in names)
        usual = ["basicConstraints=CA:FALSE", "keyUsage=digitalSignature", "extendedKeyUsage=serverAuth", f"subjectAltName={shown}"]
        for name, issuer, days in (("relay_good", "ca", 3650), ("relay_untrusted", "otherca", 3650), ("relay_expired", "ca", -1)):
            pki._leaf(name, "/CN=mail host", issuer, days, usual)
        client = ["basicConstraints=CA:FALSE", "keyUsage=digitalSignature", "extendedKeyUsage=clientAuth", "subjectAltName=DNS:mta.contoso.com"]
        pki._leaf("relay_client", "/CN=mta.contoso.com", "ca", 3650, client)
        chain = pki.certificate("relay_good").read_text() + pki.certificate("ca").read_text()
        pki.certificate("relay_chain").write_text(chain)
    return pki


def mail_hosts(pki):
    """One at each address but NOBODY's; in the network. Stopped by the caller."""
    roots = pki.certificate("ca")
    return {
        GOOD: Exchange(GOOD, 25, certificate=pki["relay_good"], roots=roots),
        SECOND: Exchange(SECOND, 25, certificate=pki["relay_good"], roots=roots),
        CLEAR: Exchange(CLEAR, 25),
        UNTRUSTED: Exchange(UNTRUSTED, 25, certificate=pki["relay_untrusted"]),
        BROKEN: Exchange(BROKEN, 25, certificate="broken"),
        EXPIRED: Exchange(EXPIRED, 25, certificate=pki["relay_expired"]),
        WITH_ROOT: Exchange(WITH_ROOT, 25, certificate=(pki.certificate("relay_chain"), pki.key("relay_good"))),
    }


__all__ = ["Exchange", "PolicyServer", "Relay", "certificates", "internet", "mail_hosts", "send"]
