"""What the drop-in by-socket.conf takes away, taken away: the daemon serves an inherited socket where no user or group but its own exists."""
import os
import socket
import subprocess

import pytest
from harness.exota import Exota
from harness.milter import MilterClient


def test_it_serves_an_inherited_socket_without_other_users(binary, directory):
    if subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(directory / "inherited.sock"))
    listener.listen(50)
    script = 'export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=milter; exec "$@"'
    exota = Exota(binary, directory, started=False, changes={"milter": {"listen": ["systemd"], "socket_group": None}},
                  wrapper=["unshare", "--user", "--map-root-user", "/bin/sh", "-c", script, "sh"])
    exota.where = directory / "inherited.sock"
    exota.start(pass_fds=[3], before_exec=lambda: os.dup2(listener.fileno(), 3, inheritable=True))
    try:
        users = open(f"/proc/{exota.process.pid}/uid_map").read().split()
        assert users[2] == "1", f"one user: {users}"
        with MilterClient(exota.where) as mta:
            mta.connect()
            mta.message([("From", "<jane@nobody.test>")], queue_id="ALONE1")
        assert exota.judged("ALONE1")["reason"] == "no-policy"
        assert any("reloaded" in line for line in exota.reload())
    finally:
        assert exota.stop() == 0
