"""A private Postfix: its own configuration, queue and port, as root, beside any other.

The settings below that look odd each avoid a trap: `touch` into the past (Postfix programs wait up to two seconds while main.cf looks as
if it were being written), an empty local_header_rewrite_clients (else Postfix adds a missing From before the milters see it), no name
look-ups (nothing may leave the machine), no notices (they would turn up at the sink).
"""
import grp
import os
import pwd
import signal
import subprocess
import time
from pathlib import Path

from .processes import PATIENCE, disown, free_port, own, wait_for

MASTER = "/usr/lib/postfix/sbin/master"
QUEUES_PRIVATE = "active bounce corrupt defer deferred flush hold incoming private saved trace".split()
SERVICES = """\
pickup    unix  n - n 60   1 pickup
cleanup   unix  n - n -    0 cleanup
qmgr      unix  n - n 300  1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -    - trivial-rewrite
bounce    unix  - - n -    0 bounce
defer     unix  - - n -    0 bounce
trace     unix  - - n -    0 bounce
verify    unix  - - n -    1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -    - proxymap
smtp      unix  - - n -    - smtp
relay     unix  - - n -    - smtp
lmtp      unix  - - n -    - lmtp
showq     unix  n - n -    - showq
error     unix  - - n -    - error
retry     unix  - - n -    - error
discard   unix  - - n -    - discard
anvil     unix  - - n -    1 anvil
scache    unix  - - n -    1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def basic_settings(base, sink_port):
    return {
        "compatibility_level": "3.7", "queue_directory": f"{base}/queue", "data_directory": f"{base}/data",
        "command_directory": "/usr/sbin", "daemon_directory": "/usr/lib/postfix/sbin", "mail_owner": "postfix", "setgid_group": "postdrop",
        "maillog_file": f"{base}/mail.log", "maillog_file_prefixes": f"{base}",
        "myhostname": "gw.test", "mydomain": "gw.test", "myorigin": "$myhostname", "mydestination": "", "local_recipient_maps": "",
        "alias_maps": "", "alias_database": "", "mynetworks": "0.0.0.0/0, [::]/0", "smtpd_relay_restrictions": "permit_mynetworks, reject",
        "smtpd_peername_lookup": "no", "local_header_rewrite_clients": "", "notify_classes": "", "relayhost": f"[127.0.0.1]:{sink_port}",
        "smtp_dns_support_level": "disabled", "smtp_host_lookup": "native", "smtp_tls_security_level": "none",
        "milter_default_action": "tempfail", "smtpd_forbid_bare_newline": "no", "smtpd_client_connection_count_limit": "0",
        "enable_long_queue_ids": "yes", "smtpd_error_sleep_time": "0", "smtpd_soft_error_limit": "1000", "smtpd_hard_error_limit": "2000", "header_size_limit": "8192000",
    }


def tls_settings(pki):
    """What docs/postfix.md tells operators, with the test's certification authority."""
    return {
        "smtpd_tls_security_level": "may", "smtpd_tls_cert_file": pki.certificate("server"), "smtpd_tls_key_file": pki.key("server"),
        "smtpd_tls_CAfile": pki.certificate("ca"), "smtpd_tls_ask_ccert": "yes", "smtpd_tls_received_header": "yes", "smtpd_tls_loglevel": "1",
    }


class Postfix:
    """@param milters  as in main.cf, for example ["inet:127.0.0.1:8893"]; run in this order.
    @param second  settings of a second smtpd on a port of its own (`second_port`), as -o of master.cf
    @param chroot  services that are confined to the queue directory, as Debian's master.cf has it: "smtpd", "cleanup" …
    """

    def __init__(self, directory, *, sink_port, milters, pki=None, settings=None, address="127.0.0.1", name="postfix", chroot=(), second=None):
        self.base = Path(directory) / name
        self.address = address
        self.port = free_port(address)
        self._make_tree()
        values = basic_settings(self.base, sink_port)
        values["inet_protocols"] = "ipv4, ipv6" if ":" in address else "ipv4"
        values["inet_interfaces"] = "all"
        if pki:
            values |= tls_settings(pki)
        values["smtpd_milters"] = ", ".join(milters)
        values |= settings or {}
        main = self.base / "etc/main.cf"
        main.write_text("".join(f"{key} = {value}\n" for key, value in values.items()))
        shown = f"[{address}]" if ":" in address else address
        services = f"{shown}:{self.port} inet n - n - - smtpd\n{SERVICES}".splitlines()
        if second is not None:
            self.second_port = free_port(address)
            services.insert(1, f"{shown}:{self.second_port} inet n - n - - smtpd" + "".join(f" -o {{ {key} = {value} }}" for key, value in second.items()))
        for number, line in enumerate(services):
            if line.split()[-1] in chroot:
                fields = line.split()
                services[number] = " ".join([*fields[:4], "y", *fields[5:]])
        (self.base / "etc/master.cf").write_text("\n".join(services) + "\n")
        past = time.time() - 60
        for path in (self.base / "etc").iterdir():
            os.utime(path, (past, past))
        done = subprocess.run([MASTER, "-c", self.base / "etc", "-w"], capture_output=True, text=True)
        if done.returncode != 0:
            subprocess.run(["postfix", "-c", self.base / "etc", "start"], capture_output=True)
            raise AssertionError(f"Postfix did not start: {done.stderr} {self.log()}")
        self._pid = int((self.base / "queue/pid/master.pid").read_text())
        own(self)

    def _make_tree(self):
        postfix, postdrop = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
        queue = self.base / "queue"
        for path in (self.base, self.base / "etc", queue, queue / "pid"):
            path.mkdir(mode=0o755)

        def owned(path, mode, group=-1):
            path.mkdir()
            os.chown(path, postfix, group)
            path.chmod(mode)
        for name in QUEUES_PRIVATE:
            owned(queue / name, 0o700)
        owned(queue / "maildrop", 0o730, postdrop)
        owned(queue / "public", 0o710, postdrop)
        owned(self.base / "data", 0o700)

    def log(self):
        path = self.base / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_for_log(self, text, seconds=PATIENCE):
        wait_for(lambda: text in self.log(), f"{text!r} in Postfix's log", seconds)

    def queued(self, queue="hold"):
        """Queue ids in one of the queues."""
        return {path.name for path in (self.base / "queue" / queue).rglob("*") if path.is_file()}

    def sendmail(self, sender, recipient, text):
        """Hands a message in as programs on this host do; pickup(8) takes it at once."""
        done = subprocess.run(["/usr/sbin/sendmail", "-C", self.base / "etc/main.cf", "-f", sender, recipient], input=text.encode(),
                              capture_output=True, env={"PATH": os.environ["PATH"], "MAIL_CONFIG": str(self.base / "etc")})
        assert done.returncode == 0, done

    def superintend(self, *arguments):
        """postsuper on this instance."""
        subprocess.run(["postsuper", "-c", self.base / "etc", *arguments], check=True, capture_output=True)

    def pick_up(self):
        """Lets pickup(8) look at maildrop now. A kick can be lost, when pickup is just about to sleep: call it again."""
        subprocess.run(["postkick", "-c", self.base / "etc", "public", "pickup", "W"], capture_output=True)

    def flush(self):
        """Lets what is deferred be tried again now."""
        subprocess.run(["postqueue", "-c", self.base / "etc", "-f"], check=True, capture_output=True)

    def stop(self):
        disown(self)
        try:
            os.kill(self._pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        wait_for(lambda: not _alive(self._pid), "the end of Postfix's master")

    kill = stop  # on SIGTERM master ends its daemons and itself at once; on SIGKILL they would stay


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
