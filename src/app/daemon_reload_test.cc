// Reloads of a daemon: whole or not at all, by signal or because the tenants file changed, whatever the system lacks.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <system_error>
#include <thread>

#include "app/testing_daemon.h"
#include "directory/shrink_guard.h"

namespace exota::app {
namespace {

using testing::contoso;
using testing::Mta;
using testing::nobody;
using testing::tenants;
using testing::write;

class DaemonReload : public testing::Daemon {
protected:
    /// What std::thread does where a container may have no more processes (EAGAIN).
    void start_with_few_threads() {
        start_thread_ = [this](std::function<void()> work) {
            if (no_threads_) throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
            return std::thread(std::move(work));
        };
        start();
        ASSERT_FALSE(bound_.empty()) << complaints_;
        logged("event=ready");
    }
    bool has_metric(const std::string& line) const { return get("/metrics").find('\n' + line + '\n') != std::string::npos; }

    std::atomic<bool> no_threads_{false};
};

TEST_F(DaemonReload, without_a_thread_what_is_in_use_stays_and_that_is_said) {
    start_with_few_threads();
    Mta mta(bound_[0]);
    no_threads_ = true;
    write(directory_.path("tenants.json"), tenants("other.example"));
    for (const char* failures : {"1", "2"}) {
        reload();
        EXPECT_NE(logged("event=config-problem").find("no thread to load them"), std::string::npos);
        EXPECT_NE(logged("event=reload-failed").find("level=error"), std::string::npos);
        EXPECT_TRUE(has_metric(std::string("exota_reload_failures_total ") + failures));
        EXPECT_TRUE(get("/readyz").starts_with("HTTP/1.1 200"));
        EXPECT_TRUE(mta.message(contoso).starts_with('y'));
        EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos) << "the running one serves on";
    }
    no_threads_ = false;
    reload();
    logged("event=reloaded");
    EXPECT_TRUE(mta.message(contoso).starts_with('y'));
    EXPECT_NE(logged("event=message").find("reason=no-policy"), std::string::npos);
}

TEST_F(DaemonReload, a_configuration_that_was_replaced_is_taken_up_where_that_is_wanted) {
    second_ = std::chrono::milliseconds(20);
    const std::string path = watched_config_ = directory_.path("exota.toml"), next = directory_.path("next");
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    logged("event=ready");
    Mta mta(bound_[0]);
    const auto replace = [&](const std::string& text) {  // at once, as a link to another folder would
        write(next, text);
        std::filesystem::rename(next, path);
    };
    replace("[milter\n");
    EXPECT_NE(logged("event=reload-failed").find("cause=config-file"), std::string::npos) << "what is in use stays";
    EXPECT_EQ(mta.message(nobody).front(), 'y');
    EXPECT_NE(logged("event=message").find("verdict=reject"), std::string::npos);

    std::string mild = config();
    mild.replace(mild.find("enforce"), 7, "monitor");
    replace(mild);
    EXPECT_NE(logged("event=reloaded").find("cause=config-file"), std::string::npos);
    mta.message(nobody);
    EXPECT_NE(logged("event=message").find("verdict=accept"), std::string::npos);
}

TEST_F(DaemonReload, another_source_of_tenants_waits_for_a_start) {
    second_ = std::chrono::milliseconds(20);
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    logged("event=ready");
    std::string other = config();
    other.insert(other.find("file = \"" + directory_.path("tenants.json")), "source = \"postgresql\"\n");
    write(directory_.path("exota.toml"), other);
    reload();
    EXPECT_NE(logged("event=restart-needed").find("setting=tenants.source"), std::string::npos);
    logged("event=reloaded");
    Mta mta(bound_[0]);
    mta.message(contoso);
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos) << "the file's are judged by";
    write(directory_.path("tenants.json"), tenants("other.example"));
    EXPECT_NE(logged("event=reloaded").find("cause=tenants-file"), std::string::npos) << "and it is still looked at";
    mta.message(contoso);
    EXPECT_NE(logged("event=message").find("reason=no-policy"), std::string::npos);
}

TEST_F(DaemonReload, what_failed_for_want_of_a_thread_is_tried_again) {
    retry_after_ = second_ = std::chrono::milliseconds(20);
    no_threads_ = false;
    start_with_few_threads();
    no_threads_ = true;
    write(directory_.path("tenants.json"), tenants("other.example"));
    logged("event=reload-failed");  // the file changed, nobody sends a signal
    logged("event=reload-failed");
    no_threads_ = false;
    EXPECT_NE(logged("event=reloaded").find("cause=tenants-file"), std::string::npos);
}

/// The default of retry_after_ is an hour: the change of the tenants file comes first.
TEST_F(DaemonReload, a_signal_to_be_tried_again_is_not_forgotten_when_the_tenants_change) {
    second_ = std::chrono::milliseconds(20);
    start_with_few_threads();
    no_threads_ = true;
    write(directory_.path("exota.toml"), config("max_sessions = 77"));
    reload();
    EXPECT_NE(logged("event=reload-failed").find("cause=signal"), std::string::npos);
    no_threads_ = false;
    write(directory_.path("tenants.json"), tenants("other.example"));
    EXPECT_NE(logged("event=restart-needed").find("setting=milter.max_sessions"), std::string::npos) << "the configuration is read, too";
    EXPECT_NE(logged("event=reloaded").find("cause=signal"), std::string::npos);
}

TEST_F(DaemonReload, a_file_that_is_wrong_is_not_tried_again_and_again) {
    retry_after_ = std::chrono::milliseconds(1);
    start_with_few_threads();
    write(directory_.path("tenants.json"), "{");
    reload();
    logged("event=reload-failed");
    write(directory_.path("tenants.json"), tenants("other.example"));
    reload();
    logged("event=reloaded");
    EXPECT_TRUE(has_metric("exota_reload_failures_total 1"));
}

/// However often it reloads: what messages in hand began with stays, and nothing else.
TEST_F(DaemonReload, replaced_tenants_are_in_memory_only_as_long_as_a_message_needs_them) {
    std::string only_by_signal = config();
    constexpr std::string_view watched = "watch_interval = \"1s\"";
    only_by_signal.replace(only_by_signal.find(watched), watched.size(), "watch_interval = 0");
    write(directory_.path("exota.toml"), only_by_signal);
    second_ = std::chrono::milliseconds(20);
    start_with_few_threads();
    Mta first(bound_[0]), second(bound_[0]);
    const auto reload_to = [&](const std::string& domain) {
        write(directory_.path("tenants.json"), tenants(domain));
        reload();
        logged("event=reloaded");
    };
    first.begin(contoso);
    first.wait_until_read();
    for (const char* domain : {"a.example", "b.example", "c.example"}) reload_to(domain);
    EXPECT_TRUE(has_metric("exota_snapshots_retired 1"));
    second.begin("x@c.example");
    second.wait_until_read();
    for (const char* domain : {"d.example", "e.example", "f.example"}) reload_to(domain);
    EXPECT_TRUE(has_metric("exota_snapshots_retired 2"));
    EXPECT_TRUE(second.end().starts_with('y'));
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos) << "judged by the tenants that it began with";
    reload_to("g.example");
    EXPECT_TRUE(has_metric("exota_snapshots_retired 1")) << "a reload frees before it loads";
    EXPECT_TRUE(first.end().starts_with('y'));
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos);
    while (!has_metric("exota_snapshots_retired 0")) std::this_thread::yield();  // without a reload, too; ctest ends it if not
}

TEST_F(DaemonReload, a_reload_is_whole_or_not_at_all) {
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    Mta mta(bound_[0]);
    EXPECT_TRUE(mta.message(contoso).starts_with('y'));
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos);

    // Good tenants, bad configuration: nothing of either is taken.
    write(directory_.path("tenants.json"), tenants("other.example"));
    write(directory_.path("exota.toml"), config("no_such_key = 1"));
    reload();
    EXPECT_NE(logged("event=config-problem").find("no_such_key"), std::string::npos);
    logged("event=reload-failed");
    EXPECT_TRUE(get("/readyz").starts_with("HTTP/1.1 200"));
    EXPECT_NE(get("/metrics").find("exota_reload_failures_total 1\n"), std::string::npos);
    EXPECT_TRUE(mta.message(contoso).starts_with('y'));
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos) << "the running one stays";

    // Good configuration, bad tenants.
    write(directory_.path("exota.toml"), config("max_sessions = 77"));
    write(directory_.path("tenants.json"), "{\"version\": 2, \"tenants\": {\"contoso\": {\"domains\": [\"not a domain\"]}}}");
    reload();
    logged("event=tenants-problem");
    logged("event=reload-failed");

    // Both good: taken, and what needs a restart is said.
    write(directory_.path("tenants.json"), tenants("other.example"));
    reload();
    EXPECT_NE(logged("event=restart-needed").find("setting=milter.max_sessions"), std::string::npos);
    logged("event=reloaded");
    EXPECT_TRUE(mta.message(contoso).starts_with('y'));
    EXPECT_NE(logged("event=message").find("reason=no-policy"), std::string::npos);
    const std::string metrics = get("/metrics");
    EXPECT_NE(metrics.find("exota_reload_failures_total 2\n"), std::string::npos) << metrics;
    EXPECT_NE(metrics.find("exota_reloads_total 1\n"), std::string::npos) << metrics;
    EXPECT_NE(metrics.find("exota_snapshot_generation 2\n"), std::string::npos) << metrics;
}

TEST_F(DaemonReload, a_reload_reads_the_public_suffix_list_again) {
    const std::string by_list = "[dns]\nservers = [\"127.0.0.1\"]\ndnssec = \"off\"\n[dmarc]\nrfc = 7489\n" +
                                ("public_suffix_file = \"" + directory_.path("list.dat") + "\"\n");
    const std::string list = "// ===BEGIN ICANN DOMAINS===\nexample\n// ===END ICANN DOMAINS===\n";
    std::string verifying = config("", by_list);
    constexpr std::string_view reads = "\"authentication-results\"";
    verifying.replace(verifying.find(reads), reads.size(), "\"verify\"");
    write(directory_.path("exota.toml"), verifying);
    write(directory_.path("list.dat"), list);
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    write(directory_.path("list.dat"), list.substr(0, 40));
    reload();
    EXPECT_NE(logged("dmarc.public_suffix_file").find("event=config-problem"), std::string::npos);
    logged("event=reload-failed");
    write(directory_.path("list.dat"), list);
    reload();
    logged("event=reloaded");
}

TEST_F(DaemonReload, a_changed_tenants_file_is_found_without_a_signal) {
    second_ = std::chrono::milliseconds(20);
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    logged("event=ready");
    write(directory_.path("tenants.json"), tenants("other.example"));
    EXPECT_NE(logged("event=reloaded").find("cause=tenants-file"), std::string::npos);
    Mta mta(bound_[0]);
    EXPECT_TRUE(mta.message("x@other.example").starts_with('y'));
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos);
}

TEST_F(DaemonReload, a_tenants_file_that_is_gone_is_said_and_counted) {
    second_ = std::chrono::milliseconds(20);
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    logged("event=ready");
    std::filesystem::remove(directory_.path("tenants.json"));
    EXPECT_NE(logged("event=tenants-vanished").find("place=" + directory_.path("tenants.json")), std::string::npos);
    EXPECT_NE(get("/metrics").find("exota_reload_failures_total 1\n"), std::string::npos);
    Mta mta(bound_[0]);
    EXPECT_TRUE(mta.message(contoso).starts_with('y')) << "what is loaded stays";
    write(directory_.path("tenants.json"), tenants("other.example"));
    logged("event=reloaded");
}

TEST_F(DaemonReload, a_file_that_lost_most_domains_is_not_taken) {
    write(directory_.path("tenants.json"), tenants("contoso.example", 9));
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    write(directory_.path("tenants.json"), tenants("contoso.example", 6));
    reload();
    EXPECT_NE(logged("accept-shrink").find("event=tenants-problem"), std::string::npos);
    logged("event=reload-failed");
    write(directory_.path("tenants.json"), tenants("contoso.example", 7));  // a fifth, no more
    reload();
    logged("event=reloaded");
}

TEST_F(DaemonReload, a_file_with_as_many_other_domains_is_not_taken_either) {
    write(directory_.path("tenants.json"), tenants("contoso.example", 99));
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    std::string others = tenants("contoso.example", 99);
    for (std::size_t at = 0; (at = others.find("\"d1", at)) != std::string::npos;) others.replace(at, 3, "\"e1");  // d1, d10 to d19
    for (std::size_t at = 0; (at = others.find("\"d2", at)) != std::string::npos;) others.replace(at, 3, "\"e2");
    write(directory_.path("tenants.json"), others);
    reload();
    EXPECT_NE(logged("would leave 78 of 100 domains").find("event=tenants-problem"), std::string::npos);
    logged("event=reload-failed");
    Mta mta(bound_[0]);
    EXPECT_TRUE(mta.message(contoso).starts_with('y')) << "what is loaded stays";
    logged("event=message");
    const directory::ShrinkGuard guard(directory_.path(""));
    directory::Fingerprint content;
    content.feed(others);
    ASSERT_TRUE(guard.accept(content));
    reload();
    logged("event=reloaded");
}

class DaemonEndpoints : public DaemonReload {
protected:
    void put(const std::string& prefixes) const {
        write(directory_.path("endpoints.json"), R"([{"serviceArea": "Exchange", "tcpPorts": "25", "ips": [)" + prefixes + "]}]");
    }
    void start_with_a_list() {
        put(R"("192.0.2.0/24", "2001:db8::/48")");
        write(directory_.path("exota.toml"), config("", "[client_ip]\nendpoints_file = \"" + directory_.path("endpoints.json") + "\"\n"));
        second_ = std::chrono::milliseconds(20);
        start();
        ASSERT_FALSE(bound_.empty()) << complaints_;
        logged("event=ready");
    }
};

TEST_F(DaemonEndpoints, a_changed_endpoint_list_is_taken_up_without_a_signal) {
    start_with_a_list();
    EXPECT_TRUE(has_metric("exota_endpoint_prefixes 2"));
    write(directory_.path("exota.toml"), "what nobody asked to read");
    put(R"("192.0.2.0/24", "198.51.100.0/24", "2001:db8::/48")");
    EXPECT_NE(logged("event=reloaded").find("cause=endpoints-file"), std::string::npos);
    EXPECT_TRUE(has_metric("exota_endpoint_prefixes 3"));
    EXPECT_TRUE(has_metric("exota_tenants 1")) << get("/metrics");
    std::filesystem::remove(directory_.path("endpoints.json"));
    EXPECT_NE(logged("event=endpoints-vanished").find("place=" + directory_.path("endpoints.json")), std::string::npos);
    EXPECT_TRUE(has_metric("exota_endpoint_prefixes 3"));
}

TEST_F(DaemonEndpoints, a_list_that_the_rules_refuse_is_not_taken_up_unless_it_is_meant) {
    start_with_a_list();
    put(R"("192.0.2.0/24")");
    EXPECT_NE(logged("no IPv6 networks").find("event=config-problem"), std::string::npos);
    EXPECT_NE(logged("event=reload-failed").find("cause=endpoints-file"), std::string::npos);
    EXPECT_TRUE(has_metric("exota_endpoint_prefixes 2"));
    reload();
    logged("no IPv6 networks");
    EXPECT_NE(logged("event=reload-failed").find("cause=signal"), std::string::npos) << "by a signal neither";
    const std::string path = directory_.path("endpoints.json");
    ASSERT_TRUE(config::endpoints_guard(path).accept(config::read_endpoints_file(path)->content));
    put(R"("192.0.2.0/24")");
    logged("event=reloaded");
    EXPECT_TRUE(has_metric("exota_endpoint_prefixes 1"));
}

TEST_F(DaemonEndpoints, a_list_that_was_refused_is_not_in_force_after_a_restart) {
    start_with_a_list();
    stop();
    put(R"("192.0.2.0/24")");
    start();
    ended_ = false;
    ASSERT_FALSE(bound_.empty()) << complaints_;
    EXPECT_NE(logged("endpoints.used").find("no IPv6 networks"), std::string::npos);
    EXPECT_NE(logged("event=reload-failed").find("cause=endpoints-file"), std::string::npos) << "and as loud as without the restart";
    EXPECT_TRUE(has_metric("exota_endpoint_prefixes 2"));
    const std::string path = directory_.path("endpoints.json");
    ASSERT_TRUE(config::endpoints_guard(path).accept(config::read_endpoints_file(path)->content));
    put(R"("192.0.2.0/24")");
    logged("event=reloaded");
    EXPECT_TRUE(has_metric("exota_endpoint_prefixes 1"));
}

TEST_F(DaemonEndpoints, what_failed_for_both_files_is_tried_again_for_both) {
    retry_after_ = std::chrono::milliseconds(50);
    start_thread_ = [this](std::function<void()> work) {
        if (no_threads_) throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
        return std::thread(std::move(work));
    };
    start_with_a_list();
    no_threads_ = true;
    write(directory_.path("tenants.json"), tenants("other.example"));
    EXPECT_NE(logged("event=reload-failed").find("cause=tenants-file"), std::string::npos);
    put(R"("192.0.2.0/24", "198.51.100.0/24", "2001:db8::/48")");
    logged("cause=endpoints-file");
    logged("cause=tenants-file");
    no_threads_ = false;
    for (std::set<std::string> to_come{"cause=tenants-file", "cause=endpoints-file"}; !to_come.empty();) {
        const std::string reloaded = logged("event=reloaded");
        ASSERT_FALSE(reloaded.empty());
        std::erase_if(to_come, [&](const std::string& cause) { return reloaded.find(cause) != std::string::npos; });
    }
    EXPECT_TRUE(has_metric("exota_endpoint_prefixes 3"));
}

}  // namespace
}  // namespace exota::app
