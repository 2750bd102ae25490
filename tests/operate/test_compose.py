"""packaging/compose: docker-compose reads the file and finds unknown keys, postconf reads main.cf, and what one file says of another is so."""
import re
import shutil
import subprocess
import tomllib

import yaml
from watched import SOURCE, needs

FOLDER = SOURCE / "packaging/compose"


def services():
    return yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]


def settings():
    return tomllib.loads((FOLDER / "exota/exota.toml").read_text())


def main_cf():
    return dict(re.findall(r"^(\w+) = ?(.*)$", (FOLDER / "main.cf").read_text(), re.M))


def composed(path):
    return subprocess.run([needs("docker-compose", "docker-compose"), "-f", path, "config", "-q"], capture_output=True, text=True)


def test_docker_compose_reads_it():
    done = composed(FOLDER / "compose.yaml")
    assert done.returncode == 0, done.stderr


def test_docker_compose_refuses_a_broken_one(tmp_path):
    text = (FOLDER / "compose.yaml").read_text()
    for right, wrong in (("read_only: true", "read_onyl: true"), ("depends_on: [exota, sink]", "depends_on: [exota, zink]")):
        assert right in text
        (tmp_path / "compose.yaml").write_text(text.replace(right, wrong, 1))
        assert composed(tmp_path / "compose.yaml").returncode != 0, wrong


def test_files_that_are_mounted_exist():
    made_by_the_operator = {"./tls"}
    for name, service in services().items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source == "queue" or source in made_by_the_operator or (FOLDER / source).exists(), f"{name}: {volume}"
    assert (FOLDER / services()["postfix"]["build"]["dockerfile"]).exists()


def test_addresses_agree():
    host, port = re.fullmatch(r"inet:(\w+):(\d+)", main_cf()["smtpd_milters"]).groups()
    assert host in services() and settings()["milter"]["listen"] == [f"inet:0.0.0.0:{port}"]
    sink, port = re.fullmatch(r"\[(\w+)\]:(\d+)", main_cf()["relayhost"]).groups()
    assert f"0.0.0.0:{port}" in services()[sink]["command"]
    assert services()["exota"]["ports"] == [f"127.0.0.1:8894:{settings()['http']['listen'].split(':')[1]}"]
    assert services()["exota"]["healthcheck"]["test"][-2:] == ["--http", f"127.0.0.1:{settings()['http']['listen'].split(':')[1]}"]
    mounted = {target: source for source, target, _ in (volume.split(":") for volume in services()["exota"]["volumes"])}
    for path in (settings()["client_ip"]["endpoints_file"], settings()["tenants"]["file"], services()["exota"]["command"][-1]):
        folder, _, name = path.rpartition("/")
        assert (FOLDER / mounted.get(path, f"{mounted.get(folder)}/{name}")).exists(), path


def test_ports_are_open_on_loopback_only():
    assert all(port.startswith("127.0.0.1:") for service in services().values() for port in service.get("ports", []))


def test_the_exota_container_has_as_little_as_it_needs():
    exota = services()["exota"]
    assert exota["read_only"] and exota["cap_drop"] == ["ALL"] and exota["security_opt"] == ["no-new-privileges:true"] and not exota["user"].startswith("0")


def test_postfix_knows_every_setting(tmp_path):
    postconf = shutil.which("postconf", path="/usr/sbin:/usr/bin") or needs("postconf", "postfix")

    def said_of(text):
        (tmp_path / "main.cf").write_text(text)
        (tmp_path / "master.cf").touch()
        return subprocess.run([postconf, "-c", tmp_path, "-n"], capture_output=True, text=True).stderr
    assert "warning" not in said_of((FOLDER / "main.cf").read_text())
    assert "warning" in said_of("smtpd_tls_ask_cert = yes\n")


def test_it_has_what_the_document_asks_for():
    """The settings of the first example in docs/postfix.md, but for paths."""
    example = re.search(r"```cf\n(.*?)```", (SOURCE / "docs/postfix.md").read_text(), re.S).group(1)
    asked = {key: value.strip() for key, value in re.findall(r"^(\w+) +=(.*)$", example, re.M)}
    assert len(asked) > 7
    ours = main_cf()
    assert set(asked) <= set(ours)
    assert {key: value for key, value in asked.items() if "/" not in value} == {key: ours[key] for key, value in asked.items() if "/" not in value}
