#!/usr/bin/python3
"""What a filter of this kind costs in Python: on pymilter (libmilter), every event taken as such filters do, the results of the validator read
from a field, one set of domains asked, one field added, one log line. Far less than the decision that it stands beside.

usage: python_filter.py SOCKET          as libmilter writes it: unix:/path or inet:PORT@HOST      (Debian: python3-milter)
"""
import email.utils
import logging
import re
import sys

import Milter

DOMAINS = {"contoso.com", *(f"d{i}.example" for i in range(1000))}
PASS = re.compile(r"\bdkim=pass\b[^;]*\bheader\.d=([^\s;]+)")


class Filter(Milter.Base):
    def __init__(self):
        self.id = Milter.uniqueID()

    def connect(self, hostname, family, hostaddr):
        self.client = hostaddr
        return Milter.CONTINUE

    def envfrom(self, mailfrom, *parameters):
        self.author, self.signers = "", set()
        self.certificate = self.getsymval("{cert_subject}")
        return Milter.CONTINUE

    def envrcpt(self, to, *parameters):
        return Milter.CONTINUE

    def header(self, name, value):
        lower = name.lower()
        if lower == "from":
            self.author = email.utils.parseaddr(value)[1].rpartition("@")[2].lower()
        elif lower == "authentication-results":
            self.signers |= set(PASS.findall(value))
        return Milter.CONTINUE

    def eom(self):
        good = self.author in DOMAINS and self.author in self.signers and self.certificate == "mail.protection.outlook.com"
        self.addheader("X-Result", f"auth={'pass' if good else 'fail'} author={self.author}")
        logging.info("%s %s: author=%s signers=%s good=%s", self.id, self.getsymval("i"), self.author, sorted(self.signers), good)
        return Milter.CONTINUE


logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
Milter.factory = Filter
Milter.set_flags(Milter.ADDHDRS)
Milter.runmilter("python-filter", sys.argv[1], 300)
