"""systemd: socket activation (LISTEN_FDS), readiness and reload notices (sd_notify), the unit file."""
import os
import select
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from harness.exota import SOURCE, Exota
from harness.milter import OFFER, MilterClient, frame
from harness.processes import free_port, wait_for

UNITS = sorted((SOURCE / "packaging").rglob("*.service")) + sorted((SOURCE / "packaging").rglob("*.socket"))


def inherited(*listeners):
    """Runs in the child: the listeners become descriptors 3, 4 …, and LISTEN_PID is the child's own number."""
    def before_exec():
        copies = [os.dup(listener.fileno()) for listener in listeners]
        for number, copy in enumerate(copies, 3):
            os.dup2(copy, number, inheritable=True)
    return before_exec


def activated(binary, directory, listeners, names=""):
    exota = Exota(binary, directory, started=False, changes={"milter": {"listen": ["systemd"], "socket_group": None}},
                  wrapper=["/bin/sh", "-c", f'export LISTEN_PID=$$ LISTEN_FDS={len(listeners)} LISTEN_FDNAMES={names or ":".join(["milter"] * len(listeners))}; exec "$@"', "sh"])
    exota.where = listeners[0].getsockname()
    exota.start(pass_fds=tuple(range(3, 3 + len(listeners))), before_exec=inherited(*listeners))
    with MilterClient(exota.where) as mta:  # the socket is ours, and takes connections before the program is there to answer
        assert mta.version == 6
    return exota


def test_sockets_passed_by_systemd_are_served(binary, directory):
    tcp = socket.create_server(("127.0.0.1", 0))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(directory / "activated.sock"))
    unix.listen(50)
    exota = activated(binary, directory, [tcp, unix])
    try:
        for where in (tcp.getsockname(), directory / "activated.sock"):
            with MilterClient(where) as mta:
                mta.connect()
                _, (command, _) = mta.message([("From", "jane@nobody.test")])
                assert command == "y"
    finally:
        assert exota.stop() == 0
    assert (directory / "activated.sock").exists(), "the socket is systemd's, and stays"


def test_connections_wait_while_it_restarts(binary, directory):
    listener = socket.create_server(("127.0.0.1", 0))
    first = activated(binary, directory, [listener])
    assert first.stop() == 0
    waiting = socket.create_connection(listener.getsockname(), 10)
    second = activated(binary, directory, [listener])
    try:
        waiting.sendall(frame("O", OFFER))
        assert waiting.recv(4)
    finally:
        waiting.close()
        second.stop()


def test_nothing_was_passed_is_a_start_error(binary, directory):
    exota = Exota(binary, directory, started=False, changes={"milter": {"listen": ["systemd"]}})
    done = exota.run("serve", "-c", exota.configuration)
    assert done.returncode in (69, 78) and b"systemd" in done.stderr, done


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="no systemd-socket-activate here")
def test_with_systemds_own_activator(binary, directory):
    port = free_port()
    exota = Exota(binary, directory, started=False, changes={"milter": {"listen": ["systemd"], "socket_group": None}},
                  wrapper=["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "--fdname=milter"])
    exota.where = ("127.0.0.1", port)
    exota.start()  # its first connection starts the program
    try:
        with MilterClient(exota.where) as mta:
            assert mta.version == 6
    finally:
        exota.stop()


class Manager:
    """systemd's side of sd_notify: a datagram socket that collects what the service says."""

    def __init__(self, directory):
        self.path = directory / "notify.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)
        self.said = []

    def has_said(self, text):
        while True:
            try:
                self.said += self._socket.recv(65536).decode().splitlines()
            except BlockingIOError:
                return any(line.startswith(text) for line in self.said)

    def is_silent_for(self, seconds):
        """Waits for a word, and none comes."""
        return not select.select([self._socket], [], [], seconds)[0]


def test_it_tells_systemd_of_start_reload_and_end(binary, directory):
    manager = Manager(directory)
    exota = Exota(binary, directory, started=False)
    exota.wrapper = ["/usr/bin/env", f"NOTIFY_SOCKET={manager.path}"]
    exota.start()
    wait_for(lambda: manager.has_said("READY=1"), lambda: f"READY=1 in {manager.said}")
    manager.said.clear()
    exota.process.send(signal.SIGHUP)
    wait_for(lambda: manager.has_said("RELOADING=1"), lambda: f"RELOADING=1 in {manager.said}")
    wait_for(lambda: manager.has_said("READY=1"), lambda: f"READY=1 in {manager.said}")
    assert exota.stop() == 0
    wait_for(lambda: manager.has_said("STOPPING=1"), lambda: f"STOPPING=1 in {manager.said}")


def test_it_feeds_the_watchdog(binary, directory):
    """As systemd starts a service with WatchdogSec=: READY=1, then WATCHDOG=1 again and again, and STOPPING=1 at SIGTERM."""
    manager = Manager(directory)
    exota = Exota(binary, directory, started=False)
    script = f'export NOTIFY_SOCKET={manager.path} WATCHDOG_USEC=200000 WATCHDOG_PID=$$; exec "$@"'
    exota.wrapper = ["/bin/sh", "-c", script, "sh"]
    exota.start()

    def fed():
        manager.has_said("WATCHDOG=1")
        return manager.said.count("WATCHDOG=1") >= 3
    wait_for(fed, lambda: f"WATCHDOG=1 three times in {manager.said}")
    assert manager.said.count("READY=1") == 1, manager.said
    assert not manager.has_said("STOPPING=1")
    assert exota.stop() == 0
    wait_for(lambda: manager.has_said("STOPPING=1"), lambda: f"STOPPING=1 in {manager.said}")


@pytest.mark.parametrize("variables", ["WATCHDOG_USEC=200000 WATCHDOG_PID=1", ""], ids=["meant for another process", "not asked for"])
def test_no_watchdog_is_fed_that_nobody_keeps(binary, directory, variables):
    manager = Manager(directory)
    exota = Exota(binary, directory, started=False)
    exota.wrapper = ["/usr/bin/env", f"NOTIFY_SOCKET={manager.path}", *variables.split()]
    exota.start()
    wait_for(lambda: manager.has_said("READY=1"), lambda: f"READY=1 in {manager.said}")
    assert manager.is_silent_for(0.5), manager.said  # more than two intervals
    assert not manager.has_said("WATCHDOG=1"), manager.said
    assert exota.stop() == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize("unit", UNITS, ids=[unit.name for unit in UNITS])
def test_unit_files_are_valid(unit, tmp_path, binary):
    for each in UNITS:
        text = each.read_text()
        for line in text.splitlines():
            if line.startswith("ExecStart="):
                program = line.removeprefix("ExecStart=").split()[0]
                text = text.replace(program, str(binary))
        (tmp_path / each.name).write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("prefix", ["/usr", "/usr/local", "/opt/exota"])
def test_the_installed_unit_starts_the_installed_program(binary, directory, prefix):
    """`make install PREFIX=…`: the prefix is known only when installing, and DESTDIR is no part of what the unit says."""
    build = Path(binary).resolve().parent
    if not (build / "cmake_install.cmake").exists():
        pytest.skip("the program does not lie in a build directory")
    subprocess.run(["cmake", "--install", build, "--prefix", prefix, "--component", "systemd"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(directory)})
    installed = Path(f"{directory}{prefix}/lib/systemd/system/exota.service").read_text()
    assert f"\nExecStart={prefix}/bin/exota serve -c /etc/exota/exota.toml\n" in installed
    packaged = (SOURCE / "packaging/exota.service").read_text()
    assert installed == packaged.replace("ExecStart=/usr/bin/exota ", f"ExecStart={prefix}/bin/exota ")
    assert f"\nExecStart={prefix}/bin/exota endpoints update " in Path(f"{directory}{prefix}/lib/systemd/system/exota-endpoints.service").read_text()
    for each in ("lib/systemd/system/exota.socket", "lib/systemd/system/exota-endpoints.timer", "lib/sysusers.d/exota.conf", "lib/tmpfiles.d/exota.conf"):
        assert Path(f"{directory}{prefix}/{each}").exists(), each


def test_the_service_is_not_restarted_for_what_stays_wrong(binary, directory):
    """The unit's RestartPreventExitStatus= has what `exota serve` ends with when another start would meet the same."""
    text = (SOURCE / "packaging/exota.service").read_text()
    final = {int(code) for line in text.splitlines() if line.startswith("RestartPreventExitStatus=") for code in line.split("=")[1].split()}
    broken = directory / "broken.toml"
    broken.write_text("[authorisation]\nmode = \n")
    for arguments in (["serve", "--nonsense"], ["serve", "-c", directory / "missing.toml"], ["serve", "-c", broken]):
        done = subprocess.run([binary, *arguments], capture_output=True, timeout=60, env={"PATH": os.environ["PATH"]})
        assert done.returncode in final, (arguments, done)
    occupied = directory / "a file that is no socket"
    occupied.touch()
    exota = Exota(binary, directory, started=False, changes={"milter": {"listen": [f"unix:{occupied}"]}})
    done = exota.run("serve", "-c", exota.configuration)
    assert done.returncode == 69 and 69 not in final, "what mends itself, as a socket may, is tried again"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_the_service_is_hardened():
    services = [unit for unit in UNITS if unit.suffix == ".service"]
    assert services, "packaging/ has no unit file"
    for service in services:
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", service], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr
