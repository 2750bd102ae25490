"""packaging/logrotate/exota with the real logrotate: nothing written before or after is lost, and the log begins at its beginning again."""
import json
import os
import subprocess

import pytest
from harness.exota import SOURCE, Exota
from harness.milter import MilterClient

RECIPE = (SOURCE / "packaging/logrotate/exota").read_text()


def judge(exota, queue_ids):
    with MilterClient(exota.where) as mta:
        mta.connect()
        for queue_id in queue_ids:
            mta.message([("From", "<jane@nobody.test>")], queue_id=queue_id)
    exota.judged(queue_ids[-1])


def judged_in(path):
    """Queue ids in a log; every line of it must be a whole record."""
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [record["queue_id"] for record in records if record["event"] == "message"]


@pytest.mark.parametrize("opened", [">>", ">"])
def test_logrotate_with_a_running_daemon(binary, directory, opened):
    if os.geteuid() != 0:
        pytest.skip("logrotate sets owners")
    log = directory / "exota.log"
    recipe = directory / "recipe"
    assert RECIPE.count("\n/var/log/exota.log {") == 1
    recipe.write_text(RECIPE.replace("/var/log/exota.log", str(log)))
    recipe.chmod(0o644)
    exota = Exota(binary, directory, wrapper=["/bin/sh", "-c", f'exec "$@" 2{opened}{log}', "sh"])
    turns = [[f"TURN{turn}X{number}" for number in range(200)] for turn in range(3)]
    try:
        for turn in turns:
            judge(exota, turn)
            if turn is not turns[-1]:
                done = subprocess.run(["/usr/sbin/logrotate", "-f", "-s", directory / "state", recipe], capture_output=True, text=True)
                assert done.returncode == 0 and not done.stderr, done
    finally:
        exota.stop()
    assert judged_in(log) == turns[2]
    assert judged_in(directory / "exota.log.1") == turns[1]
    packed = directory / "exota.log.2.gz"
    (directory / "oldest").write_bytes(subprocess.run(["gzip", "-dc", packed], check=True, capture_output=True).stdout)
    assert judged_in(directory / "oldest") == turns[0]
