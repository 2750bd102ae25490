"""What is in the package, and what Debian's own judge says of it."""
import hashlib
import re
import shutil
import subprocess

import pytest
from debian_package import SOURCE, build, deb_of

MOST_OCTETS = 2 * 1024 * 1024  # with the program of a release; of the trained one scripts/package says so above 2,000,000


def contents(deb):
    listed = subprocess.run(["dpkg-deb", "-c", deb], check=True, capture_output=True, text=True).stdout
    return {line.split()[5].removeprefix("."): line.split()[0] for line in listed.splitlines()}


def test_lintian_finds_nothing(changes):
    done = subprocess.run(["lintian", "--allow-root", "--pedantic", "--tag-display-limit", "0", changes], capture_output=True, text=True)
    said = [line for line in done.stdout.splitlines() if line.startswith(("E:", "W:", "P:"))]
    assert done.returncode == 0 and not said, "\n".join(said)


def test_it_has_what_an_operator_needs(deb):
    files = contents(deb)
    for name in ("/usr/bin/exota", "/lib/systemd/system/exota.service", "/lib/systemd/system/exota.socket",
                 "/lib/systemd/system/exota-endpoints.service", "/lib/systemd/system/exota-endpoints.timer", "/usr/lib/sysusers.d/exota.conf",
                 "/usr/lib/tmpfiles.d/exota.conf", "/usr/share/man/man1/exota.1.gz", "/usr/share/man/man5/exota.toml.5.gz",
                 "/usr/share/bash-completion/completions/exota", "/usr/share/zsh/vendor-completions/_exota", "/usr/share/doc/exota/exota.toml",
                 "/usr/share/doc/exota/endpoints.json", "/usr/share/doc/exota/README.Debian", "/usr/share/doc/exota/docs/packages.md",
                 "/etc/apparmor.d/usr.bin.exota", "/etc/logrotate.d/exota"):
        assert name in files, name
    assert not [name for name in files if name.startswith("/etc/exota")], "no live configuration"
    assert all(mode[5] != "w" and mode[8] != "w" and "s" not in mode for mode in files.values())


def test_it_is_small(deb):
    assert deb.stat().st_size <= MOST_OCTETS


def test_debug_sections_are_in_a_package_of_their_own(deb, tmp_path):
    assert list(deb.parent.glob("exota-dbgsym_*.deb"))
    subprocess.run(["dpkg-deb", "-x", deb, tmp_path], check=True)
    sections = subprocess.run(["readelf", "-S", "-W", tmp_path / "usr/bin/exota"], check=True, capture_output=True, text=True).stdout
    assert ".debug_info" not in sections and ".gnu_debuglink" in sections
    assert re.search(r"/(work|root|home)/", subprocess.run(["strings", tmp_path / "usr/bin/exota"], check=True, capture_output=True, text=True).stdout) is None


def test_two_builds_are_the_same(binary, deb, tmp_path):
    again = deb_of(build(binary, tmp_path))
    assert hashlib.sha256(again.read_bytes()).hexdigest() == hashlib.sha256(deb.read_bytes()).hexdigest()


def test_it_depends_on_what_the_build_needs(deb):
    """The set-up script and debian/control name the same libraries to build with."""
    wanted = set(re.findall(r"\blib[\w.+-]+-dev\b|prometheus-cpp-dev|zlib1g-dev", (SOURCE / "scripts/setup").read_text().split("\n)\n")[0]))
    named = set(re.findall(r"\blib[\w.+-]+-dev\b|prometheus-cpp-dev|zlib1g-dev", (SOURCE / "debian/control").read_text()))
    assert wanted - named - {"libgmock-dev", "libbenchmark-dev", "libevent-dev"} == set()


@pytest.mark.skipif(not shutil.which("apparmor_parser"), reason="no apparmor_parser here (Debian: apparmor)")
def test_the_apparmor_profile_compiles(tmp_path):
    profile = SOURCE / "packaging/apparmor/exota"
    done = subprocess.run(["apparmor_parser", "-Q", "-K", profile], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    broken = tmp_path / "broken"
    broken.write_text(profile.read_text().replace("capability chown,", "capability chowned,"))
    assert subprocess.run(["apparmor_parser", "-Q", "-K", broken], capture_output=True).returncode != 0


def test_the_apparmor_profile_lets_through_what_the_documents_say():
    """By its text: no kernel here enforces it. A rule for a folder's content holds for every file that the documents put there."""
    rules = re.findall(r"^  (?:owner )?(/\S+) ([rwkm]+),$", (SOURCE / "packaging/apparmor/exota").read_text(), re.M)

    def allowed(path):
        return {right for pattern, rights in rules for right in rights if re.fullmatch(re.escape(pattern).replace(r"\*\*", ".+").replace(r"\*", "[^/]*"), path)}
    documents = "".join((SOURCE / name).read_text() for name in ("README.md", "docs/postfix.md", "docs/packages.md", "docs/systemd.md", "packaging/exota.toml"))
    written = set(re.findall(r"\bunix:(/[\w./-]+\.sock)\b|2>>(/[\w./-]+)", documents)) | {("/run/exota-milter.sock", "")}
    paths = {path for pair in written for path in pair if path}
    assert {"/run/exota/milter.sock", "/var/spool/postfix/exota/milter.sock", "/var/log/exota.log"} <= paths
    assert {path for path in paths if "w" not in allowed(path)} == set()
    assert "r" in allowed("/root/refused.eml") and "w" not in allowed("/root/refused.eml") and "w" not in allowed("/etc/passwd")
