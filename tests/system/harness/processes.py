"""Processes that we own: started in a session of their own, with their output in a file, always waited for.

A harness that loses a child leaves a server running on somebody's machine; so every Process is entered into a list and `stop_all` ends
what is left, also when the interpreter ends early.
"""
import atexit
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

_running = []


def wait_for(condition, what, seconds=10.0):
    """Polls `condition` until it returns something true, and returns that. AssertionError with `what` when the time is over."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.005)


def free_port(address="127.0.0.1"):
    """A TCP port that nobody listens on."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


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
        _running.append(self)

    def running(self):
        return self._child.poll() is None

    def send(self, number):
        self._child.send_signal(number)

    def wait(self, seconds=10.0):
        """Waits for its end and returns the status (negative: the signal that ended it)."""
        status = self._child.wait(seconds)
        if self in _running:
            _running.remove(self)
        return status

    def stop(self, number=signal.SIGTERM, seconds=10.0):
        """Ends it and everything it started; returns its status. Harmless when it has ended already."""
        if self.running():
            self.send(number)
        try:
            status = self.wait(seconds)
        except subprocess.TimeoutExpired:
            self._kill_group()
            self.wait(5)
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
        except (AssertionError, OSError):
            pass


atexit.register(stop_all)
