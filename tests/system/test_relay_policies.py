"""DANE and MTA-STS end to end: a domain for each row, signed or not, with mail hosts and a policy; what a sender gets, and by what TLS.

Real name servers (nsd, signed zones, unbound before it), an HTTPS server for the policies, and mail hosts that have TLS, lack it, or show the
wrong certificate. Everything is in a network of its own; one program serves all rows.
"""
import hashlib
import re
import ssl
import subprocess
import time
from dataclasses import dataclass

import pytest
from harness.dns import NameServers
from harness.processes import fresh_directory
from harness.relay import (BROKEN, CLEAR, EXPIRED, GOOD, NOBODY, OURS, POLICIES, SECOND, UNTRUSTED, WITH_ROOT, PolicyServer, Relay, certificates, internet,
                           mail_hosts, send)

SAFE, PLAIN, BOGUS = "safe.test", "plain.test", "bogus.test"
NAMES = ["mx.safe.test", "mx.plain.test", "mx2.plain.test"]  # of the good certificate
UNFIT, HOP_AWAY = (451, "4.7.5"), (451, "4.4.1")
WRONG = "0" * 64


@dataclass
class Row:
    """`records` with D for the row's label in the zone; `want` is the reply's code and enhanced code, or the words of the log line:
    policy, proof, address."""
    name: str
    zone: str
    records: str
    want: tuple
    gateway: str = "dane"
    policy: object = None    # at mta-sts.D: text of a policy, or an answer in octets
    shown: str = "relay_good"  # the certificate of the policy's host; its names have the row's, unless it is another
    disk: str = ""           # kept from before: the text of a file; AGE is when it was fetched


def mx(*hosts):
    """D's mail hosts, best first: names as they are, or addresses, which get a name in D."""
    text = ""
    for number, host in enumerate(hosts, 1):
        if host[0].isdigit():
            text += f"D MX {number} h{number}.D\nh{number}.D A {host}\n"
        else:
            text += f"D MX {number} {host}\n"
    return text


def tlsa(data, host="h1.D"):
    return f"_25._tcp.{host} TLSA {data}\n"


def policy(mode, *patterns, age=86400):
    return f"version: STSv1\nmode: {mode}\nmax_age: {age}\n" + "".join(f"mx: {pattern}\n" for pattern in patterns)


STS = '_mta-sts.D TXT "v=STSv1; id=20260101;"\nmta-sts.D A ' + POLICIES + "\n"
KEPT = "exota-mta-sts 1\ndomain D.plain.test\nid old\nfetched AGE\n"
OUR_MX, OTHER_MX = "mx.plain.test.", "mx2.plain.test."  # GOOD and SECOND

ROWS = [
    # --- DANE: a match ---
    Row("ee key sha256", SAFE, mx(GOOD) + tlsa("3 1 1 {key256}"), ("dane", "dane", GOOD)),
    Row("ee certificate sha256", SAFE, mx(GOOD) + tlsa("3 0 1 {own256}"), ("dane", "dane", GOOD)),
    Row("ee key sha512", SAFE, mx(GOOD) + tlsa("3 1 2 {key512}"), ("dane", "dane", GOOD)),
    Row("ee key whole", SAFE, mx(GOOD) + tlsa("3 1 0 {key}"), ("dane", "dane", GOOD)),
    Row("ee whatever the certificate's names, authority and dates", SAFE, mx(EXPIRED) + tlsa("3 1 1 {expired256}"), ("dane", "dane", EXPIRED)),
    Row("ta with the name", SAFE, "D MX 1 mx\n", ("dane", "dane", WITH_ROOT)),  # mx.safe.test, below
    Row("one of two matches", SAFE, mx(GOOD) + tlsa("3 1 1 " + WRONG) + tlsa("3 1 1 {key256}"), ("dane", "dane", GOOD)),
    Row("an unusable one beside it", SAFE, mx(GOOD) + tlsa("0 0 1 " + WRONG) + tlsa("3 1 1 {key256}"), ("dane", "dane", GOOD)),
    Row("no MX the domain itself", SAFE, f"D A {GOOD}\n" + tlsa("3 1 1 {key256}", "D"), ("dane", "dane", GOOD)),
    Row("host behind a CNAME", SAFE, f"D MX 1 alias.D\nalias.D CNAME h1.D\nh1.D A {GOOD}\n" + tlsa("3 1 1 {key256}"), ("dane", "dane", GOOD)),
    Row("the MX set is not signed its host is", PLAIN, "D MX 1 signed.safe.test.\n", ("dane", "dane", GOOD)),
    # --- DANE: mismatch, bogus, unusable ---
    Row("mismatch", SAFE, mx(GOOD) + tlsa("3 1 1 " + WRONG), UNFIT),
    Row("mismatch the next host matches", SAFE, mx(GOOD, SECOND) + tlsa("3 1 1 " + WRONG) + tlsa("3 1 1 {key256}", "h2.D"), ("dane", "dane", SECOND)),
    Row("ta without the name", SAFE, mx(WITH_ROOT) + tlsa("2 0 1 {root256}"), UNFIT),
    Row("ta that is not sent", SAFE, mx(GOOD) + tlsa("2 0 1 {root256}"), UNFIT),
    Row("a match and no TLS", SAFE, mx(CLEAR) + tlsa("3 1 1 {key256}"), UNFIT),
    Row("a match and TLS fails", SAFE, mx(BROKEN) + tlsa("3 1 1 {key256}"), UNFIT),
    Row("bogus", BOGUS, mx(GOOD) + tlsa("3 1 1 deadbeef{broken}"), UNFIT),
    Row("bogus the next host is secure", BOGUS, "D MX 1 h1.D\nD MX 2 signed.safe.test.\n" + f"h1.D A {GOOD}\n" + tlsa("3 1 1 deadbeef{broken}"), ("dane", "dane", GOOD)),
    Row("unusable TLS is a must", SAFE, mx(UNTRUSTED) + tlsa("1 1 1 " + WRONG), ("dane-unusable", "encrypted", UNTRUSTED)),
    Row("unusable by its digest's length", SAFE, mx(UNTRUSTED) + tlsa("3 1 1 0000"), ("dane-unusable", "encrypted", UNTRUSTED)),
    Row("unusable and no TLS", SAFE, mx(CLEAR) + tlsa("1 1 1 " + WRONG), UNFIT),
    Row("unusable dane-only", SAFE, mx(GOOD) + tlsa("1 1 1 " + WRONG), UNFIT, gateway="only"),
    Row("a match dane-only", SAFE, mx(GOOD) + tlsa("3 1 1 {key256}"), ("dane", "dane", GOOD), gateway="only"),
    Row("absent dane-only", SAFE, mx(GOOD), UNFIT, gateway="only"),
    Row("not signed dane-only", PLAIN, mx(GOOD) + tlsa("3 1 1 {key256}"), UNFIT, gateway="only"),
    # --- Neither: the fallback ---
    Row("absent", SAFE, mx(UNTRUSTED), ("fallback", "encrypted", UNTRUSTED)),
    Row("absent and no TLS", SAFE, mx(CLEAR), UNFIT),
    Row("insecure is as absent", PLAIN, mx(GOOD) + tlsa("3 1 1 " + WRONG), ("fallback", "encrypted", GOOD)),
    Row("absent and no TLS the next host has it", SAFE, mx(CLEAR, GOOD), ("fallback", "encrypted", GOOD)),
    # --- MX ---
    Row("null MX", SAFE, "D MX 0 .\n", (556, "5.1.10")),
    Row("NXDOMAIN", PLAIN, "other.D A 192.0.2.1\n", (550, "5.1.2")),  # asked for: no-such.DOMAIN
    Row("neither MX nor address", PLAIN, 'D TXT "nothing else"\n', (550, "5.1.2")),
    Row("MX without an address", SAFE, "D MX 1 none.D\n", (451, "4.4.4")),
    Row("MX to loopback", PLAIN, mx("127.0.0.1"), (554, "5.4.6")),
    Row("MX to ourselves", PLAIN, mx(OURS), (554, "5.4.6")),
    Row("ourselves and a worse one", PLAIN, mx(OURS, GOOD), (554, "5.4.6")),
    Row("nobody there the next is", PLAIN, mx(NOBODY, GOOD), ("fallback", "encrypted", GOOD)),
    Row("nobody there at all", PLAIN, mx(NOBODY), HOP_AWAY),
    # --- MTA-STS ---
    Row("enforce", PLAIN, mx(OUR_MX) + STS, ("mta-sts", "verified", GOOD), policy=policy("enforce", "mx.plain.test")),
    Row("enforce by wildcard", PLAIN, mx(OUR_MX) + STS, ("mta-sts", "verified", GOOD), policy=policy("enforce", "*.plain.test")),
    Row("enforce other MX", PLAIN, mx(OUR_MX) + STS, UNFIT, policy=policy("enforce", "mx.elsewhere.test")),
    Row("enforce the next MX", PLAIN, mx(OUR_MX, OTHER_MX) + STS, ("mta-sts", "verified", SECOND), policy=policy("enforce", "mx2.plain.test")),
    Row("enforce and not verified", PLAIN, mx(UNTRUSTED) + STS, UNFIT, policy=policy("enforce", "h1.D.plain.test")),
    Row("enforce and expired", PLAIN, mx(EXPIRED) + STS, UNFIT, policy=policy("enforce", "h1.D.plain.test")),
    Row("enforce and another name", PLAIN, mx(GOOD) + STS, UNFIT, policy=policy("enforce", "h1.D.plain.test")),
    Row("enforce and no TLS", PLAIN, mx(CLEAR) + STS, UNFIT, policy=policy("enforce", "h1.D.plain.test")),
    Row("enforce counts for nothing where there is TLSA", SAFE, mx(GOOD) + tlsa("3 1 1 {key256}") + STS, ("dane", "dane", GOOD), policy=policy("enforce", "mx.elsewhere.test")),
    Row("testing", PLAIN, mx(OUR_MX) + STS, ("mta-sts-testing", "verified", GOOD), policy=policy("testing", "mx.plain.test")),
    Row("testing and not verified", PLAIN, mx(UNTRUSTED) + STS, ("mta-sts-testing", "encrypted", UNTRUSTED), policy=policy("testing", "h1.D.plain.test")),
    Row("mode none", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED), policy="version: STSv1\nmode: none\nmax_age: 86400\n"),
    Row("no policy there", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED)),
    Row("two TXT are none", PLAIN, mx(UNTRUSTED) + STS + '_mta-sts.D TXT "v=STSv1; id=2;"\n', ("fallback", "encrypted", UNTRUSTED), policy=policy("enforce", "mx.elsewhere.test")),
    Row("no TXT", PLAIN, mx(UNTRUSTED) + f"mta-sts.D A {POLICIES}\n", ("fallback", "encrypted", UNTRUSTED), policy=policy("enforce", "mx.elsewhere.test")),
    Row("a redirect is not followed", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED),
        policy=b"HTTP/1.1 301 There\r\nLocation: https://mta-sts.enforce.plain.test/.well-known/mta-sts.txt\r\nContent-Length: 0\r\n\r\n"),
    Row("html is no policy", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED),
        policy=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + policy("enforce", "mx.elsewhere.test").encode()),
    Row("too long is no policy", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED), policy=policy("enforce", "mx.elsewhere.test") + "x: " + "y" * 65536 + "\n"),
    Row("garbage is no policy", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED), policy="version: STSv2\n"),
    Row("its host is another", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED), policy=policy("enforce", "mx.elsewhere.test"), shown="relay_good"),
    Row("its host is not verified", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED), policy=policy("enforce", "mx.elsewhere.test"), shown="relay_untrusted"),
    Row("its host is expired", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED), policy=policy("enforce", "mx.elsewhere.test"), shown="relay_expired"),
    # --- MTA-STS: kept on disk ---
    Row("kept and in force", PLAIN, mx(UNTRUSTED) + STS, UNFIT, disk=policy("enforce", "h1.D.plain.test")),
    Row("kept and TXT is gone", PLAIN, mx(OUR_MX), ("mta-sts", "verified", GOOD), disk=policy("enforce", "mx.plain.test")),
    Row("kept and expired", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED), disk=policy("enforce", "h1.D.plain.test", age=60)),
    Row("kept and a newer one fetched", PLAIN, mx(OUR_MX) + STS, ("mta-sts", "verified", GOOD), disk=policy("enforce", "mx.elsewhere.test"), policy=policy("enforce", "mx.plain.test")),
    Row("kept and broken", PLAIN, mx(UNTRUSTED) + STS, ("fallback", "encrypted", UNTRUSTED), disk="mode: enforce\n"),
]


def label(row):
    return re.sub(r"[^a-z0-9]+", "-", row.name.lower())


def named(text, row):
    """`text` with the row's label for D."""
    return re.sub(r"\bD\b", label(row), text) if isinstance(text, str) else text


def domain(row):
    return ("no-such." if row.name == "NXDOMAIN" else "") + f"{label(row)}.{row.zone}"


def public_key(path):
    pem = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-pubkey"], check=True, capture_output=True).stdout
    return subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem, check=True, capture_output=True).stdout


def associations(pki):
    key, own = public_key(pki.certificate("relay_good")), ssl.PEM_cert_to_DER_cert(pki.certificate("relay_good").read_text())
    root = ssl.PEM_cert_to_DER_cert(pki.certificate("ca").read_text())
    return {"key": key.hex(), "key256": hashlib.sha256(key).hexdigest(), "key512": hashlib.sha512(key).hexdigest(), "own256": hashlib.sha256(own).hexdigest(),
            "expired256": hashlib.sha256(public_key(pki.certificate("relay_expired"))).hexdigest(), "root256": hashlib.sha256(root).hexdigest(),
            "broken": hashlib.sha256(key).hexdigest()[8:]}


def zones(data):
    fixed = {SAFE: f"mx A {WITH_ROOT}\n_25._tcp.mx TLSA 2 0 1 {data['root256']}\nsigned A {GOOD}\n_25._tcp.signed TLSA 3 1 1 {data['key256']}\n",
             PLAIN: f"mx A {GOOD}\nmx2 A {SECOND}\n", BOGUS: ""}
    for row in ROWS:
        fixed[row.zone] += named(row.records.format_map(data), row)
    return {origin: "$TTL 1\n" + text for origin, text in fixed.items()}


@pytest.fixture(scope="module")
def network():
    made = internet()
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(workshop, base_directory, binary, network):
    """Servers, mail hosts, policies, and the program with three sections."""
    hosts_of_policies = [f"mta-sts.{label(row)}.{row.zone}" for row in ROWS if row.name != "its host is another"]
    pki = certificates(workshop.pki, NAMES)
    policy_lines = ["basicConstraints=CA:FALSE", "subjectAltName=" + ",".join(f"DNS:{name}" for name in hosts_of_policies)]
    pki._leaf("relay_policies", "/CN=policies", "ca", 3650, policy_lines)
    pki._leaf("relay_policies_expired", "/CN=policies", "ca", -1, policy_lines)
    pki._leaf("relay_policies_untrusted", "/CN=policies", "otherca", 3650, policy_lines)
    data, directory = associations(pki), fresh_directory(base_directory)
    stops = []
    try:
        with network:
            servers = NameServers(directory, zones(data), signed=[SAFE], broken=[BOGUS], breaks=(r"(?i)(TLSA\s+3 1 1 )deadbeef", r"\g<1>deadbee0"))
            stops.append(servers.stop)
            hosts = mail_hosts(pki)
            stops += [host.stop for host in hosts.values()]
            answers = {f"mta-sts.{label(row)}.{row.zone}": named(row.policy, row) for row in ROWS if row.policy}
            shown = {f"mta-sts.{label(row)}.{row.zone}": pki[row.shown.replace("relay", "relay_policies")] for row in ROWS if row.shown != "relay_good"}
            policies = PolicyServer(POLICIES, 443, pki["relay_policies"], answers, shown)
            stops.append(policies.stop)
            kept = directory / "mta-sts"
            kept.mkdir()
            for row in ROWS:
                if row.disk:
                    text = named(row.disk, row)
                    whole = named(KEPT, row).replace("AGE", str(int(time.time()) - 3600)) + f"{text}end\n"
                    (kept / domain(row)).write_text(text if row.name == "kept and broken" else whole)
            sections = {"dane": {"tls_level": "dane"}, "only": {"tls_level": "dane-only"}, "lmtp": {"tls_level": "dane", "protocol": "lmtp"}}
            program = Relay(binary, directory, pki=pki, sections=sections, servers=servers)
            stops.append(program.stop)
        yield program, hosts, policies
    finally:
        for stop in reversed(stops):
            stop()


def test_there_are_enough_of_them():
    assert len({label(row) for row in ROWS}) == len(ROWS) >= 40


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_what_becomes_of_mail_for(row, world, network):
    program, hosts, _ = world
    with network:
        before = {address: len(host.taken) for address, host in hosts.items()}
        with program.connect(row.gateway) as client:
            reply = send(client, f"bob@{domain(row)}")
        took = [address for address, host in hosts.items() if len(host.taken) > before[address]]
        if isinstance(row.want[0], int):
            assert (reply.code, reply.text.split()[0]) == row.want, (reply, program.process.tail(3))
            assert took == [], "nothing left us"
            return
        assert reply.code == 250, (reply, program.process.tail(3))
        record = program.relayed(destination=domain(row))
    policy_used, proof, address = row.want
    assert (record["policy"], record["proof"], record["address"], took) == (policy_used, proof, f"{address}:25", [address]), record
    assert record["tls"].startswith("TLSv1.") and record["reply"].startswith("250"), record


def test_lmtp_tells_each_recipient_his_hops_reply(world, network):
    program, *_ = world
    good, unfit, null = (f"bob@{name}.{SAFE}" for name in ("ee-key-sha256", "mismatch", "null-mx"))
    with network, program.connect("lmtp") as client:
        client.expect("LHLO mta.test", 250)
        client.expect("MAIL FROM:<jane@contoso.com>", 250)
        for recipient in (good, unfit, null, "ann@enforce.plain.test"):
            client.expect(f"RCPT TO:<{recipient}>", 250)
        client.expect("DATA", 354)
        client.write(b"Subject: to four\r\n\r\ntext\r\n.\r\n")
        assert [client.reply().code for _ in range(4)] == [250, 451, 556, 250]


COUNTED = {"testing": ("mta_sts_testing_failures_total", {"gateway": "dane"}), "dane": ("relayed_total", {"policy": "dane", "tls": "dane"}),
           "delivered": ("relayed_total", {"result": "delivered"}), "deferred": ("relayed_total", {"result": "deferred"}),
           "refused": ("relayed_total", {"result": "refused"}), "not proven": ("backend_failures_total", {"kind": "not-proven"}),
           "dane not proven": ("tls_failures_total", {"policy": "dane", "kind": "not-proven"}), "all failures": ("backend_failures_total", {})}


@pytest.mark.parametrize("name, code, more", [
    (f"testing-and-not-verified.{PLAIN}", 250, {"testing", "delivered"}),
    (f"ee-key-sha256.{SAFE}", 250, {"dane", "delivered"}),
    (f"mismatch.{SAFE}", 451, {"deferred", "not proven", "dane not proven", "all failures"}),
    (f"null-mx.{SAFE}", 556, {"refused"}),
], ids=("testing", "delivered", "deferred", "refused"))
def test_what_is_counted(name, code, more, world, network):
    """Whatever is in TLS reports later is counted by what was asked for and what there was: once for each delivery or attempt."""
    program, *_ = world
    with network:
        before = {what: program.gateway_metric(family, **labels) for what, (family, labels) in COUNTED.items()}
        with program.connect("dane") as client:
            assert send(client, f"bob@{name}").code == code
            client.expect("QUIT", 221)
        record = program.relayed(destination=name)
        after = {what: program.gateway_metric(family, **labels) for what, (family, labels) in COUNTED.items()}
    assert {what: after[what] - before[what] for what in COUNTED} == {what: int(what in more) for what in COUNTED}, record
    assert ("tried" in record) == ("testing" in more), record
    if "not proven" in more:
        program.said(f'"next_hop":"h1.{name}"')


def test_a_policy_holds_over_a_restart_without_its_server(world, network):
    """Who can suppress the policy's host, or its TXT, takes no protection away. (Last: the program is started again.)"""
    program, _, policies = world
    with network:
        rows = (("enforce", 250), ("enforce-and-not-verified", 451), ("enforce-other-mx", 451))
        with program.connect("dane") as client:
            for name, code in rows:
                assert send(client, f"bob@{name}.{PLAIN}").code == code, name
        fetches = policies.asked.count(f"mta-sts.enforce.{PLAIN}")
        policies.answers.clear()
        assert program.stop() == 0
        program.start()
        with program.connect("dane") as client:
            for name, code in rows:
                assert send(client, f"bob@{name}.{PLAIN}").code == code, name
        assert program.relayed(destination=f"enforce.{PLAIN}")["policy"] == "mta-sts"
        assert policies.asked.count(f"mta-sts.enforce.{PLAIN}") == fetches, "it was read from disk"
