"""Forged messages, continued: what a forger writes into the fields in which Exchange Online names the tenant, and around them."""
from .evaluation import Session
from .forged_messages import ATTRIBUTED, AUTH_AS, ID, ORGANIZATION, OURS, Row, genuine, plain, stamped
from .forger import add, sign
from .message import CONTOSO_ID, FABRIKAM_ID

CONSUMER_ID = "84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa"
EVIL_ID = "66666666-7777-4888-8999-000000000000"
NDR = [("Auto-Submitted", "auto-replied"), ("X-MS-Exchange-Message-Is-Ndr", ""), ("X-Auto-Response-Suppress", "All")]
NULL = Session(mail_from="")
STRANGER = Session(client_ip="203.0.113.9", client_cert=None)


def ids(*values, name=ID):
    return stamped(*[(name, value) for value in values])


TENANT = [
    Row("his own tenant's id", ids(EVIL_ID), "contradiction", "tenant-id"),
    Row("ours written, his stamped below", ids(CONTOSO_ID, EVIL_ID), "contradiction", "tenant-id"),
    Row("his stamped, ours written below", ids(EVIL_ID, CONTOSO_ID), "contradiction", "tenant-id"),
    Row("ours in another letter case, his below", stamped(("x-ms-exchange-crosstenant-id", CONTOSO_ID), (ID, EVIL_ID)), "contradiction", "tenant-id"),
    Row("his with a blank before the colon", stamped((ID, CONTOSO_ID), (ID + " ", EVIL_ID)), "contradiction", "tenant-id"),
    Row("ours and an unreadable one", ids(CONTOSO_ID, "x"), "contradiction", "tenant-id"),
    Row("two in one field", ids(f"{CONTOSO_ID}, {EVIL_ID}"), "contradiction", "tenant-id"),
    Row("ours with a comment", ids(f"{CONTOSO_ID} ({EVIL_ID})"), "contradiction", "tenant-id"),
    Row("his with ours as a comment", ids(f"{EVIL_ID} ({CONTOSO_ID})"), "contradiction", "tenant-id"),
    Row("ours in braces, his below", ids("{" + CONTOSO_ID + "}", EVIL_ID), "contradiction", "tenant-id"),
    Row("ours folded in its middle", ids(CONTOSO_ID[:18] + "\r\n " + CONTOSO_ID[18:]), "contradiction", "tenant-id"),
    Row("ours with a NUL behind", ids(CONTOSO_ID + "\0"), "contradiction", "tenant-id"),
    Row("ours, from a stranger", ids(CONTOSO_ID), "not-proven", "tenant-id", STRANGER),
    Row("ours, from Microsoft's address without a certificate", ids(CONTOSO_ID), "unavailable", "tenant-id", Session(client_cert=None)),
    Row("ours, with another's certificate", ids(CONTOSO_ID), "not-proven", "tenant-id", Session(client_cert="mail.evil.test")),
    Row("ours, with a certificate whose name begins alike", ids(CONTOSO_ID), "not-proven", "tenant-id",
        Session(client_cert="mail.protection.outlook.com.evil.test")),
    Row("ours, with a certificate below the name", ids(CONTOSO_ID), "not-proven", "tenant-id", Session(client_cert="x.mail.protection.outlook.com")),
    Row("consumers' id", ids(CONSUMER_ID), "contradiction", "tenant-id"),
    Row("consumers' id beside our signature", lambda keys: add(genuine(keys), (ID, CONSUMER_ID)), "contradiction"),
    Row("another customer's organisation beside our signature", lambda keys: add(genuine(keys), (ORGANIZATION, "fabrikam.com"))),
    Row("two organisations beside our signature", lambda keys: add(genuine(keys), (ORGANIZATION, "contoso.com"), (ORGANIZATION, "fabrikam.com")), "contradiction"),
    Row("organisation above ours", stamped((ORGANIZATION, "com")), "contradiction", "organization"),
    Row("organisation that ends like ours", stamped((ORGANIZATION, "notcontoso.com")), "contradiction", "organization"),
    Row("another customer's xoorg", stamped(), "contradiction", "xoorg", Session(xoorg="fabrikam.com")),
    Row("xoorg below ours", stamped(), "contradiction", "xoorg", Session(xoorg="evil.contoso.com")),
    Row("xoorg from a stranger", stamped(), "not-proven", "xoorg", Session(client_ip="203.0.113.9", client_cert=None, xoorg="contoso.com")),
    Row("xoorg with a NUL behind", stamped(), "contradiction", "xoorg", Session(xoorg="contoso.com\0.evil.test")),
    Row("xoorg of two names", stamped(), "contradiction", "xoorg", Session(xoorg="contoso.com,evil.test")),
    Row("replay through his tenant", lambda keys: add(genuine(keys), (ID, EVIL_ID)), "contradiction"),
    Row("replay through another customer's tenant, with a second Subject",
        lambda keys: add(genuine(keys), (ID, FABRIKAM_ID), (ORGANIZATION, "fabrikam.com"), ("Subject", "forged")), "contradiction"),
    Row("another customer's own signature and id", lambda keys: add(sign(plain(), keys, "fabrikam.com"), (ID, FABRIKAM_ID)), "contradiction"),
]

CONNECTION = [
    Row("through his connector", stamped((ID, EVIL_ID), (ATTRIBUTED, f"TenantId={EVIL_ID};Ip=[203.0.113.7];Helo=[host.test]"), (AUTH_AS, "Anonymous"),
                                         signer="contoso.com"), "contradiction", "hosted"),
    Row("his connector's tenant, ours in the id field", stamped((ID, CONTOSO_ID), (ATTRIBUTED, f"TenantId={EVIL_ID};Ip=[203.0.113.7];Helo=[h]"),
                                                                signer="contoso.com"), "contradiction", "hosted"),
    Row("our connector from another address", stamped((ATTRIBUTED, OURS.replace("113.7", "113.8")), signer="contoso.com"), config="hosted"),
    Row("our connector, Internal written beside", stamped((ATTRIBUTED, OURS.replace("113.7", "113.8")), (AUTH_AS, "Internal"), signer="contoso.com"), config="hosted"),
    Row("connection twice, ours first", stamped((ATTRIBUTED, OURS), (ATTRIBUTED, OURS.replace(CONTOSO_ID, EVIL_ID)), signer="contoso.com"),
        "contradiction", "hosted"),
    Row("two addresses in it", stamped((ATTRIBUTED, OURS.replace("[203.0.113.7]", "[203.0.113.7][203.0.113.8]")), signer="contoso.com"),
        config="hosted"),
    Row("Ip twice", stamped((ATTRIBUTED, OURS.replace(";Helo", ";Ip=[203.0.113.8];Helo")), signer="contoso.com"), config="hosted"),
    Row("TenantId twice, ours first", stamped((ATTRIBUTED, f"TenantId={CONTOSO_ID};TenantId={EVIL_ID};Ip=[203.0.113.7];Helo=[h]"), signer="contoso.com"),
        config="hosted"),
    Row("our connection in his Helo", stamped((ATTRIBUTED, f"TenantId={EVIL_ID};Ip=[203.0.113.8];Helo=[{OURS}]"), signer="contoso.com"), "contradiction", "hosted"),
    Row("Anonymous and Internal", stamped((AUTH_AS, "Anonymous"), signer="contoso.com"), "contradiction", "hosted"),
]

SYSTEM = [
    Row("null sender and marks, unsigned and unstamped", lambda keys: plain(extra=NDR), config="system", session=NULL),
    Row("null sender and marks, his id", stamped(*NDR, (ID, EVIL_ID)), "contradiction", "system", NULL),
    Row("null sender without marks, our id", ids(CONTOSO_ID), config="system", session=NULL),
    Row("marks with a sender, our id", stamped(*NDR, (ID, CONTOSO_ID)), config="system"),
    Row("marks from a stranger", stamped(*NDR, (ID, CONTOSO_ID)), config="system", session=Session(client_ip="203.0.113.9", client_cert=None, mail_from="")),
    Row("connector validation to two", lambda keys: plain(author="O365ConnectorValidation@contoso.com", extra=[(ID, CONTOSO_ID)]), config="system",
        session=Session(mail_from="O365ConnectorValidation@contoso.com", rcpts=("a@dest.test", "b@dest.test"))),
    Row("connector validation with another envelope", lambda keys: plain(author="O365ConnectorValidation@contoso.com", extra=[(ID, CONTOSO_ID)]), config="system"),
]

SPF = [
    Row("EchoSpoofing by name: SPF of ours allows Microsoft, unsigned", lambda keys: plain(), config="dmarc"),
    Row("the same, signed by himself", lambda keys: sign(plain(), keys, "evil.test"), config="dmarc"),
]

CLAIMS = TENANT + CONNECTION + SYSTEM + SPF
