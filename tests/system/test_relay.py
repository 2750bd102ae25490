"""The gateway to Exchange: what it says to a server that plays Exchange, with clients and Postfix before it; next hops that die, hang and lie."""
import signal
import socket

import pytest
from harness.exchange import Exchange
from harness.postfix import Postfix
from harness.processes import PATIENCE, Process, free_port, fresh_directory, listens, wait_for
from harness.relay import Relay, certificates, send
from harness.smtp import SmtpClient

FIREWALLED = b"X-MS-Exchange-Organization-SCL: -1\r\nX-MS-Exchange-Organization-AuthAs: Internal\r\n"


@pytest.fixture(scope="module")
def pki(workshop):
    return certificates(workshop.pki, ["mx.safe.test", "mx.plain.test", "mx2.plain.test"])


@pytest.fixture(scope="module")
def parts(workshop, base_directory, binary, pki):
    """One program, sections by what they do; servers that play Exchange, and one that asks for no certificate."""
    exchange = Exchange(certificate=pki["relay_good"], roots=pki.certificate("ca"))
    other = Exchange(certificate=pki["relay_good"])
    clear = Exchange()
    own = {"certificate_file": str(pki.certificate("relay_client")), "key_file": str(pki.key("relay_client")), "tls_level": "encrypt"}
    vouched = own | {"xoorg_for": ["127.0.0.0/8 contoso.com"]}
    sections = {
        "hybrid": vouched | {"next_hop": f"127.0.0.1:{exchange.port}"},
        "lmtp": vouched | {"next_hop": f"127.0.0.1:{exchange.port}", "protocol": "lmtp"},
        "nobody": own | {"next_hop": f"127.0.0.1:{exchange.port}"},
        "unannounced": vouched | {"next_hop": f"127.0.0.1:{other.port}"},
        "defer": vouched | {"next_hop": f"127.0.0.1:{other.port}", "xoorg_unannounced": "defer"},
        "verify": {"tls_level": "verify", "next_hop": f"127.0.0.1:{exchange.port}"},
        "encrypt": {"tls_level": "encrypt", "next_hop": f"127.0.0.1:{clear.port}"},
        "elsewhere": {"clients": ["192.0.2.0/24"], "next_hop": f"127.0.0.1:{clear.port}"},
    }
    program = Relay(binary, fresh_directory(base_directory), pki=pki, sections=sections)
    yield program, exchange, other, clear
    program.stop()
    for server in (exchange, other, clear):
        server.stop()


def message(mark, author="jane@contoso.com", more=b""):
    return b"From: " + author.encode() + b"\r\nSubject: " + mark.encode() + b"\r\n" + more + b"\r\nA line.\r\n.\r\n.. two dots\r\n".replace(b"\r\n.", b"\r\n..")


# --- XOORG ------------------------------------------------------------------------------------------------------------------------------

def test_exchange_gets_xoorg_for_a_covered_sender(parts):
    program, exchange, *_ = parts
    with program.connect("hybrid") as client:
        assert send(client, "bob@dest.test", raw=message("covered", more=FIREWALLED)).code == 250
    taken = exchange.wait_for("Subject: covered")
    assert taken.mail.startswith("MAIL FROM:<jane@contoso.com>") and taken.mail.endswith(" XOORG=contoso.com"), taken.mail
    assert taken.client == "mta.contoso.com" and taken.tls.startswith("TLSv1.")
    assert taken.values("X-MS-Exchange-Organization-SCL") == [] == taken.values("X-MS-Exchange-Organization-AuthAs"), "header firewall"
    assert "by us.test" in taken.raw.decode() and taken.raw.endswith(b"A line.\r\n.\r\n.. two dots\r\n")
    record = program.relayed(gateway="hybrid", xoorg="contoso.com")
    assert (record["mail_from"], record["recipients"], record["policy"], record["proof"], record["tls"]) == (
        "jane@contoso.com", 1, "setting", "encrypted", taken.tls), record
    assert record["reply"].startswith("250 2.0.0 taken as number") and record["address"] == f"127.0.0.1:{exchange.port}" and record["octets"] > 0, record
    assert record["queue_id"] in taken.raw.decode()
    assert program.gateway_metric("xoorg_total", gateway="hybrid") >= 1
    assert program.gateway_metric("tls_handshakes_total", gateway="hybrid", side="backend") >= 1


@pytest.mark.parametrize("sender, author, xoorg", [
    ("jane@contoso.com", "jane@contoso.com", True),
    ("jane@contoso.onmicrosoft.com", "x@evil.test", True),
    ("", "jane@contoso.com", True),
    ("", "x@evil.test", False),
    ("x@evil.test", "jane@contoso.com", False),
    ("ann@fabrikam.com", "ann@fabrikam.com", False),
])
def test_only_a_sender_of_the_organisations_tenant_is_vouched_for(parts, sender, author, xoorg):
    program, exchange, *_ = parts
    mark = f"from {sender or 'nobody'} by {author}"
    with program.connect("hybrid") as client:
        assert send(client, "bob@dest.test", sender, message(mark, author)).code == 250
    assert ("XOORG=contoso.com" in exchange.wait_for(f"Subject: {mark}\r\n").mail) == xoorg


def test_who_is_not_in_xoorg_for_is_not_vouched_for(parts):
    program, exchange, *_ = parts
    with program.connect("nobody") as client:
        assert send(client, "bob@dest.test", raw=message("not listed", more=FIREWALLED)).code == 250
        assert client.command("MAIL FROM:<jane@contoso.com> XOORG=contoso.com").code == 555, "his own word counts for nothing"
    taken = exchange.wait_for("Subject: not listed")
    assert "XOORG" not in taken.mail and taken.values("X-MS-Exchange-Organization-SCL") == ["-1"], "it is not ours to take away"


def test_a_server_that_does_not_announce_it(parts):
    program, _, other, _ = parts
    with program.connect("unannounced") as client:
        assert send(client, "bob@dest.test", raw=message("without")).code == 250
    assert "XOORG" not in other.wait_for("Subject: without").mail
    with program.connect("defer") as client:
        reply = send(client, "bob@dest.test", raw=message("deferred"))
    assert (reply.code, reply.text[:5]) == (451, "4.7.4"), reply
    assert not any(b"Subject: deferred" in taken.raw for taken in other.taken)


# --- TLS, clients, settings ---------------------------------------------------------------------------------------------------------------

def test_tls_that_is_not_what_is_wanted(parts):
    program, exchange, _, clear = parts
    before = len(exchange.taken), len(clear.taken)
    for section in ("verify", "encrypt"):
        with program.connect(section) as client:
            reply = send(client, "bob@dest.test")
            assert (reply.code, reply.text[:5]) == (451, "4.7.5"), (section, reply)
    assert (len(exchange.taken), len(clear.taken)) == before
    assert program.gateway_metric("backend_failures_total", gateway="verify", kind="not-proven") >= 1
    assert program.gateway_metric("backend_failures_total", gateway="encrypt", kind="no-tls") >= 1


@pytest.mark.parametrize("section", ["nobody", "lmtp"])
def test_a_message_has_at_most_a_thousand_recipients(parts, section):
    with parts[0].connect(section) as client:
        if section == "lmtp":
            client.expect("LHLO mta.test", 250)
        client.expect("MAIL FROM:<jane@contoso.com>", 250)
        client.write(b"".join(b"RCPT TO:<bob%d@dest.test>\r\n" % number for number in range(1001)))
        assert [client.reply().code for _ in range(1001)] == [250] * 1000 + [452]


def test_who_may_not_send_hears_so_and_no_more(parts):
    program, *_ = parts
    client = SmtpClient(program.ports["elsewhere"])
    assert client.greeting.code == 554
    with pytest.raises(ConnectionError):
        client.command("EHLO x")
    client.close()
    assert wait_for(lambda: program.gateway_metric("clients_refused_total", gateway="elsewhere"), "counted")
    program.said("client-refused")


def test_who_speaks_before_the_greeting_is_sent_away(parts):
    program, *_ = parts
    program.process.pause()  # so that what is said is there before the connection is taken
    try:
        client = socket.create_connection(("127.0.0.1", program.ports["nobody"]), PATIENCE)
        client.sendall(b"EHLO mta.test\r\n")
    finally:
        program.process.send(signal.SIGCONT)
    with client:
        assert client.recv(100).startswith(b"421 4.5.1 ")


# --- Postfix before us --------------------------------------------------------------------------------------------------------------------

def test_postfix_sends_through_us_by_smtp(parts, base_directory):
    program, exchange, *_ = parts
    postfix = Postfix(fresh_directory(base_directory), sink_port=program.ports["hybrid"], milters=[])
    try:
        with SmtpClient(postfix.port) as client:
            client.hello()
            reply = send(client, "bob@dest.test", raw=message("by postfix"))
        taken = exchange.wait_for("Subject: by postfix")
        postfix.wait_for_log(f"{reply.queue_id}: removed")
        assert "XOORG=contoso.com" in taken.mail
        assert "status=sent (250 2.0.0 taken as number" in postfix.log(), "the reply is Exchange's own"
        received = [value for value in taken.values("Received")]
        assert "by us.test" in taken.raw.decode() and len(received) == 2, received
    finally:
        postfix.stop()


def test_postfix_sends_through_us_by_lmtp(parts, base_directory):
    program, exchange, *_ = parts
    settings = {"relayhost": "", "default_transport": f"lmtp:[127.0.0.1]:{program.ports['lmtp']}"}
    postfix = Postfix(fresh_directory(base_directory), sink_port=1, milters=[], settings=settings)
    try:
        with SmtpClient(postfix.port) as client:
            client.hello()
            client.expect("MAIL FROM:<jane@contoso.com>", 250)
            for recipient in ("bob@dest.test", "ann@other.test"):
                client.expect(f"RCPT TO:<{recipient}>", 250)
            client.expect("DATA", 354)
            client.write(message("by lmtp") + b".\r\n")
            queue_id = client.reply().queue_id
        taken = exchange.wait_for("Subject: by lmtp")
        postfix.wait_for_log(f"{queue_id}: removed")
        assert "XOORG=contoso.com" in taken.mail
        assert postfix.log().count("status=sent (250 2.0.0 taken as number") == 2
    finally:
        postfix.stop()


# --- Next hops that die, hang, lie --------------------------------------------------------------------------------------------------------

class SmtpSink(Process):
    """Postfix's smtp-sink as a process that can be stopped and killed."""

    def __init__(self, directory, port):
        super().__init__(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "100"], directory / "sink.log")
        wait_for(lambda: listens("127.0.0.1", port), self.tail)


@pytest.fixture(scope="module")
def to_sink(binary, base_directory, pki):
    """A program before a port at which a test puts an smtp-sink; it waits a second for a reply."""
    port = free_port()
    program = Relay(binary, fresh_directory(base_directory), pki=pki, sections={"out": {"next_hop": f"127.0.0.1:{port}", "backend_timeout": 1}})
    yield program, port
    program.stop()


def until_data(program):
    client = program.connect("out")
    for command, code in (("MAIL FROM:<a@b.test>", 250), ("RCPT TO:<bob@dest.test>", 250), ("DATA", 354)):
        client.expect(command, code)
    return client


def test_a_next_hop_that_is_killed(to_sink, directory):
    program, port = to_sink
    for at in ("recipient", "message", "end"):
        sink = SmtpSink(directory, port)
        client = program.connect("out")
        client.expect("MAIL FROM:<a@b.test>", 250)
        client.expect("RCPT TO:<bob@dest.test>", 250)
        if at == "recipient":
            sink.kill()
            reply = client.command("DATA")
        else:
            client.expect("DATA", 354)
            client.write(b"Subject: x\r\n\r\n" + b"A line.\r\n" * 1000)
            if at == "end":
                sink.send(signal.SIGSTOP)
                client.write(b".\r\n")
            sink.kill()
            if at == "message":
                client.write(b".\r\n")
            reply = client.reply()
        assert 400 <= reply.code < 500, (at, reply)
        assert client.command("NOOP").code == 250, "our client's session goes on"
        client.close()
    with program.connect("out") as client:
        reply = send(client, "bob@dest.test")
        assert (reply.code, reply.text[:5]) == (451, "4.4.1"), reply
        sink = SmtpSink(directory, port)
        again = send(client, "bob@dest.test")
        sink.kill()
    assert again.code == 250, "and when it is there again"


def test_a_next_hop_that_hangs(to_sink, directory):
    program, port = to_sink
    sink = SmtpSink(directory, port)
    try:
        client = until_data(program)
        sink.send(signal.SIGSTOP)
        client.write(b"Subject: x\r\n\r\ntext\r\n.\r\n")
        reply = client.reply()
        assert (reply.code, reply.text[:4]) == (451, "4.4."), reply
        client.close()
        assert program.gateway_metric("backend_failures_total", kind="late") >= 1
    finally:
        sink.kill()


LIES = [
    ({"greeting": "554 go away"}, 4), ({"greeting": "HTTP/1.1 200 OK"}, 4), ({"EHLO": "250-never\r\n250-"}, 4), ({"EHLO": "354 what?"}, 4),
    ({"MAIL": "250 ok\r\n250 and more"}, 4), ({"MAIL": "354 go"}, 4), ({"MAIL": "close"}, 4), ({"MAIL": "421 bye"}, 4), ({"MAIL": "hang"}, 4),
    ({"RCPT": "250-a\r\n550 b"}, 4), ({"RCPT": "2500 ok"}, 4), ({"RCPT": "\x00\x01\x02"}, 4), ({"RCPT": "250 " + "x" * 5000}, 4), ({"RCPT": "550 5.1.1 nobody"}, 5),
    ({"DATA": "250 done"}, 4), ({"DATA": "close"}, 4), ({"DATA": "554 5.5.1 no"}, 5),
    ({".": "354 more"}, 4), ({".": "close"}, 4), ({".": "hang"}, 4), ({".": "250-a\r\n" * 200 + "250 b"}, 4), ({".": "554 5.7.1 no"}, 5),
]


def test_a_next_hop_that_lies(binary, base_directory, pki):
    """Whatever it says, nothing is acknowledged that it did not acknowledge, and no octet of its is a line of ours."""
    hops = [Exchange(**rules) for rules, _ in LIES]
    sections = {f"lie{number}": {"next_hop": f"127.0.0.1:{hop.port}", "backend_timeout": 1} for number, hop in enumerate(hops)}
    program = Relay(binary, fresh_directory(base_directory), pki=pki, sections=sections)
    try:
        for number, (rules, first_digit) in enumerate(LIES):
            with program.connect(f"lie{number}") as client:
                reply = send(client, "bob@dest.test")
                assert reply.code // 100 == first_digit, (rules, reply)
                assert client.command("NOOP").code == 250, rules
    finally:
        program.stop()
        for hop in hops:
            hop.stop()


def test_sigterm_lets_a_message_in_hand_end_and_a_reload_takes_a_new_hop(binary, base_directory, pki):
    first, second = Exchange(), Exchange()
    program = Relay(binary, fresh_directory(base_directory), pki=pki, sections={"out": {"next_hop": f"127.0.0.1:{first.port}"}})
    try:
        with program.connect("out") as client:
            assert send(client, "bob@dest.test").code == 250
        program.configuration.write_text(program.configuration.read_text().replace(f"127.0.0.1:{first.port}", f"127.0.0.1:{second.port}"))
        program.reload()
        program.said("reloaded")
        with program.connect("out") as client:
            assert send(client, "bob@dest.test").code == 250
        assert (len(first.taken), len(second.taken)) == (1, 1)
        idle, busy = program.connect("out"), until_data(program)
        program.process.send(signal.SIGTERM)
        assert idle.reply().code == 421
        busy.write(b"Subject: last\r\n\r\ntext\r\n.\r\n")
        assert busy.reply().code == 250
        assert program.process.wait() == 0 and len(second.taken) == 2
        idle.close()
        busy.close()
    finally:
        program.stop()
        first.stop()
        second.stop()
