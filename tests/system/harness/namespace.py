"""A network of our own on which the harness may have Microsoft's addresses: a network namespace with everything on its loopback.

`with namespace:` moves the calling thread in; sockets and processes made there stay there. Nothing can leave it: it has no route.
"""
import ctypes
import os
import subprocess

_libc = ctypes.CDLL(None, use_errno=True)
_clone_newnet = 0x40000000


class NotPermitted(Exception):
    """This machine does not let us make a network namespace."""


class Namespace:
    def __init__(self, addresses):
        self._own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        if _libc.unshare(_clone_newnet) != 0:
            os.close(self._own)
            raise NotPermitted(os.strerror(ctypes.get_errno()))
        try:
            self._new = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            self._ip("link", "set", "lo", "up")
            for address in addresses:
                if ":" in address:
                    self._ip("-6", "addr", "add", address + "/128", "dev", "lo", "nodad")
                else:
                    self._ip("addr", "add", address + "/32", "dev", "lo")
        finally:
            self._enter(self._own)

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
        self._enter(self._new)
        return self

    def __exit__(self, *_):
        self._enter(self._own)

    def close(self):
        os.close(self._new)
        os.close(self._own)
