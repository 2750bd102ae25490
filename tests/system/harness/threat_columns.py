"""The configurations of docs/threats.md."""
from .exota import SOURCE
from .message import CONTOSO_ID, FABRIKAM_ID
from .threat_rows import RELAY

RESULTS = {"dkim": {"source": "authentication-results"}}


def proving(*proofs, **more):
    return {"authorisation": {"proofs": list(proofs), **more}}


# None: the settings' defaults.
COLUMNS = {
    "verify": {},
    "system": proving("client-cert + dkim", "client-cert + tenant-id + system-mail"),
    "strict": proving("client-cert + dkim-aligned + tenant-id"),
    "tenant-id": proving("client-cert + tenant-id"),
    "hosted": proving("client-cert + dkim + hosted"),
    "job id": {**RESULTS, "authentication_results": {"trusted_authserv_ids": ["mx.test"], "job_id": True}},
    "results": {**RESULTS, "authentication_results": {"trusted_authserv_ids": ["mx.test"]}},
    "either": proving("peer + dkim", peer_proof="either"),
    "both": proving("client-cert + dkim", peer_proof="both"),
    "monitor": proving("client-cert + dkim", mode="monitor"),
    "gateway": proving("client-cert + dkim"),
    "gateway xoorg": proving("client-cert + xoorg"),
}
GATEWAYS = {"gateway", "gateway xoorg"}  # which hear XOORG from whoever shows a certificate that counts
BASE = {"authorisation": {"mode": "enforce"}, "dkim": {"source": "verify"}, "header": {"authserv_id": "mx.test"},
        "client_ip": {"endpoints_file": str(SOURCE / "packaging/endpoints.json")}}

# The predecessor's environment; its policy is POLICY.
DROP_IN = {
    "drop-in": {"MILTER_TENANT_ID_REQUIRED": "yes", "MILTER_DKIM_ENABLED": "yes", "MILTER_TRUSTED_AUTHSERVID": "mx.test",
                "MILTER_DKIM_ALIGNMENT_REQUIRED": "True", "MILTER_X509_ENABLED": "yes", "MILTER_X509_IP_WHITELIST": RELAY},
    "drop-in bare": {},
}
POLICY = {"contoso.com": {"tenant_id": CONTOSO_ID}, "fabrikam.com": {"tenant_id": FABRIKAM_ID}}
WITH_RESULTS = {"job id", "results", *DROP_IN}


def merged(*trees):
    out = {}
    for tree in trees:
        for table, values in tree.items():
            out[table] = out.get(table, {}) | values
    return out


def tenants(more_domains=(), limits=()):
    return {"version": 2, "tenants": {
        "contoso": {"tenant_ids": [CONTOSO_ID], "organizations": ["contoso.com"], "domains": ["contoso.com", "contoso.onmicrosoft.com", *more_domains],
                    "dkim_domains": ["contoso.onmicrosoft.com"], "connector_clients": ["203.0.113.7"]} | ({"limits": [*limits]} if limits else {}),
        "fabrikam": {"tenant_ids": [FABRIKAM_ID], "organizations": ["fabrikam.com"], "domains": ["fabrikam.com", "fabrikam.onmicrosoft.com"], "forwarding": True}}}
