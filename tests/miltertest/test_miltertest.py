"""miltertest, an MTA's side of the protocol by other people (Debian's package), drives the program through its Lua scripts."""
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SCRIPTS = sorted(path for path in HERE.glob("*.lua") if path.name != "lib.lua")


def miltertest(script, port):
    return subprocess.run(["miltertest", "-s", script, "-D", f"port={port}", "-D", f"dir={HERE}"], capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def filter_port(exota_of):
    exota = exota_of(tcp=True, changes={"authorisation": {"proofs": ["client-cert + dkim"]}, "client_cert": {"missing": "absent"}})
    return exota.where[1]


@pytest.mark.parametrize("script", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_script(script, filter_port):
    done = miltertest(script, filter_port)
    said = [line for line in done.stdout.splitlines() if line.startswith(("ok ", "FAIL "))]
    assert done.returncode == 0, done.stdout + done.stderr
    assert said and not [line for line in said if line.startswith("FAIL")], done.stdout
    assert len(said) >= script.read_text().count('\ntest("'), "not every test of the script ran: " + done.stdout


def test_a_failing_script_is_noticed(tmp_path, filter_port):
    """Without its pcall wrapper miltertest would say nothing; the driver must not take that for success."""
    script = tmp_path / "fails.lua"
    script.write_text('dofile(dir .. "/lib.lua")\n\ntest("refused mail is accepted", function()\n'
                      'local c = connect(); client(c, "40.92.0.10", OURS)\nmessage(c, "X", UNSIGNED); accepted(c)\nend)\n')
    done = miltertest(script, filter_port)
    assert done.returncode != 0 and "FAIL" in done.stdout
