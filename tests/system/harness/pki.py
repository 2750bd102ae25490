"""Test certificates: two certification authorities, a server, and client certificates as Exchange Online and as others present them.

`Pki(directory)[name]` gives the paths (certificate, key). The names are the rows of the certificate matrix in test_certificates.py.
"""
import subprocess
from pathlib import Path

MICROSOFT = "/C=US/ST=Washington/L=Redmond/O=Microsoft Corporation/CN=mail.protection.outlook.com"
MICROSOFT_NAMES = "DNS:mail.protection.outlook.com,DNS:*.mail.protection.outlook.com,DNS:mail.messaging.microsoft.com"

#        name           subject, issuer, extended key usage, alternative names, days
LEAVES = [
    ("server",        "/CN=gw.test", "ca", "serverAuth", "DNS:gw.test,DNS:localhost,IP:127.0.0.1", 3650),
    ("no_server",     "/CN=gw.test", "ca", "clientAuth", "DNS:gw.test,DNS:localhost,IP:127.0.0.1", 3650),
    ("exo_both",      MICROSOFT, "ca", "serverAuth,clientAuth", MICROSOFT_NAMES, 3650),
    ("exo_client",    MICROSOFT, "ca", "clientAuth", MICROSOFT_NAMES, 3650),
    ("exo_server",    MICROSOFT, "ca", "serverAuth", MICROSOFT_NAMES, 3650),
    ("exo_noeku",     MICROSOFT, "ca", "", MICROSOFT_NAMES, 3650),
    ("exo_nosan",     MICROSOFT, "ca", "serverAuth,clientAuth", "", 3650),
    ("exo_untrusted", MICROSOFT, "otherca", "serverAuth,clientAuth", MICROSOFT_NAMES, 3650),
    ("exo_expired",   MICROSOFT, "ca", "serverAuth,clientAuth", MICROSOFT_NAMES, -1),
    ("exo_sanonly",   "/C=US/O=Microsoft Corporation", "ca", "serverAuth,clientAuth", MICROSOFT_NAMES, 3650),
    ("exo_upper",     "/O=Microsoft Corporation/CN=Mail.Protection.Outlook.COM", "ca", "clientAuth", MICROSOFT_NAMES, 3650),
    ("exo_twocn",     "/CN=evil.example/CN=mail.protection.outlook.com", "ca", "clientAuth", MICROSOFT_NAMES, 3650),
    ("exo_space",     "/CN=mail.protection.outlook.com ;x=1", "ca", "clientAuth", "", 3650),
    ("other",         "/O=Contoso/CN=mail.contoso.test", "ca", "clientAuth", "DNS:mail.contoso.test", 3650),
    ("exo_inter",     MICROSOFT, "inter", "serverAuth,clientAuth", MICROSOFT_NAMES, 3650),
]


class Pki:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o755)
        self._authority("ca", "/C=US/O=Test Root/CN=Test Root CA")
        self._authority("otherca", "/C=US/O=Other Root/CN=Other Root CA")
        self._leaf("inter", "/C=US/O=Test Root/CN=Test Intermediate CA", "ca", 3650,
                   ["basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign"])
        for name, subject, issuer, usage, names, days in LEAVES:
            lines = ["basicConstraints=CA:FALSE", "keyUsage=digitalSignature"]
            lines += [f"extendedKeyUsage={usage}"] if usage else []
            lines += [f"subjectAltName={names}"] if names else []
            self._leaf(name, subject, issuer, days, lines)
        chain = self.directory / "exo_inter_chain.pem"
        chain.write_text(self.certificate("exo_inter").read_text() + self.certificate("inter").read_text())
        (self.directory / "exo_inter_chain.key").write_text(self.key("exo_inter").read_text())
        self._key("exo_self")
        self._openssl("req", "-x509", "-new", "-key", "exo_self.key", "-days", "3650", "-subj", MICROSOFT, "-out", "exo_self.pem")
        for path in self.directory.glob("*.key"):
            path.chmod(0o600)

    def certificate(self, name):
        return self.directory / f"{name}.pem"

    def key(self, name):
        return self.directory / f"{name}.key"

    def __getitem__(self, name):
        return str(self.certificate(name)), str(self.key(name))

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.directory, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")

    def _key(self, name):
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")

    def _authority(self, name, subject):
        self._key(name)
        self._openssl("req", "-x509", "-new", "-key", f"{name}.key", "-sha256", "-days", "3650", "-subj", subject, "-out", f"{name}.pem",
                      "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def _leaf(self, name, subject, issuer, days, extensions):
        self._key(name)
        self._openssl("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
        (self.directory / f"{name}.ext").write_text("\n".join(extensions) + "\n")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial",
                      "-sha256", "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")
