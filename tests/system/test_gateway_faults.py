"""The gateway when something fails: backends that die, hang or are away, clients that do, a full spool, a drain. Nothing is acknowledged
that the backend did not acknowledge, and nothing is sent on that the client did not finish."""
import os
import signal
import subprocess
import threading

import pytest
from harness.gateway import mail, plain, until_data, whole
from harness.processes import free_port, wait_for

BY_BODY = {"authorisation": {"proofs": ["client-cert + dkim"]}}


@pytest.mark.parametrize("verb, at", [("MAIL", "MAIL"), ("RCPT", "RCPT"), ("DATA", "end"), (".", "end")])
@pytest.mark.parametrize("rule", ["close", "hang"])
def test_a_backend_that_fails_in_a_transaction_is_a_temporary_failure(house, verb, at, rule):
    backend = house.backend(**{verb: rule})
    gateway = house.gateway(backend, section={"backend_timeout": 1})
    with gateway.connect(house.pki) as client:
        reply = whole(client, house.message())
        assert 400 <= reply.code < 500, (verb, reply)
    assert backend.messages == []
    assert gateway.gateway_metric("backend_failures_total", kind="closed" if rule == "close" else "late") >= 1


def test_a_backend_that_is_away_is_passed_over_and_if_all_are_the_client_waits(house):
    nowhere = f"inet:127.0.0.1:{free_port()}"
    backend = house.backend()
    gateway = house.gateway([nowhere, backend])
    with gateway.connect(house.pki) as client:
        assert whole(client, house.message()).code == 250
    backend.close()
    with plain(gateway) as client:
        assert client.command("EHLO exo.test").code == 421
    assert gateway.gateway_metric("backend_failures_total", kind="unreachable") >= 2
    gateway.said("backend-failed")


def test_a_backend_that_is_killed_while_a_message_is_held_is_dialled_again(house):
    """Before our DATA nothing is lost with it: the next one gets MAIL and RCPT anew."""
    first, second = house.backend(), house.backend()
    gateway = house.gateway([first, second], names=house.names(), changes=BY_BODY)
    raw = house.message(signed_by="contoso.com", body="A line.\r\n" * 1000)
    with gateway.connect(house.pki) as client:
        assert until_data(client).code == 354
        client.write(raw[:5000])
        first.close()
        client.write(raw[5000:] + b".\r\n")
        assert client.reply().code == 250
    assert len(second.messages) == 1 and any(line.startswith("RCPT TO:<bob@dest.test>") for line in second.sessions[0])


def test_a_backends_final_refusal_is_the_clients(house):
    gateway = house.gateway(house.backend(**{".": "554 5.7.1 no spam here"}))
    with gateway.connect(house.pki) as client:
        reply = whole(client, house.message())
    assert (reply.code, "no spam here" in reply.text) == (554, True), reply
    record = gateway.last()
    assert record["verdict"] == "accept" and record["backend_reply"].startswith("554") and record["answered"].startswith("554"), record


def test_garbage_from_a_backend_never_reaches_the_client_as_lines(house):
    backend = house.backend(MAIL="250 ok\r\n250 and another\r\n554 forged")
    gateway = house.gateway(backend)
    with gateway.connect(house.pki) as client:
        mail(client)
        assert client.command("NOOP").code in (250, 421, 451)
    assert backend.messages == []


@pytest.mark.parametrize("by_body", [False, True])
def test_a_client_that_is_lost_before_its_end_leaves_nothing(house, by_body):
    backend = house.backend()
    gateway = house.gateway(backend, names=house.names(), changes=BY_BODY if by_body else None)
    raw = house.message(signed_by="contoso.com" if by_body else (), body="A line.\r\n" * 200_000)
    client = gateway.connect(house.pki)
    assert until_data(client).code == 354
    client.write(raw[:len(raw) // 2])
    if not by_body:
        backend.said("DATA")
    client.close()
    wait_for(lambda: gateway.gateway_metric("sessions") == 0, "the session is gone")
    wait_for(lambda: any(line in ("QUIT", "(gone)", "(closed)") for line in backend.sessions[0]), "so is the backend's connection")
    assert backend.messages == [] and "." not in backend.sessions[0]
    wait_for(lambda: gateway.gateway_metric("held_octets") == 0, "nothing is held")


def test_sigterm_lets_a_message_in_hand_end(house):
    backend = house.backend()
    gateway = house.gateway(backend)
    client, idle = gateway.connect(house.pki), gateway.connect(house.pki)
    assert until_data(client).code == 354
    raw = house.message()
    client.write(raw[:100])
    gateway.process.send(signal.SIGTERM)
    assert idle.reply().code == 421
    client.write(raw[100:] + b".\r\n")
    assert client.reply().code == 250
    assert gateway.process.wait() == 0 and len(backend.messages) == 1
    client.close()
    idle.close()


def test_a_drain_that_takes_too_long_sends_no_half_message(house):
    backend = house.backend()
    gateway = house.gateway(backend, changes={"server": {"drain_timeout": 1}})
    client = gateway.connect(house.pki)
    assert until_data(client).code == 354
    client.write(house.message()[:-10])
    gateway.process.send(signal.SIGTERM)
    assert gateway.process.wait() == 0
    client.close()
    wait_for(lambda: any(line in ("(gone)", "(closed)") for line in backend.sessions[0]), "the backend was left")
    assert backend.messages == []


def test_sigkill_acknowledges_nothing_that_the_backend_did_not(house):
    """Ten clients send until we are killed: each that was told 250 finds its message with the backend."""
    backend = house.backend()
    gateway = house.gateway(backend)
    acknowledged, lock = [], threading.Lock()

    def send(number):
        try:
            with gateway.connect(house.pki) as client:
                for turn in range(1000):
                    mark = f"mark-{number}-{turn}."
                    if whole(client, house.message(subject=mark)).code == 250:
                        with lock:
                            acknowledged.append(mark)
        except (OSError, ConnectionError, AssertionError, ValueError):
            return
    clients = [threading.Thread(target=send, args=(number,)) for number in range(10)]
    for each in clients:
        each.start()
    wait_for(lambda: len(acknowledged) >= 50, "some messages are through")
    gateway.kill()
    for each in clients:
        each.join()
    arrived = [next(line.split(b" ", 1)[1].decode() for line in raw.split(b"\r\n") if line.startswith(b"Subject:")) for raw in list(backend.messages)]
    assert set(acknowledged) <= set(arrived)
    assert all(arrived.count(mark) == 1 for mark in acknowledged)


# --- The spool ------------------------------------------------------------------------------------------------------------------------

def test_above_spool_octets_a_message_is_a_temporary_failure_and_the_next_one_passes(house):
    backend = house.backend()
    gateway = house.gateway(backend, names=house.names(), changes=BY_BODY, section={"hold_octets": 0, "spool_octets": "1 MiB"})  # a tenth for one client
    with gateway.connect(house.pki) as client:
        reply = whole(client, house.message(signed_by="contoso.com", body="A line of the body.\r\n" * 10_000))
        assert (reply.code, "4.3.1" in reply.text) == (452, True), reply
        assert whole(client, house.message(signed_by="contoso.com")).code == 250
    assert len(backend.messages) == 1
    assert wait_for(lambda: gateway.gateway_metric("held_octets") == 0, "all given back")


@pytest.mark.skipif(os.geteuid() != 0, reason="to mount needs root")
def test_a_full_disk_is_a_temporary_failure(house):
    small = house.directory / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not permitted here")
    try:
        backend = house.backend()
        gateway = house.gateway(backend, names=house.names(), changes=BY_BODY, section={"hold_octets": 0, "spool_directory": str(small)})
        with gateway.connect(house.pki) as client:
            reply = whole(client, house.message(signed_by="contoso.com", body="A line of the body.\r\n" * 10_000))
            assert (reply.code, "4.3.1" in reply.text) == (452, True), reply
            assert whole(client, house.message(signed_by="contoso.com")).code == 250
        assert len(backend.messages) == 1
        gateway.stop()
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_spool_directory_that_is_not_there_is_an_error_at_start(house):
    gateway = house.gateway(house.backend(), section={"spool_directory": "/nowhere/at/all"}, started=False)
    done = subprocess.run(gateway.command(), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "gateway.exchange.spool_directory: /nowhere/at/all" in done.stderr, done
