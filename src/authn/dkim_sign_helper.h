// For tests: keys and signatures, so that a table can say what is signed and how. Nothing of the verifier is used to sign but its
// hash of bytes; the canonical forms are made here a second time, octet by octet and with the whole text at hand.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "authn/crypto.h"
#include "base/encode.h"
#include "base/text.h"

namespace exota::authn {

class TestSigner {
public:
    static TestSigner rsa(unsigned bits);
    static TestSigner ed25519();
    /// SubjectPublicKeyInfo of an RSA key, or the 32 octets.
    std::string public_octets() const;
    /// RSAPublicKey.
    std::string public_pkcs1() const;
    std::string record() const { return "v=DKIM1; k=" + std::string(name_of(type_)) + "; p=" + base::base64_encode(public_octets()); }
    std::string algorithm() const { return std::string(name_of(type_)) + "-sha256"; }
    std::string sign(const Sha256Digest& digest) const;

private:
    TestSigner(evp_pkey_st* key, KeyType type);
    std::shared_ptr<evp_pkey_st> key_;
    KeyType type_;
};

// --- canonical forms, written down from RFC 6376 section 3.4 once more ----------------------------------------------------------

inline std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
    return text;
}

inline std::string reference_relaxed_header(std::string_view name, std::string_view value) {
    std::string out;
    for (const char c : replace_all(std::string(value), "\r\n", "")) {
        if (!base::is_wsp(c))
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    if (out.ends_with(' ')) out.pop_back();
    return base::lower(base::trim(name)) + ':' + out;
}

inline std::string reference_body(std::string_view body, bool relaxed) {
    std::vector<std::string> lines;
    std::string text(body);
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = text.find("\r\n", at);
        lines.push_back(text.substr(at, end - at));
        at = end == std::string::npos ? text.size() : end + 2;
    }
    if (relaxed)
        for (std::string& line : lines) {
            std::string out;
            for (const char c : line)
                if (!base::is_wsp(c))
                    out += c;
                else if (!out.ends_with(' '))
                    out += ' ';
            if (out.ends_with(' ')) out.pop_back();
            line = out;
        }
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    std::string out;
    for (const std::string& line : lines) out += line + "\r\n";
    return !relaxed && out.empty() ? "\r\n" : out;
}

// --- signing -------------------------------------------------------------------------------------------------------------------

struct TestField {
    std::string name, value;  // the value with its leading blank, folds as CRLF
};

struct TestMessage {
    std::vector<TestField> fields = {
        {"From", " Joe <joe@example.com>"}, {"To", " sue@example.net"}, {"Subject", " a  test\r\n\tof folding "}};
    std::string body = "Hello  World \r\n\r\nsecond\tline\r\n\r\n\r\n";
    std::string text() const {
        std::string out;
        for (const TestField& field : fields) out += field.name + ':' + field.value + "\r\n";
        return out + "\r\n" + body;
    }
};

struct TestSignature {
    std::string domain = "example.com", selector = "sel", algorithm;  // empty: the signer's
    std::string header_form = "relaxed", body_form = "relaxed";
    std::string names = "From:To:Subject";
    std::string more;  // further tags, each ending with ';'
    std::string version = " v=1;";
    std::string field_name = "DKIM-Signature";
    long body_octets = -1;  // l=, or -1
};

inline std::string test_digest_base64(std::string_view octets) {
    Sha256 hash;
    hash.update(octets);
    const Sha256Digest digest = hash.finish();
    return base::base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

/// Puts a signature field on top of the message.
inline void sign(TestMessage& message, const TestSigner& signer, const TestSignature& how = {}) {
    const bool relaxed_header = how.header_form == "relaxed";
    std::string body = reference_body(message.body, how.body_form == "relaxed");
    if (how.body_octets >= 0) body.resize(static_cast<std::size_t>(how.body_octets));
    std::string value = how.version + " a=" + (how.algorithm.empty() ? signer.algorithm() : how.algorithm) + "; c=" + how.header_form +
                        '/' + how.body_form + "; d=" + how.domain + "; s=" + how.selector + ";\r\n\th=" + how.names + "; " + how.more +
                        (how.body_octets >= 0 ? " l=" + std::to_string(how.body_octets) + ";" : "") +
                        "\r\n bh=" + test_digest_base64(body) + ";\r\n\tb=";
    const auto canonical = [&](const TestField& field) {
        return relaxed_header ? reference_relaxed_header(field.name, field.value) : field.name + ':' + field.value;
    };
    Sha256 hash;
    std::vector<bool> taken(message.fields.size(), false);
    std::string_view names = how.names;
    while (!names.empty()) {
        const std::string_view name = base::trim(base::take_until(names, ':'));
        for (std::size_t i = message.fields.size(); i-- > 0;)
            if (!taken[i] && base::iequals(message.fields[i].name, name)) {
                taken[i] = true;
                hash.update(canonical(message.fields[i]) + "\r\n");
                break;
            }
    }
    hash.update(canonical({how.field_name, value}));
    value += replace_all(base::base64_encode(signer.sign(hash.finish())), "/", "/\r\n ");
    message.fields.insert(message.fields.begin(), {how.field_name, value});
}

struct Sealing {
    std::string chain_status;  // empty: none for the first, pass for the others
    std::string results = "mx.example; dkim=pass header.d=example.com";
    std::string seal_more;  // further tags of the seal
    TestSignature message_signature;
};

/// Seals a message as hop number `instance`, after RFC 8617 section 5.1, as "hopN.example" with selector "sel".
inline void seal(TestMessage& message, const TestSigner& signer, int instance, Sealing how = {}) {
    const std::string i = "i=" + std::to_string(instance) + ";", domain = "hop" + std::to_string(instance) + ".example";
    message.fields.insert(message.fields.begin(), {"ARC-Authentication-Results", " " + i + " " + how.results});
    how.message_signature.field_name = "ARC-Message-Signature";
    how.message_signature.version = " " + i;
    how.message_signature.domain = domain;
    sign(message, signer, how.message_signature);
    const std::string status = !how.chain_status.empty() ? how.chain_status : instance == 1 ? "none" : "pass";
    std::string value = " " + i + " a=rsa-sha256; cv=" + status + "; d=" + domain + "; s=sel; " + how.seal_more + "\r\n\tb=";
    Sha256 hash;
    for (int set = 1; set <= instance; ++set)
        for (const char* name : {"ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"})
            for (const TestField& field : message.fields)
                if (field.name == name && field.value.starts_with(" i=" + std::to_string(set) + ";"))
                    hash.update(reference_relaxed_header(field.name, field.value) + "\r\n");
    hash.update(reference_relaxed_header("ARC-Seal", value));
    message.fields.insert(message.fields.begin(), {"ARC-Seal", value + base::base64_encode(signer.sign(hash.finish()))});
}

}  // namespace exota::authn
