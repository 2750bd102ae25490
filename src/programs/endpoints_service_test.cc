#include "programs/endpoints_service.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace exota::programs {
namespace {

using base::Errc;
using base::fail;
using Came = base::Result<net::HttpAnswer>;

constexpr Seconds now{1'700'000'000};
constexpr std::string_view version_2 = R"({"instance":"Worldwide","latest":"2"})";

Came body(std::string_view text) { return net::HttpAnswer{.content_type = {}, .body = std::string(text)}; }
Came status(unsigned number, std::string retry_after = {}) {
    return net::HttpAnswer{.content_type = {}, .body = {}, .status = number, .retry_after = std::move(retry_after)};
}

/// Answers in turn; what was asked for is noted.
struct Service {
    std::vector<Came> answers;
    std::vector<std::string> asked = {};
    ServiceAnswer ask(const ServiceQuestion& question, const EndpointsState& state) {
        return ask_service(
            [this](const std::string& target, std::size_t) {
                asked.push_back(target);
                return answers.at(asked.size() - 1);
            },
            question, state);
    }
};

ServiceQuestion question(bool force = false) {
    return {.instance = "Worldwide", .request_id = "id", .here = "abc", .now = now, .force = force};
}

TEST(EndpointsService, TheVersionComesFirstAndThenTheList) {
    Service service{{body(version_2), body("[list]")}};
    const ServiceAnswer answer = service.ask(question(), {.version = "1", .content = "abc"});
    EXPECT_EQ(answer.list, "[list]");
    EXPECT_EQ(answer.version, "2");
    EXPECT_TRUE(answer.asked);
    EXPECT_EQ(answer.not_before, now + between_questions);
    EXPECT_EQ(service.asked, (std::vector<std::string>{"/version/Worldwide?ClientRequestId=id",
                                                       "/endpoints/Worldwide?ServiceAreas=Exchange&ClientRequestId=id"}));
}

TEST(EndpointsService, WithoutAnotherVersionTheListIsNotAskedFor) {
    const struct {
        const char* name;
        EndpointsState state;
        bool force, asks_for_list;
    } cases[] = {
        {"current", {.version = "2", .content = "abc"}, false, false},
        {"the_file_is_another", {.version = "2", .content = "other"}, false, true},
        {"the_file_is_not_known", {.version = "2"}, false, true},
        {"another_version", {.version = "1", .content = "abc"}, false, true},
        {"an_older_one_and_forced", {.version = "3", .content = "abc"}, true, true},
        {"forced", {.version = "2", .content = "abc"}, true, true},
    };
    for (const auto& c : cases) {
        Service service{{body(version_2), body("[]")}};
        const ServiceAnswer answer = service.ask(question(c.force), c.state);
        EXPECT_EQ(service.asked.size(), c.asks_for_list ? 2U : 1U) << c.name;
        EXPECT_EQ(answer.list.has_value(), c.asks_for_list) << c.name;
        EXPECT_EQ(answer.exit, Exit::ok) << c.name;
        if (!c.asks_for_list) EXPECT_EQ(answer.said, "version 2 is current") << c.name;
    }
}

TEST(EndpointsService, AnOlderVersionThanWasThereIsNotTaken) {
    const struct {
        std::string_view before;
        bool is_older;
    } cases[] = {{"3", true}, {"10", true}, {"02", false}, {"003", true}, {"", false}, {"1", false}};
    for (const auto& c : cases) {
        Service service{{body(version_2), body("[]")}};
        const ServiceAnswer answer = service.ask(question(), {.version = std::string(c.before), .content = "other"});
        EXPECT_EQ(answer.exit, c.is_older ? Exit::temporary : Exit::ok) << c.before;
        EXPECT_EQ(answer.list.has_value(), !c.is_older) << c.before;
        EXPECT_EQ(answer.said.find("older than") != std::string::npos, c.is_older) << answer.said;
    }
}

TEST(EndpointsService, OnceAnHourUnlessForced) {
    const struct {
        Seconds not_before;
        bool force, asks;
    } cases[] = {
        {now + Seconds(1), false, false},   {now, false, true},
        {now - Seconds(1), false, true},    {now + Seconds(1), true, true},
        {now + longest_wait, false, false}, {now + longest_wait + Seconds(1), false, true},
    };
    for (const auto& c : cases) {
        Service service{{body(version_2), body("[]")}};
        const ServiceAnswer answer = service.ask(question(c.force), {.version = "2",
                                                                     .content = c.force ? "" : "abc",
                                                                     .not_before = c.not_before,
                                                                     .exit = static_cast<int>(Exit::temporary),
                                                                     .outcome = "429"});
        if (!c.asks) {
            EXPECT_TRUE(service.asked.empty());
            EXPECT_EQ(answer.exit, Exit::temporary) << "as the last time";
            EXPECT_NE(answer.said.find("--force"), std::string::npos);
            EXPECT_TRUE(answer.said.ends_with(": 429")) << answer.said;
            EXPECT_FALSE(answer.asked);
        } else {
            EXPECT_FALSE(service.asked.empty()) << c.not_before.count() - now.count();
        }
    }
}

TEST(EndpointsService, WhatADryRunFetchedIsNotAskedForAgainWithinTheHour) {
    const EndpointsState state{.version = "1", .content = "abc", .not_before = now + Seconds(60), .fetched_version = "2"};
    ServiceQuestion wanted = question();
    wanted.fetched = "[]";
    Service silent{{}};
    const ServiceAnswer kept = silent.ask(wanted, state);
    EXPECT_EQ(kept.exit, Exit::ok);
    EXPECT_EQ(kept.list, "[]");
    EXPECT_EQ(kept.version, "2");
    EXPECT_TRUE(kept.asked);
    EXPECT_EQ(kept.not_before, state.not_before) << "the hour does not begin anew";
    for (const bool force : {true, false}) {
        ServiceQuestion again = wanted;
        again.force = force;
        if (!force) again.now = state.not_before;
        Service service{{body(version_2), body("[1]")}};
        EXPECT_EQ(service.ask(again, state).list, "[1]") << "asked, as it may be";
        EXPECT_EQ(service.asked.size(), 2U);
    }
}

TEST(EndpointsService, EveryOtherAnswerHasItsExit) {
    const struct {
        Came came;
        Exit exit;
        bool asked;
        Seconds wait;
        std::string_view says;
    } cases[] = {
        {status(429), Exit::temporary, true, between_questions, "status 429; again possible in 60 min"},
        {status(429, "7200"), Exit::temporary, true, Seconds(7200), "again possible in 120 min"},
        {status(429, " 3601 "), Exit::temporary, true, Seconds(3601), "61 min"},
        {status(429, "10"), Exit::temporary, true, between_questions, "status 429"},
        {status(429, "-1"), Exit::temporary, true, between_questions, "status 429"},
        {status(429, "999999999"), Exit::temporary, true, longest_wait, "1440 min"},
        {status(429, "99999999999999999999999"), Exit::temporary, true, longest_wait, "1440 min"},
        {status(429, "Fri, 31 Dec 2027 23:59:59 GMT"), Exit::temporary, true, between_questions, "60 min"},
        {status(500), Exit::temporary, true, between_questions, "status 500"},
        {status(503, "7200"), Exit::temporary, true, Seconds(7200), "status 503"},
        {status(599), Exit::temporary, true, between_questions, "status 599"},
        {status(302), Exit::unavailable, true, between_questions, "not followed"},
        {status(404), Exit::unavailable, true, between_questions, "status 404"},
        {status(204), Exit::unavailable, true, between_questions, "status 204"},
        {fail(Errc::unavailable, "no way"), Exit::unavailable, false, between_questions, "no way"},
        {fail(Errc::timeout, "late"), Exit::unavailable, false, between_questions, "late"},
        {fail(Errc::closed, "cut"), Exit::unavailable, false, between_questions, "cut"},
        {fail(Errc::too_long, "long"), Exit::bad_data, true, between_questions, "long"},
        {fail(Errc::invalid_data, "no HTTP"), Exit::bad_data, true, between_questions, "no HTTP"},
    };
    for (const auto& c : cases)
        for (const bool of_the_list : {false, true}) {
            Service service{of_the_list ? std::vector<Came>{body(version_2), c.came} : std::vector<Came>{c.came}};
            const ServiceAnswer answer = service.ask(question(), {});
            EXPECT_EQ(answer.exit, c.exit) << c.says;
            EXPECT_EQ(answer.asked, c.asked || of_the_list) << c.says;
            EXPECT_EQ(answer.not_before, now + c.wait) << c.says;
            EXPECT_NE(answer.said.find(c.says), std::string::npos) << answer.said;
            EXPECT_FALSE(answer.list) << c.says;
        }
}

TEST(EndpointsService, NoVersionDocumentIsGarbage) {
    for (const std::string_view text : {"", "<html>", "{}", R"({"instance":"China","latest":"2"})"}) {
        Service service{{body(text)}};
        const ServiceAnswer answer = service.ask(question(), {});
        EXPECT_EQ(answer.exit, Exit::bad_data) << text;
        EXPECT_TRUE(answer.asked);
        EXPECT_EQ(service.asked.size(), 1U);
    }
}

TEST(EndpointsService, UuidsAreRandomAndOfTheirForm) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string uuid = random_uuid();
        ASSERT_EQ(uuid.size(), 36U);
        for (std::size_t at = 0; at < uuid.size(); ++at) EXPECT_EQ(uuid[at] == '-', at == 8 || at == 13 || at == 18 || at == 23) << uuid;
        EXPECT_EQ(uuid[14], '4') << uuid;
        EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
        seen.insert(uuid);
    }
    EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace exota::programs
