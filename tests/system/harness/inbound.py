"""An inbound door behind a real Postfix: one service for what is relayed, one for what comes in, name servers and DNS lists of our own."""
from .chain import Chain
from .dns import DnsLists, NameServers, txt
from .exota import TENANTS

EOP, STRANGER, LISTED, BLOCKED, ALLOWED = "40.92.0.10", "203.0.113.9", "203.0.113.66", "198.51.100.7", "198.51.100.8"
LIST = "bl.example"  # asked under a key that nobody must see
KEY = "abcdefghij0123456789abcdef"
# Lists that have gone mad: each lists the world, in its way.
WORLD = ["0.0.0.0/1", "128.0.0.0/1"]
LIARS = {"world.example": WORLD, "words.example": [":127.0.0.4:in other words", *WORLD], "quota.example": [":127.255.255.254:over quota", *WORLD]}

# EOP wrote this of a message from the internet, found that DMARC said reject, and passed it on: 2024, security@microsoft.com.
OVERRIDDEN = ("spf=fail (sender IP is {sender}) smtp.mailfrom=microsoft.com; dkim=none (message not signed) header.d=none;"
              "dmarc=fail action=oreject header.from=microsoft.com;compauth=none reason=451")


def tenants():
    made = {"version": 2, "tenants": {name: dict(entry) for name, entry in TENANTS["tenants"].items()}}
    made["tenants"]["contoso"] |= {"hybrid": True, "recipients": "authoritative"}
    return made


def key_of(keys, domain):
    return next(line.split(" ", 1)[1].strip() for line in keys.public_keys.read_text().splitlines() if line.startswith(f"selector1._domainkey.{domain} "))


def zones(keys):
    return {
        "contoso.com": txt("selector1._domainkey", key_of(keys, "contoso.com")) + txt("_dmarc", "v=DMARC1; p=reject") + txt("@", "v=spf1 -all"),
        "author.test": txt("selector1._domainkey", key_of(keys, "author.test")) + txt("_dmarc", "v=DMARC1; p=reject") + txt("@", "v=spf1 -all"),
        "evil.test": txt("_dmarc", "v=DMARC1; p=quarantine") + txt("@", "v=spf1 -all"),
        "mild.test": txt("_dmarc", "v=DMARC1; p=none") + txt("@", "v=spf1 -all"),
        "microsoft.com": txt("_dmarc", "v=DMARC1; p=reject") + txt("@", "v=spf1 -all"),
        "com": txt("@", "no policy here"), "test": txt("@", "no policy here"), "in-addr.arpa": txt("@", "no names here"),
    }


class Door:
    """The chain with its servers. `send` speaks with the service that is the door. `keys`: those that DNS has, if not the workshop's;
    `signed`: zones that are validated by DNSSEC, and more arguments of NameServers."""

    def __init__(self, workshop, directory, *, changes=None, inbound=None, keys=None, more_zones=None, signed=(), **dns):
        self.workshop, self.directory = workshop, directory
        self._parts = []
        try:
            listing = {f"{KEY}.{LIST}": ["127.0.0.2", ":127.0.0.2:see https://bl.example/?$", LISTED, EOP], **LIARS}
            self.lists = self._own(DnsLists(directory, listing))
            self.names = self._own(NameServers(directory, zones(keys or workshop.keys) | (more_zones or {}), others={zone: self.lists.port for zone in listing}, signed=signed, **dns))
            self.block, self.allow, self.recipients = (directory / name for name in ("block", "allow", "recipients"))
            self.block.write_text(f"{BLOCKED}/32 until 2999-12-31 # a test\n198.51.100.0/28\n")
            self.allow.write_text(f"{ALLOWED}\n")
            self.recipients.write_text("bob@contoso.com\n@contoso.onmicrosoft.com\n")
            settings = {
                "dkim": {"source": "verify"}, "authentication_results": None,
                "authorisation": {"proofs": ["client-cert + tenant-id"]},
                "dns": {"servers": [self.names.address], **({"dnssec": "on", "trust_anchor_files": [str(self.names.anchors)]} if self.names.signed else {"dnssec": "off"}), "open_zones": ["test."], "timeout": 1, "message_timeout": 3},
                "inbound": {"listen": [f"unix:{directory}/door.sock"], "mode": "enforce", **(inbound or {})},
                "eop": {"results": "enforce"},
                "perimeter": {"allow_file": str(self.allow), "block_file": str(self.block), "dnsbl": [f"{KEY}.{LIST}=127.0.0.[2..11]*2", *(f"{liar}*2" for liar in LIARS)],
                              "threshold": 2, "delist": "https://gw.test/delist"},
                "recipients": {"source": "file", "file": str(self.recipients)},
                **(changes or {}),
            }
            self.chain = self._own(Chain(
                workshop, directory, opendkim=False, changes=settings, tenants=tenants(),
                postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"},
                second={"smtpd_milters": f"unix:{directory}/door.sock", "smtpd_relay_restrictions": "permit_mynetworks, reject"}))
            self.exota = self.chain.exota
        except BaseException:
            self.stop()
            raise

    def _own(self, part):
        self._parts.append(part.stop)
        return part

    def stop(self):
        while self._parts:
            self._parts.pop()()

    def client(self, address=STRANGER, certificate=None):
        client = self.chain.connect(certificate, port=self.chain.postfix.second_port)
        client.xclient(name="[UNAVAILABLE]", addr=address)
        return client

    def send(self, raw, *, address=STRANGER, certificate=None, sender="jane@author.test", recipients=("bob@contoso.com",)):
        """One message over a connection of its own; the reply that decided it."""
        with self.client(address, certificate) as client:
            return client.message(sender, recipients, raw)

    def recipient(self, *recipients, address=STRANGER):
        """The replies to RCPT of these, in one session."""
        with self.client(address) as client:
            client.expect("MAIL FROM:<jane@author.test>", 250)
            return [client.command(f"RCPT TO:<{recipient}>") for recipient in recipients]

    def list_in_use(self, name=LIST):
        return self.exota.metrics().get(f'exota_dnsbl_in_use{{list="{name}",family="ipv4"}}') == 1

    def message(self, author="Jane <jane@author.test>", **fields):
        """As anybody on the internet writes."""
        return self.workshop.message(author=author, tenant_id=None, organization=None, recipient="bob@contoso.com", **fields)

    def passed_on(self, results=OVERRIDDEN, sender="203.0.113.5", extra=(), **fields):
        """What one's own Exchange Online Protection hands over, of a message that came to it from the internet."""
        top = [("Authentication-Results", results.format(sender=sender)),
               ("X-EOPAttributedMessage", "0"), ("X-MS-Exchange-CrossTenant-FromEntityHeader", "Internet")]
        bottom = [("X-Forefront-Antispam-Report", f"CIP:{sender};CTRY:US;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:evil.test;PTR:;CAT:NONE;SFS:;DIR:INB;")]
        fields = {"author": "Microsoft <security@microsoft.com>", "organization": None, **fields}
        raw = self.workshop.message(top=top, extra=[*bottom, *extra], recipient="bob@contoso.com", **fields)
        return raw.replace(b"CrossTenant-AuthAs: Internal", b"CrossTenant-AuthAs: Anonymous")
