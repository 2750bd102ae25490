#include "programs/received.h"

#include <gtest/gtest.h>

namespace exota::programs {
namespace {

std::string text_of(const Received& r) {
    std::string out = "helo=" + r.helo + " client=" + r.client.value_or("-") + " tls=" + r.tls_version.value_or("-") +
                      " certificate=" + r.certificate.value_or("-") + " by=" + r.by + " id=" + r.queue_id;
    if (!r.tells_of_tls) out += " silent";
    if (r.authenticated) out += " authenticated";
    if (r.recipient) out += " for=" + *r.recipient;
    return out;
}

const std::string head = "from out.test (unknown [40.92.0.10])";
const std::string tls =
    "\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits) "
    "server-digest SHA256)";
const std::string tail = "\r\n\tby mx.test (Postfix) with ESMTPS id 4XyZ\r\n\tfor <bob@dest.test>; Sat, 28 Nov 2026 10:00:00 +0000 (UTC)";
const std::string by = " by=mx.test id=4XyZ";

std::string with_names(std::string_view names) { return head + tls + "\r\n\t(" + std::string(names) + ")" + tail; }

TEST(Received, ReadsWhatPostfixWrites) {
    const std::string start = "helo=out.test client=40.92.0.10 tls=TLSv1.3 certificate=";
    const struct {
        std::string value, want;
    } cases[] = {
        {with_names(R"(Client CN "mail.protection.outlook.com", Issuer "Test Root CA" (verified OK))"),
         start + "mail.protection.outlook.com" + by + " for=bob@dest.test"},
        {with_names(R"(Client CN "mail.protection.outlook.com", Issuer "Test (R) Root" (not verified))"),
         start + "-" + by + " for=bob@dest.test"},
        {with_names(R"(Client CN "", Issuer "Test Root CA" (verified OK))"), start + by + " for=bob@dest.test"},
        {with_names("No client certificate requested"), start + "-" + by + " for=bob@dest.test"},
        {with_names("Client did not present a certificate"), start + "-" + by + " for=bob@dest.test"},
        {head + tls + " (Authenticated sender: jane)" + tail, start + "-" + by + " authenticated for=bob@dest.test"},
        {"from a (b.test [IPv6:2001:db8::9]) by mx.test (Postfix) with ESMTPSA id 1A; x",
         "helo=a client=2001:db8::9 tls=TLS certificate=- by=mx.test id=1A silent authenticated"},
        {"from a b (b.test [192.0.2.1])\n\tby mx.test (Postfix) with SMTP id 1A; x",
         "helo=a b client=192.0.2.1 tls=- certificate=- by=mx.test id=1A"},
        {"from a (localhost [local]) by mx.test (Mail) with ESMTP id 1A; x", "helo=a client=- tls=- certificate=- by=mx.test id=1A"},
    };
    for (const auto& c : cases) {
        const auto read = parse_received(c.value);
        ASSERT_TRUE(read) << c.value << ": " << read.error().detail;
        EXPECT_EQ(text_of(*read), c.want) << c.value;
    }
}

TEST(Received, TakesNothingThatCouldBeReadOtherwise) {
    const std::string cases[] = {
        "",
        "from",
        "by mx.test (Postfix, from userid 0) id 1A; x",
        "from a by b; x",
        "from a (b) by mx.test (Postfix) with ESMTP id 1A; x",
        "from a (b [nowhere]) by mx.test (Postfix) with ESMTP id 1A; x",
        // Exchange, Sendmail, Gmail.
        "from A.prod.outlook.com (2603:10a6::1) by B.prod.outlook.com (2603:10a6::2) with Microsoft SMTP Server (version=TLS1_2, c=x) id "
        "15.20.1; x",
        "from a (b [192.0.2.1]) by B.prod.outlook.com (2603:10a6::2) with Microsoft SMTP Server (version=TLS1_2) id 15.20.1; x",
        "from a (b [192.0.2.1]) by mx.test (8.17.1/8.17.1) with ESMTPS id 1A; x",
        "from a (b. [192.0.2.1]) by mx.google.com with ESMTPS id 1A for <x@y.test> (version=TLS1_3); x",
        // A client's names that end in more than one place, and comments that only it can have written.
        with_names(R"x(Client CN "mail.protection.outlook.com", Issuer "x" (verified OK)", Issuer "Evil" (not verified))x"),
        with_names(R"x(Client CN "a", Issuer "b" (verified OK), perhaps)x"),
        with_names(R"(Client CN "a")"),
        with_names("hello"),
        head + " (using TLSv1.3 by mx.test (Postfix) with ESMTPS id 1A; x",
        head + " by mx.test (Postfix) with ESMTPS id ; x",
        head + " by mx.test (Postfix) with ESMTPS id 1/A; x",
        head + " by mx.test (Postfix) with ESMTPS id 1A",
        head + " by mx.test (Postfix) with ESMTPS id 1A for <bob; x",
        "from a\n(b [192.0.2.1]) by mx.test (Postfix) with ESMTP id 1A; x",  // line ends that fold nothing
        "from a\r (b [192.0.2.1]) by mx.test (Postfix) with ESMTP id 1A; x",
        "from \x1b[2K (b [192.0.2.1]) by mx.test (Postfix) with ESMTP id 1A; x",
        "from \xc3\xa4 (b [192.0.2.1]) by mx.test (Postfix) with ESMTP id 1A; x",
    };
    for (const std::string& value : cases) {
        const auto read = parse_received(value);
        EXPECT_FALSE(read) << value << text_of(*read);
        if (!read) EXPECT_FALSE(read.error().detail.empty());
    }
}

}  // namespace
}  // namespace exota::programs
