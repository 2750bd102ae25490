"""The image: made twice, unpacked and run as a container runs it: read-only root, no capabilities, no way to more, behind a real Postfix."""
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import urllib.request
from pathlib import Path

import pytest
from debian_package import SOURCE
from harness.postfix import Postfix
from harness.processes import PATIENCE, free_port, wait_for
from harness.sink import Sink
from harness.smtp import SmtpClient

TOOLS = ["skopeo", "umoci", "setpriv", "unshare"]
missing = [tool for tool in TOOLS if not shutil.which(tool)]
may_mount = not missing and subprocess.run(["unshare", "--mount", "mount", "--make-rprivate", "/"], capture_output=True).returncode == 0
pytestmark = [pytest.mark.skipif(not missing and not may_mount, reason="mounting is not permitted here"),
              pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}"),
              pytest.mark.skipif(os.geteuid() != 0, reason="a container of ours needs root")]
MOST_OCTETS = 30_000_000


def make(binary, folder):
    return subprocess.run([SOURCE / "scripts/image", folder, binary], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture(scope="module")
def image(binary, sanitized, tmp_path_factory):
    if sanitized:
        pytest.skip("a program with a sanitizer needs a folder of its own for its libraries")
    folder = tmp_path_factory.mktemp("image")
    return folder, make(binary, folder)


@pytest.fixture(scope="module")
def root(image, base_directory):
    """The image as other people's tools unpack it."""
    folder = Path(base_directory) / "image"
    subprocess.run(["skopeo", "copy", "--quiet", f"docker-archive:{image[0]}/exota.tar", f"oci:{image[0]}/oci:latest"], check=True)
    subprocess.run(["umoci", "unpack", "--image", f"{image[0]}/oci:latest", folder], check=True, capture_output=True)
    (folder / "rootfs/etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())  # a container's runtime does this
    return folder / "rootfs"


def configuration(image):
    with tarfile.open(image[0] / "exota.tar") as archive:
        return json.load(archive.extractfile(image[1].removeprefix("sha256:") + ".json"))


def test_two_builds_have_one_digest(binary, image, tmp_path):
    assert make(binary, tmp_path) == image[1]
    assert (tmp_path / "exota.tar").read_bytes() == (image[0] / "exota.tar").read_bytes()


def test_it_is_small_and_has_no_shell(image, root):
    # 30 MB in all: the program of a release takes below 6; one that is not optimised takes more, and is no image's.
    assert (image[0] / "exota.tar").stat().st_size - (root / "usr/bin/exota").stat().st_size <= MOST_OCTETS - 6_000_000
    programs = [path for path in root.rglob("*") if path.is_file() and os.access(path, os.X_OK) and ".so" not in path.name]
    assert [str(path.relative_to(root)) for path in programs] == ["usr/bin/exota"]


def test_openssl_finds_the_roots_of_authorities(root):
    """Without them no certificate of Exchange Online verifies, and OpenSSL says nothing of a file that is not there."""
    said = subprocess.run(["openssl", "version", "-d"], check=True, capture_output=True, text=True).stdout
    place = root / said.split('"')[1].lstrip("/") / "cert.pem"
    assert (place.parent / os.readlink(place)).resolve().is_relative_to(root.resolve())
    assert place.read_text().count("BEGIN CERTIFICATE") > 50


def test_it_says_how_to_run_it(image):
    config = configuration(image)["config"]
    assert config["User"] == "65532:65532" and config["Entrypoint"] == ["/usr/bin/exota"] and config["Cmd"] == ["serve", "--watch"]
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/bin/exota", "healthcheck"]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_the_bill_of_materials_names_every_library(image, root):
    bill = json.loads((image[0] / "exota.spdx.json").read_text())
    assert bill["spdxVersion"] == "SPDX-2.3" and bill == json.loads((root / "usr/share/doc/exota/exota.spdx.json").read_text())
    names = {package["name"] for package in bill["packages"]}
    assert {"exota", "libc6", "libssl3", "libunbound8", "ca-certificates", "dns-root-data"} <= names
    identifiers = [package["SPDXID"] for package in bill["packages"]]
    assert len(set(identifiers)) == len(identifiers) and all(package["versionInfo"] for package in bill["packages"])
    headers = {"<boost/": "libboost1.81-dev", "<CLI/": "libcli11-dev"}  # no file of theirs is in the image; they are in the program
    used = {package for start, package in headers.items() if any(start in path.read_text() for path in (SOURCE / "src").rglob("*.[hc]*"))}
    linked = {each["relatedSpdxElement"].removeprefix("SPDXRef-") for each in bill["relationships"] if each["relationshipType"] == "STATIC_LINK"}
    assert used and used == linked <= names


def test_the_bill_of_materials_is_spdx(image):
    """What SPDX 2.3 asks of a document, its packages and their relationships; and package URLs as their specification has them."""
    bill = json.loads((image[0] / "exota.spdx.json").read_text())
    assert set(bill) == {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages", "relationships"}
    assert bill["dataLicense"] == "CC0-1.0" and bill["SPDXID"] == "SPDXRef-DOCUMENT" and re.fullmatch(r"[a-z]+:[^#\s]+", bill["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["creationInfo"]["created"])
    assert bill["creationInfo"]["creators"] and all(re.match(r"(Tool|Person|Organization): \S", each) for each in bill["creationInfo"]["creators"])
    elements = {"SPDXRef-DOCUMENT"}
    for package in bill["packages"]:
        assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"]) and package["downloadLocation"] and package["filesAnalyzed"] is False, package
        assert re.fullmatch(r"NOASSERTION|(Organization|Person): \S.*", package["supplier"])
        elements.add(package["SPDXID"])
        for reference in package.get("externalRefs", []):
            assert (reference["referenceCategory"], reference["referenceType"]) == ("PACKAGE-MANAGER", "purl")
            assert re.fullmatch(r"pkg:deb/debian/([a-z0-9.-]|%[0-9A-F]{2})+@([A-Za-z0-9.:~_-]|%[0-9A-F]{2})+\?distro=[a-z]+", reference["referenceLocator"]), reference
    assert {each["relationshipType"] for each in bill["relationships"]} == {"DESCRIBES", "DEPENDS_ON", "STATIC_LINK"}
    assert {each["relatedSpdxElement"] for each in bill["relationships"]} == elements - {"SPDXRef-DOCUMENT"}
    assert all(each["spdxElementId"] in elements for each in bill["relationships"])


def in_container(root, etc, run):
    """The words before the program's own: what a container's runtime does for --read-only --cap-drop=all --security-opt=no-new-privileges."""
    script = f"""
set -e
mount --make-rprivate /
mount --bind {root} {root}
[ -z '{etc}' ] || mount --bind {etc} {root}/etc/exota
mount --bind {run} {root}/run/exota
mount -o remount,bind,ro {root}
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid chroot --userspec=65532:65532 --groups= {root} "$@"
"""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh"]


@pytest.fixture
def folders(root, directory):
    etc, run = directory / "etc", directory / "run"
    for folder in (etc, run):
        folder.mkdir()
    os.chown(run, 65532, 65532)
    run.chmod(0o755)
    return etc, run


def test_without_configuration_it_ends_with_78_and_one_sentence(root, folders):
    done = subprocess.run([*in_container(root, folders[0], folders[1]), "/usr/bin/exota", "serve"], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 78 and len(done.stderr.strip().splitlines()) == 1, done
    assert "exota.toml" in done.stderr


def test_the_sample_is_a_configuration_of_the_image_by_what_the_document_says(root, folders):
    etc, run = folders
    said = re.search(r"## Image\n.*?```toml\n(\[milter\].*?)```", (SOURCE / "docs/packages.md").read_text(), re.S)[1]
    sample = (root / "usr/share/doc/exota/exota.toml").read_text()
    shutil.copy(root / "usr/share/doc/exota/endpoints.json", etc)
    (etc / "tenants.json").write_text(TENANTS)

    def run_by(text, *command):
        (etc / "exota.toml").write_text(text)
        return subprocess.run([*in_container(root, etc, run), "/usr/bin/exota", *command], capture_output=True, text=True, timeout=PATIENCE)
    as_said = json.loads(run_by(re.sub(r"\[milter\]\n.*?\n(?=\n\[)", said, sample, flags=re.S), "check", "--json").stdout)
    assert as_said["errors"] == 0 and [problem["key"] for problem in as_said["problems"]] == ["milter.listen"], "that others may reach the port, and nothing else"
    unchanged = run_by(sample, "serve")
    assert unchanged.returncode == 69 and "postfix" in unchanged.stderr, "why the document says so"


def replaced_as_kubernetes_does(etc, name, files):
    """A folder of the volume's own time, ..data pointing to it, swapped by rename; the files outside are links through ..data."""
    folder = etc / f"..{name}"
    folder.mkdir()
    for file, text in files.items():
        (folder / file).write_text(text)
    (etc / "..data_tmp").symlink_to(folder.name)
    os.rename(etc / "..data_tmp", etc / "..data")
    for file in files:
        if not (etc / file).is_symlink():
            (etc / file).symlink_to(f"..data/{file}")


TENANTS = json.dumps({"version": 2, "tenants": {"contoso": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "domains": ["contoso.test"], "mode": "enforce"}}})
MORE = TENANTS.replace('"contoso.test"', '"contoso.test", "fabrikam.test"')


def test_variables_of_the_predecessor_are_a_configuration_too(root, folders):
    etc, run = folders
    (etc / "policy.json").write_text(json.dumps({"contoso.test": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}}))
    variables = {"MILTER_SOCKET": "/run/exota/milter.sock", "MILTER_POLICY_FILE": "/etc/exota/policy.json", "MILTER_TENANT_ID_REQUIRED": "True"}
    done = subprocess.run([*in_container(root, etc, run), "/usr/bin/exota", "check"], env={**os.environ, **variables}, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done
    (etc / "policy.json").write_text("{")
    done = subprocess.run([*in_container(root, etc, run), "/usr/bin/exota", "check"], env={**os.environ, **variables}, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode != 0 and "/etc/exota/policy.json" in done.stdout + done.stderr, done


def test_it_judges_through_postfix_takes_up_replaced_files_and_drains(root, folders, workshop, directory):
    etc, run = folders
    milter, http = free_port(), free_port()
    settings = f"""
[milter]
listen = ["inet:127.0.0.1:{milter}"]
[authorisation]
mode = "enforce"
proofs = ["client-cert + dkim"]
[client_ip]
endpoints_file = "/usr/share/doc/exota/endpoints.json"
[tenants]
file = "/etc/exota/tenants.json"
[http]
listen = "127.0.0.1:{http}"
"""
    replaced_as_kubernetes_does(etc, "one", {"exota.toml": settings, "tenants.json": TENANTS})
    log = (directory / "log").open("wb")
    words = in_container(root, etc, run)
    daemon = subprocess.Popen([*words, "/usr/bin/exota", "serve", "--watch"], stderr=log, start_new_session=True)
    postfix = sink = None
    try:
        def healthy():
            assert daemon.poll() is None, (directory / "log").read_text()
            return subprocess.run([*words, "/usr/bin/exota", "healthcheck"], capture_output=True).returncode == 0
        wait_for(healthy, "exota healthcheck")
        sink = Sink()
        postfix = Postfix(directory, sink_port=sink.port, milters=[f"inet:127.0.0.1:{milter}"], pki=workshop.pki, address="127.0.0.1", settings={})

        def refused_as(author):
            """The reply to an unproven mail of that author."""
            with SmtpClient(postfix.port) as client:
                client.hello()
                return client.message("a@exo.test", ["b@example.org"], f"From: {author}\r\nSubject: x\r\n\r\nx\r\n".encode())
        reply = refused_as("a@contoso.test")
        assert "not-proven" in str(reply), reply
        assert "no-policy" in str(refused_as("a@fabrikam.test"))
        replaced_as_kubernetes_does(etc, "two", {"exota.toml": settings, "tenants.json": MORE})
        wait_for(lambda: "not-proven" in str(refused_as("a@fabrikam.test")), "the new tenants to be taken up")
        replaced_as_kubernetes_does(etc, "three", {"exota.toml": settings.replace('"enforce"', '"monitor"'), "tenants.json": MORE})
        wait_for(lambda: refused_as("a@nobody.test").accepted, "the new configuration to be taken up")
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/readyz", timeout=PATIENCE) as ready:
            assert ready.status == 200
        with SmtpClient(postfix.port) as client:  # a message in hand is finished
            client.hello()
            assert client.envelope("a@exo.test", ["b@example.org"]).code == 354
            subprocess.run(["pkill", "-TERM", "-P", str(daemon.pid)], check=True)
            wait_for(lambda: "event=stopping" in (directory / "log").read_text(), "the end to begin")
            client.write(b"From: a@contoso.test\r\n\r\nx\r\n.\r\n")
            assert "not-proven" in str(client.reply())
            client.quit()
        daemon.wait(PATIENCE)
    finally:
        if postfix:
            postfix.stop()
        if sink:
            sink.close()
        if daemon.poll() is None:
            subprocess.run(["pkill", "-KILL", "-P", str(daemon.pid)], check=False)
            daemon.wait(PATIENCE)
        log.close()
    text = (directory / "log").read_text()
    assert "reason=not-proven" in text and daemon.returncode == 0, text[-2000:]
