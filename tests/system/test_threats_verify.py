"""Forged messages against own verification, each judged by the built program; their honest twins must pass.

The messages stand in harness/forged_messages.py (fields, bodies, signatures, authors), forged_claims.py (Microsoft's own fields, system
mail) and forged_arc.py. A sample goes through a real Postfix besides.
"""
import base64
import os
import subprocess

import pytest
from harness.chain import Chain
from harness.evaluation import Session, decide, question, zone_of
from harness.exota import SOURCE
from harness.forged_arc import ARC, HONEST_ARC
from harness.forged_claims import CLAIMS, NDR, NULL
from harness.forged_messages import (ATTRIBUTED, AUTH_AS, AUTHORS, BODIES, BODY, FIELDS, ID, ORGANIZATION, OURS, TAGS, Row, authored, by_evil, genuine,
                                     plain, stamped)
from harness.forger import EXCHANGE, add, key_records, sign
from harness.keyserver import KeyServer
from harness.message import CONTOSO_ID, FABRIKAM_ID, Keys
from harness.processes import fresh_directory

FORGED = FIELDS + BODIES + TAGS + AUTHORS + CLAIMS + ARC
NOW = 1_790_000_000
DKIM = {"source": "verify"}

CONFIGS = {
    "default": {},
    "aligned": {"authorisation": {"proofs": ["client-cert + dkim-aligned"]}},
    "relaxed": {"authorisation": {"proofs": ["client-cert + dkim-aligned"], "alignment": "relaxed"}},
    "resent": {"authorisation": {"resent_from": True}},
    "tenant-id": {"authorisation": {"proofs": ["client-cert + tenant-id"]}},
    "organization": {"authorisation": {"proofs": ["client-cert + originator-org"]}},
    "xoorg": {"authorisation": {"proofs": ["client-cert + xoorg"]}},
    "hosted": {"authorisation": {"proofs": ["client-cert + dkim + hosted"]}},
    "system": {"authorisation": {"proofs": ["client-cert + dkim", "client-cert + tenant-id + system-mail"]}},
    "dmarc": {"authorisation": {"proofs": ["client-cert + dmarc"]}},
    "arc": {"authorisation": {"proofs": ["client-cert + arc"]}, "arc": {"trusted_sealers": ["sealer.test", "microsoft.com"]}},
}
QUIET = {"in_flow_delay": "0", "smtpd_junk_command_limit": "1000000"}  # else Postfix waits a second for each refused message after the hundredth
TENANTS = {
    "version": 2,
    "tenants": {
        "contoso": {"tenant_ids": [CONTOSO_ID], "organizations": ["contoso.com"], "domains": ["contoso.com", "contoso.onmicrosoft.com"],
                    "dkim_domains": ["contoso.onmicrosoft.com"], "connector_clients": ["203.0.113.7"]},
        "fabrikam": {"tenant_ids": [FABRIKAM_ID], "organizations": ["fabrikam.com"],
                     "domains": ["fabrikam.com", "*.fabrikam.com", "fabrikam.onmicrosoft.com", "shop.contoso.com"], "forwarding": True},
    },
}
HONEST = [
    Row("contoso's own", genuine),
    Row("its id stamped", lambda keys: add(genuine(keys), (ID, CONTOSO_ID), (ORGANIZATION, "contoso.com"))),
    Row("its id twice, one value", lambda keys: add(genuine(keys), (ID, CONTOSO_ID), (ID.lower(), CONTOSO_ID.upper()))),
    Row("Subject twice, one value", lambda keys: add(genuine(keys), ("Subject", "  Invoice "))),
    Row("Content-Type twice, both in h=", lambda keys: genuine(keys, h=EXCHANGE + ":Content-Type", extra=[("Content-Type", "text/plain")])),
    Row("oversigned", lambda keys: genuine(keys, h=EXCHANGE + ":From:Subject:Reply-To")),
    Row("h= in capitals", lambda keys: genuine(keys, h=EXCHANGE.upper())),
    Row("l= of the whole body", lambda keys: genuine(keys, l=len(BODY))),
    Row("simple/simple", lambda keys: genuine(keys, c="simple/simple")),
    Row("no body", lambda keys: sign(plain(body=b""), keys, "contoso.com")),
    Row("i= below d=", lambda keys: genuine(keys, more="i=jane@news.contoso.com")),
    Row("d= in capitals", lambda keys: sign(plain(), keys, "CONTOSO.COM", key="contoso.com")),
    Row("a forger's signature beside it", lambda keys: sign(genuine(keys), keys, "evil.test")),
    Row("a dead key beside it", lambda keys: sign(genuine(keys), keys, "evil.test", s="dead")),
    Row("by the onmicrosoft name", lambda keys: sign(plain(), keys, "contoso.onmicrosoft.com")),
    Row("strict", genuine, config="aligned"),
    Row("relaxed, by a subdomain of nobody", by_evil("news.contoso.com"), config="relaxed"),
    Row("a customer who may forward", lambda keys: add(sign(plain(author="ceo@bank.test"), keys, "fabrikam.com"), (ID, FABRIKAM_ID), ("Resent-From", "x@fabrikam.com")),
        config="resent"),
    Row("our id", stamped((ID, CONTOSO_ID)), config="tenant-id"),
    Row("our id in capitals", stamped((ID, CONTOSO_ID.upper())), config="tenant-id"),
    Row("our organisation", stamped((ORGANIZATION, "Contoso.com")), config="organization"),
    Row("our xoorg", lambda keys: plain(), config="xoorg", session=Session(xoorg="contoso.com")),
    Row("written in a mailbox", stamped((AUTH_AS, "Internal"), signer="contoso.com"), config="hosted"),
    Row("through our connector", stamped((ATTRIBUTED, OURS), (AUTH_AS, "Anonymous"), signer="contoso.com"), config="hosted"),
    Row("a report of Exchange's own", stamped(*NDR, (ID, CONTOSO_ID)), config="system", session=NULL),
    Row("aligned for DMARC", genuine, config="dmarc"),
    Row("encoded words that are not well-formed", authored('"=?utf-8?Q?Doe, Jane (HR)?=" <x@fabrikam.com>')),
    Row("an encoded word with raw quotes", authored('=?utf-8?Q?"Doe, J=C3=A4ne"?= <x@fabrikam.com>')),
    Row("a Japanese name, folded", authored("=?iso-2022-jp?B?GyRCJSIbKEI=?=\r\n =?iso-2022-jp?B?GyRCJSIbKEI=?= <x@fabrikam.com>")),
    Row("a comment in a comment", authored("Jane (HR (and (more))) <x@fabrikam.com> (jane@contoso.com)")),
    Row("a long name, folded", authored("(" + "x" * 800 + ")\r\n (" + "x" * 800 + ")\r\n <x@fabrikam.com>")),
    Row("a customer as himself", authored('"jane at contoso.com" <x@fabrikam.com>')),
    *HONEST_ARC,
]


def record_of(keys, domain):
    return key_records(keys)[f"selector1._domainkey.{domain}"]


@pytest.fixture(scope="module")
def keys(base_directory):
    made = Keys(fresh_directory(base_directory) / "keys", ["contoso.com", "contoso.onmicrosoft.com", "fabrikam.com", "evil.test", "microsoft.com", "sealer.test"])
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", made.directory / "short.test", "768"], check=True, capture_output=True)
    der = subprocess.run(["openssl", "rsa", "-in", made.directory / "short.test", "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    with made.public_keys.open("a") as stream:
        stream.write(f"short._domainkey.contoso.com v=DKIM1; p={base64.b64encode(der).decode()}\n")
    return made


@pytest.fixture(scope="module")
def records(keys):
    """name → record, beside the keys' own."""
    ours, evil = record_of(keys, "contoso.com"), record_of(keys, "evil.test")
    records = {"contoso.com": "v=spf1 ip4:40.92.0.0/15 -all", "_dmarc.contoso.com": "v=DMARC1; p=reject"}
    records |= {f"{selector}._domainkey.contoso.com": record for selector, record in {
        "strict": ours.replace("k=rsa;", "k=rsa; t=s;"), "testing": ours.replace("k=rsa;", "k=rsa; t=y;"), "revoked": "v=DKIM1; p=",
        "sha1only": ours.replace("k=rsa;", "k=rsa; h=sha1;"), "service": ours.replace("k=rsa;", "k=rsa; s=other;"),
        "version": ours.replace("DKIM1", "DKIM2"), "edkey": "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(32)).decode()}.items()}
    # Where the forger can write, or somebody could who should not.
    records |= {f"selector1._domainkey.{name}": evil for name in (
        "com", "onmicrosoft.com", "evil.onmicrosoft.com", "news.contoso.com", "shop.contoso.com", "contoso.test", "xn--cntoso-wqf.com", "contoso.com.evil.test",
        "contoso.com._domainkey.evil.test", "selector1._domainkey.evil.test")}
    return records


BROKEN = "broken._domainkey.contoso.com"
DEAD = ["dead._domainkey.contoso.com", "dead._domainkey.evil.test"]


@pytest.fixture(scope="module")
def zone(keys, records):
    return zone_of(key_records(keys) | records, **{BROKEN: ["SERVFAIL"]}, **{name: ["TIMEOUT"] for name in DEAD})


def configuration(name):
    base = {"authorisation": {"mode": "enforce"}, "dkim": DKIM, "header": {"authserv_id": "mx.test"},
            "client_ip": {"endpoints_file": str(SOURCE / "packaging/endpoints.json")}}
    return base | {table: base.get(table, {}) | values for table, values in CONFIGS[name].items()}


@pytest.fixture(scope="module")
def answers(binary, keys, zone):
    """name → answer, of all rows."""
    rows = FORGED + HONEST
    asked = [question(row.make(keys), row.session, config=configuration(row.config), tenants=TENANTS, zone=zone, now=NOW) for row in rows]
    return {(row.config, row.name): answer for row, answer in zip(rows, decide(binary, asked))}


def shown(answer):
    found = " ".join(f"{entry['factor']}={entry['finding']}({entry['detail']})" for entry in answer.get("findings", []))
    return f"{answer.get('verdict')} {answer.get('reason')}: {answer.get('why')} {answer.get('error', '')} {found}"


@pytest.mark.parametrize("row", FORGED, ids=lambda row: f"{row.config}: {row.name}")
def test_forged(answers, row):
    answer = answers[row.config, row.name]
    assert answer["verdict"] == ("tempfail" if row.reason == "unavailable" else "reject"), shown(answer)
    assert answer["reason"] == row.reason, shown(answer)


@pytest.mark.parametrize("row", HONEST, ids=lambda row: f"{row.config}: {row.name}")
def test_honest(answers, row):
    answer = answers[row.config, row.name]
    assert (answer["verdict"], answer["reason"]) == ("accept", "authorised"), shown(answer)


@pytest.fixture(scope="module")
def verifying(workshop, base_directory, keys, records):
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    server = KeyServer(fresh_directory(base_directory), keys, records, failing=[BROKEN, *DEAD])
    made = Chain(workshop, fresh_directory(base_directory), opendkim=False, tenants=TENANTS, postfix=QUIET,
                 changes=configuration("default") | {"authentication_results": None, "authorisation": {"proofs": ["client-cert + dkim"]},
                                                     "dns": {"servers": [server.address], "dnssec": "off"}})
    yield made
    made.stop()
    server.stop()


POSTFIX_CHANGES = {"a NUL in the address": "not-proven"}  # a milter is shown a C string: without the NUL and what stands behind it


def test_forged_through_postfix(verifying, keys):
    """Those that need no other settings and no other client than Exchange Online, as Postfix shows them to us."""
    rows = [row for row in FORGED if row.config == "default" and row.session == Session() and "Bcc" not in row.name]  # which Postfix drops
    with verifying.connect() as client:
        replies = {row.name: client.message("jane@contoso.com", ["bob@dest.test"], row.make(keys)) for row in rows}
    assert len(rows) > 100 and POSTFIX_CHANGES.keys() <= replies.keys()
    assert [name for name, reply in replies.items() if reply.code not in (451, 550)] == []
    reasons = {name: verifying.judged(reply)["reason"] for name, reply in replies.items()}
    wanted = {row.name: row.reason for row in rows} | POSTFIX_CHANGES
    assert {name: (reasons[name], wanted[name]) for name in wanted if reasons[name] != wanted[name]} == {}, "what it is, what it should be"


def test_honest_through_postfix(verifying, keys):
    rows = [row for row in HONEST if row.config == "default" and row.session == Session()]
    with verifying.connect() as client:
        replies = {row.name: client.message("jane@contoso.com", ["bob@dest.test"], row.make(keys)) for row in rows}
    assert [f"{name}: {reply}" for name, reply in replies.items() if reply.code != 250] == []


def test_no_two_rows_have_one_name():
    names = [(row.config, row.name) for row in FORGED + HONEST]
    assert len(names) == len(set(names)) and len(FORGED) >= 40
