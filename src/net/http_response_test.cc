#include "net/http_response.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace exota::net {
namespace {

using base::Errc;

constexpr HttpLimits small{.max_header_octets = 200, .max_body_octets = 20, .max_framing_octets = 100};

struct Outcome {
    std::string body, content_type, error;
    Errc code{};
    bool open = false;  // neither whole nor wrong when the octets were over, and the peer's end was not told
};

/// With HttpTakes::any_status.
HttpAnswer answer_of_any_status(std::string_view octets, std::size_t piece) {
    HttpResponse response(small, HttpTakes::any_status);
    for (std::size_t at = 0; at < octets.size(); at += piece) {
        const auto whole = response.feed(octets.substr(at, piece));
        if (!whole) return {.content_type = {}, .body = whole.error().detail, .status = 0};
        if (*whole) return response.take();
    }
    return {.content_type = {}, .body = "open", .status = 0};
}

enum class End : std::uint8_t { none, regular, cut };

Outcome read(std::string_view octets, End end, std::size_t piece, const HttpLimits& limits = small) {
    HttpResponse response(limits);
    for (std::size_t at = 0; at < octets.size(); at += piece) {
        const auto whole = response.feed(octets.substr(at, piece));
        if (!whole) return {.body = {}, .content_type = {}, .error = whole.error().detail, .code = whole.error().code};
        if (!*whole) continue;
        HttpAnswer answer = response.take();
        return {.body = answer.body, .content_type = answer.content_type, .error = {}};
    }
    if (end == End::none) return {.body = {}, .content_type = {}, .error = {}, .code = {}, .open = true};
    if (const auto ended = response.ended(end == End::regular); !ended)
        return {.body = {}, .content_type = {}, .error = ended.error().detail, .code = ended.error().code};
    HttpAnswer answer = response.take();
    return {.body = answer.body, .content_type = answer.content_type, .error = {}};
}

TEST(HttpResponse, answers_that_are_taken) {
    const struct {
        const char *name, *octets;
        End end;
        const char *body, *content_type;
    } cases[] = {
        {"length", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", End::none, "hello", "text/plain"},
        {"nothing_in_it", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", End::none, "", ""},
        {"more_behind_it", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 500", End::none, "hello", ""},
        {"to_the_end", "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello", End::regular, "hello",
         "text/plain; charset=utf-8"},
        {"http_1_0", "HTTP/1.0 200 Fine\r\n\r\nhello", End::regular, "hello", ""},
        {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;name=value\r\nllo\r\n0\r\n\r\n", End::none, "hello",
         ""},
        {"a_trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n", End::none, "hello", ""},
        {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
         End::none, "x", ""},
        {"identity", "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", End::none, "x", ""},
        {"the_longest_body", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n12345678901234567890", End::none, "12345678901234567890", ""},
        {"the_longest_body_to_the_end", "HTTP/1.1 200 OK\r\n\r\n12345678901234567890", End::regular, "12345678901234567890", ""},
    };
    for (const auto& c : cases)
        for (const std::size_t piece : {1000u, 1u, 3u}) {
            const Outcome outcome = read(c.octets, c.end, piece);
            EXPECT_EQ(outcome.error, "") << c.name << " by " << piece;
            EXPECT_FALSE(outcome.open) << c.name << " by " << piece;
            EXPECT_EQ(outcome.body, c.body) << c.name << " by " << piece;
            EXPECT_EQ(outcome.content_type, c.content_type) << c.name << " by " << piece;
        }
}

TEST(HttpResponse, answers_that_are_none) {
    const std::string ok = "HTTP/1.1 200 OK\r\n", chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    const struct {
        const char* name;
        std::string octets;
        End end;
        Errc code;
    } cases[] = {
        {"nothing", "", End::regular, Errc::closed},
        {"half_a_header", ok + "A: b\r\n", End::regular, Errc::closed},
        {"half_a_body", ok + "Content-Length: 5\r\n\r\nhell", End::regular, Errc::closed},
        {"half_a_body_cut", ok + "Content-Length: 5\r\n\r\nhell", End::cut, Errc::closed},
        {"half_a_chunk", chunked + "5\r\nhell", End::regular, Errc::closed},
        {"no_last_chunk", chunked + "5\r\nhello\r\n", End::regular, Errc::closed},
        {"half_a_last_chunk", chunked + "5\r\nhello\r\n0\r\n", End::regular, Errc::closed},
        {"cut_where_the_end_counts", ok + "\r\nhello", End::cut, Errc::closed},
        {"interim_alone", "HTTP/1.1 100 Continue\r\n\r\n", End::regular, Errc::closed},
        {"redirect", "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.test/\r\nContent-Length: 0\r\n\r\n", End::none, Errc::unavailable},
        {"redirect_for_now", "HTTP/1.1 307 There\r\nLocation: /x\r\n\r\n", End::none, Errc::unavailable},
        {"not_modified", "HTTP/1.1 304 Same\r\n\r\n", End::none, Errc::unavailable},
        {"no_content", "HTTP/1.1 204 None\r\n\r\n", End::none, Errc::unavailable},
        {"another_success", "HTTP/1.1 206 Part\r\nContent-Length: 1\r\n\r\nx", End::none, Errc::unavailable},
        {"server_error", "HTTP/1.1 500 Oh\r\n\r\n", End::none, Errc::unavailable},
        {"not_found", "HTTP/1.1 404 No\r\n\r\n", End::none, Errc::not_found},
        {"gone", "HTTP/1.1 410 Gone\r\n\r\n", End::none, Errc::not_found},
        {"garbage", "220 mail.test ESMTP\r\n", End::none, Errc::invalid_data},
        {"one_octet_of_garbage", "2", End::none, Errc::invalid_data},
        {"garbage_and_much_of_it", "HTTP/1/.1 200 " + std::string(300, 'x'), End::none, Errc::invalid_data},
        {"http_2", "HTTP/2 200\r\n\r\n", End::none, Errc::invalid_data},
        {"no_status", "HTTP/1.1 OK\r\n\r\n", End::none, Errc::invalid_data},
        {"no_field", ok + "A b\r\n\r\n", End::none, Errc::invalid_data},
        {"a_nul", ok + std::string("A: b\0c\r\n\r\n", 10), End::none, Errc::invalid_data},
        {"no_length", ok + "Content-Length: x\r\n\r\n", End::none, Errc::invalid_data},
        {"a_length_below_nothing", ok + "Content-Length: -1\r\n\r\n", End::none, Errc::invalid_data},
        {"two_lengths", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy", End::none, Errc::invalid_data},
        {"length_and_chunks", ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", End::none, Errc::invalid_data},
        {"no_chunk_size", chunked + "x\r\n", End::none, Errc::invalid_data},
        {"a_chunk_of_no_end", chunked + "1\r\nxy\r\n0\r\n\r\n", End::none, Errc::invalid_data},
        {"a_chunk_longer_than_its_size", chunked + "1\r\nx\ry\r\n", End::none, Errc::invalid_data},
        {"chunks_by_lf", chunked + "1\nx\n0\n\n", End::none, Errc::invalid_data},
        {"a_bare_cr_in_an_extension", chunked + "1;a\rb\r\nx", End::none, Errc::invalid_data},
        {"a_nul_in_a_trailer", chunked + std::string("0\r\nA: \0\r\n\r\n", 12), End::none, Errc::invalid_data},
        {"a_size_below_nothing", chunked + "-1\r\n", End::none, Errc::invalid_data},
        {"a_size_with_0x", chunked + "0x1\r\nx\r\n", End::none, Errc::invalid_data},
        {"what_breaks_assertions_of_beast", chunked + "0\r\nhe\r\n3;name=value\r\nllo\r*0g\nA: b\r\n\r\n", End::none, Errc::invalid_data},
        {"two_types", ok + "Content-Type: a/b\r\nContent-Type: a/c\r\nContent-Length: 0\r\n\r\n", End::none, Errc::invalid_data},
        {"packed", ok + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", End::none, Errc::invalid_data},
        {"packed_second", ok + "Content-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", End::none,
         Errc::invalid_data},
        {"packed_for_the_way", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", End::none, Errc::invalid_data},
        {"body_too_long", ok + "Content-Length: 21\r\n\r\n", End::none, Errc::too_long},
        {"body_of_all_there_is", ok + "Content-Length: 18446744073709551615\r\n\r\n", End::none, Errc::too_long},
        {"chunks_too_long", chunked + "a\r\n1234567890\r\nb\r\n12345678901\r\n0\r\n\r\n", End::none, Errc::too_long},
        {"a_chunk_of_all_there_is", chunked + "ffffffffffffffff\r\nx", End::none, Errc::too_long},
        {"to_the_end_too_long", ok + "\r\n123456789012345678901", End::regular, Errc::too_long},
        {"header_too_long", ok + "A: " + std::string(200, 'x'), End::none, Errc::too_long},
        {"header_of_many_fields",
         ok +
             [] {
                 std::string fields;
                 for (int i = 0; i < 50; ++i) fields += "A: b\r\n";
                 return fields;
             }(),
         End::none, Errc::too_long},
    };
    for (const auto& c : cases)
        for (const std::size_t piece : {100'000u, 1u, 3u}) {
            const Outcome outcome = read(c.octets, c.end, piece);
            EXPECT_FALSE(outcome.open) << c.name << " by " << piece;
            EXPECT_NE(outcome.error, "") << c.name << " by " << piece;
            EXPECT_EQ(outcome.code, c.code) << c.name << " by " << piece << ": " << outcome.error;
        }
}

TEST(HttpResponse, the_limits_from_both_sides) {
    const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: ", chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const auto header = [&](std::size_t octets) { return ok + std::string(octets - ok.size() - 4, 'x') + "\r\n\r\n"; };
    EXPECT_EQ(read(header(200), End::none, 1000).error, "");
    EXPECT_EQ(read(header(201), End::none, 1000).code, Errc::too_long);

    const auto interim = [](int many) {
        std::string text;
        for (int i = 0; i < many; ++i) text += "HTTP/1.1 100 C\r\n\r\n";
        return text + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    };
    const HttpLimits wide{};
    EXPECT_EQ(read(interim(HttpResponse::max_interim), End::none, 10'000, wide).error, "");
    EXPECT_EQ(read(interim(HttpResponse::max_interim + 1), End::none, 10'000, wide).code, Errc::too_long);
    EXPECT_EQ(read(interim(8), End::none, 10'000).error, "") << "181 octets of 200";
    EXPECT_EQ(read("HTTP/1.1 100 C\r\nA: 12345678901234567890\r\n\r\n" + interim(8), End::none, 10'000).code, Errc::too_long);

    for (const std::size_t piece : {1u, 7u, 1000u}) {
        const auto extended = [&](std::size_t octets) { return chunked + "1;" + std::string(octets, 'x') + "\r\nx\r\n0\r\n\r\n"; };
        EXPECT_EQ(read(extended(80), End::none, piece).error, "") << piece;
        EXPECT_TRUE(read(chunked + "1;" + std::string(98, 'x'), End::none, piece).open) << piece;
        EXPECT_EQ(read(chunked + "1;" + std::string(99, 'x'), End::none, piece).code, Errc::too_long) << piece;
        const auto chunks = [&](int many) {
            std::string text = chunked;
            for (int i = 0; i < many; ++i) text += "1\r\nx\r\n";
            return text + "0\r\n\r\n";
        };
        EXPECT_EQ(read(chunks(19), End::none, piece).error, "") << piece;
        EXPECT_EQ(read(chunks(20), End::none, piece).code, Errc::too_long) << piece;
    }
}

TEST(HttpResponse, media_types) {
    const struct {
        const char* content_type;
        bool plain;
    } cases[] = {
        {"text/plain", true},
        {"Text/Plain", true},
        {"text/plain; charset=utf-8", true},
        {"text/plain;", true},
        {" text/plain ;x", true},
        {"text/html", false},
        {"text/plainer", false},
        {"", false},
        {"x; text/plain", false},
        {"text", false},
        {"text/plain text/html", false},
    };
    for (const auto& c : cases) EXPECT_EQ(is_media_type(c.content_type, "text/plain"), c.plain) << c.content_type;
}

TEST(HttpResponse, another_status_is_told_to_who_wants_it_and_has_no_body) {
    const struct {
        const char* octets;
        unsigned status;
        const char *retry_after, *body;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nRetry-After: 5\r\n\r\nhello", 200, "", "hello"},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 120\r\nContent-Length: 5\r\n\r\n", 429, "120", ""},
        {"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n", 503, "", ""},
        {"HTTP/1.1 301 There\r\nLocation: https://b.test/\r\n\r\n", 301, "", ""},
        {"HTTP/1.1 404 No\r\nContent-Encoding: gzip\r\n\r\n", 404, "", ""},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 21\r\n\r\n", 304, "", ""},
        {"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 500 No\r\n\r\n", 500, "", ""},
    };
    for (const auto& c : cases)
        for (const std::size_t piece : {1000u, 1u}) {
            const HttpAnswer answer = answer_of_any_status(c.octets, piece);
            EXPECT_EQ(answer.status, c.status) << c.octets << answer.body;
            EXPECT_EQ(answer.retry_after, c.retry_after) << c.octets;
            EXPECT_EQ(answer.body, c.body) << c.octets;
        }
    EXPECT_EQ(answer_of_any_status("HTTP/1.1 4x9 No\r\n\r\n", 1).status, 0U);
    EXPECT_EQ(answer_of_any_status("HTTP/1.1 429 " + std::string(small.max_header_octets, 'x'), 1).status, 0U) << "limits hold";
}

}  // namespace
}  // namespace exota::net
