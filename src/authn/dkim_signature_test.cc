#include "authn/dkim_signature.h"

#include <gtest/gtest.h>

#include "authn/dkim_sign_helper.h"

namespace exota::authn {
namespace {

const std::string digest = test_digest_base64("");

/// A good field in which `name` has another value (nullopt: is missing).
std::string field_with(std::string_view name, std::optional<std::string_view> value) {
    std::vector<std::pair<std::string, std::string>> tags = {{"v", "1"},       {"a", "rsa-sha256"}, {"d", "example.com"}, {"s", "sel"},
                                                             {"h", "From:To"}, {"bh", digest},      {"b", "AAAA"}};
    bool found = false;
    std::string out;
    for (auto& [tag, text] : tags) {
        if (tag == name) {
            found = true;
            if (!value) continue;
            text = *value;
        }
        out += tag + '=' + text + "; ";
    }
    if (!found && value) out.append(name).append("=").append(*value).append(";");
    return out;
}

TEST(Signature, each_tag_is_checked) {
    struct Case {
        const char* tag;
        std::optional<std::string_view> value;
        const char* problem;  // nullptr: good
    };
    const Case cases[] = {
        {"v", "1", nullptr},
        {"v", std::nullopt, "v="},
        {"v", "2", "v="},
        {"v", "01", "v="},
        {"v", "1.0", "v="},
        {"v", "", "v="},
        {"a", std::nullopt, "no a="},
        {"a", "ed25519-sha256", nullptr},
        {"a", "rsa-sha1", "rsa-sha1"},
        {"a", "rsa-sha512", "algorithm"},
        {"a", "RSA-SHA256", "algorithm"},
        {"a", "ed25519-sha512", "algorithm"},
        {"a", "", "algorithm"},
        {"b", std::nullopt, "no b="},
        {"b", "", "empty"},
        {"b", "AA AA\r\n AAAA", nullptr},
        {"b", "AAA", "base64"},
        {"b", "AA!A", "base64"},
        {"bh", std::nullopt, "no bh="},
        {"bh", "", "bh="},
        {"bh", "AAAA", "bh="},
        {"d", std::nullopt, "no d="},
        {"d", "", "d="},
        {"d", "example..com", "d="},
        {"d", "example.com.", "d="},
        {"d", "exam ple.com", "d="},
        {"d", "192.0.2.1", "d="},
        {"d", "-a.example", "d="},
        {"d", "EXAMPLE.com", nullptr},
        {"d", "com", nullptr},
        {"s", std::nullopt, "no s="},
        {"s", "", "s="},
        {"s", "a.b", nullptr},
        {"s", "a..b", "s="},
        {"s", ".a", "s="},
        {"s", "a.", "s="},
        {"s", "a/b", "s="},
        {"h", std::nullopt, "no h="},
        {"h", "", "h= is empty"},
        {"h", "To:Subject", "From"},
        {"h", "X-From:Fro", "From"},
        {"h", "fRoM", nullptr},
        {"h", "From : To\r\n : Subject", nullptr},
        {"h", "From::To", "h= names no"},
        {"h", "From:", "h= names no"},
        {"h", "From:T o", "h= names no"},
        {"h", "From:From:From", nullptr},
        {"c", "simple", nullptr},
        {"c", "relaxed", nullptr},
        {"c", "relaxed/relaxed", nullptr},
        {"c", "relaxed/nofws", "c="},
        {"c", "relaxed/", "c="},
        {"c", "/relaxed", "c="},
        {"c", "relaxed/simple/simple", "c="},
        {"c", "Relaxed", "c="},
        {"c", "", "c="},
        {"q", "dns/txt", nullptr},
        {"q", "other:dns/txt", nullptr},
        {"q", "other", "q="},
        {"q", "", "q="},
        {"i", "@example.com", nullptr},
        {"i", "joe@example.com", nullptr},
        {"i", "joe@sub.EXAMPLE.com", nullptr},
        {"i", "joe@example.org", "i="},
        {"i", "joe@badexample.com", "i="},
        {"i", "joe@com", "i="},
        {"i", "joe", "i="},
        {"i", "", "i="},
        {"i", "joe@", "i="},
        {"i", "joe@example.org@example.com", nullptr},  // the last '@' divides
        {"i", "joe@example.com@example.org", "i="},
        {"i", "=6Aoe@example.com", nullptr},
        {"i", "=6@example.com", "quoted"},
        {"i", "=6aoe@example.com", "quoted"},
        {"i", "joe=40example.org@example.com", nullptr},
        {"i", "joe@example.com=", "quoted"},
        {"l", "0", nullptr},
        {"l", "99999999999999999999999999", nullptr},
        {"l", "", "l="},
        {"l", "-1", "l="},
        {"t", "1", nullptr},
        {"t", "abc", "t="},
        {"t", "", "t="},
        {"t", "1234567890123", "t="},
        {"x", "1", nullptr},
        {"x", "1x", "x="},
        {"t", "5; x=6", nullptr},
        {"t", "5; x=5", "x="},
        {"t", "5; x=4", "x="},
        {"unknown", "any thing", nullptr},
        {"z", "From:foo|To:bar", nullptr},
        {"k", "5; k=6", "twice"},
    };
    for (const Case& c : cases) {
        SignatureNames names;
        const auto signature = parse_signature(field_with(c.tag, c.value), SignatureKind::dkim, {}, names);
        const std::string what = std::string(c.tag) + "=" + std::string(c.value.value_or("(missing)"));
        if (c.problem == nullptr) {
            EXPECT_TRUE(signature) << what << ": " << signature.error().detail;
        } else {
            ASSERT_FALSE(signature) << what;
            EXPECT_NE(signature.error().detail.find(c.problem), std::string::npos) << what << ": " << signature.error().detail;
        }
    }
}

TEST(Signature, gives_what_was_written_in_canonical_form) {
    SignatureNames names;
    const auto signature =
        parse_signature(field_with("i", "joe=20doe@Sub.Example.com; c=relaxed; l=5; t=6; x=7; s2=x"), SignatureKind::dkim, {}, names);
    ASSERT_TRUE(signature) << signature.error().detail;
    EXPECT_EQ(signature->sdid->text(), "example.com");
    EXPECT_EQ(signature->key_name, "sel._domainkey.example.com");
    EXPECT_EQ(signature->auid, "joe doe@Sub.Example.com");
    EXPECT_TRUE(signature->auid_is_below);
    EXPECT_EQ(signature->header_canonicalization, Canonicalization::relaxed);
    EXPECT_EQ(signature->body_canonicalization, Canonicalization::simple) << "c= with one word says nothing of the body";
    EXPECT_EQ(signature->body_octets, 5U);
    EXPECT_EQ(signature->signed_names, (std::vector<std::string>{"From", "To"}));
    EXPECT_EQ(names.algorithm, "rsa-sha256");
}

TEST(Signature, of_an_internationalised_domain_asks_for_a_labels) {  // RFC 8616
    SignatureNames names;
    const auto signature = parse_signature(field_with("d",
                                                      "b\xc3\xbc"
                                                      "cher.example"),
                                           SignatureKind::dkim, {}, names);
    ASSERT_TRUE(signature) << signature.error().detail;
    EXPECT_EQ(signature->key_name, "sel._domainkey.xn--bcher-kva.example");
    EXPECT_EQ(signature->sdid->text(), "xn--bcher-kva.example");
    EXPECT_TRUE(parse_signature(field_with("d",
                                           "b\xc3\xbc"
                                           "cher.example; i=@b\xc3\xbc"
                                           "cher.example"),
                                SignatureKind::dkim, {}, names));
}

TEST(Signature, names_itself_even_when_it_is_bad) {
    SignatureNames names;
    EXPECT_FALSE(parse_signature(field_with("v", "2"), SignatureKind::dkim, {}, names));
    EXPECT_EQ(names.sdid, "example.com");
    EXPECT_EQ(names.selector, "sel");
}

TEST(Signature, has_limits) {
    SignatureNames names;
    const std::string field = field_with("h", "From:To:Cc");
    EXPECT_TRUE(parse_signature(field, SignatureKind::dkim, {.max_signed_names = 3}, names));
    EXPECT_FALSE(parse_signature(field, SignatureKind::dkim, {.max_signed_names = 2}, names));
    EXPECT_TRUE(parse_signature(field, SignatureKind::dkim, {.max_field_octets = field.size()}, names));
    EXPECT_FALSE(parse_signature(field, SignatureKind::dkim, {.max_field_octets = field.size() - 1}, names));
    EXPECT_TRUE(parse_signature(field, SignatureKind::dkim, {.max_tags = 7}, names));
    EXPECT_FALSE(parse_signature(field, SignatureKind::dkim, {.max_tags = 6}, names));
}

TEST(ArcMessageSignature, differs_from_dkim_in_three_points) {  // RFC 8617 section 4.1.2
    SignatureNames names;
    EXPECT_TRUE(parse_signature(field_with("v", std::nullopt), SignatureKind::arc_message, {}, names)) << "no v=";
    EXPECT_TRUE(parse_signature(field_with("i", "7"), SignatureKind::arc_message, {}, names)) << "i= is a number";
    EXPECT_FALSE(parse_signature(field_with("h", "From:arc-SEAL"), SignatureKind::arc_message, {}, names));
    EXPECT_TRUE(parse_signature(field_with("h", "From:arc-seal"), SignatureKind::dkim, {}, names));
}

}  // namespace
}  // namespace exota::authn
