"""Own verification behind a real Postfix, with a signed zone of our own: nothing stands before us that could have said "dkim=pass"."""
import signal
import threading
import time

import pytest
from harness.dns import NameServers, txt
from harness.exota import Exota
from harness.milter import MilterClient
from harness.processes import fresh_directory, wait_for

LIMIT = 3  # dns.message_timeout, seconds


def key_of(keys, domain):
    """The public key's record of the test's keys (the file is OpenDKIM's: NAME RECORD)."""
    return next(line.split(" ", 1)[1].strip() for line in keys.public_keys.read_text().splitlines() if line.startswith(f"selector1._domainkey.{domain} "))


def records(keys, domain):
    return txt("selector1._domainkey", key_of(keys, domain)) + txt("_dmarc", "v=DMARC1; p=reject") + txt("@", "v=spf1 ip4:127.0.0.1 -all")


@pytest.fixture(scope="module")
def names(workshop, base_directory):
    keys = workshop.keys
    servers = NameServers(fresh_directory(base_directory), {
        "contoso.com": records(keys, "contoso.com"),
        "contoso.onmicrosoft.com": records(keys, "contoso.onmicrosoft.com"),  # broken after signing
        "fabrikam.com": records(keys, "fabrikam.com"),
        "fabrikam.onmicrosoft.com": txt("@", "no key here"),
        "com": txt("@", "no policy here"),  # DMARC walks up to it
    }, signed=["contoso.com"], broken=["contoso.onmicrosoft.com"])
    yield servers
    servers.stop()


def settings(names, **more):
    return {"dkim": {"source": "verify"}, "authentication_results": None, "authorisation": {"proofs": ["client-cert + dkim"]},
            "dns": {"servers": [names.address], "dnssec": "on", "trust_anchor_files": [str(names.anchors)], "timeout": 2, "message_timeout": LIMIT},
            "header": {"verification_results": True}, **more}


@pytest.fixture
def verifying(chain, names):
    return chain(opendkim=False, changes=settings(names))


@pytest.fixture
def command(binary, directory, names):
    """`exota verify` with the settings above, asking our servers: (exit code, method → result, the field)."""
    exota = Exota(binary, directory, started=False, changes=settings(names))

    def verify(message, *facts):
        done = exota.run("verify", "-c", exota.configuration, *facts, "-", standard_input=message)
        field = done.stdout.decode()
        assert field.startswith("Authentication-Results: mx.test;"), done
        return done.returncode, dict(part.split()[0].split("=") for part in field.split(";")[1:]), field
    return verify


def test_the_command_asks_live_servers(command, workshop):
    good = workshop.message(signed_by="contoso.com")
    sender = ["--client-ip", "127.0.0.1", "--helo", "mail.contoso.com", "--mail-from", "jane@contoso.com"]
    code, found, field = command(good, *sender)
    assert (code, found) == (0, {"dkim": "pass", "spf": "pass", "dmarc": "pass", "arc": "none"}), field
    assert "header.d=contoso.com" in field and "smtp.mailfrom=contoso.com" in field

    code, found, field = command(good, "--client-ip", "192.0.2.1", "--helo", "contoso.com")
    assert (code, found["spf"]) == (0, "fail") and "smtp.helo=contoso.com" in field, field
    code, found, field = command(good.replace(b"Hello from", b"Hallo from"), *sender)
    assert (code, found["dkim"], found["spf"]) == (0, "fail", "pass"), field
    code, found, field = command(workshop.message(signed_by="fabrikam.onmicrosoft.com"))
    assert (code, found["dkim"]) == (0, "permerror"), "a key that is not there"
    code, found, field = command(workshop.message(author="jane@contoso.onmicrosoft.com", signed_by="contoso.onmicrosoft.com"))
    assert (code, found["dkim"]) == (75, "temperror"), "bogus is never data"


def test_the_command_says_temperror_when_nobody_answers(command, workshop, names):
    names.resolver.send(signal.SIGSTOP)
    try:
        code, found, field = command(workshop.message(signed_by="contoso.com"))
    finally:
        names.resolver.send(signal.SIGCONT)
    assert (code, found["dkim"], found["dmarc"]) == (75, "temperror", "temperror"), field


def test_a_good_signature_passes_and_one_changed_octet_does_not(verifying):
    good = verifying.workshop.message(signed_by="contoso.com")
    reply = verifying.send(good)
    assert reply.code == 250, verifying.exota.process.tail()
    judged = verifying.judged(reply)
    assert (judged["verdict"], judged["reason"]) == ("accept", "authorised")
    assert verifying.explained(reply)["dkim"]["finding"] == "holds"
    bad = verifying.send(good.replace(b"Hello from", b"Hallo from"))
    assert bad.code == 550 and verifying.judged(bad)["reason"] == "not-proven"


def test_odd_bodies_and_headers_arrive_as_they_were_signed(verifying):
    """What DKIM hashed is what Postfix gives us: trailing blanks, empty lines, 8-bit, long and folded fields, no body."""
    bodies = ["", "\r\n\r\n", "a \t \r\n b\r\n\r\n\r\n", "Grüße\r\n", "x" * 900 + "\r\n", "." * 3 + "\r\n..\r\n", "no end of line",
              "".join(f"line {i} \r\n" for i in range(20000))]
    for body in bodies:
        reply = verifying.send(verifying.workshop.message(signed_by="contoso.com", body=body, subject="a  b\r\n\t folded   " + "y" * 900))
        assert reply.code == 250, (body[:40], verifying.judged(reply))


def test_what_is_verified_is_told_and_what_was_forged_is_gone(verifying):
    forged = [("Authentication-Results", "mx.test; dkim=pass header.d=evil.test"), ("AUTHENTICATION-results", "MX.TEST; spf=pass")]
    reply = verifying.send(verifying.workshop.message(signed_by="contoso.com", top=forged))
    fields = verifying.delivered(reply).values("Authentication-Results")
    assert len(fields) == 1 and "header.d=contoso.com" in fields[0] and "evil.test" not in fields[0], fields


def test_a_missing_key_refuses(verifying):
    reply = verifying.send(verifying.workshop.message(author="jane@fabrikam.com", tenant_id=None, organization=None, signed_by="fabrikam.onmicrosoft.com"))
    assert reply.code == 550 and verifying.judged(reply)["reason"] == "not-proven"


def test_bogus_is_neither_data_nor_absence(verifying):
    reply = verifying.send(verifying.workshop.message(signed_by="contoso.onmicrosoft.com"))
    judged = verifying.judged(reply)
    assert (reply.code, judged["reason"]) == (451, "unavailable"), judged


def test_a_rotated_key(verifying, names):
    keys = verifying.keys
    message = verifying.workshop.message(author="jane@fabrikam.com", tenant_id=None, organization=None, signed_by="fabrikam.com")
    assert verifying.send(message).code == 250
    names.change("fabrikam.com", records(keys, "evil.test"))
    try:
        wait_for(lambda: verifying.send(message).code == 550, "the old key is forgotten", 20)
    finally:
        names.change("fabrikam.com", records(keys, "fabrikam.com"))
    wait_for(lambda: verifying.send(message).code == 250, "the key is back", 20)


def deferred(path, message):
    """Sends until the key is forgotten and the message gets 451."""
    wait_for(lambda: path.send(message).code == 451, "the key is forgotten", 30)


@pytest.mark.parametrize("trouble", ["killed", "hung"])
def test_a_resolver_in_trouble_defers_and_recovers(verifying, names, trouble):
    good, unsigned = verifying.workshop.message(signed_by="contoso.com"), verifying.workshop.message(tenant_id=None)
    assert verifying.send(good).code == 250
    if trouble == "killed":
        names.resolver.kill()
    else:
        names.resolver.send(signal.SIGSTOP)
    try:
        deferred(verifying, good)  # what is known serves as long as it lives, a second or two
        began = time.monotonic()
        reply = verifying.send(good)
        took = time.monotonic() - began
        assert reply.code == 451 and verifying.judged(reply)["reason"] == "unavailable", reply
        assert took < LIMIT + 20, took  # the limit is ours; the rest is room for a loaded machine
        assert verifying.send(unsigned).code == 550, "a message that needs no look-up is not held up"
    finally:
        if trouble == "killed":
            names.start_resolver()
        else:
            names.resolver.send(signal.SIGCONT)
    wait_for(lambda: verifying.send(good).code == 250, "it recovers", 30)


def test_a_hundred_messages_in_flight_while_the_resolver_hangs(verifying, names):
    """All get a verdict within the limit; sessions that ask nothing go on meanwhile."""
    head, body = verifying.workshop.message(signed_by="contoso.com").split(b"\r\n\r\n", 1)
    fields = [line.split(b":", 1) for line in head.replace(b"\r\n ", b"\n ").replace(b"\r\n\t", b"\n\t").split(b"\r\n")]
    replies, problems = [], []

    def one(number):
        try:
            with MilterClient(verifying.exota.where, seconds=60) as mta:
                mta.macros("C", v="Postfix 3.7.11")
                mta.connect()
                mta.macros("H", tls_version="TLSv1.3", cert_subject="mail.protection.outlook.com")
                mta.send("H", b"exo.test\0")
                replies.append(mta.message(fields, queue_id=f"F{number}", body=body,
                                           mail_macros={"tls_version": "TLSv1.3", "cert_subject": "mail.protection.outlook.com"})[1])
        except Exception as problem:  # noqa: BLE001 -- told below
            problems.append(repr(problem))

    names.resolver.send(signal.SIGSTOP)
    try:
        deferred(verifying, verifying.workshop.message(signed_by="contoso.com"))
        threads = [threading.Thread(target=one, args=(number,)) for number in range(100)]
        for thread in threads:
            thread.start()
        assert verifying.send(verifying.workshop.message(tenant_id=None)).code == 550
        for thread in threads:
            thread.join()
    finally:
        names.resolver.send(signal.SIGCONT)
    assert not problems and len(replies) == 100, problems[:3]
    assert all(command == "y" and payload.startswith(b"451") for command, payload in replies), replies[:3]
    wait_for(lambda: verifying.send(verifying.workshop.message(signed_by="contoso.com")).code == 250, "it recovers", 30)
