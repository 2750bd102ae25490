#!/usr/bin/python3
"""A DNS server for the benchmarks: TXT records of a zone file, everything else NXDOMAIN. Prints its port.

usage: dns_stub.py ZONE.json [PORT]
"""
import json, sys

import dns.flags, dns.message, dns.rcode, dns.rrset, socket

zone = {name.lower(): records for name, records in json.load(open(sys.argv[1])).items()}
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0))
print(server.getsockname()[1], flush=True)
while True:
    packet, peer = server.recvfrom(4096)
    query = dns.message.from_wire(packet)
    question = query.question[0]
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    name = question.name.to_text().rstrip(".").lower()
    if name in zone and question.rdtype == 16:
        for record in zone[name]:
            text = record["TXT"]
            parts = " ".join('"%s"' % text[i:i + 250] for i in range(0, len(text), 250))
            reply.answer.append(dns.rrset.from_text(question.name, 3600, "IN", "TXT", parts))
    elif name not in zone:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    server.sendto(reply.to_wire(), peer)
