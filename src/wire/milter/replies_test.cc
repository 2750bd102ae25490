#include "wire/milter/replies.h"

#include <gtest/gtest.h>

namespace exota::milter {
namespace {

using namespace std::string_view_literals;

template <class Write>
std::string written(Write write) {
    std::string out;
    write(out);
    return out;
}

TEST(Replies, have_the_octets_of_the_protocol) {
    const Terms spaced{6, 0, step::header_leading_space}, plain{2, 0, 0};
    const mail::HeaderEdit add{mail::EditOp::add, 0, "X-A", "b"}, insert{mail::EditOp::insert, 1, "X-A", "b"},
        remove{mail::EditOp::remove, 2, "X-A", ""};
    struct Case {
        std::string got;
        std::string_view want;
    };
    const Case cases[] = {
        {written(append_continue), "\0\0\0\1c"sv},
        {written(append_skip), "\0\0\0\1s"sv},
        {written(append_progress), "\0\0\0\1p"sv},
        {written([](auto& o) { append_reply(o, {550, "5.7.1", "no"}); }), "\0\0\0\16y550 5.7.1 no\0"sv},
        {written([](auto& o) { append_reply(o, {451, "4.7.1", "100%s %n"}); }), "\0\0\0\26y451 4.7.1 100%%s %%n\0"sv},
        {written([](auto& o) { append_reply(o, {250, "2.0.0", "fine"}); }), "\0\0\0\1t"sv},
        {written([](auto& o) { append_reply(o, {399, "", ""}); }), "\0\0\0\1t"sv},
        {written([](auto& o) { append_reply(o, {600, "", ""}); }), "\0\0\0\1t"sv},
        {written([&](auto& o) { append_header_edit(o, add, plain); }), "\0\0\0\7hX-A\0b\0"sv},
        {written([&](auto& o) { append_header_edit(o, add, spaced); }), "\0\0\0\10hX-A\0 b\0"sv},
        {written([&](auto& o) { append_header_edit(o, insert, spaced); }), "\0\0\0\14i\0\0\0\1X-A\0 b\0"sv},
        {written([&](auto& o) { append_header_edit(o, remove, spaced); }), "\0\0\0\12m\0\0\0\2X-A\0\0"sv},
        {written([](auto& o) { append_quarantine(o, "why"); }), "\0\0\0\5qwhy\0"sv},
        {written([](auto& o) { append_quarantine(o, "a\0b"sv); }), "\0\0\0\5qa?b\0"sv},
    };
    for (const Case& c : cases) EXPECT_EQ(c.got, c.want);
}

}  // namespace
}  // namespace exota::milter
