"""Documents for Kubernetes against the API's own types, as Debian's python3-kubernetes has them (made from the API's OpenAPI description).

Unknown fields, values of another type, and fields that are missing are problems. The package is of Kubernetes 1.22: autoscaling/v2, which came
with 1.23, is autoscaling/v2beta2 under its final name.
"""
import re

import pytest

client = pytest.importorskip("kubernetes.client", reason="no python3-kubernetes here (Debian: python3-kubernetes; scripts/setup installs it)")

SIMPLE = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}
CONFIGURATION = client.Configuration()
CONFIGURATION.client_side_validation = True
# Kubernetes' own rules for what a type calls only a string: a word that is none of these is refused by the API server.
WORDS = {
    "protocol": {"TCP", "UDP", "SCTP"}, "policyTypes": {"Ingress", "Egress"}, "whenUnsatisfiable": {"DoNotSchedule", "ScheduleAnyway"},
    "medium": {"", "Memory"}, "externalTrafficPolicy": {"Local", "Cluster"}, "accessModes": {"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"},
}


def class_of(document):
    """The type's class, or None: V1Deployment for apps/v1, Deployment."""
    version, kind = str(document.get("apiVersion")), str(document.get("kind"))
    if version == "autoscaling/v2":
        version = "autoscaling/v2beta2"
    known = {"v1", "apps/v1", "policy/v1", "networking.k8s.io/v1", "autoscaling/v2beta2"}
    short = version.rsplit("/")[-1]
    return getattr(client, short[0].upper() + short[1:] + kind, None) if version in known else None


def _value(value, wanted, place, problems):
    if listed := re.fullmatch(r"list\[(.+)\]", wanted):
        if not isinstance(value, list):
            problems.append(f"{place}: no list")
            return
        for number, each in enumerate(value):
            _value(each, listed.group(1), f"{place}[{number}]", problems)
    elif mapped := re.fullmatch(r"dict\(str, (.+)\)", wanted):
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            problems.append(f"{place}: no mapping of names")
            return
        for key, each in value.items():
            _value(each, mapped.group(1), f"{place}.{key}", problems)
    elif wanted in SIMPLE:
        if not isinstance(value, SIMPLE[wanted]) or (isinstance(value, bool) and wanted != "bool" and wanted != "object"):
            problems.append(f"{place}: {value!r} is no {wanted}")
    elif wanted == "datetime":
        problems.append(f"{place}: times are the cluster's to write")
    else:
        _object(value, getattr(client, wanted), place, problems)


def _object(value, model, place, problems):
    if not isinstance(value, dict):
        problems.append(f"{place}: no mapping")
        return
    python_names = {theirs: ours for ours, theirs in model.attribute_map.items()}
    arguments = {}
    for key, each in value.items():
        if key not in python_names:
            problems.append(f"{place}: unknown field {key} of {model.__name__}")
            continue
        arguments[python_names[key]] = each
        _value(each, model.openapi_types[python_names[key]], f"{place}.{key}", problems)
        if key in WORDS and not set(each if isinstance(each, list) else [each]) <= WORDS[key]:
            problems.append(f"{place}.{key}: {each!r}")
    try:
        model(local_vars_configuration=CONFIGURATION, **arguments)
    except ValueError as problem:  # a field that must be there
        problems.append(f"{place}: {problem}")


def problems_of(document):
    """What the API would not take, in words; empty: nothing."""
    model = class_of(document)
    if model is None:
        return [f"no such kind: {document.get('apiVersion')} {document.get('kind')}"]
    problems = []
    _object(document, model, document["kind"], problems)
    if not isinstance(document.get("metadata"), dict) or not document["metadata"].get("name"):
        problems.append(f"{document['kind']}: no metadata.name")
    return problems
