"""Log lines: to standard error, syslog and the journal; logfmt and JSON; nothing that a sender can forge."""
import json
import re
import socket

import pytest
from harness.chain import Chain
from harness.exota import Exota
from harness.milter import MilterClient
from harness.processes import fresh_directory, wait_for

EVIL_FROM = '"x verdict=accept reason=authorised" <jane@nobody.test>'


class Datagrams:
    def __init__(self, path):
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.seen = []

    def find(self, text):
        while True:
            try:
                self.seen.append(self._socket.recv(1 << 20))
            except BlockingIOError:
                return next((datagram for datagram in self.seen if text.encode() in datagram), None)


def one_message(exota, queue_id, author=EVIL_FROM):
    with MilterClient(exota.where) as mta:
        mta.connect()
        mta.message([("From", author), ("Subject", "x\n y")], queue_id=queue_id)


def test_syslog(binary, directory):
    collector = Datagrams(directory / "syslog")
    exota = Exota(binary, directory, changes={"log": {"target": "syslog", "socket": str(collector.path), "format": "logfmt"}})
    try:
        one_message(exota, "SYSLOG1")
        datagram = wait_for(lambda: collector.find("SYSLOG1"), "the log line at syslog").decode()
        found = re.match(r"<(\d+)>.*exota", datagram)
        assert found and int(found.group(1)) >> 3 == 2, "facility mail: " + datagram
        assert datagram.count("\n") <= 1
    finally:
        exota.stop()


def test_syslog_that_is_gone_stops_nothing(binary, directory):
    collector = Datagrams(directory / "syslog")
    exota = Exota(binary, directory, changes={"log": {"target": "syslog", "socket": str(collector.path)}})
    try:
        one_message(exota, "GONE1")
        wait_for(lambda: collector.find("GONE1"), "the first line")
        collector._socket.close()
        collector.path.unlink()
        one_message(exota, "GONE2")
        again = Datagrams(directory / "syslog")

        def line_at_the_new_collector():
            one_message(exota, "GONE3")
            return again.find("GONE3")
        wait_for(line_at_the_new_collector, "lines after syslog came back")
    finally:
        exota.stop()


def test_journal(binary, directory):
    collector = Datagrams(directory / "journal")
    exota = Exota(binary, directory, changes={"log": {"target": "journal", "socket": str(collector.path)}})
    try:
        one_message(exota, "JOURNAL1")
        datagram = wait_for(lambda: collector.find("JOURNAL1"), "the entry in the journal")
        fields = dict(line.split(b"=", 1) for line in datagram.split(b"\n") if b"=" in line)
        assert b"MESSAGE" in fields and fields[b"PRIORITY"] in (b"4", b"5", b"6") and fields[b"SYSLOG_IDENTIFIER"] == b"exota"
    finally:
        exota.stop()


@pytest.mark.parametrize("format_", ["logfmt", "json"])
def test_one_line_a_message_that_no_sender_can_forge(workshop, base_directory, format_):
    path = Chain(workshop, fresh_directory(base_directory), changes={"log": {"format": format_, "evidence": "none"}})
    try:
        for author in (EVIL_FROM, "jane@nobody.test\r\n\tverdict=accept", "=?utf-8?q?=0averdict=3daccept?= <jane@nobody.test>"):
            before = len(path.exota.lines())
            reply = path.send(workshop.message(author=author, subject="queue_id=X verdict=accept"))
            assert reply.code == 550
            lines = path.exota.said(reply.queue_id)
            assert len(lines) == 1 and path.exota.lines()[before:] == lines
            if format_ == "json":
                assert json.loads(lines[0])["verdict"] == "reject"
            else:
                bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', lines[0])
                assert re.findall(r"(?:^| )verdict=(\S+)", bare) == ["reject"], lines[0]
    finally:
        path.stop()


@pytest.mark.parametrize("format_", ["logfmt", "json"])
def test_one_line_a_message_for_readers_that_split_by_unicode(binary, directory, format_):
    """Python's str.splitlines, JavaScript and some collectors end lines at U+0085, U+2028 and U+2029, too."""
    forged = '\x85\u2028\u2029\u202e\ufeff\U000e0041{"verdict":"accept"}\x85verdict=accept\u2028'
    exota = Exota(binary, directory, changes={"log": {"format": format_, "evidence": "all"}})
    try:
        one_message(exota, "SPLIT1", f'"{forged}" <jane@nobody.test>')
        exota.said("SPLIT1")
        text = exota.log_file.read_text()
        assert text.splitlines() == text.rstrip("\n").split("\n")
        assert not [c for c in text if c in forged and not c.isascii()], "nothing that does not show"
        if format_ == "json":
            assert exota.judged("SPLIT1")["evidence"]["header"]["from"] == [f'"{forged}" <jane@nobody.test>']
    finally:
        exota.stop()


def test_what_a_line_holds(path):
    reply = path.send(path.workshop.message(signed_by="contoso.com"))
    record = path.judged(reply)
    assert {"verdict", "reason", "tenant", "queue_id", "client"} <= set(record), record
    assert record["tenant"] == "contoso" and "contoso.com" in json.dumps(record)


def test_evidence_by_setting(chain):
    for setting, good_has_it in (("none", False), ("refused", False), ("all", True)):
        path = chain(changes={"log": {"evidence": setting}})
        good, bad = path.send(path.workshop.message(signed_by="contoso.com")), path.send(path.workshop.message(author="x@nobody.test"))
        assert ("evidence" in path.judged(good)) == good_has_it
        assert ("evidence" in path.judged(bad)) == (setting != "none")


def test_nothing_secret_is_logged(path):
    """No body, no subject, no key material: a log goes to many hands."""
    reply = path.send(path.workshop.message(signed_by="contoso.com", subject="Salaries", body="the secret body\r\n"))
    path.judged(reply)
    text = path.exota.log_file.read_text()
    assert "secret body" not in text and "Salaries" not in text


def test_report_sums_up_the_log(chain):
    path = chain()
    for _ in range(3):
        path.judged(path.send(path.workshop.message(signed_by="contoso.com")))
    path.judged(path.send(path.workshop.message(author="x@nobody.test", tenant_id=None, organization=None)))
    done = path.exota.run("report", "--json", path.exota.log_file)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "contoso" in text and "no-policy" in text and "nobody.test" in text, text
    assert path.exota.run("report", path.exota.log_file).returncode == 0
