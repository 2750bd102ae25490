"""The attacks of docs/threats.md, each as a message and what the MTA knows of it.

The victim is contoso; fabrikam is another customer, who may forward; the forger has a tenant of his own at Microsoft, an MTA, and the domain
evil.test with its keys. An attack is made by a function of the keys.
"""
from dataclasses import dataclass, field

from .evaluation import Session
from .forged_claims import CONSUMER_ID, EVIL_ID, NDR, NULL, STRANGER
from .forged_messages import ATTRIBUTED, AUTH_AS, BODY, ID, ORGANIZATION, genuine, plain
from .forger import add, sign
from .keyserver import DEAD
from .message import CONTOSO_ID, FABRIKAM_ID
from .silencers import INVENTED, PASS, signature

POOL = Session(client_ip="40.95.0.10")
UNVERIFIED = Session(client_cert=None)  # Microsoft's address and TLS, but a certificate that the MTA did not take
RELAY, HOST = "192.0.2.25", "192.0.2.26"
RESULT = "Authentication-Results"
LIMITS = ["3 messages / day"]


@dataclass
class Attack:
    """`validator`: "ran" (its field stands on top, with the results that are true), "silent", or what it wrote, behind its id.
    `config`, `domains` and `limits` are what this attack needs of the operator's settings and of contoso's entry. `xoorg`: the organisation that Microsoft
    names in MAIL, to who announces that to him; it is the tenant's who sends, whatever is stamped."""
    make: object
    session: Session = field(default_factory=Session)
    validator: str = "ran"
    config: dict = field(default_factory=dict)
    domains: list = field(default_factory=list)
    limits: list = field(default_factory=list)
    xoorg: str = "evil.test"


def of(tenant, keys, raw, signer=None):
    """The message as it leaves Microsoft for a tenant: signed, then stamped."""
    raw = sign(raw, keys, signer) if signer else raw
    organization = {CONTOSO_ID: "contoso.com", FABRIKAM_ID: "fabrikam.com", CONSUMER_ID: "outlook.com"}.get(tenant, "evil.test")
    return add(raw, (ID, tenant), (ORGANIZATION, organization))


def connected(raw, tenant, address):
    return add(raw, (ATTRIBUTED, f"TenantId={tenant};Ip=[{address}];Helo=[host.test]")).replace(f"{AUTH_AS}: Internal".encode(), f"{AUTH_AS}: Anonymous".encode())


def evil_signed(**how):
    return lambda keys: sign(plain(**how), keys, "evil.test")


INJECTED = signature(i="a=3B=20dkim=3Dpass=20header.d=3Dcontoso.com=20header.i=3D@contoso.com")

ROWS = {
    # Spoofing
    "own-server": Attack(lambda keys: of(CONTOSO_ID, keys, plain(), "evil.test"), STRANGER),
    "own-tenant": Attack(lambda keys: of(EVIL_ID, keys, plain(), "evil.test")),
    "own-tenant-unstamped": Attack(evil_signed()),
    "other-customer": Attack(lambda keys: of(FABRIKAM_ID, keys, plain(), "fabrikam.com"), xoorg="fabrikam.com"),
    "consumer": Attack(lambda keys: of(CONSUMER_ID, keys, plain()), xoorg="outlook.com"),
    "own-connector": Attack(lambda keys: connected(of(EVIL_ID, keys, plain()), EVIL_ID, "203.0.113.7")),
    "shared-host": Attack(lambda keys: connected(of(CONTOSO_ID, keys, plain(), "contoso.com"), CONTOSO_ID, "198.51.100.9"), xoorg="contoso.com"),
    "shared-host-listed": Attack(lambda keys: connected(of(CONTOSO_ID, keys, plain(), "contoso.com"), CONTOSO_ID, "203.0.113.7"), xoorg="contoso.com"),
    "account-taken-over": Attack(lambda keys: of(CONTOSO_ID, keys, plain(), "contoso.com"), xoorg="contoso.com"),
    # Replay
    "replay-outside": Attack(genuine, STRANGER),
    "replay-inside": Attack(lambda keys: of(EVIL_ID, keys, genuine(keys))),
    "replay-unstamped": Attack(genuine),
    "replay-customer": Attack(lambda keys: of(FABRIKAM_ID, keys, genuine(keys), "fabrikam.com"), xoorg="fabrikam.com"),
    "replay-second-subject": Attack(lambda keys: add(genuine(keys), ("Subject", "forged"))),
    "replay-second-content-type": Attack(lambda keys: add(genuine(keys), ("Content-Type", 'multipart/mixed; boundary="x"'))),
    "replay-longer-body": Attack(lambda keys: genuine(keys, l=len(BODY)).replace(BODY, BODY + b"Pay me.\r\n")),
    "replays-for-the-limit": Attack(lambda keys: of(EVIL_ID, keys, genuine(keys)), limits=LIMITS),
    "replays-for-the-limit-unstamped": Attack(genuine, limits=LIMITS),
    # Results
    "forged-result": Attack(lambda keys: add(plain(), (RESULT, f"mx.test; {PASS}"))),
    "forged-result-left": Attack(lambda keys: add(plain(), (RESULT, "mx.test; dkim=pass action=none header.d=contoso.com"))),
    "forged-result-foreign": Attack(lambda keys: add(plain(), (RESULT, f"mx.google.com; {PASS}"), (RESULT, PASS))),
    "silenced-unreadable": Attack(lambda keys: add(plain(), (RESULT, f"mx.test; {PASS}"), ("DKIM-Signature", "garbage"), ("DKIM-Signature", INVENTED)),
                                  validator="silent"),
    "silenced-dead-key": Attack(lambda keys: add(plain(), (RESULT, "mx.test; dkim=pass action=none header.d=contoso.com"), ("DKIM-Signature", signature(d=DEAD)),
                                                 ("DKIM-Signature", INVENTED)), validator="silent"),
    "queue-id-guessed": Attack(lambda keys: add(plain(), (RESULT, f"mx.test/{Session().queue_id}; dkim=pass action=none header.d=contoso.com"),
                                                ("DKIM-Signature", signature(d=DEAD)), ("DKIM-Signature", INVENTED)), validator="silent"),
    "queue-id-guessed-unreadable": Attack(lambda keys: add(plain(), (RESULT, f"mx.test/{Session().queue_id}; {PASS}"), ("DKIM-Signature", "garbage"),
                                                           ("DKIM-Signature", INVENTED)), validator="silent"),
    "injected-result": Attack(lambda keys: add(plain(), ("DKIM-Signature", INJECTED)),
                              validator="\r\n\tdkim=fail reason=\"signature verification failed\" (2048-bit key; unprotected) header.d=contoso.com header.i=a; "
                                        f"{PASS} header.i=@contoso.com header.a=rsa-sha256 header.s=selector1 header.b=AAAA;\r\n\tdkim-atps=neutral"),
    # Forwards and keys
    "forwarding": Attack(lambda keys: of(FABRIKAM_ID, keys, plain(author="ceo@bank.test"), "fabrikam.com"), xoorg="fabrikam.com"),
    "forwarding-subdomain": Attack(lambda keys: of(FABRIKAM_ID, keys, plain(author="ceo@payroll.contoso.com"), "fabrikam.com"), xoorg="fabrikam.com"),
    "resent": Attack(lambda keys: add(evil_signed(author="ceo@bank.test")(keys), ("Resent-From", "jane@contoso.com"))),
    "esp-subdomain": Attack(lambda keys: sign(plain(), keys, "news.contoso.com", key="evil.test")),
    "esp-subdomain-listed": Attack(lambda keys: sign(plain(), keys, "news.contoso.com", key="evil.test"), domains=["*.contoso.com"]),
    "homograph": Attack(lambda keys: sign(plain(author="jane@c\u043entoso.com"), keys, "evil.test")),
    "two-authors": Attack(lambda keys: sign(plain(author="jane@contoso.com, x@fabrikam.com"), keys, "fabrikam.com"), xoorg="fabrikam.com"),
    "display-name": Attack(lambda keys: of(FABRIKAM_ID, keys, plain(author='"jane@contoso.com" <x@fabrikam.com>'), "fabrikam.com"), xoorg="fabrikam.com"),
    # Peers and claims
    "relay-pool": Attack(lambda keys: of(EVIL_ID, keys, genuine(keys)), POOL),
    "certificate-not-verified": Attack(lambda keys: of(EVIL_ID, keys, genuine(keys)), UNVERIFIED),
    "certificate-not-verified-unstamped": Attack(genuine, UNVERIFIED),
    "claims-beside-the-stamp": Attack(lambda keys: add(of(EVIL_ID, keys, plain()), (ID, CONTOSO_ID), (ORGANIZATION, "contoso.com"))),
    "claims-unstamped": Attack(lambda keys: of(CONTOSO_ID, keys, plain(), "evil.test")),
    "system-marks": Attack(lambda keys: of(EVIL_ID, keys, plain(extra=NDR)), NULL),
    "system-marks-unstamped": Attack(lambda keys: plain(extra=NDR), NULL),
    "system-marks-claims": Attack(lambda keys: of(CONTOSO_ID, keys, plain(extra=NDR)), NULL),
    "trusted-relay": Attack(lambda keys: of(CONTOSO_ID, keys, plain(), "evil.test"), Session(client_ip=RELAY, client_cert=None),
                            config={"client_cert": {"trusted_relays": [RELAY]}}),
    "bypass": Attack(evil_signed(), Session(client_ip=HOST, client_cert=None), config={"bypass": {"clients": [HOST]}}),
    "bypass-claimed": Attack(evil_signed(), Session(client_ip="203.0.113.9", client_cert=None, macros={"{auth_type}": "XCLIENT", "{auth_authen}": "jane"}),
                             config={"bypass": {"authenticated": True}}),
}
