"""`exota probe` on the command line: what it says before it listens, and that a report is not lost with its file."""
import signal
import subprocess

import pytest
from cli_test import EXOTA, run

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")


def test_a_folder_that_is_not_there_is_said_before_listening(tmp_path):
    done = run("probe", "--listen", "inet:127.0.0.1:0", "--evidence", tmp_path / "none")
    assert done.returncode == 66 and b"there is no such folder" in done.stderr and b"listening" not in done.stderr


@pytest.mark.parametrize("endpoint", ["foo", "unix:/x", "inet:127.0.0.1:65536", ""])
def test_what_is_no_endpoint_is_said_before_listening(endpoint):
    done = run("probe", "--listen", "inet:127.0.0.1:0", "--listen", endpoint)
    assert (done.returncode, done.stdout) == (64, b"") and b"--listen: " in done.stderr and b"listening on" not in done.stderr


def test_an_address_that_is_not_ours_is_unavailable():
    done = run("probe", "--listen", "inet:192.0.2.1:0")
    assert done.returncode == 69 and b"listening on" not in done.stderr


def test_a_report_that_cannot_be_written_is_printed(tmp_path):
    probe = subprocess.Popen([EXOTA, "probe", "--listen", "inet:127.0.0.1:0", "--hostname", "probe.test", "--report", tmp_path / "none/report.json"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert probe.stderr.readline().startswith(b"listening on ")
    probe.send_signal(signal.SIGINT)
    said, trouble = probe.communicate(timeout=60)
    assert probe.returncode == 69 and b'"hostname": "probe.test"' in said.replace(b'":"', b'": "') and b"none/report.json" in trouble
