"""The recipes of docs/watching.md with the daemons they are for: rsyslog and its logrotate, systemd's journal. Records arrive whole."""
import json
import os
import signal
import subprocess

import pytest
from harness.exota import Exota
from harness.milter import MilterClient
from harness.processes import Process, wait_for
from harness.recipes import PACKAGING, Journald, Rsyslog

LONG = [("From", '"é x\u2028 client=1.2.3.4" <jane@nobody.test>')] + [(f"X-Forged-{number}", "y" * 900) for number in range(4)] + [("DKIM-Signature", "v=1; b=" + "z" * 9000)] * 3


def judge(exota, queue_ids, fields=LONG):
    with MilterClient(exota.where) as mta:
        mta.connect()
        for queue_id in queue_ids:
            mta.message(fields, queue_id=queue_id)


def judged_in(path):
    """Queue ids in a file; every line of it must be a whole record."""
    records = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return [record["queue_id"] for record in records if record["event"] == "message"]


@pytest.fixture
def rsyslog(directory):
    if os.geteuid() != 0:
        pytest.skip("Debian's rsyslog.conf sets owners")
    made = Rsyslog(directory, (PACKAGING / "rsyslog/exota.conf").read_text())
    checked = made.check()
    assert checked.returncode == 0 and "error" not in checked.stderr, checked.stderr
    made.start()
    yield made
    made.stop()


def test_rsyslog_writes_records_whole_and_nowhere_else(binary, directory, rsyslog):
    exota = Exota(binary, directory, changes={"log": {"target": "syslog", "socket": str(rsyslog.socket)}})
    try:
        queue_ids = [f"RSYSLOG{number}" for number in range(20)]
        judge(exota, queue_ids)
        wait_for(lambda: rsyslog.exota_log.exists() and queue_ids[-1] in rsyslog.exota_log.read_text() and judged_in(rsyslog.exota_log)[-1:] == queue_ids[-1:], "the last record")
    finally:
        exota.stop()
    assert judged_in(rsyslog.exota_log) == queue_ids
    longest = max(map(len, rsyslog.exota_log.read_bytes().splitlines()))
    assert longest > 8192, "no record is longer than what rsyslog takes by default: the test shows nothing"
    subprocess.run(["logger", "-u", rsyslog.socket, "-p", "mail.info", "-t", "postfix/smtpd", "of another program"], check=True)
    mail_log = directory / "other-mail.log"
    wait_for(lambda: mail_log.exists() and "of another program" in mail_log.read_text(), "another program's line in mail.log")
    assert "RSYSLOG" not in mail_log.read_text() and "of another program" not in rsyslog.exota_log.read_text()
    report = exota.run("report", "--json", rsyslog.exota_log)
    assert report.returncode == 0 and json.loads(report.stdout)["messages"] == len(queue_ids)


def test_logrotate_with_rsyslog(binary, directory, rsyslog):
    recipe = directory / "recipe"
    text = (PACKAGING / "logrotate/exota-rsyslog").read_text()
    for before, after in (("/var/log/exota.log {", f"{rsyslog.exota_log} {{"), ("/usr/lib/rsyslog/rsyslog-rotate", f"kill -HUP {rsyslog.process.pid}")):
        assert text.count("\n" + before) == 1 or text.count(" " + before) == 1
        text = text.replace(before, after)
    recipe.write_text(text)
    recipe.chmod(0o644)
    exota = Exota(binary, directory, changes={"log": {"target": "syslog", "socket": str(rsyslog.socket), "evidence": "none"}})
    turns = [[f"TURN{turn}X{number}" for number in range(50)] for turn in range(2)]
    try:
        judge(exota, turns[0])
        wait_for(lambda: turns[0][-1] in rsyslog.exota_log.read_text(), "the first turn")
        done = subprocess.run(["/usr/sbin/logrotate", "-f", "-s", directory / "state", recipe], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, done
        judge(exota, turns[1])
        wait_for(lambda: turns[1][-1] in rsyslog.exota_log.read_text() + (directory / "exota.log.1").read_text(), "the second turn")
    finally:
        exota.stop()
    assert judged_in(directory / "exota.log.1") + judged_in(rsyslog.exota_log) == turns[0] + turns[1]  # nothing lost, nothing twice
    assert rsyslog.exota_log.stat().st_mode & 0o777 == 0o640
    wait_for(lambda: rsyslog.process.running(), "rsyslogd after HUP")
    rsyslog.process.send(signal.SIGHUP)


def test_the_journal_has_fields_and_whole_records(binary, directory):
    if os.geteuid() != 0:
        pytest.skip("journald needs a mount namespace")
    journal = Journald(directory)
    exota = None
    try:
        exota = Exota(binary, directory, changes={"log": {"target": "journal", "socket": str(journal.socket)}})
        judge(exota, ["JOURNALA", "JOURNALB"])
        found = wait_for(lambda: [line for line in journal.entries("EXOTA_REASON=no-policy", "-o", "cat") if "JOURNALB" in line], "the second record")
        lines = journal.entries("EXOTA_REASON=no-policy", "-o", "cat")
        assert len(lines) == 2 and len(found[0]) > 8192
        assert [json.loads(line)["queue_id"] for line in lines] == ["JOURNALA", "JOURNALB"]
        assert journal.entries("EXOTA_REASON=no-policy", "EXOTA_QUEUE_ID=JOURNALA", "-o", "cat") == lines[:1]
        assert journal.entries("EXOTA_REASON=not-proven", "-o", "cat") == []
        report = exota.run("report", "--json", standard_input="\n".join(lines).encode())
        assert report.returncode == 0 and json.loads(report.stdout)["messages"] == 2
    finally:
        if exota:
            exota.stop()
        journal.stop()


INTO_THE_STREAM = """import os, socket, sys
stream = socket.socket(socket.AF_UNIX)
stream.connect(sys.argv[1])
stream.sendall(b"exota\\n\\n6\\n0\\n0\\n0\\n0\\n")  # as systemd does for a unit: identifier, unit, priority, and four switches
os.dup2(stream.fileno(), 2)
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_standard_error_in_the_journal_has_whole_records(binary, directory):
    """What the unit does by default. journald breaks lines above 48 KiB; a record is shorter."""
    if os.geteuid() != 0:
        pytest.skip("journald needs a mount namespace")
    journal = Journald(directory)
    exota = Exota(binary, directory, started=False, wrapper=["/usr/bin/python3", "-c", INTO_THE_STREAM, journal.socket.with_name("stdout")])
    try:
        exota.process = Process(exota.command(), exota.log_file, environment={"PATH": os.environ["PATH"]})
        exota.wait_until_ready()
        judge(exota, ["STREAMA", "STREAMB"])
        wait_for(lambda: any("STREAMB" in line for line in journal.entries("-t", "exota", "-o", "cat")), "the second record")
    finally:
        exota.stop()
        lines = journal.entries("-t", "exota", "-o", "cat")
        journal.stop()
    records = [json.loads(line) for line in lines]
    assert [record["queue_id"] for record in records if record["event"] == "message"] == ["STREAMA", "STREAMB"] and max(map(len, lines)) > 8192
