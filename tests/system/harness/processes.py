"""Processes that we own: started in a session of their own, with their output in a file, always waited for.

A harness that loses a child leaves a server running on somebody's machine; so everything that runs is entered into a list and `stop_all`
ends what is left, also when the interpreter ends early or is told to end by a signal (`end_all_on_signals`). Nothing helps against SIGKILL.
"""
import atexit
import itertools
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

_running = []


def own(server):
    """Has `stop_all` call `server.kill()`, until `disown`. Process does this by itself."""
    _running.append(server)


def disown(server):
    if server in _running:
        _running.remove(server)

# How long anything that must happen may take before it is a failure. Nobody waits that long on a machine that is well; a busy one is no
# failure of the program.
PATIENCE = 90.0


def wait_for(condition, what, seconds=PATIENCE):
    """Polls `condition` until it returns something true, and returns that. AssertionError with `what` when the time is over."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.005)


# Below the ports that the kernel gives to outgoing connections, so that none of those takes a port between our look and the server's bind;
# no port twice in one run, and runs beside each other begin at different places.
_ports = itertools.cycle(range(10240, 32000))
for _ in range(os.getpid() * 131 % 21760):
    next(_ports)


def free_port(address="127.0.0.1"):
    """A TCP port that nobody listens on."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in itertools.islice(_ports, 21760):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
                return port
            except OSError:
                continue
    raise AssertionError(f"no free port at {address}")


def fresh_directory(base, prefix="t"):
    """A new directory below `base` (None: the system's place for temporary files) that Postfix's programs can look into."""
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    directory.chmod(0o755)
    return directory


def listens(address, port):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


class Process:
    """One program that we started. `output` is the file that holds what it printed (both streams)."""

    def __init__(self, command, output, *, environment=None, pass_fds=(), standard_input=subprocess.DEVNULL, before_exec=None, directory=None):
        self.command = [str(part) for part in command]
        self.output = Path(output)
        with open(self.output, "ab") as stream:
            self._child = subprocess.Popen(self.command, stdin=standard_input, stdout=stream, stderr=stream, start_new_session=True,
                                           env=environment, pass_fds=pass_fds, preexec_fn=before_exec, cwd=directory)
        self.pid = self._child.pid
        own(self)

    def running(self):
        return self._child.poll() is None

    def send(self, number):
        self._child.send_signal(number)

    def pause(self):
        """Stops it, and returns once every thread stands still: the signal alone promises nothing about when. SIGCONT lets it go on."""
        self.send(signal.SIGSTOP)
        tasks = Path(f"/proc/{self.pid}/task")
        wait_for(lambda: all(task.joinpath("stat").read_text().rpartition(") ")[2][0] == "T" for task in tasks.iterdir()), f"{self.command[0]} to stand still")

    def wait(self, seconds=PATIENCE):
        """Waits for its end and returns the status (negative: the signal that ended it)."""
        status = self._child.wait(seconds)
        disown(self)
        return status

    def stop(self, number=signal.SIGTERM, seconds=PATIENCE):
        """Ends it and everything it started; returns its status. Harmless when it has ended already."""
        if self.running():
            self.send(number)
        try:
            status = self.wait(seconds)
        except subprocess.TimeoutExpired:
            self._kill_group()
            self.wait()
            raise AssertionError(f"{self.command[0]} did not end within {seconds} s after signal {number}: {self.tail()}") from None
        self._kill_group()
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    def tail(self, lines=15):
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-lines:]) if self.output.exists() else ""

    def _kill_group(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def stop_all():
    for process in list(reversed(_running)):
        try:
            process.kill()
        except (AssertionError, OSError, subprocess.SubprocessError):
            pass


def end_all_on_signals(leave):
    """SIGTERM and SIGHUP end every server and then call `leave(signal)`; without this they would end the interpreter alone."""
    def ended(number, _frame):
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # whoever asks twice must not stop us half way
        stop_all()
        leave(number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)


atexit.register(stop_all)
