"""Killed, restarted, reloaded, drained while mail flows: nothing is lost, nothing is accepted unjudged."""
import signal
import struct
import threading
import time

from harness.exota import TENANTS
from harness.message import SIGNATURE_FIELD
from harness.milter import MilterClient
from harness.processes import PATIENCE, wait_for
from harness.smtp import SmtpClient


class Traffic:
    """Threads that send numbered messages over and over, with every answer noted, until stopped. Good and forged mail in turn."""

    def __init__(self, path, threads=4):
        self._path, self._stopping = path, threading.Event()
        self.answers = []  # (number, forged, Reply or None: the connection was lost before an answer)
        good, forged = path.workshop.message(signed_by="contoso.com"), path.workshop.message(author="ceo@contoso.com", tenant_id=None, organization=None)
        self._messages = (good, forged)
        self._threads = [threading.Thread(target=self._run, args=(index,)) for index in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self, index):
        number = index * 1_000_000
        while not self._stopping.is_set():
            number += 1
            forged = number % 3 == 0
            try:
                with self._path.connect() as client:
                    for _ in range(5):
                        self.answers.append((number, forged, client.message("jane@contoso.com", ["bob@dest.test"], self._messages[forged])))
            except (OSError, AssertionError):
                self.answers.append((number, forged, None))

    def count(self):
        return len(self.answers)

    def wait_for_more(self, count, seconds=PATIENCE):
        target = self.count() + count
        wait_for(lambda: self.count() >= target, "more answers", seconds)

    def wait_for_accepted(self, count=5, seconds=PATIENCE):
        target = self.accepted() + count
        wait_for(lambda: self.accepted() >= target, "accepted messages", seconds)

    def accepted(self):
        return sum(1 for _, _, reply in list(self.answers) if reply and reply.accepted)

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        return self.answers


def check_nothing_lost_nothing_unjudged(path, answers):
    """What was accepted arrived; what arrived was judged: it bears our result header, which no message brought along.

    (The log cannot tell after SIGKILL: records are written in batches.)"""
    accepted = [(forged, reply) for _, forged, reply in answers if reply and reply.accepted]
    assert accepted and not [reply for forged, reply in accepted if forged], "a forged message was accepted"
    for _, reply in accepted:
        path.sink.wait_for(reply.queue_id)
    for message in list(path.sink.messages):
        values = message.values("X-ExOTA-Authentication-Results")
        assert len(values) == 1 and "auth=pass" in values[0], message.header
        assert message.values("From")[0] in ("Jane Doe <jane@contoso.com>", "ann@author.test")


def test_killed_and_restarted_in_mid_flow(chain, sanitized):
    path = chain()
    starts = []
    traffic = Traffic(path)
    try:
        for _ in range(3):
            traffic.wait_for_accepted(10)
            path.exota.kill()
            traffic.wait_for_more(5)
            begin = time.monotonic()
            path.exota.start()
            starts.append(time.monotonic() - begin)
        traffic.wait_for_accepted(10)
    finally:
        answers = traffic.stop()
    while_down = [reply for _, _, reply in answers if reply and not reply.accepted and reply.code != 550]
    assert all(reply.code in (451, 421, 454) for reply in while_down), {str(reply) for reply in while_down}
    check_nothing_lost_nothing_unjudged(path, answers)
    assert sanitized or min(starts) < 3.0, f"it serves soon after its start: {starts}"


def test_while_it_is_down_mail_waits(chain):
    path = chain()
    path.exota.stop()
    with SmtpClient(path.postfix.port) as client:
        client.hello()
        assert client.command("MAIL FROM:<jane@contoso.com>").code == 451
    path.exota.start()
    assert path.send(path.workshop.message(signed_by="contoso.com")).code == 250


def test_terminated_in_mid_flow_it_ends_what_it_has_in_hand(chain):
    path = chain()
    traffic = Traffic(path)
    try:
        traffic.wait_for_accepted(10)
        assert path.exota.stop() == 0
    finally:
        answers = traffic.stop()
    path.exota.start()
    check_nothing_lost_nothing_unjudged(path, answers)


def test_a_message_in_hand_is_answered_after_sigterm(exota_of):
    exota = exota_of(changes={"client_cert": {"exempt": ["127.0.0.0/8"]}, "authorisation": {"proofs": ["client-cert + dkim"]}})
    every_step_answered = struct.pack(">III", 6, 0x1FF, 0)  # an answer means that the step was read
    with MilterClient(exota.where, offer=every_step_answered) as mta:
        mta.macros("C", v="Postfix 3.7.11")
        mta.connect(address="127.0.0.1")
        mta.macros("M", mail_addr="jane@contoso.com")
        for command, payload in (("M", b"<jane@contoso.com>\0"), ("R", b"<bob@dest.test>\0"), ("L", b"From\0jane@contoso.com\0")):
            assert mta.send(command, payload)[0] == "c"
        exota.process.send(signal.SIGTERM)
        wait_for(lambda: any("term" in line.lower() or "stop" in line.lower() or "drain" in line.lower() for line in exota.lines()), "a log line about the end")
        mta.send("L", b"Authentication-Results\0mx.test; dkim=pass header.d=contoso.com\0")
        mta.send("L", "\0".join((*SIGNATURE_FIELD, "")).encode())
        mta.macros("E", i="LASTONE")
        edits, (command, _) = mta.end_of_message()
        assert command in "ca" and edits
    assert exota.process.wait() == 0
    assert exota.find_judged("LASTONE")["verdict"] == "accept"


def test_idle_sessions_do_not_hold_up_the_end(exota_of):
    exota = exota_of()
    idle = [MilterClient(exota.where) for _ in range(20)]
    begin = time.monotonic()
    assert exota.stop() == 0
    assert time.monotonic() - begin < 25, "the drain time of 30 seconds is for messages in hand"
    assert all(client.hung_up() for client in idle)


def without(tenants, name):
    return {**tenants, "tenants": {key: value for key, value in tenants["tenants"].items() if key != name}}


def test_reload_while_mail_flows(chain):
    """Good, broken, good: the good ones take effect, the broken one changes nothing, and no message is answered wrongly meanwhile."""
    more = {**TENANTS, "tenants": {**TENANTS["tenants"], "author": {"domains": ["author.test"], "organizations": ["author.test"]}}}
    path = chain()
    stranger = {"author": "ann@author.test", "tenant_id": None, "organization": None, "signed_by": "author.test"}
    assert path.send(path.workshop.message(**stranger)).code == 550
    traffic = Traffic(path, threads=2)
    try:
        traffic.wait_for_accepted(5)
        path.exota.write_tenants(more)
        path.exota.reload()
        assert path.send(path.workshop.message(**stranger)).code == 250, path.exota.process.tail()
        for broken in ("{ this is no JSON", '{"version": 2, "tenants": {"x": {"domains": ["author.test", "author.test"], "nonsense": 1}}}', ""):
            path.exota.write_tenants(broken)
            path.exota.reload()
            assert path.send(path.workshop.message(**stranger)).code == 250, "the running tenants stay"
        path.exota.configuration.write_text("[authorisation\nmode = enforce")
        path.exota.reload()
        assert path.send(path.workshop.message(**stranger)).code == 250
        traffic.wait_for_accepted(5)
    finally:
        answers = traffic.stop()
    wrong = [str(reply) for _, forged, reply in answers if reply is None or reply.code != (550 if forged else 250)]
    assert wrong == []
    check_nothing_lost_nothing_unjudged(path, answers)
    assert len(path.exota.said("reload-failed")) >= 4
    path.exota.said("nonsense")  # the log says what is wrong


def test_a_reload_that_loses_many_domains_is_refused(chain):
    path = chain()
    path.exota.write_tenants(without(TENANTS, "contoso"))
    path.exota.reload()
    assert path.send(path.workshop.message(signed_by="contoso.com")).code == 250, "contoso is still served"


def test_a_session_keeps_going_over_a_reload(chain):
    path = chain()
    with path.connect() as client:
        good = path.workshop.message(signed_by="contoso.com")
        assert client.message("jane@contoso.com", ["bob@dest.test"], good).code == 250
        path.exota.reload()
        assert client.message("jane@contoso.com", ["bob@dest.test"], good).code == 250
