"""The inbound door behind a real Postfix with two services: clients, recipients, authors, what EOP passed on, and servers in trouble."""
import signal
import socket
import threading

import pytest
from harness.inbound import ALLOWED, BLOCKED, EOP, KEY, LIARS, LIST, LISTED, STRANGER, Door
from harness.processes import fresh_directory, wait_for


@pytest.fixture(scope="module")
def door(workshop, base_directory):
    made = Door(workshop, fresh_directory(base_directory))
    wait_for(made.list_in_use, lambda: f"the list passes its test: {made.exota.process.tail()}")
    yield made
    made.stop()


@pytest.fixture
def directory_of_its_own(base_directory):
    return fresh_directory(base_directory)


def last(door, **fields):
    def found():
        return [record for record in door.exota.records() if "verdict" in record and all(record.get(key) == value for key, value in fields.items())]
    return wait_for(found, lambda: f"a record with {fields}: {door.exota.process.tail()}")[-1]


def test_the_other_service_is_a_relay_door_as_before(door):
    reply = door.chain.send(door.workshop.message())
    assert reply.code == 250, door.chain.judged(reply)
    record = door.chain.judged(reply)
    assert record["reason"] == "authorised" and "door" not in record and "stage" not in record, record
    reply = door.chain.send(door.message())
    assert (reply.code, door.chain.judged(reply)["reason"]) == (550, "no-policy")


@pytest.mark.parametrize("address, text", [
    (BLOCKED, "Client [198.51.100.7] blocked; to be removed: https://gw.test/delist"),
    (LISTED, f"Client [{LISTED}] blocked ({LIST}: see https://bl.example/?{LISTED}); to be removed: https://gw.test/delist"),
])
def test_clients_that_are_kept_out(door, address, text):
    replies = door.recipient("bob@contoso.com", "nobody@contoso.com", address=address)
    assert [reply.code for reply in replies] == [550, 550] and all(text in reply.text for reply in replies), replies
    record = last(door, client=address)
    assert record["reason"] == ("client-blocked" if address == BLOCKED else "client-listed") and record["stage"] == "client"
    assert not any(KEY in line for line in door.exota.lines()), "a customer's key is nobody's business"


@pytest.mark.parametrize("address", [ALLOWED, EOP, STRANGER])
def test_clients_that_are_let_in(door, address):
    """The list has Exchange Online's address, too; nobody asks it."""
    assert [reply.code for reply in door.recipient("bob@contoso.com", address=address)] == [250]


def test_recipients(door):
    replies = door.recipient("bob@contoso.com", "BOB+news@Contoso.com", "nobody@contoso.com", "any@contoso.onmicrosoft.com", "postmaster@contoso.com",
                             "any@fabrikam.com", "any@elsewhere.test", "@relay.test:bob@contoso.com")
    assert [reply.code for reply in replies] == [250, 250, 550, 250, 250, 250, 550, 250], replies
    assert replies[2].text.startswith("5.1.1 ") and replies[6].text.startswith("5.7.1 "), replies
    assert last(door, reason="recipient-unknown")["recipient"] == "nobody@contoso.com"


def test_harvesting_ends_the_session(door):
    with door.client() as client:
        client.expect("MAIL FROM:<jane@author.test>", 250)
        for number in range(20):
            client.expect(f"RCPT TO:<guess{number}@contoso.com>", 550)
        assert client.command("RCPT TO:<guess@contoso.com>").code == 421


#     what                                   author                          signed by       reply  reason          disposition
AUTHORS = [
    ("signed", "Jane <jane@author.test>", "author.test", 250, "passed", None),
    ("forged, and its owner says reject", "Jane <jane@author.test>", (), 550, "dmarc-failed", None),
    ("forged, and its owner says quarantine", "Eve <eve@evil.test>", (), 250, "dmarc-failed", "quarantine reason=dmarc-failed"),
    ("forged, and its owner says none", "Eve <eve@mild.test>", (), 250, "passed", None),
    ("our own domain, forged", "Jane <jane@contoso.com>", (), 550, "own-domain", None),
    ("our own domain, signed", "Jane <jane@contoso.com>", "contoso.com", 250, "passed", None),
    ("somebody else's signature", "Jane <jane@contoso.com>", "author.test", 550, "own-domain", None),
]


@pytest.mark.parametrize("what, author, signer, code, reason, disposition", AUTHORS, ids=[row[0] for row in AUTHORS])
def test_authors(door, what, author, signer, code, reason, disposition):
    forged = [("X-ExOTA-Disposition", "none"), ("x-exota-disposition", "forged")]
    reply = door.send(door.message(author, signed_by=signer, extra=forged))
    record = door.chain.judged(reply)
    assert (reply.code, record["door"]) == (code, "inbound"), (reply, record)
    if code == 550:
        assert record["reason"] == reason and reply.text.startswith("5.7.26 "), (reply, record)
        return
    found = door.chain.delivered(reply).values("X-ExOTA-Disposition")
    assert found == ([disposition] if disposition else []), (found, record)


def test_that_message(door):
    """2024: security@microsoft.com, p=reject, and Exchange Online let it through. Its own tenant's EOP hands it over: refused."""
    for indirect in ([], [("List-Id", "<list.evil.test>")], [("Resent-From", "x@evil.test")], [("X-Forwarded-To", "bob@contoso.com")], [("X-BeenThere", "x")]):
        reply = door.send(door.passed_on(extra=indirect), address=EOP, certificate="exo_both", sender="security@microsoft.com")
        record = door.chain.judged(reply)
        assert (reply.code, record["reason"]) == (550, "eop-verdict"), (reply, record)
        assert reply.text.startswith("5.7.26 "), reply


def test_what_eop_found_good_passes(door):
    good = ("spf=fail (sender IP is {sender}) smtp.mailfrom=author.test; dkim=pass (signature was verified) header.d=author.test;"
            "dmarc=pass action=none header.from=author.test;compauth=pass reason=100")
    reply = door.send(door.passed_on(good, author="Jane <jane@author.test>"), address=EOP, certificate="exo_both")
    assert reply.code == 250, (reply, door.chain.judged(reply))
    assert door.chain.judged(reply)["compauth"] == "pass 100"


@pytest.mark.parametrize("address, certificate", [(STRANGER, None), (STRANGER, "exo_untrusted")])
def test_the_same_from_a_stranger_is_not_believed(door, address, certificate):
    """What it says of itself counts for nothing: DMARC is asked, and this one says reject."""
    for results in (None, "spf=pass (sender IP is {sender}) smtp.mailfrom=microsoft.com; dkim=pass header.d=microsoft.com;dmarc=pass action=none header.from=microsoft.com;compauth=pass reason=100"):
        reply = door.send(door.passed_on(*([results] if results else [])), address=address, certificate=certificate)
        assert (reply.code, door.chain.judged(reply)["reason"]) == (550, "dmarc-failed"), reply


def test_a_certificate_that_is_missing_is_told_of_here_too(door):
    """Behind one's own EOP nothing is as easily forgotten as smtpd_tls_ask_ccert, and then all of its mail is put off."""
    counted = lambda: door.exota.metrics()["exota_missing_certificates_total"]  # noqa: E731
    before = counted()
    reply = door.send(door.passed_on(), address=EOP)
    assert (reply.code, door.chain.judged(reply)["reason"]) == (451, "unavailable"), reply
    assert counted() == before + 1, "once a message, though RCPT was judged as well"
    door.exota.said("missing-certificate")


def test_files_are_watched(door):
    before = door.block.read_text()
    door.block.write_text(before + f"{STRANGER}\n")
    try:
        wait_for(lambda: door.recipient("bob@contoso.com")[0].code == 550, "the new line is in force")
        door.block.write_text(before + "nonsense\n")
        door.exota.said("no IP address in prefix")
        assert door.recipient("bob@contoso.com")[0].code == 550, "the last good one stays"
    finally:
        door.block.write_text(before)
    wait_for(lambda: door.recipient("bob@contoso.com")[0].code == 250, "the line is gone")


def test_the_recipients_file_keeps_its_last_good_version(door):
    good = door.recipients.read_text()
    asked = ("bob@contoso.com", "nobody@contoso.com")
    try:
        door.recipients.write_text(good + "no address at all\n")
        door.exota.said(f"{door.recipients}:3")
        assert [reply.code for reply in door.recipient(*asked)] == [250, 550]
        door.recipients.unlink()
        door.exota.said("door-file-vanished")
        assert [reply.code for reply in door.recipient(*asked)] == [250, 550]
    finally:
        door.recipients.write_text(good + "nobody@contoso.com\n")
    wait_for(lambda: [reply.code for reply in door.recipient(*asked)] == [250, 250], "the new file is in force")
    door.recipients.write_text(good)
    wait_for(lambda: [reply.code for reply in door.recipient(*asked)] == [250, 550], "and the old one again")


@pytest.mark.parametrize("trouble", ["killed", "hung"])
def test_a_list_in_trouble_refuses_nobody(door, trouble):
    # What the resolver remembers of it is gone within a second.
    door.lists.server.kill() if trouble == "killed" else door.lists.server.send(signal.SIGSTOP)
    try:
        wait_for(lambda: door.recipient("bob@contoso.com", address=LISTED)[0].code == 250, "nobody is refused for want of an answer", 30)
    finally:
        door.lists.start() if trouble == "killed" else door.lists.server.send(signal.SIGCONT)
    door.exota.stop()
    door.exota.start()  # which tests all lists anew
    wait_for(door.list_in_use, lambda: f"the list is back: {door.exota.process.tail()}", 30)
    wait_for(lambda: door.recipient("bob@contoso.com", address=LISTED)[0].code == 550, "and refuses again", 30)


class Babbler:
    """Answers every question of DNS with octets that mean nothing, under the question's own id."""

    def __init__(self, port):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._babble, daemon=True)
        self._thread.start()

    def _babble(self):
        while True:
            question, client = self._socket.recvfrom(4096)
            if question == b"stop":
                return
            self._socket.sendto(question[:2] + b"\x81\x80\x00\x01\x00\x07\xff\xff\xff\xff" + b"\xc0\x0c" * 40, client)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to_itself:
            to_itself.sendto(b"stop", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


@pytest.mark.parametrize("trouble", ["killed", "hung", "lying"])
def test_without_dns_nobody_is_refused_for_good(door, trouble):
    forged = [door.message(author) for author in ("Jane <jane@author.test>", "Jane <jane@contoso.com>", "Eve <eve@evil.test>")]
    wait_for(lambda: door.send(forged[0]).code == 550, "DNS is back from the trouble of before", 30)
    door.names.resolver.send(signal.SIGSTOP) if trouble == "hung" else door.names.resolver.kill()
    babbler = Babbler(door.names.port) if trouble == "lying" else None
    try:
        # DMARC's record is forgotten after a second.
        for raw in forged:
            wait_for(lambda raw=raw: door.send(raw).code == 451, "it is deferred", 30)
        assert [reply.code for reply in door.recipient("bob@contoso.com", "nobody@contoso.com")] == [250, 550], "what is known is said"
        assert door.recipient("bob@contoso.com", address=BLOCKED)[0].code == 550
    finally:
        if babbler:
            babbler.stop()
        door.names.resolver.send(signal.SIGCONT) if trouble == "hung" else door.names.start_resolver()
    wait_for(lambda: door.send(forged[0]).code == 550, "DNS is back", 30)


@pytest.mark.parametrize("name", LIARS)
def test_a_list_that_lies_is_out_of_use(door, name):
    """All of these list every address; the door lets strangers in all the same."""
    assert any("dnsbl-out-of-use" in line and name in line for line in door.exota.lines())
    assert not door.list_in_use(name)
    assert door.recipient("bob@contoso.com")[0].code == 250


def test_monitor_refuses_nobody_and_the_report_says_whom_it_would(workshop, directory_of_its_own):
    door = Door(workshop, directory_of_its_own, inbound={"mode": "monitor"})
    try:
        for raw, options in ((door.message("Jane <jane@contoso.com>"), {"sender": "list-bounces@lists.test"}),
                             (door.message("Jane <jane@author.test>"), {}),
                             (door.message("Jane <jane@author.test>", signed_by="author.test"), {"address": BLOCKED}),
                             (door.message("Jane <jane@author.test>", signed_by="author.test"), {"recipients": ["nobody@contoso.com"]})):
            reply = door.send(raw, **options)
            assert reply.code == 250, reply
            record = door.chain.judged(reply)
            assert (record["verdict"], record["judged"]) == ("accept", "reject"), record
        with door.client() as client:
            client.expect("MAIL FROM:<jane@author.test>", 250)
            client.expect("RCPT TO:<noone@contoso.com>", 250)
            client.expect("RSET", 250)
        record = last(door, recipient="noone@contoso.com")
        assert (record["stage"], record["verdict"], record["judged"], record["reason"]) == ("recipient", "accept", "reject", "recipient-unknown"), record
        done = door.exota.run("report", door.exota.log_file)
        shown = done.stdout.decode()
        assert "own-domain" in shown and "lists.test" in shown, shown
        assert "arc.trusted_sealers" in shown, "the ways out"
    finally:
        door.stop()


def test_quarantine_holds_a_message_for_one_recipient(workshop, directory_of_its_own):
    door = Door(workshop, directory_of_its_own, inbound={"mode": "quarantine"})
    signed = door.message("Jane <jane@author.test>", signed_by="author.test")
    try:
        for bad, reason in (("nobody@contoso.com", "recipient-unknown"), ("any@elsewhere.test", "recipient-foreign")):
            for recipients in ([bad, "bob@contoso.com"], ["bob@contoso.com", bad]):
                reply = door.send(signed, recipients=recipients)
                record = door.chain.judged(reply)
                assert (reply.code, record["judged"], record["reason"]) == (250, "reject", reason), (reply, record)
                wait_for(lambda: reply.queue_id in door.chain.postfix.queued("hold"), lambda: f"the message in the hold queue: {record}")
                assert last(door, recipient=bad)["verdict"] == "accept"
        good = door.send(signed)
        door.chain.delivered(good)
        assert door.chain.sink.find(reply.queue_id) is None, "what is on hold is not delivered"
    finally:
        door.stop()
