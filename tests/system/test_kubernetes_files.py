"""What the manifests of packaging/kubernetes mount, as Kubernetes mounts it: the configuration stands, and files that it replaces are taken up."""
import json
import os

import pytest
import yaml
from harness.exota import SOURCE, TENANTS, Exota
from harness.processes import wait_for

FOLDER = SOURCE / "packaging/kubernetes"


class Volume:
    """A mounted ConfigMap or Secret: `..data` leads to a folder of one version, each file leads through it, and a new version is one rename."""

    def __init__(self, place, files):
        self.place, self.version = place, 0
        place.mkdir()
        self.replace(files)
        for name in files:
            (place / name).symlink_to(f"..data/{name}")

    def replace(self, files):
        self.version += 1
        folder = self.place / f"..2026_{self.version}"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        (self.place / "..data_tmp").symlink_to(folder.name)
        os.rename(self.place / "..data_tmp", self.place / "..data")
        for old in self.place.glob("..2026_*"):
            if old != folder:
                for path in old.iterdir():
                    path.unlink()
                old.rmdir()


@pytest.mark.parametrize("variant", ["service", "beside-postfix"])
def test_the_configuration_of_the_manifests_stands(exota_of, directory, variant):
    configuration = yaml.safe_load((FOLDER / variant / "configmap.yaml").read_text())["data"]
    secret = yaml.safe_load((FOLDER / variant / "secret.yaml").read_text())["stringData"]
    text = configuration["exota.toml"]
    for theirs, ours in (("/etc/exota-tenants/", f"{directory}/tenants/"), ("/etc/exota/", f"{directory}/config/")):
        assert theirs in text
        text = text.replace(theirs, ours)
    Volume(directory / "config", {**configuration, "exota.toml": text})
    Volume(directory / "tenants", secret)
    exota = exota_of()
    done = exota.run("check", "-c", directory / "config/exota.toml", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["errors"] == 0 and answer["tenants"] == 1, answer
    # All that it warns of: ports that the NetworkPolicy guards.
    assert {problem["key"] for problem in answer["problems"]} == ({"milter.listen", "http.listen"} if variant == "service" else {"http.listen"}), answer


def test_a_replaced_secret_is_taken_up_without_a_signal(binary, directory):
    volume = Volume(directory / "mounted", {"tenants.json": json.dumps(TENANTS)})
    exota = Exota(binary, directory, changes={"tenants": {"file": str(directory / "mounted/tenants.json"), "watch_interval": 1}})
    try:
        assert exota.metrics()["exota_tenants"] == 2
        more = {**TENANTS, "tenants": {**TENANTS["tenants"], "third": {"tenant_ids": ["9234abcd-18c5-45e8-88de-123456789abc"], "domains": ["third.test"]}}}
        volume.replace({"tenants.json": json.dumps(more)})
        wait_for(lambda: exota.metrics()["exota_tenants"] == 3, lambda: "the third tenant: " + exota.process.tail())
        volume.replace({"tenants.json": "{"})
        exota.said("reload-failed")
        assert exota.metrics()["exota_tenants"] == 3
        volume.replace({"tenants.json": json.dumps(TENANTS)})
        wait_for(lambda: exota.metrics()["exota_tenants"] == 2, lambda: "the next version: " + exota.process.tail())
    finally:
        exota.stop()
