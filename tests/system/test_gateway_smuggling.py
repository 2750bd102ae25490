"""SMTP smuggling through the gateway, by what real servers behind it received: Postfix (told to take a bare LF for a line's end), Exim,
OpenSMTPD, and a sink that takes any LF for one; and through sections to Exchange, whose octets come back out of a spool with LMTP.

Every combination of what could be taken for the end of data, in header and body, in one piece and cut in its middle, with another
transaction pipelined behind it: one message or a refusal, never two. (On the machine alone, cut at every octet: gateway_smuggling_test.cc.)
"""
import itertools
import os
import re
import socket
from typing import NamedTuple

import pytest
from harness.exim import Exim
from harness.gateway import House
from harness.opensmtpd import OpenSmtpd
from harness.processes import fresh_directory, wait_for
from harness.relay import Relay
from harness.sink import Sink

ENDS = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\0\r\n", b"\r\n\0", b"")
DOTS = (b"", b".", b"..")
BEHIND = b"MAIL FROM:<smuggled@contoso.com>\r\nRCPT TO:<victim@dest.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"
SYNC = b"VRFY sync\r\n"
RELAYED = {"relay-sink": "smtp", "relay-postfix": "smtp", "relay-lmtp-sink": "lmtp"}  # sections to Exchange; the next hop is in their name
NAMES = ("sink", "postfix", "exim", "opensmtpd", *RELAYED)
# What is refused there is cut off, and Postfix begins a process for each: the sink tells the same sooner. All of them run with EXOTA_WHOLE=1.
SAMPLED = () if os.environ.get("EXOTA_WHOLE") else ("relay-postfix",)


def data(number, sequence, in_header):
    first = b"Subject: case-%d;" % number
    return first + (b" x" if in_header else b"\r\n\r\nx") + sequence + BEHIND + b"\r\n.\r\n"


def cases():
    """(number, octets behind DATA, where they are cut: 0 not at all)."""
    numbers = itertools.count()
    for before, dots, behind, in_header in itertools.product(ENDS, DOTS, ENDS, (True, False)):
        sequence = before + dots + behind
        if b"\r\n.\r\n" in sequence:
            continue  # the end: what stands behind it is properly said
        yield (number := next(numbers)), data(number, sequence, in_header), 0
        if number % 5 == 0 and sequence:
            octets = data(number := next(numbers), sequence, in_header)
            yield number, octets, octets.index(BEHIND) - len(sequence) // 2 - 1


def is_clean(octets):
    return not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", octets)


class Door(NamedTuple):
    address: str
    port: int
    hello: str = "EHLO"


class Backends:
    """Postfix, Exim, OpenSMTPD and a sink, each behind a gateway, and the next hop of a section to Exchange; `received` asks what came to it:
    envelope sender and octets of each message."""

    def __init__(self, workshop, base_directory):
        self.houses, self.gateways, self.received = [], {}, {}
        ports = {}
        for name in NAMES:
            if name in RELAYED:
                continue
            house = House(workshop, fresh_directory(base_directory))
            self.houses.append(house)
            if name == "postfix" and os.geteuid() == 0:
                behind = house.postfix(smtpd_authorized_xclient_hosts="127.0.0.0/8")
                self.received[name] = lambda house=house: [(message.reverse_path, message.raw) for message in house.sink.messages]
            elif name == "exim" and Exim.is_installed():
                behind = house.own(Exim(house.directory))
                self.received[name] = behind.messages
            elif name == "opensmtpd" and OpenSmtpd.is_installed():
                sink = house.own(Sink(), "close")
                behind = house.own(OpenSmtpd(house.directory, sink_port=sink.port))
                self.received[name] = lambda sink=sink: [(message.reverse_path, message.raw) for message in sink.messages]
            elif name == "sink":
                behind = house.backend()
                self.received[name] = lambda behind=behind: [(self._sender(raw), raw) for raw in behind.messages]
            else:
                continue
            ports[name] = behind.port
            gateway = house.gateway(behind, identity="xclient" if name == "postfix" else "none", changes={"bypass": {"clients": ["127.0.0.0/8"]}})
            self.gateways[name] = Door(gateway.address, gateway.port)
        self.relay(workshop, fresh_directory(base_directory), {name: port for name, port in ports.items() if name in ("sink", "postfix")})

    def relay(self, workshop, directory, ports):
        sections = {name: {"protocol": protocol, "next_hop": f"127.0.0.1:{ports[name.rpartition('-')[2]]}"}
                    for name, protocol in RELAYED.items() if name.rpartition("-")[2] in ports}
        program = self.houses[0].own(Relay(workshop.binary, directory, pki=workshop.pki, sections=sections))
        for name in sections:
            self.gateways[name] = Door("127.0.0.1", program.ports[name], "LHLO" if RELAYED[name] == "lmtp" else "EHLO")
            self.received[name] = self.received[name.rpartition("-")[2]]

    @staticmethod
    def _sender(raw):
        return "smuggled" if raw.startswith(b"Subject: smuggled") else "honest"

    def stop(self):
        for house in self.houses:
            house.stop()


@pytest.fixture(scope="module")
def backends(workshop, base_directory):
    made = Backends(workshop, base_directory)
    yield made
    made.stop()


def replies(stream, until):
    """Codes, up to the one that ends with `until`."""
    codes = []
    while not codes or codes[-1] != until:
        line = stream.readline()
        assert line, f"hung up behind {codes}"
        if line[3:4] == b" ":
            codes.append(int(line[:3]))
    return codes


def play(gateway, chosen):
    """number → what the message was answered; exactly one reply each. A session bears twenty errors: each has fifteen messages."""
    answers, left = {}, list(chosen)
    while left:
        with socket.create_connection((gateway.address, gateway.port), 60) as client, client.makefile("rb") as stream:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            replies(stream, 220)
            client.sendall(gateway.hello.encode() + b" exo.test\r\n")
            replies(stream, 250)
            for number, octets, cut in left[:15]:
                client.sendall(b"MAIL FROM:<honest@contoso.com>\r\nRCPT TO:<bob@dest.test>\r\nDATA\r\n")
                assert replies(stream, 354) == [250, 250, 354]
                client.sendall(octets[:cut])
                client.sendall(octets[cut:] + SYNC)
                got = replies(stream, 252)
                assert len(got) == 2, (number, octets, got)
                answers[number] = got[0]
        left = left[15:]
    return answers


@pytest.mark.parametrize("name", NAMES)
def test_one_message_or_a_refusal_and_never_two(backends, name):
    if name not in backends.gateways:
        pytest.skip(f"no {name} here")
    before = len(backends.received[name]())  # where two doors lead to one server
    chosen = list(cases())[::7 if name in SAMPLED else 1]
    answers = play(backends.gateways[name], chosen)
    wanted = {number: 250 if is_clean(octets) else 550 for number, octets, _ in chosen}
    assert answers == wanted
    accepted = [number for number, code in answers.items() if code == 250]
    assert (len(accepted) >= 4 and len(answers) - len(accepted) >= 30) if name in SAMPLED else (len(accepted) >= 30 and len(answers) - len(accepted) >= 200)
    arrived = wait_for(lambda: len(got := backends.received[name]()[before:]) >= len(accepted) and got,
                       lambda: f"{len(backends.received[name]()) - before} of {len(accepted)} messages")
    marks = [int(mark) for _, raw in arrived for mark in re.findall(rb"^Subject: case-(\d+);", raw, re.M)]
    assert sorted(marks) == sorted(accepted), "each that was accepted once, none that was refused"
    assert not any("smuggled" in sender for sender, _ in arrived), arrived
    assert len(arrived) == len(accepted)
