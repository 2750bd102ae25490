// Header fields that nobody reads are passed in one loop (MilterSession::State_::take_header_fields). What stands among them is seen as if
// each frame came by itself: a field of the header firewall, one that is read, a frame that breaks its grammar.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "decision/render.h"
#include "gate/milter_session.h"
#include "gate/session_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using namespace std::string_view_literals;
using State = MilterSession::State;
using decision::Reason;

/// How much of `rest` comes next.
struct Way {
    std::string_view name;
    std::size_t (*piece)(std::string_view rest);
};
constexpr Way ways[] = {
    {"one burst", [](std::string_view rest) { return rest.size(); }},
    {"frame by frame", [](std::string_view rest) { return (*milter::next_frame(rest, 1 << 20))->consumed; }},
    {"octet by octet", [](std::string_view) { return std::size_t{1}; }},
};

struct Field {
    std::string_view name, value;
};

/// As it is, while the writers of replies and of the MTA's side let no NUL through.
void append_raw_header(std::string& out, const Field& field) {
    std::string frame(1, static_cast<char>(Command::header));
    frame.append(field.name).append(1, '\0').append(field.value).append(1, '\0');
    for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(frame.size() >> shift & 0xff);
    out += frame;
}

class SessionBurst : public SessionTest {
protected:
    void SetUp() override {
        Snapshot snapshot = snapshot_of(tenants);
        snapshot.rules.header_firewall = true;
        use(std::move(snapshot));
    }
    /// A message with fifty fields that nobody reads, and `field` in their middle.
    /// @param macros  Postfix says them before each field, the same each time.
    static void append_message(Mta& mta, const Field& field, bool macros) {
        mta.envelope();
        mta.header("contoso.test", true);
        for (int i = 0; i < 50; ++i) {
            if (macros) mta::append_macros(mta.out, Command::header, {{"i", "QID1"}});
            if (i == 25) append_raw_header(mta.out, field);
            mta::append_header(mta.out, "X-Plain-" + std::to_string(i), " value");
        }
        mta.end();
    }
    /// Sends `out` in pieces; everything that the filter answered.
    static std::vector<mta::FilterReply> say(Mta& mta, const Way& way) {
        const std::string said = std::exchange(mta.out, {});
        std::vector<mta::FilterReply> replies;
        for (std::string_view rest = said; !rest.empty();) {
            const std::size_t octets = way.piece(rest);
            mta.out = rest.substr(0, octets);
            rest.remove_prefix(octets);
            std::ranges::move(mta.say(), std::back_inserter(replies));
        }
        return replies;
    }
    /// @param version  of the protocol: from 6 on no header field is answered.
    static void begin(Mta& mta, std::uint32_t version) {
        mta.greet(mta::offer_of_version(version));
        mta.connect();
        mta.helo_tls();
        mta.say();
    }
};

TEST_F(SessionBurst, a_field_among_fifty_is_seen_as_if_it_came_alone) {
    struct Case {
        Field field;
        Reason reason;
        std::size_t firewall;
    };
    const Case cases[] = {
        {{"X-Plain", " value"}, Reason::authorised, 0},
        {{"X-MS-Exchange-Organization-AuthAs", " Internal"}, Reason::authorised, 1},
        {{"x-ms-exchange-ORGANIZATION-authas", " Internal"}, Reason::authorised, 1},
        {{"From", " Joe <joe@fabrikam.test>"}, Reason::from_ambiguous, 0},
    };
    for (const Case& c : cases)
        for (const std::uint32_t version : {2u, 6u})
            for (const bool macros : {false, true}) {
                std::vector<mta::FilterReply> as_one;
                std::string decided_of_one;
                for (const Way& way : ways) {
                    SCOPED_TRACE(std::string(c.field.name) + ", version " + std::to_string(version) + ", " + std::string(way.name));
                    Mta mta(judge);
                    begin(mta, version);
                    append_message(mta, c.field, macros);
                    const std::size_t before = recorder.messages.size();
                    const std::vector<mta::FilterReply> replies = say(mta, way);
                    ASSERT_EQ(recorder.messages.size(), before + 1);
                    EXPECT_EQ(mta.state, State::reading);
                    EXPECT_EQ(last().decision.reason, c.reason);
                    EXPECT_EQ(last().evidence.header.firewall.size(), c.firewall);
                    const auto removed = std::ranges::count_if(replies, [&](const mta::FilterReply& reply) {
                        const auto* change = std::get_if<mta::HeaderChange>(&reply);
                        return change != nullptr && change->name == c.field.name && change->value.empty();
                    });
                    EXPECT_EQ(static_cast<std::size_t>(removed), c.firewall) << "whoever reads the message must not see it";
                    const std::string decided = decision::to_json(last().decision, last().evidence);
                    if (&way == ways) {
                        as_one = replies;
                        decided_of_one = decided;
                    }
                    EXPECT_EQ(replies, as_one);
                    EXPECT_EQ(decided, decided_of_one);
                }
            }
    EXPECT_TRUE(recorder.errors.empty());
}

/// The MTA cut name from value; a NUL in either would let two readers cut differently.
TEST_F(SessionBurst, a_frame_with_a_nul_among_fifty_ends_the_connection) {
    const Field cases[] = {{"X", " a\0b"sv}, {"X", "\0"sv}, {"X", " a\0"sv}, {"X\0Y"sv, " v"}, {"", " v"}, {"From", " j@contoso.test\0"sv}};
    for (const Field& field : cases)
        for (const std::uint32_t version : {2u, 6u})
            for (const bool macros : {false, true}) {
                std::vector<mta::FilterReply> as_one;
                for (const Way& way : ways) {
                    SCOPED_TRACE(std::string(field.name) + ", version " + std::to_string(version) + ", " + std::string(way.name));
                    Mta mta(judge);
                    begin(mta, version);
                    append_message(mta, field, macros);
                    recorder.errors.clear();
                    const std::vector<mta::FilterReply> replies = say(mta, way);
                    EXPECT_EQ(mta.state, State::closing);
                    EXPECT_EQ(recorder.errors, std::vector<std::string>{"malformed payload"});
                    // MAIL, RCPT, four fields and the twenty-five before it, where the version has answers to them.
                    EXPECT_EQ(replies.size(), version == 6 ? 0U : 31U);
                    if (&way == ways) as_one = replies;
                    EXPECT_EQ(replies, as_one) << "what stands before it is answered, nothing behind it";
                }
            }
    EXPECT_TRUE(recorder.messages.empty()) << "half a header is judged by nobody";
}

}  // namespace
}  // namespace exota::gate
