"""Sockets and sessions: Unix and TCP, IPv6, many messages a connection, BDAT, pipelining, delays."""
import grp
import struct
import threading
import time

import pytest
from harness.milter import MilterClient, frame
from harness.processes import free_port, wait_for
from harness.smtp import SmtpClient


@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
def test_many_messages_over_one_connection(chain, tcp):
    path = chain(tcp=tcp)
    with path.connect() as client:
        for number in range(30):
            forged = number % 3 == 2
            message = path.workshop.message(tenant_id=None, organization=None) if forged else path.workshop.message(signed_by="contoso.com")
            reply = client.message("jane@contoso.com", ["bob@dest.test"], message)
            assert reply.code == (550 if forged else 250), (number, reply)
            if number % 7 == 0:
                client.expect("RSET", 250)


def test_both_kinds_of_socket_at_once(exota_of, directory):
    port = free_port()
    exota = exota_of(directory=directory, changes={"milter": {"listen": [f"unix:{directory}/exota.sock", f"inet:127.0.0.1:{port}", f"inet6:[::1]:{port}"]}})
    for where in (exota.where, ("127.0.0.1", port), ("::1", port)):
        with MilterClient(where) as mta:
            assert mta.version == 6


def test_the_unix_socket_has_mode_and_group(exota_of):
    exota = exota_of()
    status = exota.where.stat()
    assert status.st_mode & 0o777 == 0o660 and grp.getgrgid(status.st_gid).gr_name == "postfix"


def test_a_stale_socket_file_is_replaced_but_a_live_one_is_not(exota_of, directory):
    first = exota_of(directory=directory)
    first.kill()
    assert first.where.exists()
    first.start()
    second = first.run("serve", "-c", first.configuration)
    assert second.returncode == 69 and str(first.where).encode() in second.stderr, second
    with MilterClient(first.where) as mta:
        assert mta.version == 6, "the first still serves"


def test_a_port_in_use_is_a_start_error(exota_of):
    first = exota_of(tcp=True)
    done = first.run("serve", "-c", first.configuration)
    assert done.returncode == 69 and str(first.where[1]).encode() in done.stderr


def test_chunking_and_pipelining(path):
    message = path.workshop.message(signed_by="contoso.com")
    with path.connect() as client:
        client.expect("MAIL FROM:<jane@contoso.com>", 250)
        client.expect("RCPT TO:<bob@dest.test>", 250)
        half = len(message) // 2
        client.write(b"BDAT %d\r\n" % half + message[:half])
        assert client.reply().code == 250
        client.write(b"BDAT %d LAST\r\n" % (len(message) - half) + message[half:])
        assert client.reply().code == 250
        client.write(b"MAIL FROM:<jane@contoso.com>\r\nRCPT TO:<bob@dest.test>\r\nDATA\r\n")
        assert [client.reply().code for _ in range(3)] == [250, 250, 354]
        client.write(message + b".\r\n")
        assert client.reply().code == 250


def test_a_recipient_that_is_refused_and_many_that_are_not(path):
    with path.connect() as client:
        recipients = [f"user{n}@dest.test" for n in range(200)]
        reply = client.message("jane@contoso.com", recipients, path.workshop.message(signed_by="contoso.com"))
    assert reply.code == 250
    assert sum(len(message.recipients) for message in [path.delivered(reply)]) >= 1


def test_an_aborted_message_leaves_nothing_behind(path):
    """The client hangs up in the middle of DATA, or sends RSET; the next message is judged on its own."""
    client = path.connect()
    client.envelope("jane@contoso.com", ["bob@dest.test"])
    client.write(path.workshop.message(signed_by="contoso.com")[:400])
    client.close()
    reply = path.send(path.workshop.message(tenant_id=None, organization=None))
    assert reply.code == 550


def test_no_delay_of_small_writes(exota_of):
    """On TCP each unanswered write would wait 44 ms for the other side's delayed acknowledgement, were it not for TCP_QUICKACK."""
    exota = exota_of(tcp=True, changes={"client_cert": {"exempt": ["127.0.0.0/8"]}, "authorisation": {"proofs": ["client-cert + dkim"]}})
    fields = [(f"X-Field-{n}", " value") for n in range(35)] + [("From", "jane@contoso.com")]
    with MilterClient(exota.where) as mta:
        mta.connect(address="127.0.0.1")
        times = []
        for number in range(40):
            begin = time.monotonic()
            mta.message(fields, queue_id=f"FAST{number}")
            times.append(time.monotonic() - begin)
    # The kernel acknowledges at once while a connection is young, so the first ones say nothing; a busy machine delays some, not most.
    quarter = sorted(times[10:])[len(times[10:]) // 4]
    assert quarter < 0.040, f"lower quartile {quarter * 1000:.1f} ms"


def test_versions_and_offers_down_to_two(exota_of):
    exota = exota_of()
    for version, actions, protocol in ((6, 0x1FF, 0x1FFFFF), (6, 0x3F, 0x7F), (4, 0x3F, 0x7F), (2, 0x3F, 0x7F), (2, 0x1F, 0x1F), (6, 0x11, 0)):
        with MilterClient(exota.where, offer=struct.pack(">III", version, actions, protocol)) as mta:
            assert mta.version <= version
            assert mta.actions & ~actions == 0, "it asks for no action that was not offered"
            assert mta.protocol & ~protocol == 0, "it asks for no step that was not offered"
            mta.macros("C", v="Postfix 3.7.11")
            answer = mta.connect()
            assert answer is None or answer[0] == "c"
            _, (command, _) = mta.message([("From", "jane@contoso.com")])
            assert command in "yrt"
    # Without leave to change headers forged results could not be removed: such an MTA is not served at all.
    for actions in (0x0F, 0x1, 0x10, 0):
        with pytest.raises(EOFError):
            MilterClient(exota.where, offer=struct.pack(">III", 6, actions, 0x7F))


def test_idle_sessions_end_after_their_time(exota_of):
    """Ten seconds is the least that can be set. A session that says something now and then lives on."""
    exota = exota_of(changes={"milter": {"idle_timeout": "10s"}})
    with MilterClient(exota.where) as silent, MilterClient(exota.where) as talking:
        begin = time.monotonic()
        gone = threading.Event()
        watcher = threading.Thread(target=lambda: silent.hung_up() and gone.set())
        watcher.start()
        while not gone.wait(1) and time.monotonic() < begin + 60:
            talking.macros("C", v="Postfix 3.7.11")
        assert gone.is_set() and 9.5 < time.monotonic() - begin
        watcher.join()
        talking.connect()
        _, (command, _) = talking.message([("From", "jane@nobody.test")])
        assert command == "y"


def test_sessions_above_the_limit_wait_or_are_told_to_come_back(exota_of):
    exota = exota_of(changes={"milter": {"max_sessions": 5}, "server": {"threads": 1}})
    held = [MilterClient(exota.where) for _ in range(5)]
    for mta in held:  # with a message in hand: idle ones would make room (test_limits.py)
        mta.connect()
        mta.send("M", b"<a@b.test>\0")
    with pytest.raises((EOFError, OSError)):
        MilterClient(exota.where, seconds=3)
    for mta in held:
        mta.send("R", b"<r@dest.test>\0")
        mta.write(frame("L", b"From\0jane@nobody.test\0"))
        assert mta.end_of_message()[1][0] == "y", "those that are there are served"
        mta.send("M", b"<a@b.test>\0")
    exota.said("sessions-full")
    records = [record for record in exota.records() if record["event"] == "sessions-full"]
    assert len(records) == 1 and records[0]["level"] == "warning" and "5 sessions are open" in records[0]["text"], records
    metrics = exota.metrics()
    assert metrics["exota_sessions"] == 5 and metrics["exota_accept_paused_total"] >= 1, metrics
    held.pop().close()

    def served():
        try:
            with MilterClient(exota.where, seconds=1) as mta:
                return mta.version == 6
        except (OSError, EOFError):
            return False
    wait_for(served, "a session after one has ended")
    assert sum(record["event"] == "sessions-full" for record in exota.records()) == 1, "at most once a minute"
    for mta in held:
        mta.close()


def test_postfix_waits_its_milter_timeout_when_no_session_is_free(chain):
    """What the sender sees meanwhile: Postfix's own temporary failure, milter_default_action; and mail again once there is room."""
    path = chain(changes={"milter": {"max_sessions": 1}}, postfix={"milter_connect_timeout": "2s", "milter_command_timeout": "2s"})
    good = path.workshop.message(signed_by="contoso.com")
    with MilterClient(path.exota.where) as busy:
        busy.connect()
        busy.send("M", b"<a@b.test>\0")  # in the middle of a message, which is never cut
        with SmtpClient(path.postfix.port) as client:
            client.hello()
            reply = client.message("jane@contoso.com", ["bob@dest.test"], good)
            assert reply.code == 451, reply
            assert path.sink.messages == []
    wait_for(lambda: any(record["event"] == "sessions-full" for record in path.exota.records()), "sessions-full in the log")
    wait_for(lambda: path.send(good).code == 250, "mail once a session is free")


def test_postfix_without_tls_is_served(chain):
    path = chain(changes={"client_cert": {"exempt": ["127.0.0.0/8"]}})
    with SmtpClient(path.postfix.port) as client:
        client.hello()
        assert client.message("jane@contoso.com", ["bob@dest.test"], path.workshop.message(signed_by="contoso.com")).code == 250
