"""Daemons of the log recipes, each with a configuration, sockets and files in a directory of its own: rsyslogd, systemd-journald, fail2ban."""
import shutil
import subprocess
from pathlib import Path

import pytest

from .exota import SOURCE
from .processes import Process, wait_for

PACKAGING = SOURCE / "packaging"


def needs(program, package):
    """The path of a program; without it the test is skipped, saying which package has it."""
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/lib/systemd:/usr/lib/systemd")
    if not found:
        pytest.skip(f"no {program} here (Debian: {package}; scripts/setup installs it)")
    return found


class Rsyslog:
    """Debian's own rsyslog.conf with our recipe in its rsyslog.d; only the paths are others."""

    def __init__(self, directory, recipe):
        self.program = needs("rsyslogd", "rsyslog")
        self.directory = Path(directory)
        (self.directory / "rsyslog.d").mkdir()
        self.socket = self.directory / "log"
        self.exota_log = self.directory / "exota.log"
        included = self.directory / "rsyslog.d/30-exota.conf"
        assert recipe.count('"/var/log/exota.log"') == 1
        included.write_text(recipe.replace("/var/log/exota.log", str(self.exota_log)))
        text = Path("/etc/rsyslog.conf").read_text()
        changes = {'module(load="imuxsock")': f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{self.socket}" CreatePath="on")',
                   'module(load="imklog")': "", "/var/log/": f"{self.directory}/other-", "/var/spool/rsyslog": str(self.directory),
                   "/etc/rsyslog.d/": f"{self.directory}/rsyslog.d/"}
        for before, after in changes.items():
            assert before in text, f"{before} is not in Debian's rsyslog.conf"
            text = text.replace(before, after)
        self.configuration = self.directory / "rsyslog.conf"
        self.configuration.write_text(text)

    def check(self):
        return subprocess.run([self.program, "-N1", "-f", self.configuration], capture_output=True, text=True)

    def start(self):
        self.process = Process([self.program, "-n", "-f", self.configuration, "-i", self.directory / "pid"], self.directory / "rsyslogd.out")
        wait_for(self.socket.exists, lambda: "rsyslogd's socket: " + self.process.tail())
        return self

    def stop(self):
        self.process.stop()


class Journald:
    """systemd-journald whose /run is a directory of ours (in a mount namespace of its own)."""

    def __init__(self, directory):
        self.program = needs("systemd-journald", "systemd")
        self.run = Path(directory) / "run"
        self.run.mkdir()
        self.socket = self.run / "systemd/journal/socket"
        self.process = Process(["unshare", "--mount", "/bin/sh", "-c", 'mount --bind "$1" /run && exec "$2"', "sh", self.run, self.program], Path(directory) / "journald.out")
        wait_for(lambda: self.socket.exists() or not self.process.running(), "journald's socket")
        if not self.process.running():
            pytest.skip(f"journald does not start here: {self.process.tail()}")

    def entries(self, *arguments):
        """What journalctl prints of it."""
        done = subprocess.run(["journalctl", "-q", "-D", self.run / "log/journal", *arguments], capture_output=True, text=True)
        return done.stdout.splitlines()

    def stop(self):
        self.process.stop()


class Fail2ban:
    """fail2ban-server with our filter and jail; its action writes down whom it would have banned."""

    def __init__(self, directory, log, endpoints, *, maxretry):
        self.directory = Path(directory)
        program = needs("fail2ban-server", "fail2ban")
        for folder in ("filter.d", "action.d", "jail.d"):
            (self.directory / folder).mkdir()
        self.banned_file = self.directory / "banned"
        (self.directory / "fail2ban.conf").write_text(
            f"[Definition]\nloglevel = INFO\nlogtarget = {self.directory}/fail2ban.log\nsyslogsocket = auto\nsocket = {self.directory}/sock\n"
            f"pidfile = {self.directory}/pid\ndbfile = None\n")
        (self.directory / "action.d/note.conf").write_text(f"[Definition]\nactionban = echo '<ip>' >>{self.banned_file}\n")
        (self.directory / "jail.conf").write_text("[DEFAULT]\naction = note\n")
        (self.directory / "filter.d/exota.conf").write_text((PACKAGING / "fail2ban/exota-filter.conf").read_text())
        text = (PACKAGING / "fail2ban/exota-jail.conf").read_text()
        changes = {"backend  = systemd": f"backend = polling\nlogpath = {log}", "maxretry = 20": f"maxretry = {maxretry}",
                   "/usr/local/lib/exota/exota-never-ban /etc/exota/endpoints.json /var/lib/exota/endpoints.json": f"{PACKAGING}/fail2ban/exota-never-ban {endpoints} {directory}/none"}
        for before, after in changes.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        (self.directory / "jail.d/exota.conf").write_text(text)
        self.process = Process([program, "-f", "-x", "-c", self.directory, "start"], self.directory / "fail2ban.out")

    def banned(self):
        assert self.process.running(), self.process.tail()
        return self.banned_file.read_text().split() if self.banned_file.exists() else []

    def tail(self):
        return self.process.tail() + (self.directory / "fail2ban.log").read_text()[-3000:]

    def stop(self):
        self.process.stop()
