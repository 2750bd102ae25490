"""The harness itself: whoever ends pytest leaves no server behind."""
import os
import signal
import sys
from pathlib import Path

import pytest
from harness.exota import SOURCE
from harness.postfix import _alive
from harness.processes import Process, wait_for

# A test of another pytest: it starts a whole mail path, tells the processes, and waits for the end that never comes by itself.
WAITING = """
import os, time
from pathlib import Path

def test_waits(chain, base_directory):
    path = chain()
    pids = [path.exota.process.pid, path.opendkim._process.pid, path.postfix._pid]
    told = Path(os.environ["TOLD"])
    told.with_suffix(".new").write_text(f"{base_directory} " + " ".join(map(str, pids)))
    told.with_suffix(".new").rename(told)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_pytest_ends_all_servers(directory, binary, number):
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    (directory / "test_waiting.py").write_text(WAITING)
    told = directory / "told"
    environment = {**os.environ, "TOLD": str(told), "EXOTA_BUILD_DIR": str(binary.parent), "PYTHONDONTWRITEBYTECODE": "1",
                   "PYTHONPATH": f"{SOURCE}/tests:{SOURCE}/tests/system"}
    environment.pop("EXOTA_KEEP", None)
    inner = Process([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest", "--rootdir", directory, "-c", os.devnull,
                     directory / "test_waiting.py"], directory / "inner.log", environment=environment, directory=directory)
    pids = []
    try:
        wait_for(lambda: told.exists() or not inner.running(), lambda: "the servers of the inner run: " + inner.tail())
        assert told.exists(), inner.tail()
        temporary, *pids = told.read_text().split()
        assert len(pids) == 3 and all(_alive(pid) for pid in pids), pids
        inner.send(number)
        assert inner.wait(60) == 128 + number, inner.tail()
        assert [pid for pid in pids if _alive(pid)] == []
        assert not Path(temporary).exists(), "what it made is removed as well"
    finally:
        inner.kill()
        for pid in pids:
            if _alive(pid):
                os.kill(int(pid), signal.SIGKILL)
