#include "wire/milter/mta_side.h"

#include <gtest/gtest.h>

#include "wire/milter/replies.h"

namespace exota::milter::mta {
namespace {

using namespace std::string_view_literals;

template <class T>
T decoded(const std::string& bytes) {
    const auto frame = next_frame(bytes, 1 << 20);
    EXPECT_TRUE(frame && *frame && (*frame)->consumed == bytes.size());
    const auto event = decode(**frame);
    EXPECT_TRUE(event);
    return std::get<T>(*event);
}
template <class Write>
std::string written(Write write) {
    std::string out;
    write(out);
    return out;
}

TEST(MtaSide, what_it_says_is_what_the_filter_reads) {
    EXPECT_EQ(decoded<Offer>(written([](auto& o) { append_offer(o, full_offer); })), full_offer);
    const auto connect = written([](auto& o) { append_connect(o, "gw.test", Family::inet6, 0xabcd, "2001:db8::1"); });
    EXPECT_EQ(decoded<Connect>(connect).port, 0xabcd);
    EXPECT_EQ(decoded<Connect>(connect).address, "2001:db8::1");
    EXPECT_EQ(decoded<Connect>(written([](auto& o) { append_connect(o, "local", Family::unknown, 1, "x"); })).family, Family::unknown);
    EXPECT_EQ(decoded<Helo>(written([](auto& o) { append_helo(o, "h"); })).name, "h");
    const std::string_view parameters[] = {"SIZE=1", "BODY=8BITMIME"};
    const auto mail = written([&](auto& o) { append_mail(o, "<a@b.test>", parameters); });
    EXPECT_EQ(decoded<Mail>(mail).arguments.octets(), "<a@b.test>\0SIZE=1\0BODY=8BITMIME\0"sv);
    EXPECT_EQ(decoded<Recipient>(written([](auto& o) { append_recipient(o, "<c@d.test>"); })).arguments.front(), "<c@d.test>");
    EXPECT_EQ(decoded<Header>(written([](auto& o) { append_header(o, "From", " a"); })).value, " a");
    EXPECT_EQ(decoded<Body>(written([](auto& o) { append_body(o, "b\0c"sv); })).octets, "b\0c"sv);
    EXPECT_EQ(decoded<EndOfMessage>(written([](auto& o) { append_end_of_message(o, "z"); })).octets, "z");
    EXPECT_EQ(decoded<UnknownCommand>(written([](auto& o) { append_unknown(o, "FOO"); })).line, "FOO");
    const auto macros = written([](auto& o) { append_macros(o, Command::mail, {{"i", "QID"}, {"{x}", ""}}); });
    EXPECT_EQ(decoded<MacroDefinitions>(macros).name_values.octets(), "i\0QID\0{x}\0\0"sv);
    decoded<Data>(written(append_data));
    decoded<EndOfHeader>(written(append_end_of_header));
    decoded<Abort>(written(append_abort));
    decoded<Quit>(written(append_quit));
    decoded<QuitNewConnection>(written(append_quit_new_connection));
}

TEST(MtaSide, reads_what_the_filter_answers) {
    const Terms terms{6, 0, step::header_leading_space};
    std::string out;
    append_continue(out);
    append_reply(out, {550, "5.7.1", "100%"});
    append_header_edit(out, {mail::EditOp::add, 0, "X", "y"}, terms);
    append_header_edit(out, {mail::EditOp::remove, 3, "X", ""}, terms);
    append_quarantine(out, "held");
    append_progress(out);
    std::string_view rest = out;
    const auto replies = take_replies(rest);
    ASSERT_TRUE(replies);
    const std::vector<FilterReply> want{Plain{ReplyCode::continue_},
                                        ReplyLine{"550 5.7.1 100%"},
                                        HeaderChange{ReplyCode::add_header, 0, "X", " y"},
                                        HeaderChange{ReplyCode::change_header, 3, "X", ""},
                                        Quarantine{"held"},
                                        Plain{ReplyCode::progress}};
    EXPECT_EQ(*replies, want);
    EXPECT_TRUE(rest.empty());
}

TEST(MtaSide, refuses_answers_that_an_mta_would_misread) {
    for (const std::string_view bytes :
         {"\0\0\0\5y55%\0"sv, "\0\0\0\6y5%5x\0"sv, "\0\0\0\2cx"sv, "\0\0\0\1?"sv, "\0\0\0\2q."sv, "\0\0\0\3iab"sv, "\0\0\0\2O."sv}) {
        std::string_view rest = bytes;
        EXPECT_FALSE(take_replies(rest)) << bytes;
    }
}

}  // namespace
}  // namespace exota::milter::mta
