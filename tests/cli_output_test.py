"""The command line: what becomes of output that nobody takes, and of standard descriptors that whoever starts the program has closed."""
import os
import subprocess
from pathlib import Path

import pytest

from cli_test import EXOTA, folder, run  # noqa: F401 -- the fixture is used by its name

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")

COMMANDS = ["--version", "--help", "check --help", "check --keys", "check -c exota.toml", "check --json -c exota.toml", "explain -c exota.toml good.eml",
            "explain --json -c exota.toml good.eml", "report /dev/null", "report --html /dev/null", "tenant list -c exota.toml", "tenant export --json -c exota.toml",
            "completion bash"]


@pytest.mark.parametrize("command", COMMANDS)
def test_output_that_cannot_be_written_is_a_failure(folder, command):  # noqa: F811
    with open("/dev/full", "wb") as full:
        done = subprocess.run([EXOTA, *command.split()], cwd=folder, env={"PATH": os.environ["PATH"]}, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 69 and b"standard output cannot be written" in done.stderr


def test_eval_ends_where_nobody_takes_its_answers():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([EXOTA, "eval"], input=b'{"op": "from", "headers": []}\n', stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 69


@pytest.mark.parametrize("number, exit_code", [(0, 66), (1, 69), (2, 0)])
def test_a_standard_descriptor_that_is_closed_is_given_to_no_file(number, exit_code):
    question = b'{"op": "from", "headers": ["From: a@b.test"]}\n'
    with subprocess.Popen([EXOTA, "eval"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(number)) as process:
        if number == 2:  # it answers, so it has started, and waits for more
            process.stdin.write(question)
            process.stdin.flush()
            assert process.stdout.readline()
            assert Path(f"/proc/{process.pid}/fd/2").readlink() == Path("/dev/null")
        process.communicate(b"" if number == 2 else question, timeout=60)
    assert process.returncode == exit_code


def test_problems_are_one_line_each_whatever_the_values_are(folder):  # noqa: F811
    settings = folder / "exota.toml"
    settings.write_text(settings.read_text().replace('mode = "enforce"', 'mode = "x\\nexota.toml:9:9: error: y \\u001b[31m\\u202e"'))
    shown = run("check", "-c", settings).stdout.decode()
    assert [line for line in shown.splitlines() if "9:9" in line] == [line for line in shown.splitlines() if "authorisation.mode" in line]
    assert not any(hidden in shown for hidden in "\x1b\u202e") and r'x\nexota.toml:9:9: error: y \u001b[31m\u202e' in shown
