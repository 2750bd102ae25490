#include "app/endpoints_load.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "app/testing_daemon.h"
#include "config/endpoints_state.h"

namespace exota::app {
namespace {

using config::read_endpoints_file;
using Action = directory::FileWatch::Action;

std::string json(std::string_view prefixes) {
    return "[{\"serviceArea\": \"Exchange\", \"tcpPorts\": \"25\", \"ips\": [" + std::string(prefixes) + "]}]";
}

class EndpointsLoad : public ::testing::Test {
protected:
    EndpointsLoad() {
        put("\"192.0.2.0/24\", \"2001:db8::/48\"");
        in_use_.own_prefixes = {base::IpPrefix::parse("198.51.100.0/24").value()};
        in_use_.tenants.state_directory = folder_.path("");
        config::use_endpoints(in_use_, read_endpoints_file(path_).value());
        previous_.rules = in_use_.rules;
        previous_.generation = 7;
    }
    void put(std::string_view prefixes) const { testing::write(path_, json(prefixes)); }
    static std::string said(const Loaded& loaded) { return errors_in_one_line("", loaded.problems); }

    net::testing::TemporaryDirectory folder_;
    const std::string path_ = folder_.path("endpoints.json");
    config::Config in_use_;
    gate::Snapshot previous_;
};

TEST_F(EndpointsLoad, another_list_takes_the_place_of_the_one_in_use_and_nothing_else_changes) {
    put("\"192.0.2.0/24\", \"203.0.113.0/24\", \"2001:db8::/48\"");
    previous_.looks_up = true;
    const Loaded loaded = load_endpoints(in_use_, previous_);
    ASSERT_TRUE(loaded.snapshot) << said(loaded);
    EXPECT_EQ(loaded.snapshot->rules.exchange_online.size(), 4U);
    EXPECT_EQ(loaded.snapshot->generation, 8U);
    EXPECT_TRUE(loaded.snapshot->looks_up);
    EXPECT_EQ(loaded.config->rules.exchange_online, loaded.snapshot->rules.exchange_online);
    EXPECT_EQ(loaded.config->endpoints.stamp, directory::stamp_of(path_).value());
}

TEST_F(EndpointsLoad, what_the_rules_refuse_and_what_is_no_list_is_not_taken) {
    const struct {
        std::string text;
        std::string_view says;
    } cases[] = {
        {json("\"192.0.2.0/24\""), "no IPv6"},
        {json("\"192.0.2.0/26\", \"2001:db8::/48\""), "less than half"},
        {json("\"192.0.0.0/20\", \"2001:db8::/48\""), "more than twice"},
        {json("\"192.0.0.0/9\", \"2001:db8::/48\""), "shorter than /10"},
        {"[", "no JSON"},
        {"[]", "shrank to nothing"},
    };
    for (const auto& c : cases) {
        testing::write(path_, c.text);
        const Loaded loaded = load_endpoints(in_use_, previous_);
        EXPECT_FALSE(loaded.snapshot || loaded.config) << c.text;
        EXPECT_NE(said(loaded).find(c.says), std::string::npos) << said(loaded);
    }
    std::filesystem::remove(path_);
    EXPECT_NE(said(load_endpoints(in_use_, previous_)).find(path_), std::string::npos);
}

TEST_F(EndpointsLoad, what_an_operator_said_is_meant_is_taken) {
    put("\"192.0.2.0/26\"");
    ASSERT_TRUE(config::endpoints_guard(path_).accept(read_endpoints_file(path_)->content));
    EXPECT_TRUE(load_endpoints(in_use_, previous_).snapshot);
}

TEST_F(EndpointsLoad, a_configuration_is_compared_where_it_names_the_same_file) {
    put("\"192.0.2.0/24\"");
    config::Config anew = in_use_;
    config::use_endpoints(anew, read_endpoints_file(path_).value());
    ASSERT_EQ(endpoint_problems(anew, in_use_.endpoints).size(), 1U);
    EXPECT_EQ(endpoint_problems(anew, in_use_.endpoints)[0].file, path_);
    EXPECT_TRUE(endpoint_problems(in_use_, in_use_.endpoints).empty());
    const std::string elsewhere = folder_.path("other.json");
    std::filesystem::copy_file(path_, elsewhere);
    config::use_endpoints(anew, read_endpoints_file(elsewhere).value());
    EXPECT_TRUE(endpoint_problems(anew, in_use_.endpoints).empty()) << "the operator named it";
    config::use_endpoints(anew, {});
    EXPECT_TRUE(endpoint_problems(anew, in_use_.endpoints).empty());
}

TEST_F(EndpointsLoad, a_list_is_as_young_as_its_file_or_the_last_word_of_the_service) {
    constexpr std::int64_t written = 1'700'000'000;
    in_use_.endpoints.stamp.modified_nanoseconds = written * 1'000'000'000 + 999;
    const auto as_of = [this](std::int64_t now) {
        return endpoints_as_of(in_use_, std::chrono::system_clock::time_point(std::chrono::seconds(now)));
    };
    EXPECT_EQ(as_of(written), written);
    EXPECT_EQ(as_of(written + 500), written);
    EXPECT_EQ(as_of(written - 1), 0) << "by a clock that was wrong";
    config::EndpointsState state{
        .place = path_, .content = in_use_.endpoints.content.text(), .confirmed = std::chrono::seconds(written + 50)};
    ASSERT_TRUE(config::write_endpoints_state(in_use_.tenants.state_directory, state));
    EXPECT_EQ(as_of(written + 500), written + 50);
    EXPECT_EQ(as_of(written + 49), written);
    state.content = "of another list";
    ASSERT_TRUE(config::write_endpoints_state(in_use_.tenants.state_directory, state));
    EXPECT_EQ(as_of(written + 500), written);
    config::use_endpoints(in_use_, {});
    EXPECT_EQ(as_of(written + 500), 0);
}

TEST_F(EndpointsLoad, a_change_is_seen_once_it_has_settled) {
    EndpointsWatch watch;
    EXPECT_EQ(watch.look_again(), Action::nothing) << "no file, nothing to see";
    watch.was_read(in_use_.endpoints);
    EXPECT_EQ(watch.look_again(), Action::nothing);
    put("\"192.0.2.0/25\"");
    EXPECT_EQ(watch.look_again(), Action::wait);
    EXPECT_EQ(watch.look_again(), Action::load);
    EXPECT_EQ(watch.look_again(), Action::nothing) << "tried once";
    std::filesystem::remove(path_);
    Action seen = watch.look_again();
    if (seen == Action::wait) seen = watch.look_again();
    EXPECT_EQ(seen, Action::vanished);
    EXPECT_EQ(watch.look_again(), Action::nothing) << "told once";
    watch.was_read({});
    EXPECT_EQ(watch.look_again(), Action::nothing);
}

}  // namespace
}  // namespace exota::app
