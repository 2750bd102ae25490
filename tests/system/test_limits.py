"""At its limits: no more threads, descriptors, sessions, room for partial frames, or connections to /healthz."""
import itertools
import json
import os
import resource
import signal
import socket
import subprocess

import pytest
from harness.exota import TENANTS
from harness.milter import MilterClient, frame, strings
from harness.processes import PATIENCE, wait_for

# RLIMIT_NPROC does not bind root, and counts all that a user runs: each test takes a user that nobody is.
unused_users = itertools.count(54321 + os.getpid() % 10_000)


@pytest.fixture
def unprivileged(exota_of):
    """An exota that runs as a user of its own, and that user's number of threads can be limited."""
    if os.geteuid() != 0:
        pytest.skip("to become another user needs root")
    exota = exota_of(changes={"milter": {"socket_group": None}, "server": {"threads": 2}}, started=False)
    exota.user = next(unused_users)
    os.chown(exota.directory, exota.user, exota.user)
    return exota


def become(user):
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def limit_threads(exota, most):
    """As its own user, who may do that whatever else this machine allows."""
    subprocess.run(["/usr/bin/prlimit", f"--pid={exota.process.pid}", f"--nproc={most}:"], check=True, preexec_fn=lambda: become(exota.user))


def limit_binds():
    """Whether this kernel keeps another user to RLIMIT_NPROC at all."""
    program = "import threading, resource; resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)); threading.Thread(target=print).start()"
    done = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, check=False, preexec_fn=lambda user=next(unused_users): become(user))
    return done.returncode != 0


def test_a_reload_without_a_thread_keeps_what_is_in_use(unprivileged):
    if not limit_binds():
        pytest.skip("this kernel does not keep a user to RLIMIT_NPROC")
    exota = unprivileged
    exota.start(before_exec=lambda: become(exota.user))
    failures = exota.metrics()["exota_reload_failures_total"]
    limit_threads(exota, 0)
    exota.write_tenants({**TENANTS, "tenants": {**TENANTS["tenants"], "more": {"domains": ["more.test"]}}})
    lines = exota.reload()
    assert any("reload-failed" in line for line in lines) and any("no thread" in line for line in lines), lines
    assert exota.metrics()["exota_reload_failures_total"] > failures
    assert exota.http("/readyz")[0] == 200
    with MilterClient(exota.where) as mta:
        mta.connect()
        _, (command, _) = mta.message([("From", "jane@more.test")], queue_id="OLD")
        assert command == "y" and exota.judged("OLD")["reason"] == "no-policy", "the old tenants stay"
        limit_threads(exota, 1000)
        exota.said('"event":"reloaded"')  # by itself, after a while
        _, (command, _) = mta.message([("From", "jane@more.test")], queue_id="NEW")
        assert exota.judged("NEW")["tenant"] == "more"
    assert exota.stop() == 0


def test_a_start_without_threads_says_so(unprivileged):
    if not limit_binds():
        pytest.skip("this kernel does not keep a user to RLIMIT_NPROC")
    exota = unprivileged

    def few():
        become(exota.user)
        resource.setrlimit(resource.RLIMIT_NPROC, (2, 2))  # the first, one that reads the tenants file
    done = subprocess.run([exota.binary, "serve", "-c", str(exota.configuration)], capture_output=True, timeout=PATIENCE, preexec_fn=few, check=False)
    assert done.returncode == 69, done
    assert b"not enough threads" in done.stderr, done.stderr


def test_without_descriptors_it_tries_again(exota_of, sanitized):
    if sanitized:
        pytest.skip("UBSan's check of an object's type needs descriptors itself")
    exota = exota_of(changes={"server": {"threads": 1}})
    before = resource.prlimit(exota.process.pid, resource.RLIMIT_NOFILE)
    used = {int(name) for name in os.listdir(f"/proc/{exota.process.pid}/fd")}
    free = next(number for number in range(1000) if number not in used)
    resource.prlimit(exota.process.pid, resource.RLIMIT_NOFILE, (free, before[1]))
    with socket.socket(socket.AF_UNIX) as mta:
        mta.settimeout(PATIENCE)
        mta.connect(str(exota.where))
        mta.sendall(frame("O", b"\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"))
        exota.said("accept-trouble")
        resource.prlimit(exota.process.pid, resource.RLIMIT_NOFILE, before)
        assert mta.recv(5)[4:] == b"O"
    assert exota.metrics()["exota_accept_errors_total"] >= 1


def ended(exota, why):
    return exota.metrics()[f'exota_sessions_ended_total{{why="{why}"}}']


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", ["silent", "half an offer", "negotiated", "between messages"])
def test_idle_sessions_make_room(exota_of, kind, threads):
    exota = exota_of(changes={"milter": {"max_sessions": 6}, "server": {"threads": threads}})
    held = []
    for _ in range(5):
        mta = MilterClient(exota.where, **({"offer": None} if kind in ("silent", "half an offer") else {}))
        if kind == "half an offer":
            mta.write(b"\0\0\0\x0dO\0\0")
        if kind == "between messages":
            mta.connect()
            mta.message([("From", "jane@nobody.test")])
        held.append(mta)
    with MilterClient(exota.where) as busy:
        busy.connect()
        busy.send("M", strings("<a@b.test>"))
        busy.send("R", strings("<r@dest.test>"))
        newcomers = []
        for _ in range(5):
            newcomers.append(MilterClient(exota.where))
            newcomers[-1].connect()
            newcomers[-1].send("M", strings("<a@b.test>"))
        assert ended(exota, "made-room") == 5
        assert all(mta.hung_up() for mta in held)
        for mta in (busy, *newcomers):  # all have a message in hand: it was not cut
            mta.write(frame("L", strings("From", "jane@nobody.test")))
            assert mta.end_of_message()[1][0] == "y"


@pytest.mark.parametrize("threads", [1, 3])
def test_partial_frames_of_all_loops_have_one_limit(exota_of, threads):
    """Pieces of 60,000 octets: eight are below the limit of 480,000, whichever loops have them; a ninth is not."""
    exota = exota_of(tcp=True, changes={"milter": {"max_partial_octets": 480_000, "max_frame_octets": 100_000}, "limits": {"field_octets": 65_536},
                                        "server": {"threads": threads}})
    whole_frame = frame("L", strings("X", "x" * 90_000))
    piece, rest = whole_frame[:60_000], whole_frame[60_000:]
    held = []

    def begin():
        mta = MilterClient(exota.where)
        mta.connect()
        mta.send("M", strings("<a@b.test>"))
        mta.write(piece)
        return mta
    for _ in range(7):
        held.append(begin())
    with MilterClient(exota.where) as whole:
        whole.connect()
        assert whole.message([("From", "jane@nobody.test"), ("X", "y" * 60_000)])[1][0] == "y", "below the limit nobody is cut"
    assert ended(exota, "too-much") == 0
    for _ in range(9):
        held.append(begin())
    wait_for(lambda: ended(exota, "too-much") >= 1, "sessions above the limit to be cut")
    for mta in held:
        mta.close()
    wait_for(lambda: exota.metrics()["exota_sessions"] == 0, "the end of all sessions")
    with MilterClient(exota.where) as mta:
        mta.connect()
        mta.send("M", strings("<a@b.test>"))
        mta.write(piece)
        mta.write(rest)
        assert mta.end_of_message()[1][0] == "y", "what was kept is free again"


def test_half_open_requests_do_not_keep_healthz_out(exota_of):
    exota = exota_of()
    held = []
    for number in range(300):
        held.append(socket.create_connection(("127.0.0.1", exota.http_port), PATIENCE))
        held[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n"[:number % 33])
        if number % 50 == 49:
            assert exota.http("/healthz")[0] == 200, f"{number} half-open requests before it"
    assert exota.metrics()["exota_http_made_room_total"] > 200
    for connection in held:
        connection.close()


def test_a_reload_that_changes_the_limit_says_that_it_needs_a_restart(exota_of):
    exota = exota_of(changes={"milter": {"max_partial_octets": 16_777_216}})
    exota.configuration.write_text(exota.configuration.read_text().replace("16777216", "33554432"))
    exota.process.send(signal.SIGHUP)
    needed = [json.loads(line) for line in exota.said("restart-needed")]
    assert [record["setting"] for record in needed] == ["milter.max_partial_octets"]
