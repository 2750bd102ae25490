"""What docs/postfix.md tells operators of Debian's chroot, of mail that does not come by SMTP, and of mail that is let out of the queue."""
import json
import os

import pytest
from harness.postfix import Postfix
from harness.processes import wait_for
from harness.sink import Sink
from harness.smtp import SmtpClient

FORGED = b"From: Jane <jane@contoso.com>\r\nSubject: x\r\n\r\nhi\r\n"


class Host:
    """A Postfix, and an exota whose socket lies in Postfix's queue directory."""

    def __init__(self, directory, exota_of, *, milter="unix:exota/milter.sock", chroot=(), settings=None, changes=None):
        socket = directory / "postfix/queue/exota/milter.sock"
        self.sink = Sink()
        try:
            self.postfix = Postfix(directory, sink_port=self.sink.port, milters=[milter.format(absolute=f"unix:{socket}")], chroot=chroot,
                                   settings={"mynetworks": "127.0.0.0/8", **(settings or {})})
        except BaseException:
            self.sink.close()
            raise
        socket.parent.mkdir(mode=0o755)
        self.exota = exota_of(directory=directory, started=False, changes={**(changes or {}), "milter": {"listen": [f"unix:{socket}"]}})
        self.exota.where = socket
        self.exota.start()

    def send(self):
        with SmtpClient(self.postfix.port) as client:
            client.hello()
            return client.message("jane@contoso.com", ["bob@dest.test"], FORGED)

    def close(self):
        self.postfix.stop()
        self.sink.close()


@pytest.fixture
def host(directory, exota_of):
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    hosts = []

    def make(**arguments):
        hosts.append(Host(directory, exota_of, **arguments))
        return hosts[-1]
    yield make
    for each in hosts:
        each.close()


@pytest.mark.parametrize("chroot", [("smtpd", "cleanup"), ()], ids=["chrooted", "not chrooted"])
def test_a_relative_path_reaches_the_socket(host, chroot):
    reply = host(chroot=chroot).send()
    assert reply.code == 550 and "not-proven" in str(reply), reply


def test_an_absolute_path_does_not_reach_it_from_the_chroot(host):
    made = host(milter="{absolute}", chroot=("smtpd", "cleanup"))
    reply = made.send()
    assert reply.code == 451, reply
    made.postfix.wait_for_log("No such file or directory")


def test_local_mail_is_not_judged_by_default(host):
    made = host(chroot=("smtpd", "cleanup"))
    made.postfix.sendmail("root@gw.test", "bob@dest.test", "Subject: cron\n\nhi\n")
    made.postfix.wait_for_log("status=sent")


@pytest.mark.parametrize("bypass", [False, True], ids=["judged", "bypassed"])
def test_local_mail_with_non_smtpd_milters(host, bypass):
    made = host(chroot=("smtpd", "cleanup"), settings={"non_smtpd_milters": "$smtpd_milters"},
                changes={"bypass": {"clients": ["127.0.0.1"]}} if bypass else None)
    made.postfix.sendmail("root@gw.test", "bob@dest.test", "From: root@gw.test\nSubject: cron\n\nhi\n")
    if bypass:
        made.postfix.wait_for_log("status=sent")
    else:
        made.postfix.wait_for_log("status=bounced (no-policy")


def test_local_mail_waits_where_cleanup_does_not_find_the_socket(host):
    made = host(milter="{absolute}", chroot=("cleanup",), settings={"non_smtpd_milters": "$smtpd_milters"})
    assert made.send().code == 550, "smtpd is not chrooted, and opens the socket for cleanup"
    made.postfix.sendmail("root@gw.test", "bob@dest.test", "Subject: cron\n\nhi\n")
    made.postfix.wait_for_log("milter-reject: CONNECT from localhost[127.0.0.1]: 4.7.1")
    assert made.postfix.queued("maildrop")


@pytest.mark.parametrize("how", ["-H", "-r"], ids=["release", "requeue"])
def test_what_is_let_out_of_the_queue_is_not_judged_again(host, how):
    made = host(settings={"non_smtpd_milters": "$smtpd_milters"}, changes={"authorisation": {"mode": "quarantine"}})
    reply = made.send()
    assert reply.code == 250, reply
    assert made.postfix.queued("hold") == {reply.queue_id}
    made.postfix.superintend(how, reply.queue_id)

    def sent():
        made.postfix.pick_up()
        made.postfix.flush()
        return "status=sent" in made.postfix.log()
    wait_for(sent, "the message on its way")
    assert not made.postfix.queued("hold")
    assert made.exota.stop() == 0
    records = [json.loads(line) for line in made.exota.log_file.read_text().splitlines()]
    assert [record["queue_id"] for record in records if record["event"] == "message"] == [reply.queue_id]
