"""A bare Debian 12 in a folder, to install packages into. Needs root; scripts/debian-base fetches it once and keeps it below build/."""
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

from debian_package import SOURCE

POLICY = "#!/bin/sh\nexit 101\n"  # no init here: package scripts must start nothing


class NotPossible(Exception):
    """This machine cannot fetch a Debian, or may not mount."""


def base():
    done = subprocess.run([SOURCE / "scripts/debian-base"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.stderr:  # that it fetches one, or why it could not: in the summary
        warnings.warn(done.stderr.strip(), stacklevel=1)
    if done.returncode != 0:
        raise NotPossible("scripts/debian-base could not fetch it")
    return Path(done.stdout.strip())


class System:
    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="exota-deb-"))  # short: sockets lie below it
        self.root.chmod(0o755)
        self.mounted = False
        try:
            subprocess.run(["tar", "-xf", base(), "-C", self.root], check=True)
            policy = self.root / "usr/sbin/policy-rc.d"
            policy.write_text(POLICY)
            policy.chmod(0o755)
            shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
            for each in Path("/etc/apt/apt.conf.d").glob("99*"):
                shutil.copy(each, self.root / "etc/apt/apt.conf.d")
            if subprocess.run(["mount", "-t", "proc", "proc", self.root / "proc"]).returncode != 0:
                raise NotPossible("mounting is not permitted")
            self.mounted = True
        except BaseException:
            self.remove()
            raise

    def remove(self):
        if self.mounted:
            subprocess.run(["umount", self.root / "proc"], check=True)
        shutil.rmtree(self.root)

    def run(self, *command, check=True):
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root"}
        done = subprocess.run(["chroot", self.root, *command], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done

    def install(self, deb):
        shutil.copy(deb, self.root / "tmp")
        return self.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600", f"/tmp/{deb.name}")

    def path(self, name):
        return self.root / name.lstrip("/")
