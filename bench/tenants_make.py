#!/usr/bin/env python3
"""Writes a tenants file for bench/tenants.sh.  usage: tenants_make.py VERSION DOMAINS FILE

Version 1: a tenant id for every domain, which is the worst case. Version 2: a tenant has 1 to 9 domains, one of them a wildcard's base,
an organisation and an onmicrosoft name. The same numbers give the same file.
"""

import random
import sys
import uuid

WORDS = ("alpha bergmann consult delta energie fischer gruppe handel institut jansen klinik logistik meyer nord online partner "
         "quelle reise schmidt technik union verlag werk xenon yacht zentrum").split()
TOP_LEVELS = ["com", "de", "net", "org", "example", "co.uk", "ch", "fr", "eu", "shop"]


def domains(count, rng):
    for number in range(count):
        yield f"{rng.choice(WORDS)}-{rng.choice(WORDS)}{number:x}.{rng.choice(TOP_LEVELS)}"


def write_version_1(out, count, rng):
    out.write("{\n")
    for number, domain in enumerate(domains(count, rng)):
        entry = f'  "{domain}": {{\n    "tenant_id": "{uuid.UUID(int=rng.getrandbits(128), version=4)}",\n    "dkim_enabled": true,\n    "dkim_alignment_required": {"true" if number % 7 else "false"}\n  }}'
        out.write(entry + (",\n" if number + 1 < count else "\n"))
    out.write("}\n")


def write_version_2(out, count, rng):
    out.write('{\n  "version": 2,\n  "tenants": {\n')
    names = domains(count, rng)
    left = count
    number = 0
    while left > 0:
        own = [next(names) for _ in range(min(left, 1 + number % 9))]
        left -= len(own)
        listed = ", ".join(f'"{name}"' for name in own)
        out.write(f'    "customer-{number}": {{\n      "tenant_ids": ["{uuid.UUID(int=rng.getrandbits(128), version=4)}"],\n'
                  f'      "organizations": ["{own[0]}"],\n      "domains": [{listed}, "*.{own[0]}"],\n'
                  f'      "dkim_domains": ["customer{number}.onmicrosoft.com"]\n    }}{"," if left else ""}\n')
        number += 1
    out.write("  }\n}\n")


def main():
    version, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rng = random.Random(version)
    with open(path, "w", encoding="ascii") as out:
        (write_version_1 if version == 1 else write_version_2)(out, count, rng)


main()
