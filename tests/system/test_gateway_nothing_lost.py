"""Nothing is lost between a client, a gateway and its backend or next hop, whoever fails at whichever step: generated points, with real processes.

A client that was told 2xx finds exactly one copy of its message with the backend, whole; one that was not may try again, and then gets through.
(Of a message whose 2xx was lost on its way there may be one copy, as in all of SMTP; RFC 1047.) The sample of a usual run is every seventh
point; all of them, some 400, run with EXOTA_WHOLE=1 (docs/testing.md). A thousand more are simulated: gateway_loss_test.cc, relay_faults_test.cc.
"""
import itertools
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
from typing import NamedTuple

import pytest
from harness.gateway import House, mail
from harness.processes import fresh_directory, wait_for
from harness.relay import Relay
from harness.smtp import SmtpClient

WHOLE = bool(os.environ.get("EXOTA_WHOLE"))
ANSWERS = {"greeting": "220 backend.test", "EHLO": "250 backend.test", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", ".": "250 taken", "RSET": "250 ok"}
CLIENT_STEPS = ("EHLO", "MAIL", "RCPT", "DATA", "header", "body", "dot")
# From Exchange: the message streams, or waits here for its verdict. To Exchange: by SMTP it streams, by LMTP it is held until the hop was asked.
FROM_EXCHANGE, TO_EXCHANGE = ("streamed", "held"), ("relay-smtp", "relay-lmtp")
LOST = (OSError, ConnectionError, AssertionError, ValueError, ssl.SSLError)


class Point(NamedTuple):
    who: str    # backend, client, gateway
    step: str
    what: str
    lane: str

    def __str__(self):
        return "-".join((self.who, {".": "dot"}.get(self.step, self.step), self.what, self.lane))


def happens(lane, step, what):
    """The time for a connection is no setting: half a minute, in which a next hop has to answer EHLO too. Who is served by LMTP never resets."""
    slow = ("greeting",) if lane in FROM_EXCHANGE else ("greeting", "EHLO")
    return not (what == "hang" and step in slow) and not (lane == "relay-lmtp" and step == "RSET")


def points(lanes):
    for lane in lanes:
        for step, what in itertools.product(ANSWERS, ("close", "reset", "answer-close", "answer-reset", "hang", "garbage", "shut", "defer", "refuse", "die")):
            if happens(lane, step, what):
                yield Point("backend", step, what, lane)
        for what in ("close", "reset", "garbage", "defer"):
            yield Point("backend", "octets", what, lane)
        for step, what in itertools.product(CLIENT_STEPS, ("close", "reset")):
            yield Point("client", step, what, lane)
        for step, what in itertools.product(CLIENT_STEPS, ("SIGTERM", "SIGKILL")):
            yield Point("gateway", step, what, lane)


ALL, RELAYED = list(points(FROM_EXCHANGE)), list(points(TO_EXCHANGE))
CHOSEN = ALL + RELAYED if WHOLE else ALL[::7] + RELAYED[::7]


def rule_of(point):
    usual = ANSWERS.get(point.step)
    return {"close": "close", "reset": "reset", "die": "reset", "answer-close": (usual, "close"), "answer-reset": (usual, "reset"), "hang": "hang", "garbage": "what?",
            "shut": ("421 4.3.2 shutting down", "close"), "defer": "451 4.3.0 not now", "refuse": "554 5.7.1 never"}[point.what]


class Lane:
    """A gateway and its backend, on which points are played one after another."""

    def __init__(self, workshop, base_directory, name, section=None):
        self.house = House(workshop, fresh_directory(base_directory))
        self.name, self.held = name, name == "held"
        self.backend = self.house.backend()
        self.arrived = []  # of backends that are gone
        self.gateway = self.front({"backend_timeout": 1, "hold_octets": "2 KiB"} | (section or {}), {"server": {"drain_timeout": 2}})
        self.number = 0

    def front(self, section, changes):
        if self.held:
            changes |= {"authorisation": {"proofs": ["client-cert + dkim"]}}
        return self.house.gateway(self.backend, names=self.house.names(), section=section, changes=changes)

    def connect(self):
        return self.gateway.connect(self.house.pki)

    def mail(self, client):
        return mail(client)

    def reset_first(self, client):
        self.mail(client)
        client.command("RSET")

    def message(self, mark, lines=100):
        body = f"begin of {mark}\r\n" + "A line of the body.\r\n" * lines + f"end of {mark}\r\n"
        return self.house.message(subject=mark, body=body, signed_by="contoso.com" if self.held else ())

    def copies(self, mark):
        found = [raw for raw in [*self.arrived, *list(self.backend.messages)] if f"\r\nSubject: {mark}\r\n".encode() in raw]
        assert all(raw.endswith(f"end of {mark}\r\n".encode()) for raw in found), "not whole"
        return len(found)

    def attempt(self, raw, at=None, act=None, reset_first=False):
        """The code that the client got in the end, or None; `act(client)` at the step `at`."""
        def reached(step):
            if step == at:
                act(client)
        try:
            with self.connect() as client:
                reached("EHLO")
                if reset_first:
                    self.reset_first(client)
                for step, command in (("MAIL", None), ("RCPT", "RCPT TO:<bob@dest.test>"), ("DATA", "DATA")):
                    answer = client.command(command) if command else self.mail(client)
                    if answer.code >= 400:
                        return answer.code
                    reached(step)
                cut = raw.index(b"\r\n\r\n") // 2, len(raw) - 100
                client.write(raw[:cut[0]])
                reached("header")
                client.write(raw[cut[0]:cut[1]])
                reached("body")
                client.write(raw[cut[1]:] + b".\r\n")
                reached("dot")
                return client.reply().code
        except LOST:
            return None

    def play(self, point):
        """@return  (mark, code) of each attempt, the last of them with 2xx."""
        attempts = []

        def attempt(**how):
            self.number += 1
            mark = f"point-{self.number}-{self.name}."
            attempts.append((mark, self.attempt(self.message(mark), reset_first=point.step == "RSET", **how)))
            return attempts[-1][1]
        if point.who == "backend":
            self.backend.rules[point.step] = rule_of(point)
            attempt()
            if point.what == "die":
                self.replace_backend()
            self.backend.rules.clear()
        elif point.who == "client":
            attempt(at=point.step, act=lambda client: leave(client, point.what))
        else:
            number = getattr(signal, point.what)
            attempt(at=point.step, act=lambda client: self.gateway.process.send(number))
            self.gateway.process.wait()
            self.gateway.start()
        for _ in range(3):
            if (attempts[-1][1] or 0) // 100 == 2:
                return attempts
            attempt()
        return attempts

    def replace_backend(self):
        self.backend.close()
        self.arrived += self.backend.messages
        self.backend = self.house.own(type(self.backend)(port=self.backend.port))

    def check(self, attempts):
        assert attempts[-1][1] == 250, f"who tries again gets through: {attempts}"
        for mark, code in attempts:
            copies = self.copies(mark)
            assert copies == 1 if code == 250 else copies <= 1, (mark, code, copies)


class RelayLane(Lane):
    """The same over a section to Exchange; the backend is its next hop. MAIL and what follows reach that with the first RCPT."""

    def front(self, section, changes):
        section |= {"protocol": self.name.rpartition("-")[2], "next_hop": f"127.0.0.1:{self.backend.port}"}
        return self.house.own(Relay(self.house.workshop.binary, self.house.directory, pki=self.house.pki, sections={"hop": section}, changes=changes))

    def connect(self):
        client = SmtpClient(self.gateway.ports["hop"])
        client.command("LHLO mta.test" if self.name == "relay-lmtp" else "EHLO mta.test")
        return client

    def mail(self, client):
        return client.command("MAIL FROM:<jane@contoso.com>")

    def reset_first(self, client):
        self.mail(client)
        client.command("RCPT TO:<bob@dest.test>")
        client.command("RSET")


def leave(client, how):
    if how == "reset":
        client._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    raise ConnectionError("left")


@pytest.fixture(scope="module")
def lanes(workshop, base_directory):
    made = {name: (Lane if name in FROM_EXCHANGE else RelayLane)(workshop, base_directory, name) for name in (*FROM_EXCHANGE, *TO_EXCHANGE)}
    yield made
    for lane in made.values():
        lane.house.stop()


def test_there_are_points_enough():
    assert len(ALL) == len(set(ALL)) >= 200 and len(RELAYED) == len(set(RELAYED)) >= 180 and len(CHOSEN) >= 40
    for lanes_of in (FROM_EXCHANGE, TO_EXCHANGE):
        chosen = [point for point in CHOSEN if point.lane in lanes_of]
        assert {point.who for point in chosen} == {"backend", "client", "gateway"} and {point.lane for point in chosen} == set(lanes_of)


@pytest.mark.parametrize("point", CHOSEN, ids=str)
def test_who_was_told_2xx_finds_one_copy(lanes, point):
    lane = lanes[point.lane]
    lane.check(lane.play(point))


def test_behind_all_of_it_nothing_is_left(lanes):
    for lane in lanes.values():
        assert wait_for(lambda lane=lane: lane.gateway.gateway_metric("sessions") == 0, "no session is left")
        assert wait_for(lambda lane=lane: lane.gateway.gateway_metric("held_octets") == 0, "all octets given back")
        arrived = [re.search(rb"\r\nSubject: (point-\S+)\r\n", raw)[1] for raw in [*lane.arrived, *lane.backend.messages]]
        assert len(arrived) == len(set(arrived)), "no attempt has two copies"


@pytest.mark.skipif(os.geteuid() != 0, reason="to mount needs root")
def test_a_full_spool_loses_nothing(workshop, base_directory):
    """64 KiB of disk: sizes below, about and above what fits, one after another and two at once; who is told 452 gets through when there is room."""
    small = fresh_directory(base_directory) / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not permitted here")
    lane = Lane(workshop, base_directory, "held", {"spool_directory": str(small), "hold_octets": "1 KiB"})
    try:
        codes = {}
        for number, lines in enumerate((10, 1000, 2800, 3000, 3100, 3300, 10_000, 10)):
            mark = f"full-{number}."
            codes[number] = lane.attempt(lane.message(mark, lines))
            assert lane.copies(mark) == (1 if codes[number] == 250 else 0)
        assert (codes[0], codes[1], codes[6], codes[7]) == (250, 250, 452, 250), codes
        with lane.gateway.connect(lane.house.pki) as first:
            half = lane.message("first.", 2800)
            for command in ("RCPT TO:<bob@dest.test>", "DATA"):
                mail(first) if command.startswith("RCPT") else None
                first.command(command)
            first.write(half[:50_000])
            wait_for(lambda: lane.gateway.gateway_metric("held_octets", where="disk") >= 40_000, "the first one is on disk")
            assert lane.attempt(lane.message("second.", 2800)) == 452
            first.write(half[50_000:] + b".\r\n")
            assert first.reply().code == 250
        assert lane.attempt(lane.message("second-again.", 2800)) == 250
        assert (lane.copies("first."), lane.copies("second."), lane.copies("second-again.")) == (1, 0, 1)
    finally:
        lane.house.stop()
        subprocess.run(["umount", small], check=True)
