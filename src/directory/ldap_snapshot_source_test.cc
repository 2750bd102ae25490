// The life of the source, before a directory of the test that gives one entry a page. Its reader: ldap_tree_reader_test.cc.
#include "directory/ldap_snapshot_source.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include "directory/testing_held.h"
#include "directory/testing_ldap.h"
#include "net/testing.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using namespace testing_ldap;
using First = FedSource::First;

using testing::long_time;

struct LdapSource : ::testing::Test, testing::SeenOfSource {
    std::map<std::string, std::string> tenants{{"a", "a.test"}, {"b", "b.test"}, {"c", "c.test"}};  // with a domain each
    std::map<std::string, std::string> reading;                                                     // those of the search that is under way
    std::optional<std::size_t> fails_at, closes_at;                                                 // page
    bool silent = false;
    int readings = 0, unanswered = 0;

    net::testing::TemporaryDirectory folder;
    LdapSettings settings;
    HeldTenants::Options held;
    LdapTreeLimits limits;
    std::optional<Server> server;
    std::unique_ptr<LdapSnapshotSource> source;

    LdapSource() {
        std::signal(SIGPIPE, SIG_IGN);
        settings.starttls = false;
        settings.base = "dc=test";
        settings.bind_dn = "cn=reader";
        settings.password = "readersecret";
        settings.timeout = 20s;
        held.snapshot_file = folder.path("snapshot");
        watch(held);
    }
    ~LdapSource() override { source.reset(); }
    LdapSource(const LdapSource&) = delete;
    LdapSource& operator=(const LdapSource&) = delete;

    std::string answer(char number, unsigned char tag, std::string_view message) {
        if (tag == bind_request) return bound(number);
        if (tag != search_request) return "";
        const std::lock_guard lock(mutex);
        if (silent) {
            ++unanswered;
            changed.notify_all();
            return "";
        }
        if (message.contains("exotaNobody")) return done(number);
        std::size_t page = 0;  // what its cookie says
        if (const std::size_t at = message.find("page:"); at != std::string_view::npos)
            page = std::stoul(std::string(message.substr(at + 5)));
        if (page == 0) ++readings, reading = tenants;  // what changes meanwhile is of the next one
        if (closes_at == page) return "close";
        if (page >= reading.size()) return page_done(number, "");
        const auto& [name, domain] = *std::next(reading.begin(), static_cast<std::ptrdiff_t>(page));
        return entry_of(number, "cn=" + name, {{"exotaTenantName", name}, {"exotaDomain", domain}}) +
               page_done(number, page + 1 < reading.size() ? "page:" + std::to_string(page + 1) : "", fails_at == page ? 51 : 0);
    }
    void start() {
        if (settings.servers.empty()) {
            server.emplace([this](int, char number, unsigned char tag, std::string_view message) { return answer(number, tag, message); });
            settings.servers = {server->url};
        }
        source = std::make_unique<LdapSnapshotSource>(settings, *read_servers(settings), held, limits);
        source->start();
    }
    /// The time comes to read all again, and that is done. To be called when the reading before is through: confirmed, not only given.
    bool is_read_again() {
        const auto before = held.status->state().confirmed;
        source->skip(settings.refresh_interval);
        const auto until = Clock::now() + long_time;
        while (held.status->state().confirmed == before) {
            if (Clock::now() > until) return false;
            std::this_thread::yield();
        }
        return true;
    }
    /// After a trouble: longer than what is waited for after several.
    void try_again() { source->skip(1s); }
};

TEST_F(LdapSource, brings_all_tenants_and_keeps_them) {
    start();
    EXPECT_EQ(source->first(long_time), First::loaded);
    for (const char* domain : {"a.test", "b.test", "c.test"}) EXPECT_TRUE(covers(domain)) << domain;
    EXPECT_EQ(held.status->state().is, SourceState::Is::loaded);
    source.reset();
    const auto kept = load_snapshot(held.snapshot_file, held_of(settings).origin);
    ASSERT_TRUE(kept) << kept.error().detail;
    EXPECT_NE(kept->lines.find("c.test"), std::string::npos);
    EXPECT_EQ(troubles, 0);
    EXPECT_TRUE(warnings.empty()) << warnings.front();
}

TEST_F(LdapSource, reads_them_again_and_again) {
    start();
    ASSERT_EQ(source->first(long_time), First::loaded);
    EXPECT_TRUE(covers("a.test"));
    with([&] { tenants["d"] = "d.test"; });
    ASSERT_TRUE(is_read_again());
    EXPECT_TRUE(covers("d.test"));
    ASSERT_TRUE(is_read_again());
    with([&] { tenants.erase("a"); });
    ASSERT_TRUE(is_read_again());
    EXPECT_TRUE(becomes([&] { return !given.back()->covering("a.test"); }));
    EXPECT_EQ(given.size(), 3U) << "where nothing changed, nothing is given";
}

TEST_F(LdapSource, a_reading_that_is_not_whole_changes_nothing) {
    start();
    ASSERT_TRUE(covers("c.test"));
    for (const bool closes : {false, true}) {
        with([&] {
            tenants["b"] = closes ? "b2.test" : "b1.test";
            (closes ? closes_at : fails_at) = 1;
            troubles = 0;
        });
        source->skip(settings.refresh_interval);
        ASSERT_TRUE(becomes([&] { return troubles > 0; }));
        EXPECT_EQ(held.status->state().is, SourceState::Is::stale) << held.status->why();
        with([&] {
            EXPECT_EQ(given.size(), closes ? 2U : 1U);
            EXPECT_TRUE(given.back()->covering("c.test"));
            fails_at.reset();
            closes_at.reset();
        });
        try_again();
        ASSERT_TRUE(covers(closes ? "b2.test" : "b1.test"));
    }
}

TEST_F(LdapSource, nobody_is_told_of) {
    tenants.clear();
    start();
    EXPECT_EQ(source->first(long_time), First::loaded);
    ASSERT_TRUE(becomes([&] { return !warnings.empty(); }));
    EXPECT_NE(warnings.front().find("has no entry of the class exotaTenant"), std::string::npos) << warnings.front();
}

TEST_F(LdapSource, starts_with_what_was_kept) {
    settings.servers = {"ldap://127.0.0.1:1"};
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    ASSERT_TRUE(save_snapshot(held.snapshot_file, held_of(settings).origin, {now, "\"a\":{\"domains\":[\"a.test\"]}\n"}));
    start();
    ASSERT_TRUE(covers("a.test"));
    EXPECT_EQ(source->first(long_time), First::unreachable);
    EXPECT_EQ(held.status->state().is, SourceState::Is::stale);
    EXPECT_TRUE(source->trouble().starts_with("ldap ldap://127.0.0.1:1 dc=test ")) << source->trouble();
    EXPECT_EQ(source->trouble().find(settings.password), std::string::npos);
    EXPECT_EQ(held.status->why().find(settings.password), std::string::npos);
    tenant::Defaults other = held.defaults;
    other.mode = tenant::Mode::monitor;
    source->use(other, "");
    EXPECT_TRUE(becomes([&] { return given.back()->covering("a.test")->policy->mode == tenant::Mode::monitor; }));
}

TEST_F(LdapSource, a_server_that_falls_silent_is_known_and_read_again) {
    start();
    ASSERT_TRUE(covers("a.test"));
    with([&] {
        silent = true;
        troubles = 0;
    });
    source->skip(LdapSnapshotSource::longest_idle);
    ASSERT_TRUE(becomes([&] { return unanswered > 0; }));
    source->skip(settings.timeout);
    ASSERT_TRUE(becomes([&] { return troubles > 0; }));
    EXPECT_EQ(held.status->state().is, SourceState::Is::stale);
    with([&] {
        silent = false;
        tenants["d"] = "d.test";
    });
    try_again();  // where it is not connected to yet, look_for_server is waited for once
    EXPECT_TRUE(covers("d.test"));
}

TEST_F(LdapSource, what_throws_ends_neither_the_thread_nor_the_readings) {
    index_throws = 1;
    trouble_throws = 3;  // that there is no memory cannot be said either
    start();
    EXPECT_TRUE(covers("a.test"));
    EXPECT_TRUE(becomes([&] { return troubles > 0; }));
    EXPECT_EQ(source->first(long_time), First::unreachable) << "what came of the first attempt";
    source.reset();
    EXPECT_TRUE(load_snapshot(held.snapshot_file, held_of(settings).origin));
}

TEST_F(LdapSource, other_defaults_are_wanted_until_they_are_used) {
    tenant::Defaults other = held.defaults;
    other.mode = tenant::Mode::monitor;
    const auto is_used = [&] {
        with([&] { index_throws = 1; });
        source->use(other, "");
        return becomes([&] { return given.back()->covering("a.test")->policy->mode == tenant::Mode::monitor; });
    };
    start();
    ASSERT_TRUE(covers("a.test"));
    EXPECT_TRUE(is_used());
    source.reset();
    settings.servers = {"ldap://127.0.0.1:1"};
    with([&] { given.clear(); });
    start();
    ASSERT_TRUE(covers("a.test"));
    EXPECT_TRUE(is_used()) << "though no server says anything";
}

TEST_F(LdapSource, a_tree_beyond_a_limit_is_not_read_again_at_once) {
    limits.entries = tenants.size();
    start();
    EXPECT_EQ(source->first(long_time), First::loaded);
    source.reset();
    std::filesystem::remove(held.snapshot_file);
    limits.entries = tenants.size() - 1;
    with([&] { readings = troubles = 0; });
    start();
    EXPECT_EQ(source->first(long_time), First::unreachable);
    EXPECT_NE(source->trouble().find("it has more than 2 tenants"), std::string::npos) << source->trouble();
    EXPECT_TRUE(becomes([&] { return troubles > 0; }));
    with([&] { EXPECT_EQ(readings, 1) << "tree_back_off.h says when"; });
}

TEST_F(LdapSource, may_end_at_any_time) {
    with([&] { silent = true; });
    start();
    source.reset();
    with([&] { silent = false; });
    start();
    source.reset();
    EXPECT_EQ(troubles, 0);
}

}  // namespace
}  // namespace exota::directory
