"""A private Sendmail, from the packages that scripts/setup unpacked beside the system's (two mail servers cannot be installed together).

It passes messages on to a sink. Host names it takes from a file, so that no DNS is asked: the first name of a line is what the others are aliases of.
"""
import os
import subprocess
from pathlib import Path

from .processes import Process, free_port, listens, wait_for

BESIDE = Path("/usr/local/lib/exota-test")
PROGRAM = BESIDE / "sendmail-bin/usr/libexec/sendmail/sendmail"
MACROS = BESIDE / "sendmail-cf/usr/share/sendmail/cf"
SETTINGS = """\
divert(-1)
define(`_CF_DIR_', `{macros}/')
include(`{macros}/m4/cf.m4')
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `gw.test')dnl
define(`QUEUE_DIR', `{base}/queue')dnl
define(`STATUS_FILE', `{base}/statistics')dnl
define(`confPID_FILE', `{base}/pid')dnl
define(`ALIAS_FILE', `')dnl
define(`confCW_FILE', `/dev/null')dnl
define(`confHOSTS_FILE', `{base}/hosts')dnl
define(`confSERVICE_SWITCH_FILE', `{base}/services')dnl
define(`confTO_IDENT', `0s')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {sink}')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
DAEMON_OPTIONS(`Port={port}, Addr=127.0.0.1, Name=MTA')dnl
{lines}
MAILER(`smtp')dnl
"""


class Sendmail:
    """@param lines  more lines of its configuration, in m4
    @param hosts  lines of its hosts file"""

    def __init__(self, directory, *, sink_port, lines="", hosts=""):
        self.base, self.port = Path(directory) / "sendmail", free_port()
        (self.base / "queue").mkdir(parents=True)
        (self.base / "hosts").write_text(hosts)
        (self.base / "services").write_text("hosts files\naliases files\n")
        source, configuration = self.base / "sendmail.mc", self.base / "sendmail.cf"
        source.write_text(SETTINGS.format(macros=MACROS, base=self.base, sink=sink_port, port=self.port, lines=lines))
        configuration.write_bytes(subprocess.run(["m4", source], check=True, capture_output=True).stdout)
        # Without a dot in the host's name it waits a minute for one.
        self.process = Process(["unshare", "-u", "sh", "-c", 'hostname gw.test; exec "$0" -C "$1" -bD', PROGRAM, configuration], self.base / "output")
        wait_for(lambda: listens("127.0.0.1", self.port) or not self.process.running(), self.process.tail)
        assert self.process.running(), self.process.tail()

    @staticmethod
    def is_installed():
        return PROGRAM.exists() and MACROS.exists() and os.geteuid() == 0

    def stop(self):
        self.process.stop()
