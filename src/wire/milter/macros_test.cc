#include "wire/milter/macros.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::milter {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t roomy = 64 * 1024;

void define(Macros& macros, Command stage, std::string_view pairs) { ASSERT_TRUE(macros.define({stage, StringList(pairs)}, roomy)); }
/// Asked both ways, which always agree.
std::string value(const Macros& macros, std::string_view name, Macros::Scope scope = Macros::Scope::all) {
    const auto found = macros.find(name, scope);
    Macros::Wanted wanted[]{{"no such name"}, {name, scope, "left from before"}};
    macros.find(wanted);
    EXPECT_EQ(wanted[1].value, found) << name;
    return std::string(found.value_or("(none)"));
}

TEST(Macros, the_same_frame_before_every_header_field) {
    Macros macros;
    define(macros, Command::mail, "i\0first\0"sv);
    macros.mail();
    define(macros, Command::header, "i\0second\0"sv);
    const auto octets = macros.octets();
    for (int field = 0; field < 30; ++field) define(macros, Command::header, "i\0second\0"sv);
    EXPECT_EQ(macros.octets(), octets);
    define(macros, Command::end_of_header, "i\0third\0"sv);
    EXPECT_EQ(value(macros, "i"), "third");
    define(macros, Command::header, "i\0second\0"sv);
    EXPECT_EQ(value(macros, "i"), "second") << "came last";
    define(macros, Command::header, ""sv);
    EXPECT_EQ(value(macros, "i"), "third");
    macros.end_message();
    define(macros, Command::header, ""sv);
    EXPECT_EQ(value(macros, "i"), "(none)");
}

TEST(Macros, only_what_would_change_nothing_repeats) {
    const std::string_view frame = "Li\0second\0"sv;
    Macros macros;
    EXPECT_FALSE(macros.repeats(frame)) << "nothing was said yet";
    EXPECT_FALSE(macros.repeats(""sv));
    define(macros, Command::mail, "i\0second\0"sv);
    EXPECT_FALSE(macros.repeats(frame)) << "of another stage";
    EXPECT_FALSE(macros.repeats("Mi\0second\0"sv)) << "macros for MAIL begin a message";
    define(macros, Command::header, "i\0second\0"sv);
    EXPECT_TRUE(macros.repeats(frame));
    for (const std::string_view other : {"Li\0secone\0"sv, "Li\0second\0\0\0"sv, "Li\0secon"sv, "L"sv, "Ni\0second\0"sv})
        EXPECT_FALSE(macros.repeats(other));
    define(macros, Command::end_of_header, "i\0third\0"sv);
    EXPECT_FALSE(macros.repeats(frame)) << "it would hide what came since";
    define(macros, Command::header, "i\0second\0"sv);
    EXPECT_TRUE(macros.repeats(frame));
    define(macros, Command::helo, "tls_version\0TLSv1.3\0"sv);
    EXPECT_TRUE(macros.repeats(frame)) << "those of the connection are kept elsewhere";
    macros.end_message();
    EXPECT_FALSE(macros.repeats(frame));
    define(macros, Command::header, ""sv);
    EXPECT_TRUE(macros.repeats("L"sv));
    macros.clear();
    EXPECT_FALSE(macros.repeats("L"sv));
}

TEST(Macros, names_are_found_with_or_without_braces) {
    Macros macros;
    define(macros, Command::connect, "j\0gw.test\0{daemon_name}\0smtpd\0{v}\0Postfix\0"sv);
    EXPECT_EQ(value(macros, "j"), "gw.test");
    EXPECT_EQ(value(macros, "daemon_name"), "smtpd");
    EXPECT_EQ(value(macros, "v"), "Postfix");
    EXPECT_EQ(value(macros, "gw.test"), "(none)") << "a value is no name";
    EXPECT_EQ(value(macros, ""), "(none)");
}

TEST(Macros, an_empty_value_is_a_value_and_the_last_of_a_frame_counts) {
    Macros macros;
    define(macros, Command::helo, "{cert_subject}\0a\0{cert_subject}\0\0"sv);
    EXPECT_EQ(macros.find("cert_subject"), ""sv);
}

TEST(Macros, a_later_stage_hides_an_earlier_one) {
    Macros macros;
    define(macros, Command::helo, "x\0helo\0"sv);
    macros.helo();
    define(macros, Command::mail, "x\0mail\0"sv);
    macros.mail();
    EXPECT_EQ(value(macros, "x"), "mail");
    define(macros, Command::recipient, "x\0rcpt\0"sv);
    EXPECT_EQ(value(macros, "x"), "rcpt");
    define(macros, Command::recipient, "y\0rcpt2\0"sv);
    EXPECT_EQ(value(macros, "x"), "mail") << "a stage's macros are replaced as a whole";
    macros.end_message();
    EXPECT_EQ(value(macros, "x"), "helo");
}

TEST(Macros, a_helo_replaces_what_the_helo_before_brought) {
    Macros macros;
    define(macros, Command::connect, "v\0Postfix\0{tls_version}\0TLSv1.2\0"sv);
    macros.connect();
    EXPECT_EQ(value(macros, "tls_version", Macros::Scope::since_helo), "TLSv1.2") << "TLS from the first octet on";
    define(macros, Command::helo, "{cert_subject}\0a\0"sv);
    macros.helo();
    EXPECT_EQ(value(macros, "cert_subject"), "a");
    EXPECT_EQ(value(macros, "tls_version", Macros::Scope::since_helo), "(none)");
    macros.helo();  // EHLO again, this time without macros
    EXPECT_EQ(value(macros, "cert_subject"), "(none)");
    EXPECT_EQ(value(macros, "v"), "Postfix");
}

TEST(Macros, a_message_ends_with_mail_abort_and_verdict) {
    Macros macros;
    define(macros, Command::mail, "i\0ONE\0"sv);
    macros.mail();
    EXPECT_EQ(value(macros, "i"), "ONE");
    macros.mail();  // without macros of its own
    EXPECT_EQ(value(macros, "i"), "(none)");
    define(macros, Command::end_of_message, "i\0TWO\0"sv);
    define(macros, Command::mail, "x\0three\0"sv);
    macros.mail();
    EXPECT_EQ(value(macros, "i"), "(none)") << "macros for MAIL begin a message";
    define(macros, Command::recipient, "i\0FOUR\0"sv);
    macros.end_message();
    EXPECT_EQ(value(macros, "i"), "(none)");
    define(macros, Command::mail, "i\0FIVE\0"sv);
    macros.end_message();  // ABORT between the macros and the event
    macros.mail();
    EXPECT_EQ(value(macros, "i"), "(none)");
}

TEST(Macros, a_new_client_starts_with_nothing) {
    Macros macros;
    define(macros, Command::connect, "v\0Postfix\0"sv);
    macros.connect();
    define(macros, Command::helo, "{cert_subject}\0a\0"sv);
    macros.helo();
    define(macros, Command::mail, "i\0ONE\0"sv);
    macros.clear();  // QUIT_NC
    for (const char* name : {"v", "cert_subject", "i"}) EXPECT_EQ(value(macros, name), "(none)") << name;
    EXPECT_EQ(macros.octets(), 0u);
    define(macros, Command::connect, "v\0Sendmail\0"sv);
    macros.connect();
    EXPECT_EQ(value(macros, "v"), "Sendmail");
    macros.connect();  // a client without macros
    EXPECT_EQ(value(macros, "v"), "(none)");
}

TEST(Macros, the_limit_holds_on_both_sides) {
    Macros macros;
    const std::string_view pairs = "x\0abcdef\0"sv;  // 9 octets, 14 with the block's head
    EXPECT_TRUE(macros.define({Command::connect, StringList(pairs)}, 14));
    EXPECT_EQ(macros.octets(), 14u);
    EXPECT_TRUE(macros.define({Command::connect, StringList(pairs)}, 14)) << "again the same";
    EXPECT_TRUE(macros.define({Command::connect, StringList("x\0ghijkl\0"sv)}, 14)) << "replacing";
    EXPECT_EQ(macros.define({Command::helo, StringList(pairs)}, 27).error(), ProtocolError::macros_too_long);
    EXPECT_EQ(value(macros, "x"), "ghijkl") << "nothing changed";
    EXPECT_TRUE(macros.define({Command::helo, StringList(pairs)}, 28));
    // A stage of its own for every octet that a peer may invent: bounded all the same.
    std::size_t taken = 0;
    for (int c = 0; c < 256; ++c)
        if (macros.define({static_cast<Command>(c), StringList(pairs)}, 280)) ++taken;
    EXPECT_LE(macros.octets(), 280u);
    EXPECT_LT(taken, 256u);
}

}  // namespace
}  // namespace exota::milter
