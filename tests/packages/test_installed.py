"""The package in a bare Debian 12: installed, started as the unit says, upgraded under load and over a broken configuration, removed, purged."""
import os
import re
import shlex
import signal
import socket
import subprocess
import threading

import pytest
from debian_package import build, deb_of, missing_tools
from debian_system import NotPossible, System
from harness.milter import MilterClient
from harness.processes import PATIENCE, free_port, wait_for
from harness.smtp import SmtpClient

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="a system in a folder needs root"),
              pytest.mark.skipif(bool(missing_tools()), reason=f"not installed: {', '.join(missing_tools())}")]


@pytest.fixture(scope="module")
def system(deb):
    try:
        made = System()
    except NotPossible as problem:
        pytest.skip(f"no bare Debian here: {problem}")
    try:
        made.run("apt-get", "update", "-q")
        made.installed = made.install(deb)
        yield made
    finally:
        made.remove()


class Daemon:
    """The installed program, run as the unit's ExecStart says, as its user, with a socket that we opened."""

    def __init__(self, system, listener):
        unit = system.path("/lib/systemd/system/exota.service").read_text()
        command = shlex.split(re.search(r"^ExecStart=(.+)$", unit, re.M)[1])
        user, group = (re.search(rf"^{key}=(.+)$", unit, re.M)[1] for key in ("User", "Group"))
        self.log = system.path("/tmp/exota.log").open("ab")

        def before_exec():
            os.dup2(os.dup(listener.fileno()), 3, inheritable=True)
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=milter; exec "$@"', "sh",
             "chroot", f"--userspec={user}:{group}", system.root, *command],
            pass_fds=(3, listener.fileno()), preexec_fn=before_exec, stdin=subprocess.DEVNULL, stderr=self.log, start_new_session=True)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.log.close()


def judged(where):
    """The reply to a message of a stranger through the milter."""
    with MilterClient(where) as mta:
        mta.connect()
        _, (command, _) = mta.message([("From", "jane@nobody.test")])
        return command


def edit_as_written(system):
    """README.Debian's first two edits, and the lines of the third, which is the MTA's."""
    readme = system.path("/usr/share/doc/exota/README.Debian").read_text()
    tenants = re.search(r"tenants\.json:\n\n(.*?)\n\n2\.", readme, re.S)[1]
    copy = re.search(r"^ +(cp /usr/share.+)$", readme, re.M)[1]
    system.path("/etc/exota/tenants.json").write_text(tenants)
    system.run("sh", "-c", copy)
    return re.findall(r"^     (\S.*)$", re.search(r"^3\. (.*?)^Then:", readme, re.S | re.M)[1], re.M)


def edit(system):
    """The three edits, where the test plays the MTA's part over an inherited socket."""
    edit_as_written(system)
    sample = system.path("/etc/exota/exota.toml")
    assert sample.read_text().count("yours") >= 3
    text = re.sub(r'^listen = \["unix.*$', 'listen = ["systemd"]', sample.read_text(), flags=re.M)
    text = re.sub(r"^socket_group.*$", "", text, flags=re.M)
    sample.write_text(re.sub(r'(\[http\]\n)listen = .*$', r'\1listen = ""', text, flags=re.M))


def test_installing_starts_nothing_and_configures_nothing(system):
    assert not list(system.path("/etc/exota").iterdir())
    assert system.path("/etc/exota").stat().st_mode & 0o7777 == 0o750
    assert system.run("id", "-u", "exota").returncode == 0
    assert not list(system.path("/etc/systemd/system").rglob("exota*"))
    assert system.run("exota", "--version").stdout.startswith("exota ")
    assert system.run("exota", "check", check=False).returncode == 66


def test_three_edits_and_it_judges_also_while_it_is_upgraded(system, binary, tmp_path):
    lost, answered, go_on = [], [], threading.Event()
    edit(system)
    checked = system.run("runuser", "-u", "exota", "--", "exota", "check")
    assert "0 errors" in checked.stdout, checked.stdout
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        where = listener.getsockname()
        daemon = Daemon(system, listener)
        try:
            assert judged(where) == "c", "monitor mode refuses nothing"
            go_on.set()

            def load():
                while go_on.is_set():
                    try:
                        answered.append(judged(where))
                    except (EOFError, OSError) as problem:
                        lost.append(repr(problem))  # an MTA answers 4xx, and the sender tries again
            threads = [threading.Thread(target=load) for _ in range(4)]
            for thread in threads:
                thread.start()
            wait_for(lambda: len(answered) > 50, "the first messages")
            newer = deb_of(build(binary, tmp_path, "0.2.0~dev-2"))
            system.install(newer)
            assert "0.2.0~dev-2" in system.run("dpkg-query", "-W", "exota").stdout
            assert daemon.stop() == 0  # what systemctl restart does; the socket is open all the while
            before = len(answered)
            daemon = Daemon(system, listener)
            wait_for(lambda: len(answered) > before + 50, "messages judged by the new program")
            go_on.clear()
            for thread in threads:
                thread.join(PATIENCE)
        finally:
            go_on.clear()
            assert daemon.stop() == 0
    assert set(answered) == {"c"}, "every message that was taken was judged"
    assert len(lost) <= 4, f"at most the session that each of four clients had open: {lost}"
    log = system.path("/tmp/exota.log").read_text()
    assert "reason=no-policy" in log


def test_it_serves_the_socket_unit_for_the_mta_alone(system):
    """exota.socket as systemd opens it: path, owner, mode and name are the unit's, and its drop-in takes the daemon's other group away."""
    unit = system.path("/lib/systemd/system/exota.socket").read_text()
    setting = {key: re.search(rf"^{key}=(.+)$", unit, re.M)[1] for key in ("ListenStream", "SocketUser", "SocketGroup", "SocketMode", "FileDescriptorName")}
    assert setting["FileDescriptorName"] == "milter"
    assert re.search(r"^SupplementaryGroups=$", system.path("/usr/share/doc/exota/packaging/exota.service.d/by-socket.conf").read_text(), re.M)
    where = system.path(setting["ListenStream"])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(where))
        listener.listen()
        system.run("chown", f"{setting['SocketUser']}:{setting['SocketGroup']}", setting["ListenStream"])
        where.chmod(int(setting["SocketMode"], 8))
        daemon = Daemon(system, listener)
        try:
            assert judged(where) == "c"

            def may_connect(group):
                number = int(system.run("getent", "group", group).stdout.split(":")[2])
                return subprocess.run(["/usr/bin/python3", "-c", "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])", where], user=65534, group=number,
                                      extra_groups=[], capture_output=True).returncode == 0
            assert may_connect(setting["SocketGroup"]) and not may_connect("nogroup")
        finally:
            status = daemon.stop()
            where.unlink(missing_ok=True)
        assert status == 0


def test_an_upgrade_over_a_broken_configuration_says_so_once_and_ends_well(system, deb):
    path = system.path("/etc/exota/exota.toml")
    good = path.read_text()
    path.write_text(good + "\n[nonsense]\nx = 1\n")
    done = system.run("dpkg", "--force-downgrade", "-i", f"/tmp/{deb.name}")
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("exota: ")]
    assert len(said) == 1 and "exota check" in said[0], said
    assert path.read_text() == good + "\n[nonsense]\nx = 1\n"
    path.write_text(good)


def test_the_endpoint_list_is_brought_up_to_date_as_the_documents_say(system):
    """What docs/packages.md says before systemd has its turn; then the unit's command as its user, from a file, for here is no Microsoft."""
    section = system.path("/usr/share/doc/exota/docs/packages.md").read_text().partition("### The endpoint list\n")[2]
    commands = re.search(r"```sh\n(.*?)```", section, re.S)[1].splitlines()
    assert [line.split()[0] for line in commands] == ["cp", "sed", "systemctl", "systemctl", "systemctl"]
    for line in commands[:2]:
        system.run("sh", "-c", line)
    assert "0 errors" in system.run("runuser", "-u", "exota", "--", "exota", "check").stdout
    unit = system.path("/lib/systemd/system/exota-endpoints.service").read_text()
    command, user = (re.search(rf"^{key}=(.+)$", unit, re.M)[1] for key in ("ExecStart", "User"))
    said = system.run("runuser", "-u", user, "--", *shlex.split(command), "--from", "/usr/share/doc/exota/endpoints.json", "--force").stdout
    assert said == "/var/lib/exota/endpoints.json: written: 6 prefixes\n"
    assert system.path("/var/lib/exota/endpoints.json").stat().st_uid == system.path("/var/lib/exota/endpoints.json.accepted").stat().st_uid != 0


STUB = """#!/bin/sh
echo "$(basename "$0") $*" >>/tmp/asked
exit 0
"""


def test_an_upgrade_reads_the_units_anew_and_restarts_what_runs(system, deb):
    """systemd's part is played by programs that write down what they are asked."""
    system.path("/run/systemd/system").mkdir(parents=True)
    for name in ("systemctl", "deb-systemd-invoke"):
        path = system.path(f"/usr/local/bin/{name}")
        path.write_text(STUB)
        path.chmod(0o755)
    asked, configuration = system.path("/tmp/asked"), system.path("/etc/exota/exota.toml")
    good = configuration.read_text()

    def upgrade():
        asked.write_text("")
        done = system.run("dpkg", "-i", f"/tmp/{deb.name}")
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("exota: ")]
        return [line for line in asked.read_text().splitlines() if "exota" in line or "daemon-reload" in line], said
    try:
        order, said = upgrade()
        assert order.index("systemctl --system daemon-reload") < order.index("deb-systemd-invoke restart exota.service") and said == []
        configuration.write_text(good + "\n[nonsense]\nx = 1\n")
        order, said = upgrade()
        assert "deb-systemd-invoke restart exota.service" not in order and len(said) == 1 and "goes on" in said[0]
        configuration.unlink()
        order, said = upgrade()
        assert "deb-systemd-invoke restart exota.service" not in order and len(said) == 1 and "does not run by" in said[0]
    finally:
        configuration.write_text(good)
        for name in ("systemctl", "deb-systemd-invoke"):
            system.path(f"/usr/local/bin/{name}").unlink()
        system.path("/run/systemd/system").rmdir()


STUBS = {"systemctl": STUB, "podman": STUB, "journalctl": "#!/bin/sh\ncase $* in *exota-endpoints*) ;; *) cat /tmp/exota.log;; esac\n"}
IMAGE_IS_MADE_BY = "scripts/image build/image"  # tests/packages/test_image.py


def test_every_command_of_the_documents_runs(system, deb):
    """Line by line as docs/packages.md has them. Of systemd, its journal and podman there are stand-ins: what they were asked is looked at."""
    documents = system.path("/usr/share/doc/exota/docs/packages.md").read_text()
    commands = [line.partition("   #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", documents, re.S) for line in block.splitlines()]
    assert len(commands) > 12 and commands.count(IMAGE_IS_MADE_BY) == 1
    commands.remove(IMAGE_IS_MADE_BY)
    folder = system.path("/build/packages")
    folder.mkdir(parents=True)
    os.link(system.path(f"/tmp/{deb.name}"), folder / deb.name)
    for name, text in STUBS.items():
        system.path(f"/usr/local/bin/{name}").write_text(text)
        system.path(f"/usr/local/bin/{name}").chmod(0o755)
    asked = system.path("/tmp/asked")
    asked.write_text("")
    said = {}
    try:
        for line in commands:
            said[line] = system.run("sh", "-c", line.replace("apt install", "apt-get install -y -q --reinstall --allow-downgrades"), check=line != "exota doctor")
    finally:
        for name in STUBS:
            system.path(f"/usr/local/bin/{name}").unlink()
    assert said["exota doctor"].returncode in (0, 1) and "Postfix: nothing is known of it" in said["exota doctor"].stdout, "there is none here"
    assert "no-policy" in said["journalctl -u exota -o cat | exota report"].stdout
    for unit in set(re.findall(r"^systemctl .*?(exota\S*)$", asked.read_text(), re.M)):
        assert system.path(f"/lib/systemd/system/{unit if '.' in unit else unit + '.service'}").exists(), unit
    assert "podman load -i build/image/exota.tar" in asked.read_text()


def test_mail_is_judged_by_the_three_edits_as_they_are_written(system):
    """With Debian's own Postfix, set up by nothing but README.Debian. What is ours here is the port, and where its log goes."""
    if system.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600", "postfix", check=False).returncode != 0:
        pytest.skip("Debian's Postfix could not be fetched")
    for line in edit_as_written(system):
        system.run("sh", "-c", line)
    port = free_port()
    service = system.run("postconf", "-M", "smtp/inet").stdout.split()
    system.run("postconf", "-MX", "smtp/inet")
    with system.path("/etc/postfix/master.cf").open("a") as master:
        print(f"127.0.0.1:{port}", *service[1:], file=master)
    system.run("postconf", "-e", "maillog_file=/var/log/mail.log")
    configuration = system.path("/etc/exota/exota.toml")
    configuration.write_text(re.sub(r'(\[http\]\n)listen = .*$', r'\1listen = ""', configuration.read_text(), flags=re.M))
    assert "0 errors, 0 warnings" in system.run("runuser", "-u", "exota", "--", "exota", "check", "--strict").stdout
    log = system.path("/tmp/through-postfix.log")
    with log.open("wb") as stream:
        daemon = subprocess.Popen(["chroot", "--userspec=exota:exota", "--groups=postfix", system.root, "exota", "serve"], stdin=subprocess.DEVNULL, stderr=stream)
    try:
        wait_for(lambda: daemon.poll() is None and "event=ready" in log.read_text(), lambda: log.read_text())
        system.run("postfix", "start")
        told = system.run("exota", "doctor", check=False).stdout
        assert [line for line in told.splitlines() if line.startswith(("wrong:", "warning:")) and "DNS" not in line] == [], told
        with SmtpClient(port) as client:
            client.hello()
            reply = client.message("jane@nobody.test", ["root@localhost"], b"From: jane@nobody.test\r\nSubject: x\r\n\r\nx\r\n")
        assert reply.accepted, system.path("/var/log/mail.log").read_text()[-2000:]
        wait_for(lambda: "verdict=accept judged=reject reason=no-policy" in log.read_text(), lambda: log.read_text())
    finally:
        system.run("postfix", "stop", check=False)
        daemon.terminate()
        daemon.wait(PATIENCE)


def test_removal_and_purge_leave_what_the_administrator_wrote(system):
    state = system.path("/var/lib/exota")
    state.mkdir(exist_ok=True)
    (state / "policies").mkdir()
    for name in ("something", "policies/one"):
        (state / name).write_text("written by the daemon")
    system.run("chown", "-R", "exota:exota", "/var/lib/exota")
    (state / "mx.pem").write_text("written by the administrator, as root")
    system.run("apt-get", "remove", "-y", "-q", "exota")
    assert not system.path("/usr/bin/exota").exists() and system.path("/etc/exota/exota.toml").exists() and state.exists()
    assert system.path("/etc/logrotate.d/exota").exists(), "conffiles stay until purge"
    system.run("apt-get", "purge", "-y", "-q", "exota")
    assert [path.name for path in state.iterdir()] == ["mx.pem"], "what the daemon wrote is gone, and nothing else"
    (state / "mx.pem").unlink()
    assert not system.path("/var/spool/exota").exists() and not system.path("/etc/logrotate.d/exota").exists()
    kept = sorted(path.name for path in system.path("/etc/exota").iterdir())
    assert kept == ["endpoints.json", "exota.toml", "tenants.json"]


def test_purge_removes_an_empty_folder(system, deb):
    for path in system.path("/etc/exota").iterdir():
        path.unlink()
    system.install(deb)
    system.run("apt-get", "purge", "-y", "-q", "exota")
    assert not system.path("/etc/exota").exists() and not system.path("/var/lib/exota").exists()


def test_installing_over_a_broken_configuration_says_so_once_and_ends_well(system, deb):
    """What stood there before the package came, or was left by another."""
    system.path("/etc/exota").mkdir()
    system.path("/etc/exota/exota.toml").write_text("[nonsense]\nx = 1\n")
    done = system.install(deb)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("exota: ")]
    assert len(said) == 1 and "exota check" in said[0], said
    assert system.path("/etc/exota/exota.toml").read_text() == "[nonsense]\nx = 1\n"
