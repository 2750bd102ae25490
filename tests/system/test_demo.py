"""scripts/demo shows what its own table expects, the two forgeries that OpenDKIM lets through refused among it, and leaves nothing running."""
import os
from pathlib import Path

import pytest
from harness.exota import SOURCE
from harness.processes import PATIENCE, Process

# A result hidden in i=, and a forged one over a signature at which OpenDKIM falls silent: how their lines begin.
FORGERIES = ["behind OpenDKIM: a result hidden in i=", "behind OpenDKIM: it falls silent at"]
HONEST = "behind OpenDKIM: contoso's own mail"


def commands_with(text):
    """Of all that runs, the command lines with `text` in them: the demonstration's servers are told where their files lie."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has ended meanwhile
            pass
    return [line for line in found if text in line]


def test_the_demonstration(binary, directory):
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(directory)}
    demo = Process([SOURCE / "scripts/demo", "--binary", binary], directory / "demo.log", environment=environment)
    try:
        status = demo.wait(PATIENCE * 4)
    finally:
        demo.stop()
    lines = (directory / "demo.log").read_text().splitlines()
    assert status == 0 and lines[-1].endswith("all as expected"), demo.tail(40)

    def verdict_and_code(title):
        line, = [line for line in lines if line.startswith(title)]
        return line[len(title):].split()[:2]
    assert [verdict_and_code(title) for title in FORGERIES] == [["reject", "550"]] * 2
    assert verdict_and_code(HONEST) == ["accept", "250"]
    assert [path.name for path in directory.iterdir()] == ["demo.log"], "its files are gone"
    assert not commands_with(str(directory)), "its servers have ended"
