#include "config/keys.h"

#include <array>

namespace exota::config {
namespace {

using enum KeyType;
using enum Takes;
constexpr std::int64_t day = 86400;
constexpr std::int64_t mebibyte = 1024 * 1024;
constexpr std::int64_t gibibyte = 1024 * mebibyte;

constexpr auto table = std::to_array<Key>({
    {"milter.listen", text_list, R"(["unix:/run/exota/milter.sock"])", "", 0, 0, "",
     "sockets on which the MTA reaches us: unix:/path, inet:HOST:PORT, inet6:[HOST]:PORT, systemd or systemd:NAME", restart},
    {"milter.socket_mode", mode_bits, R"("0660")", "", 0, 0777, "", "permissions of our Unix sockets; \"umask\" leaves them to the umask",
     restart},
    {"milter.socket_group", text, R"("")", "", 0, 0, "", "group of our Unix sockets; empty: as it comes", restart},
    {"milter.max_frame_octets", integer, "4194304", "octets", 65536, 64 * mebibyte, "", "a longer milter frame ends the session"},
    {"milter.max_macro_octets", integer, "65536", "octets", 1024, 16 * mebibyte, "", "macros kept of one session; more ends it"},
    {"milter.max_partial_octets", integer, "268435456", "octets", 65536, 64LL * 1024 * 1024 * 1024, "",
     "memory for frames that have not arrived whole, of all sessions together; the session that passes it is closed", restart, "0.2"},
    {"milter.max_sessions", integer, "10000", "sessions", 1, 1000000, "",
     "open sessions; for one more the longest idle makes room, or it is made to wait", restart},
    {"milter.idle_timeout", duration, "7200", "seconds", 10, 7 * day, "", "a session that says nothing for so long is closed", restart},

    {"authorisation.mode", choice, "", "", 0, 0, "enforce|defer|quarantine|monitor", "what becomes of a verdict that is not accept"},
    {"authorisation.proofs", proof_list, R"(["client-cert + dkim"])", "", 0, 0, "", "proofs of tenants that list none of their own"},
    {"authorisation.contradictions", choice, R"("refuse")", "", 0, 0, "refuse|ignore",
     "whether evidence that names another tenant refuses"},
    {"authorisation.peer_proof", choice, R"("client-cert")", "", 0, 0, "client-cert|client-ip|either|both|none",
     "what proves that the peer is Exchange Online, so that its header fields are believed"},
    {"authorisation.resent_from", boolean, "false", "", 0, 0, "", "whether the tenant of a forward may be found by Resent-From"},
    {"authorisation.alignment", choice, R"("strict")", "", 0, 0, "strict|relaxed", "alignment of dkim-aligned, of tenants that do not say"},
    {"authorisation.forwarding", choice, "false", "", 0, 0, "false|journal|true",
     "whether tenants that do not say may forward mail of foreign authors; \"journal\": Exchange's journal reports only"},
    {"authorisation.limits", limit_list, "[]", "", 0, 0, "", "limits of tenants that list none of their own"},
    {"authorisation.limit_action", choice, R"("tempfail")", "", 0, 0, "tempfail|reject",
     "what a passed limit does, of tenants that do not say"},
    {"authorisation.shared_suffixes", domain_list,
     R"(["onmicrosoft.com", "mail.onmicrosoft.com", "onmicrosoft.us", "mail.onmicrosoft.us", "onmicrosoft.de", "mail.onmicrosoft.de", "partner.onmschina.cn", "partner.mail.onmschina.cn"])",
     "", 0, 0, "", "domains below which each label is an organisation of its own, as below a public suffix"},

    {"bypass.clients", prefix_list, "[]", "", 0, 0, "", "clients that are not judged"},
    {"bypass.authenticated", boolean, "false", "", 0, 0, "", "whether clients that authenticated to the MTA by SASL are not judged"},

    {"client_ip.endpoints_file", file, R"("")", "", 0, 0, "", "Microsoft's endpoint list as downloaded (JSON); empty: none"},
    {"client_ip.endpoints_base", text, R"("https://endpoints.office.com")", "", 0, 0, "", "where exota endpoints update asks for the list",
     reload, "0.2"},
    {"client_ip.endpoints_instance", choice, R"("Worldwide")", "", 0, 0, "Worldwide|China|USGovDoD|USGovGCCHigh",
     "of which of Microsoft's clouds", reload, "0.2"},
    {"client_ip.prefixes", prefix_list, "[]", "", 0, 0, "", "addresses of Exchange Online besides those of the endpoint list"},
    {"client_ip.relay_pool", prefix_list, R"(["40.95.0.0/16"])", "", 0, 0, "", "addresses that never count as Exchange Online's"},

    {"client_cert.names", text_list, R"(["mail.protection.outlook.com"])", "", 0, 0, "", "names of Exchange Online's client certificate"},
    {"client_cert.exempt", prefix_list, "[]", "", 0, 0, "",
     "clients for which client-cert holds without a certificate; they do not prove the peer"},
    {"client_cert.trusted_relays", prefix_list, "[]", "", 0, 0, "",
     "own relays that verify Microsoft's certificate: client-cert holds and the peer is proven"},
    {"client_cert.missing", choice, R"("unavailable")", "", 0, 0, "unavailable|absent",
     "what client-cert is when Exchange Online's address comes with TLS but no verified name"},

    {"dkim.source", choice, R"("verify")", "", 0, 0, "authentication-results|verify|both",
     "where DKIM results come from: our own verification, a validator before us, or either"},

    {"authentication_results.trusted_authserv_ids", authserv_ids, "[]", "", 0, 0, "", "authserv-ids of the operator's own validators"},
    {"authentication_results.job_id", boolean, "false", "", 0, 0, "",
     "whether only results under ID/QUEUEID count, with the message's own queue id (OpenDKIM's AuthservIDWithJobID)", reload, "0.2"},
    {"authentication_results.methods", text_list, R"(["dkim"])", "", 0, 0, "", "methods that the validator adds to every message"},
    {"authentication_results.own_hops", integer, "0", "fields", 0, 50, "",
     "Received fields of the operator's own that may stand above the results"},
    {"authentication_results.position", choice, R"("top")", "", 0, 0, "top|any",
     "which fields of a trusted id are read: those at the top, or where none there names the method, those elsewhere too"},
    {"authentication_results.missing", choice, R"("unavailable")", "", 0, 0, "unavailable|absent",
     "what the DKIM factors are when a signed message has no result"},

    {"dmarc.rfc", choice, "9989", "", 0, 0, "9989|7489",
     "how organisations are found: by tree walk in DNS (9989), or by the public suffix list (7489)"},
    {"dmarc.public_suffix_file", file, R"("")", "", 0, 0, "",
     "public suffix list for rfc = 7489, as text from publicsuffix.org; empty: the system's"},

    {"arc.trusted_sealers", domain_list, "[]", "", 0, 0, "", "sealing domains whose ARC sets may authorise"},

    {"tenants.source", choice, R"("file")", "", 0, 0, "file|ldap|postgresql", "where tenants are kept", restart},
    {"tenants.file", file, R"("/etc/exota/tenants.json")", "", 0, 0, "", "the tenants file, version 1 or 2"},
    {"tenants.watch_interval", duration, "2", "seconds", 0, day, "", "how often the file is looked at for a change; 0: only at SIGHUP"},
    {"tenants.snapshot_file", file, R"("/var/lib/exota/tenants.snapshot")", "", 0, 0, "",
     "where the last good state of a server that gives all tenants is kept, so that a node starts while it is away; empty: nowhere",
     restart, "0.2"},
    {"tenants.max_stale", duration, "604800", "seconds", 1, 365 * day, "",
     "for so long what was read of a server is served while it is away; then the tenants are unavailable", restart, "0.2"},
    {"tenants.state_directory", file, R"("/run/exota")", "", 0, 0, "",
     "where the daemon notes how many domains it serves, so that a file that shrank is noticed"},
    {"tenants.openid_base", text, R"("https://login.microsoftonline.com")", "", 0, 0, "",
     "where exota tenant add --look-up asks for a domain's OpenID document: https:// and a host, a port and a path if need be", reload,
     "0.2"},

    {"tenants.ldap.servers", text_list, "[]", "", 0, 0, "",
     "servers, tried in order: ldap://HOST:PORT, ldaps://HOST:PORT, ldapi://%2Fpath%2Fof%2Fsocket", restart, "0.2"},
    {"tenants.ldap.mode", choice, R"("lookup")", "", 0, 0, "lookup|snapshot",
     "whether each message's names are looked up, or all tenants are read beforehand", restart, "0.2"},
    {"tenants.ldap.bind_dn", text, R"("")", "", 0, 0, "", "who we are for the server; empty: nobody (an anonymous bind)", restart, "0.2"},
    {"tenants.ldap.password_file", file, R"("")", "", 0, 0, "", "the first line is the password of bind_dn", restart, "0.2"},
    {"tenants.ldap.sasl", choice, R"("none")", "", 0, 0, "none|external",
     "external: we are whom our certificate, or the socket, names (SASL EXTERNAL)", restart, "0.2"},
    {"tenants.ldap.starttls", boolean, "true", "", 0, 0, "", "whether connections to ldap:// are secured by StartTLS", restart, "0.2"},
    {"tenants.ldap.ca_file", file, R"("")", "", 0, 0, "", "roots of the server's certificate, PEM; empty: the system's", restart, "0.2"},
    {"tenants.ldap.certificate_file", file, R"("")", "", 0, 0, "", "our certificate for the server, PEM with its chain; empty: none",
     restart, "0.2"},
    {"tenants.ldap.key_file", file, R"("")", "", 0, 0, "", "its key, PEM; empty: in certificate_file", restart, "0.2"},
    {"tenants.ldap.base", text, R"("")", "", 0, 0, "", "DN below which the tenants are", restart, "0.2"},
    {"tenants.ldap.filter", text, R"toml("(domainName=%d)")toml", "", 0, 0, "", "filter of a domain; %d is the domain", restart, "0.2"},
    {"tenants.ldap.tenant_id_filter", text, R"("")", "", 0, 0, "", "filter of a tenant id; %t is the id; empty: not asked", restart, "0.2"},
    {"tenants.ldap.organization_filter", text, R"("")", "", 0, 0, "", "filter of an organisation; %o is its domain; empty: not asked",
     restart, "0.2"},
    {"tenants.ldap.dkim_domain_filter", text, R"("")", "", 0, 0, "", "filter of a DKIM domain; %d is the domain; empty: not asked", restart,
     "0.2"},
    {"tenants.ldap.wildcards", boolean, "false", "", 0, 0, "", "whether *.DOMAIN is asked for above each domain, too", restart, "0.2"},
    {"tenants.ldap.schema", choice, R"("2")", "", 0, 0, "1|2", "1: a domain an entry, as ExOTA-Milter had it; 2: a tenant an entry",
     restart, "0.2"},
    {"tenants.ldap.timeout", duration, "2", "seconds", 1, 60, "", "for one question, and for connecting to one server", restart, "0.2"},
    {"tenants.ldap.cache_ttl", duration, "300", "seconds", 1, day, "", "how long a tenant that was found is not asked for again", restart,
     "0.2"},
    {"tenants.ldap.negative_ttl", duration, "60", "seconds", 1, day, "", "how long a name that nobody has is not asked for again", restart,
     "0.2"},
    {"tenants.ldap.cache_entries", integer, "100000", "answers", 100, 10000000, "", "answers kept by each thread", restart, "0.2"},
    {"tenants.ldap.refresh_interval", duration, "600", "seconds", 10, day, "", "how often all tenants are read, with mode = \"snapshot\"",
     restart, "0.2"},
    {"tenants.ldap.attributes.tenant_id", text, R"("exotaMilterTenantId")", "", 0, 0, "", "attribute of schema 1", restart, "0.2"},
    {"tenants.ldap.attributes.dkim_enabled", text, R"("exotaMilterDkimEnabled")", "", 0, 0, "", "attribute of schema 1", restart, "0.2"},
    {"tenants.ldap.attributes.dkim_alignment_required", text, R"("exotaMilterDkimAlignmentRequired")", "", 0, 0, "",
     "attribute of schema 1", restart, "0.2"},

    {"tenants.postgresql.conninfo", text, R"("dbname=exota")", "", 0, 0, "",
     "the database, as libpq's connection string or URI, without a password", restart, "0.2"},
    {"tenants.postgresql.password_file", file, R"("")", "", 0, 0, "",
     "its first line is the password, read for each connection; empty: none", restart, "0.2"},
    {"tenants.postgresql.timeout", duration, "5", "seconds", 1, 30, "", "for connecting to one server, and for each part of an answer",
     restart, "0.2"},
    {"tenants.postgresql.resync_interval", duration, "600", "seconds", 1, day, "",
     "how often all tenants are read, besides those that the database tells of", restart, "0.2"},

    {"limits.field_octets", integer, "262144", "octets", 1024, 16 * mebibyte, "",
     "a message with a longer header field (name, colon, value and CRLF) is refused"},
    {"limits.header_octets", integer, "1048576", "octets", 4096, 64 * mebibyte, "", "a message with a longer header is refused"},
    {"limits.header_fields", integer, "2000", "fields", 10, 100000, "", "a message with more header fields is refused"},
    {"limits.kept_fields", integer, "100", "fields", 5, 10000, "", "a message with more fields of one kind that is looked at is refused"},

    {"reply.reject", text, R"toml("{text} (domain {domain}, id {queue_id})")toml", "", 0, 0, "",
     "text of a refusal; placeholders {text} {reason} {domain} {queue_id}"},
    {"reply.tempfail", text, R"toml("{text} (domain {domain}, id {queue_id})")toml", "", 0, 0, "",
     "text of a temporary failure; the same placeholders"},
    {"reply.tempfail_code", integer, "451", "", 450, 451, "", "SMTP code of a temporary failure"},

    {"header.add", boolean, "true", "", 0, 0, "", "whether the verdict is added to the header"},
    {"header.authserv_id", text, R"("")", "", 0, 0, "", "our name in that field; empty: the host's name"},
    {"header.format", choice, R"("exota")", "", 0, 0, "exota|rfc8601", "X-ExOTA-Authentication-Results, or Authentication-Results"},
    {"header.verification_results", boolean, "false", "", 0, 0, "",
     "whether what we verified ourselves is written as Authentication-Results; those that came in with our id are removed then"},

    {"header_firewall.enabled", boolean, "false", "", 0, 0, "",
     "whether fields that only Microsoft may write are removed from everybody else"},

    {"log.format", choice, R"("logfmt")", "", 0, 0, "logfmt|json", "form of the log line"},
    {"log.target", choice, R"("stderr")", "", 0, 0, "stderr|syslog|journal", "where the log goes", restart},
    {"log.socket", text, R"("")", "", 0, 0, "", "socket of syslog or journal; empty: the usual one", restart},
    {"log.name", text, R"("exota")", "", 0, 0, "", "our name in syslog and journal", restart},
    {"log.evidence", choice, R"("none")", "", 0, 0, "none|refused|all",
     "of which messages the evidence is logged, for `exota explain --evidence`"},
    {"log.level", choice, R"("info")", "", 0, 0, "error|warning|info|debug", "the least severe lines that are written"},

    {"dns.servers", text_list, "[]", "", 0, 0, "", "DNS servers to ask, ADDRESS or ADDRESS@PORT; none: those of /etc/resolv.conf", restart},
    {"dns.dnssec", choice, R"("auto")", "", 0, 0, "auto|on|off", "validation: if the servers pass DNSSEC on, always, never", restart},
    {"dns.trust_anchor_files", text_list, R"(["/usr/share/dns/root.key"])", "", 0, 0, "", "files with DNSSEC trust anchors", restart},
    {"dns.stub_zones", text_list, "[]", "", 0, 0, "", "zones with a server of their own: \"ZONE ADDRESS@PORT\"", restart},
    {"dns.open_zones", text_list, "[]", "", 0, 0, "", "special names that are to be asked for all the same (\"test.\")", restart},
    {"dns.timeout", duration, "5", "seconds", 1, 60, "", "how long one question may take", restart},
    {"dns.message_timeout", duration, "10", "seconds", 1, 300, "", "how long the look-ups of one message may take; then 451", restart},
    {"dns.max_in_flight", integer, "4096", "questions", 1, 100000, "", "questions at once of one loop; more are temporary failures",
     restart},
    {"dns.max_questions", integer, "200", "questions", 10, 10000, "", "questions for one message; more are temporary failures", restart},

    {"inbound.listen", text_list, "[]", "", 0, 0, "", "sockets of the inbound door, as milter.listen; none: there is no such milter",
     restart, "0.2"},
    {"inbound.mode", choice, "", "", 0, 0, "enforce|defer|quarantine|monitor",
     "what becomes of a verdict of an inbound door that is not accept", reload, "0.2"},
    {"inbound.on_reject", choice, R"("direct")", "", 0, 0, "reject|direct|mark|none",
     "a message that fails DMARC under p=reject; direct: reject, unless it shows that it came by an indirect way", reload, "0.2"},
    {"inbound.on_quarantine", choice, R"("mark")", "", 0, 0, "hold|mark|none", "a message that fails DMARC under p=quarantine", reload,
     "0.2"},
    {"inbound.own_domain", choice, R"("reject")", "", 0, 0, "reject|hold|mark|none",
     "a message in the name of an own domain that fails DMARC under an enforcing policy", reload, "0.2"},
    {"inbound.own_domain_unenforced", choice, R"("mark")", "", 0, 0, "reject|hold|mark|none",
     "a message in the name of an own domain without an enforcing policy, which nothing proves", reload, "0.2"},
    {"inbound.implicit_fail", choice, R"("none")", "", 0, 0, "reject|hold|mark|none",
     "a message of another domain without a policy, which nothing proves", reload, "0.2"},
    {"inbound.spf_through_exchange", choice, R"("none")", "", 0, 0, "reject|hold|mark|none",
     "a message that passes by SPF from Exchange Online's addresses alone, as anybody's there does", reload, "0.2"},
    {"inbound.unresolved", choice, R"("tempfail")", "", 0, 0, "tempfail|mark|none",
     "a message whose DNS did not answer; own domains are always deferred", reload, "0.2"},
    {"inbound.trusted_forwarders", text_list, "[]", "", 0, 0, "",
     "whose mail is sent on honestly: IP prefixes, and dkim:DOMAIN for whatever passes by a signature of that domain", reload, "0.2"},
    {"inbound.domains", domain_words, "{}", "", 0, 0, "reject|mark|none",
     "author domain (or *.DOMAIN) to reject, mark or none: what becomes of its mail that nothing proves", reload, "0.2"},

    {"eop.results", choice, R"("report")", "", 0, 0, "ignore|report|enforce",
     "what the results of one's own Exchange Online Protection do, of mail that it passed on", reload, "0.2"},
    {"eop.own_domain", choice, R"("reject")", "", 0, 0, "reject|hold|mark|none", "compauth 010 and 6xx: a forged own domain", reload,
     "0.2"},
    {"eop.oreject", choice, R"("reject")", "", 0, 0, "reject|hold|mark|none", "DMARC said reject, and it was let through", reload, "0.2"},
    {"eop.quarantine", choice, R"("mark")", "", 0, 0, "reject|hold|mark|none", "DMARC said quarantine", reload, "0.2"},
    {"eop.bypassed", choice, R"("mark")", "", 0, 0, "reject|hold|mark|none", "DMARC failed, and composite authentication was not asked",
     reload, "0.2"},
    {"eop.implicit_fail", choice, R"("none")", "", 0, 0, "reject|hold|mark|none", "composite authentication failed otherwise", reload,
     "0.2"},
    {"eop.clients", prefix_list, "[]", "", 0, 0, "", "senders to Exchange Online (CIP) of whom nothing is asked", reload, "0.2"},

    {"perimeter.allow_file", file, R"("")", "", 0, 0, "", "file of clients that are let in: PREFIX [until DATE] [# why]; empty: none",
     reload, "0.2"},
    {"perimeter.block_file", file, R"("")", "", 0, 0, "", "file of clients that are refused, of the same form; empty: none", reload, "0.2"},
    {"perimeter.dnsbl", text_list, "[]", "", 0, 0, "", "DNS lists: NAME, NAME=127.0.0.[2..11]*WEIGHT; a weight below 0 lets in", reload,
     "0.2"},
    {"perimeter.threshold", integer, "1", "", 1, 1000000, "", "the score from which on a client is refused", reload, "0.2"},
    {"perimeter.require_ptr", boolean, "false", "", 0, 0, "", "whether a client without a reverse name that leads back to it is refused",
     reload, "0.2"},
    {"perimeter.delist", text, R"("")", "", 0, 0, "", "address or URL that refused clients are told; empty: nothing", reload, "0.2"},

    {"recipients.source", choice, R"("none")", "", 0, 0, "none|file|ldap|postgresql",
     "where the recipients of authoritative domains are kept; none: nobody is asked", reload, "0.2"},
    {"recipients.file", file, R"("")", "", 0, 0, "", "of source = \"file\": an address or @DOMAIN a line", reload, "0.2"},
    {"recipients.delimiter", text, R"("+")", "", 0, 0, "", "what begins an extension of a local part, one character; empty: nothing does",
     reload, "0.2"},
    {"recipients.fold_case", boolean, "true", "", 0, 0, "", "whether letter case of local parts makes no difference", reload, "0.2"},
    {"recipients.positive_ttl", duration, "3600", "seconds", 1, 30 * day, "",
     "of sources that are asked: how long it is remembered that a recipient exists", reload, "0.2"},
    {"recipients.negative_ttl", duration, "300", "seconds", 1, 30 * day, "", "the same, that there is no such recipient", reload, "0.2"},
    {"recipients.max_unknown", integer, "20", "recipients", 1, 10000, "", "unknown ones of a session, while none was accepted; then 421",
     reload, "0.2"},
    {"recipients.reply", choice, R"("5.1.1")", "", 0, 0, "5.1.1|5.4.1", "status of an unknown recipient; 5.4.1: with the text of EOP",
     reload, "0.2"},

    {"http.listen", text, R"("")", "", 0, 0, "", "HOST:PORT for /metrics, /healthz and /readyz; empty: none", restart},
    {"http.tenants", integer, "0", "tenants", 0, 10000, "", "tenants whose messages the metrics count apart, the first that write; 0: none",
     restart, "0.2"},

    {"server.threads", integer, "0", "threads", 0, 1024, "", "event loops; 0: one a core", restart},
    {"server.drain_timeout", duration, "30", "seconds", 0, 3600, "", "how long messages in hand may take after SIGTERM"},

    {"gateway.NAME.direction", choice, "", "", 0, 0, "from-exchange|to-exchange",
     "which way mail goes: from Exchange Online to a backend, or from an MTA to a next hop", restart, "0.2"},
    {"gateway.NAME.door", choice, R"("relay")", "", 0, 0, "relay|inbound",
     "from Exchange: what is asked of a message: may it be relayed, or may it come in to our own recipients", restart, "0.2"},
    {"gateway.NAME.listen", text_list, "", "", 0, 0, "", "sockets on which clients reach us, as milter.listen", restart, "0.2"},
    {"gateway.NAME.hostname", text, R"("")", "", 0, 0, "", "our name in greeting, EHLO and Received; empty: the host's", reload, "0.2"},
    {"gateway.NAME.backend", text_list, "[]", "", 0, 0, "",
     "from Exchange: servers that get the mail, tried in order: inet:HOST:PORT, inet6:[HOST]:PORT, unix:/path", reload, "0.2"},
    {"gateway.NAME.backend_identity", choice, R"("xclient")", "", 0, 0, "xclient|proxy|none",
     "from Exchange: how the backend learns of the client: XCLIENT, PROXY protocol 2, or not at all", reload, "0.2"},
    {"gateway.NAME.backend_tls", choice, R"("none")", "", 0, 0, "none|encrypt|verify",
     "from Exchange: TLS to the backend: none, any certificate, or one of its name on a chain to the system's roots", reload, "0.2"},
    {"gateway.NAME.certificate_file", file, R"("")", "", 0, 0, "",
     "our certificate, PEM with its chain: the listener's from Exchange (empty: no STARTTLS), our client certificate to Exchange", reload,
     "0.2"},
    {"gateway.NAME.key_file", file, R"("")", "", 0, 0, "", "its private key; empty: in certificate_file", reload, "0.2"},
    {"gateway.NAME.require_tls", boolean, "false", "", 0, 0, "", "from Exchange: whether MAIL without TLS is refused", reload, "0.2"},
    {"gateway.NAME.client_ca_file", file, R"("")", "", 0, 0, "", "from Exchange: roots of client certificates, PEM; empty: the system's",
     reload, "0.2"},
    {"gateway.NAME.client_purpose", text_list, R"(["none", "client", "server"])", "", 0, 0, "",
     "from Exchange: extended key usages that a client certificate may have: none, client, server", reload, "0.2"},
    {"gateway.NAME.min_tls", choice, R"("1.2")", "", 0, 0, "1.2|1.3", "least version of TLS, on either side", reload, "0.2"},
    {"gateway.NAME.announce_xoorg", choice, R"("verified")", "", 0, 0, "verified|always|never",
     "from Exchange: to whom XOORG is announced: to a verified certificate of xoorg_names, everybody, nobody", reload, "0.2"},
    {"gateway.NAME.xoorg_names", text_list, "[]", "", 0, 0, "",
     "from Exchange: names of certificates to which XOORG is announced; empty: client_cert.names", reload, "0.2"},
    {"gateway.NAME.early_refusal", boolean, "false", "", 0, 0, "",
     "from Exchange: whether an organisation that no tenant lists is refused at MAIL; the lists are complete then", reload, "0.2"},
    {"gateway.NAME.received", choice, R"("auto")", "", 0, 0, "auto|always|never",
     "from Exchange: whether we add a Received field; auto: unless backend_identity is xclient", reload, "0.2"},
    {"gateway.NAME.hold_octets", size, R"("256 KiB")", "octets", 0, gibibyte, "",
     "of a message in memory while its verdict is pending; more goes to an unlinked file", reload, "0.2"},
    {"gateway.NAME.hold_memory", size, R"("256 MiB")", "octets", 0, 1024 * gibibyte, "",
     "of all held messages in memory; above it new octets go to the file at once", restart, "0.2"},
    {"gateway.NAME.spool_directory", file, R"("/var/spool/exota")", "", 0, 0, "", "where the unlinked files are", restart, "0.2"},
    {"gateway.NAME.spool_octets", size, R"("10 GiB")", "octets", 0, 1024 * 1024 * gibibyte, "",
     "in unlinked files in all, a tenth of it for one client address; above: 452 4.3.1", restart, "0.2"},
    {"gateway.NAME.max_sessions", integer, "10000", "sessions", 1, 1000000, "",
     "open sessions; for one more the longest idle makes room, or it is made to wait", restart, "0.2"},
    {"gateway.NAME.max_sessions_per_client", integer, "200", "sessions", 1, 1000000, "",
     "open sessions of one IPv4 address or IPv6 network of 64 bits; one more gets 421 4.7.0", restart, "0.2"},
    {"gateway.NAME.command_timeout", duration, R"("5 min")", "seconds", 1, day, "", "how long a client may take for its next command",
     reload, "0.2"},
    {"gateway.NAME.data_timeout", duration, R"("3 min")", "seconds", 1, day, "",
     "how long a client may take for the next part of a message", reload, "0.2"},
    {"gateway.NAME.backend_timeout", duration, R"("5 min")", "seconds", 1, day, "",
     "how long backend or next hop may take for a reply; twice that after the final dot", reload, "0.2"},
    {"gateway.NAME.protocol", choice, R"("smtp")", "", 0, 0, "smtp|lmtp", "to Exchange: what the MTA speaks to us", restart, "0.2"},
    {"gateway.NAME.clients", prefix_list, R"(["127.0.0.0/8", "::1"])", "", 0, 0, "",
     "to Exchange: who may send here; anybody else gets 554 5.7.1", reload, "0.2"},
    {"gateway.NAME.next_hop", text, R"("mx")", "", 0, 0, "", "to Exchange: mx (of the recipient's domain), HOST:PORT, or mx:DOMAIN", reload,
     "0.2"},
    {"gateway.NAME.tls_level", choice, R"("dane")", "", 0, 0, "may|encrypt|verify|dane|dane-only", "to Exchange: what TLS must be", reload,
     "0.2"},
    {"gateway.NAME.tls_fallback", choice, R"("encrypt")", "", 0, 0, "may|encrypt|verify",
     "to Exchange: what TLS must be under tls_level = \"dane\" where a domain has neither TLSA nor MTA-STS", reload, "0.2"},
    {"gateway.NAME.mta_sts", boolean, "true", "", 0, 0, "",
     "to Exchange: whether MTA-STS (RFC 8461) is followed where next_hop is mx and no usable TLSA was found", reload, "0.2"},
    {"gateway.NAME.mta_sts_directory", file, R"("/var/lib/exota/mta-sts")", "", 0, 0, "", "to Exchange: where its policies are kept",
     restart, "0.2"},
    {"gateway.NAME.xoorg_for", text_list, "[]", "", 0, 0, "",
     "to Exchange: which organisation is named for whom: \"CLIENT-PREFIX ORGANISATION\"", reload, "0.2"},
    {"gateway.NAME.xoorg_unannounced", choice, R"("send")", "", 0, 0, "send|defer",
     "to Exchange: what becomes of a message for which XOORG is due and not announced: sent without, or 451 4.7.4", reload, "0.2"},
    {"gateway.NAME.own_addresses", text_list, "[]", "", 0, 0, "", "to Exchange: addresses never dialled by MX, besides the host's", reload,
     "0.2"},
});

}  // namespace

std::string_view name_of(KeyType type) noexcept {
    switch (type) {
        case boolean:
            return "boolean";
        case integer:
            return "integer";
        case duration:
            return "duration";
        case size:
            return "size";
        case text:
            return "string";
        case choice:
            return "one of";
        case mode_bits:
            return "file mode";
        case file:
            return "path";
        case text_list:
            return "list of strings";
        case domain_list:
            return "list of domains";
        case authserv_ids:
            return "list of authserv-ids";
        case prefix_list:
            return "list of IP prefixes";
        case proof_list:
            return "list of proofs";
        case limit_list:
            return "list of limits";
        case domain_words:
            return "table of domains";
    }
    return "";
}

std::span<const Key> keys() noexcept { return table; }

}  // namespace exota::config
