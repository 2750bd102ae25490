"""packaging/kubernetes: against the API's types with unknown fields refused, and what one document says of another is so."""
import copy
import itertools
import json
import tomllib

import pytest
import yaml
from kubernetes_types import problems_of
from watched import SOURCE

FOLDER = SOURCE / "packaging/kubernetes"
VARIANTS = ["service", "beside-postfix"]
KINDS = {"Namespace", "ConfigMap", "Secret", "Deployment", "StatefulSet", "Service", "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler"}
NUMBER_OR_NAME = {"port", "targetPort", "minAvailable", "maxUnavailable", "maxSurge"}  # and quantities of resources
KUSTOMIZATION_KEYS = {"apiVersion", "kind", "namespace", "resources", "images"}  # of those that there are, the ones that we use


def read(path):
    documents = list(yaml.safe_load_all(path.read_text()))
    assert len(documents) == 1, f"{path.name}: one document a file"
    return documents[0]


def kustomization(variant):
    return read(FOLDER / variant / "kustomization.yaml")


def documents(variant):
    """kind → document; each kind stands once."""
    found = [read(FOLDER / variant / name) for name in kustomization(variant)["resources"]]
    assert len({document["kind"] for document in found}) == len(found)
    return {document["kind"]: document for document in found}


ALL = [(variant, kind) for variant in VARIANTS for kind in documents(variant)]


def places(value, path=()):
    """The path of every mapping and value in a document."""
    yield path
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(each, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def is_free(path):
    """Below these, names are the operator's."""
    return any(key in ("labels", "annotations", "matchLabels", "data", "stringData", "requests", "limits") for key in path)


def workload(variant):
    return documents(variant)["Deployment" if variant == "service" else "StatefulSet"]


def containers(variant):
    return {each["name"]: each for each in workload(variant)["spec"]["template"]["spec"]["containers"]}


def test_all_kinds_are_there():
    assert {kind for _, kind in ALL} == KINDS


@pytest.mark.parametrize("variant, kind", ALL)
def test_the_api_would_take_it(variant, kind):
    assert problems_of(documents(variant)[kind]) == []


@pytest.mark.parametrize("variant, kind", ALL)
def test_a_broken_one_is_refused(variant, kind):
    """Everywhere: a field that there is not, and a value of another type."""
    document = documents(variant)[kind]
    unknown = wrong = 0
    for path in places(document):
        value = at(document, path)
        if isinstance(value, dict) and not is_free(path):
            broken = copy.deepcopy(document)
            at(broken, path)["readOnlyRootFileSystem"] = True  # the wrong case of a field that there is
            assert problems_of(broken), path
            unknown += 1
        if path and path[-1] not in NUMBER_OR_NAME and path[-2:-1] not in (("requests",), ("limits",)):
            broken = copy.deepcopy(document)
            at(broken, path[:-1])[path[-1]] = 17 if isinstance(value, (str, bool, list, dict)) else "seventeen"
            assert problems_of(broken), path
            wrong += 1
    assert unknown >= 2 and wrong >= 4


@pytest.mark.parametrize("kind, path", [
    ("Deployment", ("spec", "selector")), ("Deployment", ("spec", "template", "spec", "containers")), ("StatefulSet", ("spec", "serviceName")),
    ("NetworkPolicy", ("spec", "podSelector")), ("HorizontalPodAutoscaler", ("spec", "maxReplicas")), ("Service", ("metadata", "name")),
    ("ConfigMap", ("metadata", "name")), ("Secret", ("metadata",)), ("Namespace", ("metadata", "name")), ("PodDisruptionBudget", ("metadata", "name"))])
def test_one_that_lacks_something_is_refused(kind, path):
    variant = next(variant for variant in VARIANTS if kind in documents(variant))
    document = documents(variant)[kind]
    del at(document, path[:-1])[path[-1]]
    assert problems_of(document)


def test_kinds_that_there_are_not_are_refused():
    assert problems_of({"apiVersion": "apps/v1", "kind": "Deploiment", "metadata": {"name": "x"}})
    assert problems_of({"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "x"}})


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_kustomization_names_every_file(variant):
    tree = kustomization(variant)
    assert set(tree) <= KUSTOMIZATION_KEYS and tree["kind"] == "Kustomization" and tree["apiVersion"] == "kustomize.config.k8s.io/v1beta1"
    assert sorted(tree["resources"]) == sorted(path.name for path in (FOLDER / variant).glob("*.yaml") if path.name != "kustomization.yaml")
    assert tree["namespace"] == documents(variant)["Namespace"]["metadata"]["name"]
    assert {image["name"] for image in tree["images"]} == {each["image"] for each in containers(variant).values()}
    for image in tree["images"]:
        assert set(image) == {"name", "newName", "newTag"} and isinstance(image["newTag"], str)


@pytest.mark.parametrize("variant", VARIANTS)
def test_selectors_find_the_pods(variant):
    there, labels = documents(variant), workload(variant)["spec"]["template"]["metadata"]["labels"]
    name = workload(variant)["metadata"]["name"]
    selectors = [workload(variant)["spec"]["selector"], there["NetworkPolicy"]["spec"]["podSelector"], there["PodDisruptionBudget"]["spec"]["selector"],
                 *(each["labelSelector"] for each in workload(variant)["spec"]["template"]["spec"]["topologySpreadConstraints"])]
    assert all(selector == {"matchLabels": labels} for selector in selectors)
    assert there["Service"]["spec"]["selector"] == labels
    if variant == "service":
        assert there["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        assert "replicas" not in workload(variant)["spec"], "the autoscaler's to say"
        assert there["HorizontalPodAutoscaler"]["spec"]["minReplicas"] > there["PodDisruptionBudget"]["spec"]["minAvailable"]
    else:
        assert workload(variant)["spec"]["serviceName"] == there["Service"]["metadata"]["name"]
        assert workload(variant)["spec"]["replicas"] > there["PodDisruptionBudget"]["spec"]["minAvailable"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_ports_that_are_named_exist(variant):
    ports = {port["name"]: port["containerPort"] for each in containers(variant).values() for port in each.get("ports", [])}
    there = documents(variant)
    named = {port["targetPort"] for port in there["Service"]["spec"]["ports"]}
    named |= {port["port"] for rule in there["NetworkPolicy"]["spec"]["ingress"] for port in rule["ports"]}
    named |= {probe[how]["port"] for each in containers(variant).values() for key, probe in each.items() if key.endswith("Probe") for how in ("httpGet", "tcpSocket") if how in probe}
    assert named <= set(ports)
    settings = tomllib.loads(there["ConfigMap"]["data"]["exota.toml"])
    assert settings["http"]["listen"].endswith(f":{ports['http']}")
    if "milter" in ports:
        assert settings["milter"]["listen"] == [f"inet:0.0.0.0:{ports['milter']}"]
    else:
        assert settings["milter"]["listen"] == ["inet:127.0.0.1:8893"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_volumes_are_mounted_from_what_there_is(variant):
    there, pod = documents(variant), workload(variant)["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    claims = {claim["metadata"]["name"] for claim in workload(variant)["spec"].get("volumeClaimTemplates", [])}
    mounts = list(itertools.chain.from_iterable(each["volumeMounts"] for each in pod["containers"]))
    assert {mount["name"] for mount in mounts} == set(volumes) | claims
    assert volumes["config"]["configMap"]["name"] == there["ConfigMap"]["metadata"]["name"]
    assert volumes["tenants"]["secret"]["secretName"] == there["Secret"]["metadata"]["name"]
    paths = {mount["name"]: mount["mountPath"] for mount in containers(variant)["exota"]["volumeMounts"]}
    assert not any(a != b and f"{b}/".startswith(f"{a}/") for a in paths.values() for b in paths.values()), "no volume inside a read-only one"
    settings = tomllib.loads(there["ConfigMap"]["data"]["exota.toml"])
    assert settings["client_ip"]["endpoints_file"] == f"{paths['config']}/endpoints.json"
    [tenants] = there["Secret"]["stringData"]
    assert settings["tenants"]["file"] == f"{paths['tenants']}/{tenants}"
    assert variant != "beside-postfix" or "fsGroup" not in pod["securityContext"], "it would take the queue's folders from their groups"
    assert containers(variant)["exota"]["args"] == ["serve", "--watch", "-c", f"{paths['config']}/exota.toml"]
    assert settings["server"]["drain_timeout"] == "30 s" and pod["terminationGracePeriodSeconds"] > 30


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_endpoint_list_is_ours(variant):
    assert json.loads(documents(variant)["ConfigMap"]["data"]["endpoints.json"]) == json.loads((SOURCE / "packaging/endpoints.json").read_text())


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_container_meets_the_restricted_standard(variant):
    """What the Pod Security Standards call restricted, of our container; in the service's namespace the whole pod must."""
    pod, container = workload(variant)["spec"]["template"]["spec"], containers(variant)["exota"]
    context = container["securityContext"]
    assert context["runAsNonRoot"] and context["runAsUser"] > 0 and not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]} and context["seccompProfile"] == {"type": "RuntimeDefault"} and context["readOnlyRootFilesystem"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod) and not pod["automountServiceAccountToken"]
    assert all({"configMap", "secret", "emptyDir"} & set(volume) for volume in pod["volumes"])
    enforced = documents(variant)["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert enforced == ("restricted" if variant == "service" else "baseline")
    if enforced == "restricted":
        assert list(containers(variant)) == ["exota"] and pod["securityContext"]["runAsNonRoot"]
