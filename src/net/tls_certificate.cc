#include "net/tls_certificate.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "base/ip.h"
#include "base/text.h"

namespace exota::net {

namespace {

/// The time in which all certificates so far and this one are valid.
void narrow(ChainVerdict& verdict, const X509* certificate, bool first) {
    const std::int64_t from = seconds_of(X509_get0_notBefore(certificate), INT64_MAX);
    const std::int64_t until = seconds_of(X509_get0_notAfter(certificate), INT64_MIN);
    verdict.valid_from = first ? from : std::max(verdict.valid_from, from);
    verdict.valid_until = first ? until : std::min(verdict.valid_until, until);
}

/// OpenSSL's own checks of one certificate, over the whole chain: extended key usage, key usage, basic constraints, Netscape's type.
bool serves(const STACK_OF(X509) * chain, int purpose) {
    for (int i = 0; i < sk_X509_num(chain); ++i)
        if (X509_check_purpose(sk_X509_value(chain, i), purpose, i > 0 ? 1 : 0) <= 0) return false;
    return true;
}

CertificatePurpose purpose_of(const STACK_OF(X509) * chain) {
    const bool client = serves(chain, X509_PURPOSE_SSL_CLIENT), server = serves(chain, X509_PURPOSE_SSL_SERVER);
    if (!client && !server) return CertificatePurpose::neither;
    bool named = false;
    for (int i = 0; i < sk_X509_num(chain); ++i) named = named || (X509_get_extension_flags(sk_X509_value(chain, i)) & EXFLAG_XKUSAGE) != 0;
    if (client && server) return named ? CertificatePurpose::client_and_server : CertificatePurpose::none;  // key usages rule out, too
    return client ? CertificatePurpose::client : CertificatePurpose::server;
}

/// @return  false: that is no host name, so the certificate has none.
bool add_name(std::string_view name, PeerCertificate& into) {
    const auto fits = [](char c) { return base::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '*'; };
    if (name.empty() || name.size() > PeerCertificate::max_name_octets || !std::ranges::all_of(name, fits)) {
        into.why_no_names = "a name that is none of a host";
    } else if (into.names.size() == PeerCertificate::max_names) {
        into.why_no_names = "more than " + std::to_string(PeerCertificate::max_names) + " names";
    } else {
        into.names.push_back(base::lower(name));
        return true;
    }
    into.names.clear();
    return false;
}

void read_common_name(X509& certificate, PeerCertificate& into) {
    const X509_NAME* const subject = X509_get_subject_name(&certificate);
    const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (first < 0) {
        into.why_no_names = "neither a dNSName nor a CN";
        return;
    }
    if (X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) {
        into.why_no_names = "several CNs";
        return;
    }
    unsigned char* text = nullptr;
    const int octets = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
    if (octets < 0) {
        into.why_no_names = "a CN that is no text";
        return;
    }
    add_name({reinterpret_cast<const char*>(text), static_cast<std::size_t>(octets)}, into);
    OPENSSL_free(text);
}

}  // namespace

std::int64_t seconds_of(const ASN1_TIME* time, std::int64_t if_unreadable) {
    std::tm parts{};
    return time != nullptr && ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : if_unreadable;
}

std::string_view octets_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

ChainVerdict judge_chain(X509_STORE_CTX& store) {
    ChainVerdict verdict;
    X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(&store), X509_PURPOSE_ANY);
    const bool good = X509_verify_cert(&store) == 1;
    verdict.error = X509_STORE_CTX_get_error(&store);
    if (!good && verdict.error == X509_V_OK) verdict.error = X509_V_ERR_UNSPECIFIED;
    const STACK_OF(X509)* const chain = good ? X509_STORE_CTX_get0_chain(&store) : nullptr;
    if (chain == nullptr) {
        if (X509* const own = X509_STORE_CTX_get0_cert(&store)) narrow(verdict, own, true);
        return verdict;
    }
    verdict.purpose = purpose_of(chain);
    for (int i = 0; i < sk_X509_num(chain); ++i) narrow(verdict, sk_X509_value(chain, i), i == 0);
    return verdict;
}

void read_names(X509& certificate, PeerCertificate& into) {
    int how = 0;
    const auto free_names = [](GENERAL_NAMES* names) { GENERAL_NAMES_free(names); };
    const std::unique_ptr<GENERAL_NAMES, decltype(free_names)> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, &how, nullptr)));
    if (!names && how != -1) {
        into.why_no_names = "subject alternative names that cannot be read";
        return;
    }
    bool seen = false;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_DNS) continue;
        seen = true;
        if (!add_name(octets_of(name->d.dNSName), into)) return;
    }
    if (!seen) read_common_name(certificate, into);
}

bool is_named(X509& certificate, const PeerCertificate& read, std::string_view reference) {
    // An address is named by an iPAddress SAN, never by text (RFC 6125 §1.7.2, RFC 2818 §3.1).
    if (base::IpAddress::parse(reference)) return X509_check_ip_asc(&certificate, std::string(reference).c_str(), 0) == 1;
    // The CN is nobody's name any more (RFC 9525 section 2); MTA-STS never took it (RFC 8461 section 4.1).
    constexpr unsigned how = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    return !read.names.empty() && !reference.empty() &&
           X509_check_host(&certificate, reference.data(), reference.size(), how, nullptr) == 1;
}

std::string der_of(X509& certificate) {
    unsigned char* der = nullptr;
    const int octets = i2d_X509(&certificate, &der);
    if (octets <= 0) return {};
    std::string result(reinterpret_cast<const char*>(der), static_cast<std::size_t>(octets));
    OPENSSL_free(der);
    return result;
}

}  // namespace exota::net
