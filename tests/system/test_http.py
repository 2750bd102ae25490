"""/metrics, /healthz, /readyz, and strangers at that port."""
import re
import signal
import socket

from harness.milter import MilterClient
from harness.processes import PATIENCE, wait_for


def total(samples, name, **labels):
    """The sum of the samples whose name contains `name` and that have these labels."""
    return sum(value for key, value in samples.items()
               if name in key.split("{")[0] and all(f'{label}="{text}"' in key for label, text in labels.items()))


def test_messages_are_counted_by_verdict_and_reason(chain):
    path = chain()
    before = path.exota.metrics()
    for _ in range(3):
        path.send(path.workshop.message(signed_by="contoso.com"))
    path.send(path.workshop.message(author="x@nobody.test", tenant_id=None, organization=None))

    def more(**labels):
        return total(path.exota.metrics(), "messages_total", **labels) - total(before, "messages_total", **labels)
    wait_for(lambda: more(verdict="accept", reason="authorised") == 3 and more(verdict="reject", reason="no-policy") == 1, "the counters of four messages")
    assert more() == 4


def test_the_text_form_is_prometheus(path):
    status, text = path.exota.http("/metrics")
    assert status == 200
    names = set()
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            assert re.fullmatch(r"# TYPE exota_[a-z0-9_]+ (counter|gauge|histogram|summary)", line), line
            names.add(line.split()[2])
        elif line and not line.startswith("#"):
            assert re.fullmatch(r'exota_[a-z0-9_]+(\{([a-z_]+="[^"\\\n]*",?)*\})? [-+0-9.eEinfNa]+', line), line
    assert len(names) >= 5, names


def test_health_and_readiness(path):
    assert path.exota.http("/healthz")[0] == 200
    assert path.exota.http("/readyz")[0] == 200
    assert path.exota.http("/nothing")[0] == 404


def test_not_ready_while_it_drains(exota_of):
    exota = exota_of()
    with MilterClient(exota.where) as mta:
        mta.macros("C", v="Postfix 3.7.11")
        mta.connect()
        mta.send("M", b"<a@b.test>\0")
        exota.process.send(signal.SIGTERM)

        def not_ready():
            try:
                return exota.http("/readyz")[0] == 503
            except OSError:
                return not exota.process.running()
        wait_for(not_ready, "readiness taken back")
        mta.macros("E", i="DRAIN1")
        mta.end_of_message()
    assert exota.process.wait() == 0


def test_strangers_at_the_port(path):
    def answer(octets):
        parts = b""
        with socket.create_connection(("127.0.0.1", path.exota.http_port), PATIENCE) as raw:
            try:
                raw.sendall(octets)
                raw.shutdown(socket.SHUT_WR)
                while part := raw.recv(65536):
                    parts += part
            except (ConnectionError, OSError) as problem:  # hung up on with octets unread: the kernel may throw the answer away
                assert not isinstance(problem, TimeoutError), "it neither answers nor hangs up"
        return parts
    assert b" 405 " in answer(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").split(b"\r\n")[0]
    for octets in (b"\0\0\0\x0dO", b"GET", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"X" * 100_000):
        answer_ = answer(octets)
        assert b" 200 " not in answer_[:20]
    assert path.exota.http("/healthz")[0] == 200
    held = [socket.create_connection(("127.0.0.1", path.exota.http_port), PATIENCE) for _ in range(200)]
    assert path.send(path.workshop.message(signed_by="contoso.com")).code == 250
    for connection in held:
        connection.close()
    wait_for(lambda: path.exota.http("/healthz")[0] == 200, "the port after a flood")
