"""`exota endpoints` on the command line: against an HTTPS server of the test that answers, lies, stalls, and is not who it should be."""
import json
import os

import pytest
from cli_test import EXOTA, run
from harness.endpoint_service import GROWN, PREFIXES, SHIPPED, Service, cut_off, listing, silent
from harness.pki import Pki

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")

MOST_OCTETS = 4 * 1024 * 1024  # config/endpoints.h


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("certificates") / "pki")


@pytest.fixture(scope="module")
def server(pki):
    with Service(pki["server"]) as service:
        yield service


class Host:
    def __init__(self, folder, pki, base):
        self.folder, self.pki, self.file = folder, pki, folder / "endpoints.json"
        self.configure(base)

    def configure(self, base, more=""):
        (self.folder / "exota.toml").write_text(
            f'[authorisation]\nmode = "monitor"\n[client_ip]\nendpoints_file = "endpoints.json"\nendpoints_base = "{base}"\n{more}'
            '[tenants]\nfile = "tenants.json"\nstate_directory = "."\n')

    def run(self, action, *options, **more):
        trusted = {"SSL_CERT_FILE": str(self.pki.certificate("ca")), "SSL_CERT_DIR": str(self.folder)}
        return run("endpoints", action, "-c", self.folder / "exota.toml", *options, environment=trusted, **more)

    def update(self, *options):
        done = self.run("update", "--json", *options)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def host(tmp_path, pki, server):
    server.says()
    return Host(tmp_path, pki, server.base)


# --- what goes well -----------------------------------------------------------------------------------------------------------------

def test_version_then_list_then_at_most_hourly(host, server):
    done = host.run("update")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[:-1] == [f"+ {prefix}" for prefix in PREFIXES]
    assert done.stdout.endswith(b"endpoints.json: written: 6 prefixes, version 2026081400\n")
    assert host.file.read_text() == SHIPPED and host.file.stat().st_mode & 0o777 == 0o644
    version, endpoints = server.asked
    assert version.startswith("/version/Worldwide?ClientRequestId=") and endpoints.startswith("/endpoints/Worldwide?ServiceAreas=Exchange&ClientRequestId=")
    assert len(version.rpartition("=")[2]) == 36

    again = host.run("update")
    assert again.returncode == 0 and b"asked already" in again.stderr + again.stdout and len(server.asked) == 2
    code, forced = host.update("--force")
    assert code == 0 and forced["written"] and forced["added"] == [] and len(server.asked) == 4


def test_the_same_version_is_not_fetched_again_and_makes_the_list_young(host, server):
    host.update()
    state = host.folder / "endpoints.update"
    state.write_text("".join(line for line in state.read_text().splitlines(True) if not line.startswith("not-before")))
    code, current = host.update()
    assert code == 0 and current["text"] == "version 2026081400 is current" and not current["written"]
    assert [path.split("/")[1] for path in server.asked] == ["version", "endpoints", "version"]
    shown = json.loads(host.run("show", "--json").stdout)
    assert shown["version"] == "2026081400" and shown["confirmed"] > 1_700_000_000 and shown["prefixes"] == PREFIXES and shown["refused"] is None
    host.file.write_text(GROWN)
    assert json.loads(host.run("show", "--json").stdout)["version"] is None, "another file has another version"


def test_what_differs_is_shown_and_a_dry_run_writes_nothing_and_asks_for_the_hour(host, server):
    host.file.write_text(SHIPPED)
    server.says("2026091400", GROWN)
    code, dry = host.update("--dry-run")
    assert code == 0 and dry["added"] == ["203.0.113.0/24"] and dry["removed"] == [] and not dry["written"] and host.file.read_text() == SHIPPED
    assert host.update("--dry-run") == (0, dry) and len(server.asked) == 2, "shown again, and not asked again"
    server.says("2026101400", listing(*PREFIXES, "198.51.100.0/24"))
    code, done = host.update()
    assert code == 0 and done["written"] and done["version"] == "2026091400" and host.file.read_text() == GROWN, "what was shown"
    code, again = host.update("--dry-run")
    assert code == 0 and "asked already" in again["text"] and server.asked == []
    assert json.loads(host.run("show", "--json").stdout)["version"] == "2026091400"
    assert host.update("--dry-run", "--force")[1]["version"] == "2026101400" and len(server.asked) == 2


def test_what_a_dry_run_found_refused_is_not_asked_for_again(host, server):
    host.file.write_text(SHIPPED)
    server.says("2", listing("198.51.100.0/24"))
    code, dry = host.update("--dry-run")
    assert code == 65 and dry["objections"]
    assert host.update("--dry-run")[0] == 65 and host.update()[0] == 65 and len(server.asked) == 2 and host.file.read_text() == SHIPPED


def test_show(host):
    host.configure("https://endpoints.office.com", 'prefixes = ["198.51.100.0/24"]\n')
    assert host.run("show").returncode == 66
    host.file.write_text("[]")
    assert host.run("show").returncode == 65
    host.file.write_text(SHIPPED)
    shown = host.run("show")
    assert shown.returncode == 0 and shown.stderr == b""
    assert shown.stdout.decode().splitlines()[1:] == [*PREFIXES, "client_ip.prefixes: 198.51.100.0/24", "never (client_ip.relay_pool): 40.95.0.0/16"]


def test_from_a_file(host, server):
    new = host.folder / "downloaded.json"
    new.write_text(GROWN)
    code, done = host.update("--from", new)
    assert code == 0 and done["written"] and done["version"] is None and host.file.read_text() == GROWN and server.asked == []
    assert host.update("--from", host.folder / "none")[0] == 66
    new.write_text(GROWN[:-20])
    assert host.update("--from", new)[0] == 65
    new.write_text(" " * (MOST_OCTETS + 1))
    assert host.update("--from", new)[0] == 65
    assert host.file.read_text() == GROWN


def test_from_another_address(host, server):
    host.configure("https://none.invalid")
    assert host.update("--from", server.base + "/")[0] == 0
    assert server.asked[0].startswith("/version/Worldwide")
    for wrong in ("http://localhost", "https://127.0.0.1", "ftp://localhost/x"):
        assert host.run("update", "--from", wrong).returncode == 64


# --- what the rules refuse ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("bad, says", [
    (listing(*[p for p in PREFIXES if ":" not in p]), "no IPv6"),
    (listing(*[p for p in PREFIXES if ":" in p]), "no IPv4"),
    (listing("40.92.0.0/15", "40.107.0.0/16", *[p for p in PREFIXES if ":" in p]), "less than half"),
    (listing(*PREFIXES, "64.0.0.0/10"), "more than twice"),
    (listing(*PREFIXES, "10.0.0.0/8"), "shorter than /10"),
    (listing(*PREFIXES, "2000::/3"), "shorter than /32"),
])
def test_a_list_that_cannot_be_right_is_refused_until_forced(host, server, bad, says):
    host.file.write_text(SHIPPED)
    server.says("2", bad)
    code, refused = host.update()
    assert code == 65 and says in refused["text"] and not refused["written"] and host.file.read_text() == SHIPPED
    assert refused["objections"] and (refused["added"] or refused["removed"])
    again = host.run("update")
    assert again.returncode == 65 and says.encode() in again.stderr and len(server.asked) == 2, "within the hour the same, without a question"
    code, forced = host.update("--force")
    assert code == 0 and forced["written"] and host.file.read_text() == bad
    (host.folder / "tenants.json").write_text('{"version": 2, "tenants": {}}')
    checked = run("check", "-c", host.folder / "exota.toml", "--json")
    assert checked.returncode == 0, checked.stdout


def test_a_row_of_lists_ends_where_half_of_the_first_is_gone(host):
    """Each is like the one before it."""
    row = [listing(*[f"198.51.{16 * i}.0/20" for i in range(first, first + 8)], "2001:db8::/48") for first in (0, 2, 4, 5)]
    new = host.folder / "downloaded.json"
    host.file.write_text(row[0])
    for step in row[1:3]:
        new.write_text(step)
        assert host.update("--from", new)[0] == 0 and host.file.read_text() == step
    new.write_text(row[3])
    code, refused = host.update("--from", new)
    assert code == 65 and "it keeps 12288, less than half" in refused["text"] and "endpoints.json.base was confirmed" in refused["text"], refused
    assert host.file.read_text() == row[2]
    assert host.update("--from", new, "--force")[0] == 0 and host.file.read_text() == row[3]
    base = host.folder / "endpoints.json.base"
    assert "198.51.80.0/20" in base.read_text() and "198.51.0.0/20" not in base.read_text(), "what the next row is compared with"


def test_check_refuses_a_prefix_that_is_too_short(host):
    host.file.write_text(listing(*PREFIXES, "10.0.0.0/8"))
    checked = run("check", "-c", host.folder / "exota.toml")
    assert checked.returncode == 78 and b"client_ip.endpoints_file" in checked.stdout and b"10.0.0.0/8 is shorter than /10" in checked.stdout
    assert b"10.0.0.0/8 is shorter than /10" in host.run("show").stderr


# --- what goes wrong ----------------------------------------------------------------------------------------------------------------

def too_large(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(MOST_OCTETS // 65536 + 2):
            handler.wfile.write(b" " * 65536)
    except OSError:
        pass
    handler.close_connection = True


@pytest.mark.parametrize("answer, code, says", [
    ((429, {"Retry-After": "7200"}), 75, "status 429; again possible in 120 min"),
    ((500, {}), 75, "status 500"),
    ((503, {}), 75, "status 503"),
    ((302, {"Location": "https://elsewhere.test/"}), 69, "status 302; it is not followed"),
    ((404, {}), 69, "status 404"),
    ("<html>", 65, "JSON"),
    ("[]", 65, ""),
    (cut_off, 69, "ended before"),
    (too_large, 65, "more than"),
])
@pytest.mark.parametrize("document", ["version", "endpoints"])
def test_answers_that_are_none(host, server, document, answer, code, says):
    host.file.write_text(SHIPPED)
    if document == "version":
        server.answers["version"] = answer
    else:
        server.answers["endpoints"] = answer
    done = host.run("update")
    assert done.returncode == code and says.encode() in done.stderr, done
    assert host.file.read_text() == SHIPPED
    asked = len(server.asked)
    again = host.run("update")
    if answer is cut_off and document == "version":
        assert len(server.asked) > asked, "who did not answer may be asked again"
    else:
        assert again.returncode == code and says.encode() in again.stderr and len(server.asked) == asked


def test_what_could_not_be_written_is_kept_for_the_hour(host, server):
    host.file.write_text(SHIPPED)
    server.says("2026091400", GROWN)
    in_the_way = host.folder / "endpoints.json.base"
    in_the_way.mkdir()
    code, done = host.update()
    assert code == 69 and "what was fetched is kept" in done["text"] and host.file.read_text() == SHIPPED and len(server.asked) == 2
    assert host.update()[0] == 69 and len(server.asked) == 2, "nor asked for again"
    in_the_way.rmdir()
    server.says("2026101400", listing(*PREFIXES))
    code, done = host.update()
    assert code == 0 and done["written"] and done["version"] == "2026091400" and host.file.read_text() == GROWN and server.asked == []


def test_what_the_daemons_user_put_there_is_neither_followed_nor_waited_for(host):
    """Root looks into the daemon's own folder."""
    host.file.write_text(SHIPPED)
    (host.folder / "tenants.json").write_text('{"version": 2, "tenants": {}}')
    secret = host.folder / "secret"
    secret.write_text("exota: nobody else may see this\n")
    names = ["endpoints.update", "endpoints.fetched", "tenants.accepted", "endpoints.json.accepted"]
    for make in (lambda path: path.symlink_to(secret), os.mkfifo):
        for name in names:
            make(host.folder / name)
        checked = run("check", "-c", host.folder / "exota.toml")
        shown = host.run("show")
        assert checked.returncode == 0 and shown.returncode == 0, (checked, shown)
        assert b"nobody else" not in checked.stdout + checked.stderr + shown.stdout + shown.stderr
        for name in names:
            (host.folder / name).unlink()


def test_silence_ends(host, server):
    server.says(endpoints=silent)
    done = host.run("update", "--timeout", 1)
    assert done.returncode == 69 and b"within the time" in done.stderr and not host.file.exists()


@pytest.mark.parametrize("name, says", [("exo_untrusted", b"is not verified"), ("exo_server", b"does not name localhost")])
def test_somebody_else_is_not_asked(host, pki, name, says):
    with Service(pki[name]) as stranger:
        stranger.says()
        done = host.run("update", "--from", stranger.base)
        assert done.returncode == 69 and says in done.stderr and stranger.asked == [] and not host.file.exists()


def test_nobody_there(host):
    assert host.run("update", "--from", "https://localhost:1").returncode == 69


def test_configurations_that_name_no_list(host, tmp_path):
    (host.folder / "exota.toml").write_text('[authorisation]\nmode = "monitor"\n[tenants]\nfile = "tenants.json"\n')
    for action in ("show", "update"):
        done = host.run(action)
        assert done.returncode == 78 and b"endpoints_file names no file" in done.stderr
    (host.folder / "exota.toml").write_text("nonsense")
    assert host.run("update").returncode == 78
    (host.folder / "exota.toml").unlink()
    assert host.run("update").returncode == 66


def test_a_place_that_cannot_be_written(host):
    host.configure("https://none.invalid")
    text = (host.folder / "exota.toml").read_text().replace('"endpoints.json"', '"none/endpoints.json"')
    (host.folder / "exota.toml").write_text(text)
    new = host.folder / "downloaded.json"
    new.write_text(SHIPPED)
    code, done = host.update("--from", new)
    assert code == 69 and not done["written"] and "none/endpoints.json" in done["text"]
