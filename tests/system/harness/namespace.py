"""A network of our own on which the harness may have Microsoft's addresses: a network namespace with everything on its loopback.

`with namespace:` moves the calling thread in; sockets and processes made there stay there. Nothing can leave it: it has no route.
Behind it the thread is where it was before, which may be another namespace.
"""
import ctypes
import os
import subprocess
import threading

_libc = ctypes.CDLL(None, use_errno=True)
_clone_newnet = 0x40000000
_ours = "/proc/thread-self/ns/net"


class NotPermitted(Exception):
    """This machine does not let us make a network namespace."""


class Namespace:
    def __init__(self, addresses):
        self._left = threading.local()  # of each thread: the namespaces that it left, the last one last
        left = os.open(_ours, os.O_RDONLY | os.O_CLOEXEC)
        if _libc.unshare(_clone_newnet) != 0:
            os.close(left)
            raise NotPermitted(os.strerror(ctypes.get_errno()))
        try:
            self._new = os.open(_ours, os.O_RDONLY | os.O_CLOEXEC)
            self._ip("link", "set", "lo", "up")
            for address in addresses:
                if ":" in address:
                    self._ip("-6", "addr", "add", address + "/128", "dev", "lo", "nodad")
                else:
                    self._ip("addr", "add", address + "/32", "dev", "lo")
        finally:
            self._enter(left)
            os.close(left)

    @property
    def path(self):
        """For whoever wants to enter it, or to put something into it, as long as it is open here."""
        return f"/proc/{os.getpid()}/fd/{self._new}"

    @staticmethod
    def _ip(*arguments):
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise NotPermitted(f"ip {' '.join(arguments)}: {done.stderr.strip()}")

    @staticmethod
    def _enter(descriptor):
        if _libc.setns(descriptor, _clone_newnet) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def __enter__(self):
        left = os.open(_ours, os.O_RDONLY | os.O_CLOEXEC)
        self._enter(self._new)
        self._left.__dict__.setdefault("stack", []).append(left)
        return self

    def __exit__(self, *_):
        left = self._left.stack.pop()
        self._enter(left)
        os.close(left)

    def close(self):
        os.close(self._new)
