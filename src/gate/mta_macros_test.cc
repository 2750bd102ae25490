#include "gate/mta_macros.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::gate {
namespace {

using namespace std::string_view_literals;
using evidence::CertificateHint;
using milter::Command;
using milter::Macros;

Macros macros_of(Command stage, std::string_view pairs) {
    Macros macros;
    EXPECT_TRUE(macros.define({stage, milter::StringList(pairs)}, 65536));
    return macros;
}

TEST(MtaMacros, who_verified_what) {
    struct Case {
        std::string_view name, mta, macros;
        std::string_view want;
        CertificateHint hint;
    };  // "-": no verified certificate
    const Case cases[] = {
        {"postfix, verified", "Postfix 3.7.11", "{tls_version}\0TLSv1.3\0{cert_subject}\0a.test\0"sv, "a.test", CertificateHint::none},
        {"postfix, verified without a name", "Postfix 3.7.11", "{tls_version}\0TLSv1.3\0{cert_subject}\0\0"sv, "", CertificateHint::none},
        {"postfix, none", "Postfix 3.7.11", "{tls_version}\0TLSv1.3\0"sv, "-", CertificateHint::no_certificate_seen},
        {"postfix, no TLS", "Postfix 3.7.11", ""sv, "-", CertificateHint::none},
        {"postfix by another name of version", "Postfix", "{cert_subject}\0a.test\0"sv, "a.test", CertificateHint::none},
        {"postfix ignores what only Sendmail says", "Postfix 3.7.11", "{verify}\0OK\0{cn_subject}\0a.test\0"sv, "-", CertificateHint::none},
        {"sendmail, verified", "8.17.1", "{verify}\0OK\0{cn_subject}\0a.test\0{cert_subject}\0/CN=b.test\0"sv, "a.test",
         CertificateHint::none},
        {"sendmail, verified without a name", "8.17.1", "{verify}\0OK\0"sv, "", CertificateHint::none},
        {"sendmail, failed", "8.17.1", "{tls_version}\0TLSv1.2\0{verify}\0FAIL\0{cn_subject}\0a.test\0"sv, "-",
         CertificateHint::not_verified},
        {"sendmail, temporary trouble", "8.17.1", "{verify}\0TEMP\0{cn_subject}\0a.test\0"sv, "-", CertificateHint::not_verified},
        {"sendmail, none presented", "8.17.1", "{tls_version}\0TLSv1.2\0{verify}\0NO\0"sv, "-", CertificateHint::no_certificate_seen},
        {"sendmail, no TLS", "8.17.1", "{verify}\0NONE\0"sv, "-", CertificateHint::none},
        {"sendmail, verify not sent", "8.17.1", "{tls_version}\0TLSv1.2\0{cn_subject}\0a.test\0"sv, "-", CertificateHint::no_verify_macro},
        {"nobody says who it is", "", "{cert_subject}\0mail.protection.outlook.com\0"sv, "-", CertificateHint::no_verify_macro},
        {"the name in another letter case is another MTA", "postfix", "{cert_subject}\0a.test\0"sv, "-", CertificateHint::no_verify_macro},
    };
    for (const Case& c : cases) {
        const evidence::Tls tls = tls_of(macros_of(Command::helo, c.macros), c.mta);
        const std::string* const name = evidence::value_of(tls.certificate_name);
        EXPECT_EQ(name ? *name : "-", c.want) << c.name;
        EXPECT_EQ(tls.hint, c.hint) << c.name;
    }
}

TEST(MtaMacros, where_the_client_is) {
    struct Case {
        std::string_view name;
        milter::Family family;
        std::string_view address, client_addr, want;
    };
    using enum milter::Family;
    const Case cases[] = {
        {"v4", inet, "192.0.2.1", "", "192.0.2.1"},
        {"v6 bare", inet6, "2001:db8::1", "IPv6:2001:db8::1", "2001:db8::1"},
        {"v6 tagged", inet6, "IPv6:2001:db8::1", "", "2001:db8::1"},
        {"mapped", inet6, "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"},
        {"they differ", inet, "192.0.2.1", "192.0.2.2", "conflicting"},
        {"the macro is no address", inet, "192.0.2.1", "unknown", "192.0.2.1"},
        {"no address where one should be", inet, "nonsense", "", "malformed"},
        {"empty", inet6, "", "", "malformed"},
        {"local", unix_socket, "/run/sock", "192.0.2.1", "absent"},
        {"unknown", unknown, "", "192.0.2.1", "absent"},
    };
    for (const Case& c : cases) {
        const Macros macros = c.client_addr.empty()
                                  ? Macros()
                                  : macros_of(Command::connect, std::string("{client_addr}\0"sv) + std::string(c.client_addr) + '\0');
        const evidence::Client client = client_of({"host.test", c.family, 1, c.address}, macros);
        const auto* address = evidence::value_of(client.address);
        const std::string got = address                                                         ? address->text()
                                : std::holds_alternative<evidence::Conflicting>(client.address) ? "conflicting"
                                : std::holds_alternative<evidence::Malformed>(client.address)   ? "malformed"
                                                                                                : "absent";
        EXPECT_EQ(got, c.want) << c.name;
        EXPECT_EQ(client.name, "host.test");
    }
}

TEST(MtaMacros, an_mta_without_a_name_is_read_as_the_predecessor_read_it_only_where_that_is_asked) {
    struct Case {
        std::string_view macros, mta;
        bool as_unknown, as_postfix;  // whether the certificate's name is observed
    };
    const Case cases[] = {
        {"{cert_subject}\0a.test\0"sv, "", false, true},
        {"{cert_subject}\0a.test\0"sv, "Postfix 3.7.11", true, true},
        {"{cert_subject}\0a.test\0"sv, "8.17.1", false, false},
        {"{cert_subject}\0a.test\0{verify}\0FAIL\0"sv, "", false, false},
        {"{cn_subject}\0a.test\0{verify}\0OK\0"sv, "", true, true},
        {"{cn_subject}\0a.test\0"sv, "", false, false},
    };
    for (const Case& c : cases) {
        const Macros macros = macros_of(Command::helo, c.macros);
        EXPECT_EQ(evidence::value_of(tls_of(macros, c.mta).certificate_name) != nullptr, c.as_unknown) << c.macros << c.mta;
        EXPECT_EQ(evidence::value_of(tls_of(macros, c.mta, Unnamed::postfix).certificate_name) != nullptr, c.as_postfix)
            << c.macros << c.mta;
    }
}

/// Only the MTA writes macros, so its last word counts, for the address as for everything else.
TEST(MtaMacros, the_address_that_a_later_stage_names_counts) {
    Macros macros = macros_of(Command::connect, "{client_addr}\000192.0.2.2\0"sv);
    ASSERT_TRUE(macros.define({Command::mail, milter::StringList("{client_addr}\000192.0.2.1\0"sv)}, 1000));
    const milter::Connect event{.host = "host.test", .family = milter::Family::inet, .port = 1, .address = "192.0.2.1"};
    EXPECT_NE(evidence::value_of(client_of(event, macros).address), nullptr);
    macros.end_message();
    EXPECT_TRUE(std::holds_alternative<evidence::Conflicting>(client_of(event, macros).address));
}

TEST(MtaMacros, the_last_word_on_the_session_counts) {
    const evidence::MessageLimits limits;
    const milter::Connect event{.host = "host.test", .family = milter::Family::inet, .port = 1, .address = "192.0.2.1"};
    Macros macros = macros_of(Command::connect, "v\0Postfix 3.7.11\0"sv);
    macros.connect();
    ASSERT_TRUE(
        macros.define({Command::helo, milter::StringList("{tls_version}\0TLSv1.3\0{cipher}\0X\0{cert_subject}\0a.test\0"sv)}, 1000));
    macros.helo();
    ASSERT_TRUE(macros.define({Command::mail, milter::StringList("{auth_type}\0PLAIN\0{auth_authen}\0me\0"sv)}, 1000));
    macros.mail();
    ASSERT_TRUE(macros.define({Command::recipient, milter::StringList("{cert_subject}\0b.test\0i\0Q1\0"sv)}, 1000));
    evidence::Collector collector(limits);
    collector.mail("jane@a.test");
    collector.recipient("bob@b.test");
    note_mta_facts(event, "host.test", macros, Unnamed::unknown, collector);
    const evidence::Evidence seen = collector.finish();
    EXPECT_EQ(seen.session.mta, "Postfix 3.7.11");
    EXPECT_EQ(seen.session.helo, "host.test");
    EXPECT_EQ(seen.session.client.name, "host.test");
    EXPECT_EQ(seen.session.tls.cipher, "X");
    ASSERT_NE(evidence::value_of(seen.session.tls.certificate_name), nullptr);
    EXPECT_EQ(*evidence::value_of(seen.session.tls.certificate_name), "b.test");
    EXPECT_TRUE(seen.session.authenticated);
    EXPECT_EQ(seen.envelope.queue_id, "Q1");
    EXPECT_EQ(seen.envelope.recipient_count, 1U) << "the message stays as it was";
}

}  // namespace
}  // namespace exota::gate
