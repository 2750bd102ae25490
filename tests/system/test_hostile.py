"""Bad input, over SMTP and straight to the milter port: an error that can be seen, that session or message only, bounded memory."""
import os
import random
import re
import resource
import socket
import struct
import threading

import pytest
from harness.chain import Chain
from harness.exota import SOURCE
from harness.message import SIGNATURE_FIELD
from harness.milter import OFFER, MilterClient, frame, strings
from harness.processes import PATIENCE, fresh_directory, wait_for

NO_WORD = {"tenant_id": None, "organization": None}


def memory_kib(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def still_serves(path_or_exota):
    exota = getattr(path_or_exota, "exota", path_or_exota)
    with MilterClient(exota.where) as mta:
        mta.connect()
        _, (command, _) = mta.message([("From", "jane@nobody.test")])
        return command == "y"


@pytest.fixture(scope="module")
def exota(exota_of):
    return exota_of(tcp=True)


GARBAGE = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tls": bytes.fromhex("16030100c8010000c40303") + b"\x07" * 200,
    "zero length": b"\0\0\0\0",
    "huge length": b"\xff\xff\xff\xff" + b"O" * 100,
    "length of one, no command known": b"\0\0\0\1\x01",
    "offer too short": frame("O", b"\0\0\0\6"),
    "offer of version 1": frame("O", struct.pack(">III", 1, 0, 0)),
    "offer of version 99": frame("O", struct.pack(">III", 99, 0x1FF, 0x1FFFFF))[:-2],
    "no offer": frame("C", strings("x") + b"4\0\0" + strings("1.2.3.4")),
    "end of message first": frame("E"),
    "second offer": frame("O", OFFER) * 2,
    "random": random.Random(1).randbytes(5000),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_ends_that_session_only(exota, kind):
    with MilterClient(exota.where) as bystander:
        bystander.connect()
        with socket.create_connection(exota.where, PATIENCE) as raw:
            try:
                raw.sendall(GARBAGE[kind])
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(65536):
                    pass
            except OSError as problem:  # a reset is a way to hang up, too
                assert not isinstance(problem, TimeoutError), "it does not hang up"
        _, (command, _) = bystander.message([("From", "jane@nobody.test")])
        assert command == "y", "the session beside it goes on"
    assert exota.process.running()


AFTER_OFFER = {
    "connect without an address": frame("C", b"x"),
    "connect of family ?": frame("C", strings("x") + b"?" + b"\0\0" + strings("1.2.3.4")),
    "connect with a bad address": frame("C", strings("x") + b"4\0\0" + strings("999.1.2.3")),
    "mail without an end": frame("M", b"<a@b"),
    "mail empty": frame("M"),
    "header without value": frame("L", b"From\0"),
    "header without a zero": frame("L", b"From"),
    "header empty": frame("L"),
    "macro odd": frame("D", b"Mname\0"),
    "macro empty": frame("D"),
    "unknown command": frame("z", b"abc"),
    "frame above the limit": struct.pack(">I", 64 * 1024 * 1024) + b"L",
}


@pytest.mark.parametrize("kind", AFTER_OFFER)
def test_broken_frames_never_authorise_and_never_harm(exota, kind):
    with MilterClient(exota.where) as bystander:
        bystander.connect()
        with MilterClient(exota.where) as mta:
            mta.write(AFTER_OFFER[kind])
            try:
                mta.write(frame("L", strings("From", "jane@contoso.com")) + frame("E"))
                command = "?"
                while command not in "acrtydsS":
                    command, _ = mta.read()
                    if command == "c":  # a reply to a step; only the end of the message decides
                        command = "?"
            except (EOFError, OSError):
                command = "hung up"
            assert command in ("hung up", "y", "r", "t"), command
        _, (command, _) = bystander.message([("From", "jane@nobody.test")])
        assert command == "y"


def test_protocol_errors_are_counted_and_logged(exota):
    def errors():
        return sum(value for name, value in exota.metrics().items() if "protocol" in name)
    before = errors()
    with socket.create_connection(exota.where, PATIENCE) as raw:
        raw.sendall(b"\0\0\0\0")
        assert raw.recv(10) == b""
    wait_for(lambda: errors() > before, "the counter of protocol errors")
    wait_for(lambda: any("protocol-error" in line for line in exota.lines()), "a log line (one in a while, so that a flood does not flood the log)")


def test_a_flood_of_connections(exota, sanitized):
    """Thousands of connections that say nothing, or half a frame: others are served meanwhile, and memory comes to an end."""
    connections = min(3000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 300)
    assert connections >= 500, "this machine allows too few descriptors for a flood"
    before = memory_kib(exota.process)
    held = []
    try:
        for number in range(connections):
            connection = socket.create_connection(exota.where, PATIENCE)
            if number % 2:
                connection.sendall(b"\0\0\0\x0d" + b"O\0\0")
            held.append(connection)
        assert still_serves(exota)
        grown = memory_kib(exota.process) - before
        assert sanitized or grown < connections * 16, f"{grown} KiB for {connections} sessions"
    finally:
        for connection in held:
            connection.close()
    wait_for(lambda: still_serves(exota), "service after the flood")


def test_half_a_frame_stalls_nobody(exota):
    with socket.create_connection(exota.where, PATIENCE) as slow:
        for octet in frame("O", OFFER)[:-1]:
            slow.sendall(bytes([octet]))
        assert still_serves(exota)


def test_memory_of_a_session_is_bounded(exota, sanitized):
    """Header after header in one message: beyond the limits nothing more is kept, and the verdict is too-complex."""
    with MilterClient(exota.where) as mta:
        mta.connect()
        mta.send("M", strings("<a@b.test>"))
        mta.send("R", strings("<r@dest.test>"))
        value = b"x" * 60000
        for _ in range(50):
            mta.write(frame("L", b"From\0" + value + b"\0"))
        mta.macros("E", i="BOUND0")
        mta.end_of_message()
        before = memory_kib(exota.process)
        mta.send("M", strings("<a@b.test>"))
        for number in range(2000):
            mta.write(frame("L", b"X-%d\0" % (number % 10) + value + b"\0"))  # 120 MB in all
        mta.macros("E", i="BOUND1")
        _, (command, payload) = mta.end_of_message()
        assert command == "y" and exota.judged("BOUND1")["reason"] == "too-complex", payload
        assert sanitized or memory_kib(exota.process) - before < 16 * 1024


def test_macros_are_bounded(exota):
    with MilterClient(exota.where) as mta:
        try:
            for number in range(200):
                mta.write(frame("D", b"C" + strings(f"{{m{number}}}", b"v" * 4000)))
            mta.connect()
            _, (command, _) = mta.message([("From", "jane@contoso.com")])
        except (EOFError, OSError):
            command = "hung up"
    assert command in ("hung up", "y", "t")
    assert still_serves(exota)


@pytest.fixture(scope="module")
def without_opendkim(workshop, base_directory):
    """OpenDKIM answers 451 by itself to a header above 64 KiB, so that nothing of it would reach us."""
    made = Chain(workshop, fresh_directory(base_directory), opendkim=False)
    yield made
    made.stop()


def test_header_bombs_by_number(without_opendkim):
    path = without_opendkim
    reply = path.send(path.workshop.message(extra=[(f"X-Bomb-{number}", "boom") for number in range(10_000)]))
    assert reply.code == 550 and path.judged(reply)["reason"] == "too-complex", reply


@pytest.mark.parametrize("name", ["From", "Resent-From", "Subject", "Authentication-Results", "X-MS-Exchange-CrossTenant-Id", "Received", "X-OriginatorOrg"])
def test_header_bombs_by_size(without_opendkim, name):
    """Fields above 1 MiB. Postfix cuts a field at 60,000 octets, for us and for the recipient alike: nothing hides behind the cut."""
    path = without_opendkim
    value = "jane@contoso.com" + ("\r\n " + " " * 800) * 1400 + "\r\n , hidden@evil.test"
    fields = {"author": None} if name == "From" else {}
    reply = path.send(path.workshop.message(extra=[(name, value)], **fields))
    judged = path.judged(reply)
    octets = judged["evidence_octets"] if "evidence_octets" in judged else judged["evidence"]["header"]["octets"]
    assert reply.code in (250, 550) and octets < 70_000
    if reply.accepted:
        assert b"hidden@evil.test" not in path.delivered(reply).raw


def limit_table():
    """(what, number of extra fields or octets, too complex?) on both sides of the defaults."""
    return [("fields", 1900, False), ("fields", 2050, True), ("octets of a field", 255 * 1024, False), ("octets of a field", 258 * 1024, True)]


@pytest.mark.parametrize("what, size, complex_", limit_table())
def test_limits_of_a_message_on_both_sides(exota_of, what, size, complex_):
    exota = exota_of(changes={"client_cert": {"exempt": ["40.92.0.0/16"]}, "authorisation": {"proofs": ["client-cert + dkim"]}})
    fields = [("From", "jane@contoso.com"), ("Authentication-Results", "mx.test; dkim=pass header.d=contoso.com"), SIGNATURE_FIELD]
    fields += [("X-N", "1")] * size if what == "fields" else [("X-Long", "y" * size)]
    with MilterClient(exota.where) as mta:
        mta.macros("C", v="Postfix 3.7.11")
        mta.connect()
        _, (command, payload) = mta.message(fields, queue_id="LIMIT")
    assert exota.judged("LIMIT")["reason"] == ("too-complex" if complex_ else "authorised"), payload
    assert (command == "y") == complex_


ODD_OCTETS = {"NUL": b"\0", "bare CR": b"\r", "ESC": b"\x1b[31m", "8 bit": b"\xff\xfe", "UTF-8": "ü".encode(), "DEL": b"\x7f", "percent": b"%s%n%"}
FIELDS = [b"From", b"Subject", b"X-MS-Exchange-CrossTenant-Id", b"X-OriginatorOrg", b"Authentication-Results", b"Resent-From", b"Message-ID"]


@pytest.mark.parametrize("octets", ODD_OCTETS)
@pytest.mark.parametrize("field", FIELDS, ids=[name.decode() for name in FIELDS])
def test_odd_octets_in_every_field(path, field, octets):
    """Answered, never a 451 by accident, one line in log and reply, and the next message is served.

    (NUL: Postfix ends the field there, for us and for the recipient alike.)"""
    odd = ODD_OCTETS[octets]
    message = path.workshop.message(signed_by=(), **NO_WORD)
    if field == b"From":
        message = message.replace(b"From: Jane Doe <jane@contoso.com>", b"From: Jane <jane@con" + odd + b"toso.com>")
    else:
        message = field + b": a" + odd + b"b\r\n" + message
    before = len(path.exota.lines())
    reply = path.send(message)
    assert reply.code == 550, reply
    judged = path.judged(reply)
    assert judged["verdict"] == "reject"
    lines = path.exota.lines()[before:]
    assert sum(reply.queue_id in line for line in lines) == len(lines), "no octet of a sender begins a log line of its own"
    assert not any(ord(character) < 32 for line in lines for character in line)
    assert all(32 <= ord(character) < 127 for character in reply.text), ascii(reply.text)


def prescribed(*names):
    """Settings of main.cf as docs/postfix.md has them."""
    text = (SOURCE / "docs/postfix.md").read_text()
    return {name: re.search(rf"^{name} *=(.*)$", text, re.M)[1].strip() for name in names}


def smuggled(path):
    """A smuggler's first message, refused in itself, with a second in it that would be accepted: (the reply to the first, what arrived)."""
    inner = b"\n.\nMAIL FROM:<x@evil.test>\nRCPT TO:<bob@dest.test>\nDATA\n" + path.workshop.message(signed_by="contoso.com").replace(b"\r\n", b"\n") + b"\n.\n"
    with path.connect() as client:
        client.envelope("jane@contoso.com", ["bob@dest.test"])
        client.write(path.workshop.message(**NO_WORD) + inner + b"\r\n.\r\nQUIT\r\n")
        reply = client.reply()
        while client.reply().code != 221:  # what was smuggled is answered before QUIT is
            pass
    return reply, path.sink.messages


def test_bare_line_feeds_do_not_smuggle(chain):
    """With smtpd_forbid_bare_newline as docs/postfix.md says, the second message of a smuggler is never seen."""
    settings = prescribed("smtpd_forbid_bare_newline", "smtpd_forbid_bare_newline_exclusions")
    assert settings["smtpd_forbid_bare_newline"] == "yes"
    reply, arrived = smuggled(chain(postfix=settings))
    assert reply.code >= 500 and arrived == []


def test_bare_line_feeds_smuggle_by_default(chain):
    """The twin: without the setting the same octets bring the second message in."""
    path = chain(postfix={"smtpd_forbid_bare_newline": "no"})
    smuggled(path)
    wait_for(lambda: path.sink.messages, "the smuggled message")


def test_many_hostile_sessions_beside_honest_ones(chain):
    path = chain(tcp=True)
    stopping, random_source = threading.Event(), random.Random(7)

    def hostile():
        while not stopping.is_set():
            try:
                with socket.create_connection(path.exota.where, 5) as raw:
                    raw.sendall(frame("O", OFFER) + random_source.randbytes(random_source.randrange(2000)))
            except OSError:
                pass
    threads = [threading.Thread(target=hostile) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        codes = [path.send(path.workshop.message(signed_by="contoso.com")).code for _ in range(30)]
    finally:
        stopping.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert codes == [250] * 30
    assert path.exota.process.running() and os.path.exists(f"/proc/{path.exota.process.pid}")
