#include "directory/postgres_source.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <new>

#include "directory/testing_held.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Clock = TenantTables::Clock;

using testing::long_time;

std::string domains(const std::string& list) { return "{\"tenant_ids\":[],\"domains\":[" + list + "]}"; }

/// A database that lives in the test, and everything that was seen of the source that reads it.
struct Database : testing::SeenOfSource {
    std::map<std::string, std::string> rows;
    std::deque<std::string> told;
    bool away = false, chatters = false, deaf = false, impatient = false;
    std::function<void()> before_named, before_all;  // called without the lock
    int opened = 0, read_alls = 0, waits = 0;
    Clock::time_point waits_until{};

    Interrupt* interrupt = nullptr;

    void put(const std::string& name, const std::string& document) {
        with([&] { rows[name] = document; });
    }
    void tell(const std::string& payload) {
        with([&] { told.push_back(payload); });
        interrupt->poke();
    }
};

class FakeTables final : public TenantTables {
public:
    explicit FakeTables(Database& database) : database_(database) {}
    base::Result<void> listen() override { return {}; }
    base::Result<std::vector<TenantRow>> read_all() override {
        if (const auto hook = database_.before_all) hook();
        std::vector<TenantRow> out;
        database_.with([&] {
            ++database_.read_alls;
            for (const auto& [name, document] : database_.rows) out.push_back({name, document});
        });
        return out;
    }
    base::Result<std::vector<TenantRow>> read_named(const std::vector<std::string>& names) override {
        if (const auto hook = std::exchange(database_.before_named, {})) hook();
        std::vector<TenantRow> out;
        database_.with([&] {
            for (const std::string& name : names)
                if (const auto row = database_.rows.find(name); row != database_.rows.end()) out.push_back({name, row->second});
        });
        return out;
    }
    base::Result<void> is_there() override {
        bool deaf = false;
        database_.with([&] { deaf = std::exchange(database_.deaf, false); });
        if (deaf) return base::fail(base::Errc::unavailable, "tells of no changes any more");
        return {};
    }
    base::Result<std::vector<std::string>> notified(Clock::time_point until) override {
        std::vector<std::string> out;
        bool impatient = false;
        // Whoever never waits would never let the test have the lock.
        if (database_.chatters || database_.impatient)
            if (database_.interrupt->wait_for(1ms) == Interrupt::Woken::for_good) return base::fail(base::Errc::closed, "interrupted");
        database_.with([&] {
            ++database_.waits;
            database_.waits_until = until;
            out.assign(database_.told.begin(), database_.told.end());
            database_.told.clear();
            if (database_.chatters) out.emplace_back("nobody");
            impatient = database_.impatient;
        });
        if (!out.empty() || until <= Clock::now()) return out;
        if (impatient) return std::vector<std::string>{};
        // Where there is nothing new, nothing shall happen by the passing of time.
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        const auto woken = database_.interrupt->wait_for(left > 3s ? std::chrono::milliseconds(1h) : left);
        if (woken == Interrupt::Woken::for_good) return base::fail(base::Errc::closed, "interrupted");
        database_.with([&] {
            out.assign(database_.told.begin(), database_.told.end());
            database_.told.clear();
        });
        return out;
    }

private:
    Database& database_;
};

struct Source : ::testing::Test {
    const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "postgres-source";
    Database database;
    PostgresSource::Options options;
    std::unique_ptr<PostgresSource> source;

    Source() {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory(folder);
        options.settings.conninfo = "dbname=test";
        database.watch(options.held);
        options.tables = [this](Interrupt& interrupt) -> OpenTables {
            database.interrupt = &interrupt;
            return [this]() -> base::Result<std::unique_ptr<TenantTables>> {
                bool away = false;
                database.with([&] {
                    ++database.opened;
                    away = database.away;
                });
                if (away) return base::fail(base::Errc::unavailable, "away");
                return std::make_unique<FakeTables>(database);
            };
        };
    }
    ~Source() override {
        source.reset();
        std::filesystem::remove_all(folder);
    }
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    void start() {
        source = std::make_unique<PostgresSource>(options);
        source->start();
    }
};

TEST_F(Source, brings_all_tenants_and_what_changes) {
    database.put("a", domains(R"("a.test")"));
    start();
    EXPECT_EQ(source->first(long_time), PostgresSource::First::loaded);
    ASSERT_TRUE(database.covers("a.test"));
    database.put("b", domains(R"("b.test")"));
    database.tell("b");
    ASSERT_TRUE(database.covers("b.test"));
    database.with([&] { database.rows.erase("b"); });
    database.tell("b");
    EXPECT_TRUE(database.becomes([&] { return !database.given.back()->covering("b.test"); }));
    EXPECT_EQ(database.read_alls, 1) << "of the others nothing was read again";
}

TEST_F(Source, a_name_that_moves_is_in_somebodys_hands_at_every_moment) {
    database.put("a", domains(R"("a.test", "moves.test")"));
    database.put("b", domains(R"("b.test")"));
    start();
    ASSERT_TRUE(database.covers("moves.test"));
    // It moves after the names were gathered, of which b is none, and before they are read.
    database.before_named = [this] {
        database.put("a", domains(R"("a.test", "new.test")"));
        database.put("b", domains(R"("b.test", "moves.test")"));
        database.tell("a");
        database.tell("b");
    };
    database.put("a", domains(R"("a.test", "new.test", "moves.test")"));
    database.tell("a");
    ASSERT_TRUE(database.covers("new.test"));
    const std::lock_guard lock(database.mutex);
    for (const auto& index : database.given) EXPECT_TRUE(index->covering("moves.test"));
    EXPECT_EQ(database.given.back()->name(database.given.back()->covering("moves.test")->tenant), "b");
}

TEST_F(Source, reads_everything_now_and_then_however_much_is_told) {
    options.settings.resync_interval = 0s;
    database.chatters = true;
    database.put("a", domains(R"("a.test")"));
    start();
    ASSERT_TRUE(database.covers("a.test"));
    database.put("silent", domains(R"("silent.test")"));  // nobody tells of it
    EXPECT_TRUE(database.covers("silent.test"));
}

TEST_F(Source, takes_other_defaults_without_waiting_for_anything) {
    database.put("a", domains(R"("a.test")"));
    start();
    ASSERT_TRUE(database.covers("a.test"));
    tenant::Defaults other = options.held.defaults;
    other.mode = tenant::Mode::monitor;
    source->use(other, "");
    EXPECT_TRUE(database.becomes([&] { return database.given.back()->covering("a.test")->policy->mode == tenant::Mode::monitor; }));
}

TEST_F(Source, takes_other_defaults_while_nobody_answers) {
    ASSERT_TRUE(save_snapshot(
        folder / "snapshot", held_of(options.settings).origin,
        {std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()), "\"a\":" + domains(R"("a.test")") + '\n'}));
    options.held.snapshot_file = folder / "snapshot";
    database.away = true;
    start();
    ASSERT_TRUE(database.covers("a.test"));
    EXPECT_EQ(source->first(long_time), PostgresSource::First::unreachable);
    tenant::Defaults other = options.held.defaults;
    other.mode = tenant::Mode::monitor;
    source->use(other, "");
    EXPECT_TRUE(database.becomes([&] { return database.given.back()->covering("a.test")->policy->mode == tenant::Mode::monitor; }));
    EXPECT_EQ(options.held.status->state().is, SourceState::Is::stale);
}

TEST_F(Source, is_not_made_to_read_everything_again_and_again) {
    database.put("a", domains(R"("a.test")"));
    start();
    ASSERT_TRUE(database.covers("a.test"));
    database.tell("");
    ASSERT_TRUE(database.becomes([&] { return database.read_alls == 2; })) << "the first at once";
    const auto begin = Clock::now();
    for (int i = 0; i < 3; ++i) {
        int waits = 0;
        database.with([&] { waits = database.waits; });
        database.tell("");
        // One to gather what else comes, and the next.
        ASSERT_TRUE(database.becomes([&] { return database.told.empty() && database.waits >= waits + 2; }));
    }
    const std::lock_guard lock(database.mutex);
    EXPECT_LE(database.read_alls, 3 + (Clock::now() - begin) / PostgresSource::everything_again);
}

TEST_F(Source, outlives_an_exception) {
    database.put("a", domains(R"("a.test")"));
    database.before_all = [first = std::make_shared<std::atomic<bool>>(true)] {
        if (first->exchange(false)) throw std::bad_alloc();
    };
    start();
    EXPECT_TRUE(database.covers("a.test"));
    EXPECT_EQ(database.opened, 2);
}

TEST_F(Source, outlives_that_nobody_can_be_told_of_it) {
    database.put("a", domains(R"("a.test")"));
    database.away = true;
    options.held.on_trouble = [this, left = std::make_shared<std::atomic<int>>(2)] {
        if ((*left)-- > 0) throw std::bad_alloc();
        database.with([&] { database.away = false; });
    };
    start();
    EXPECT_TRUE(database.covers("a.test"));
}

TEST_F(Source, takes_other_defaults_though_memory_ran_out) {
    database.put("a", R"({"tenant_ids":[],"domains":["a.test"],"proofs":["client-cert + dkim"]})");
    start();
    ASSERT_TRUE(database.covers("a.test"));
    tenant::Defaults other = options.held.defaults;
    other.mode = tenant::Mode::monitor;
    other.unusable_proof = [first = std::make_shared<std::atomic<bool>>(true)](const tenant::Proof&) -> std::optional<std::string> {
        if (first->exchange(false)) throw std::bad_alloc();
        return std::nullopt;
    };
    source->use(other, "");
    EXPECT_TRUE(database.becomes([&] { return database.given.back()->covering("a.test")->policy->mode == tenant::Mode::monitor; }));
}

TEST_F(Source, leaves_a_server_that_tells_of_no_changes) {
    database.put("a", domains(R"("a.test")"));
    database.impatient = true;
    start();
    ASSERT_TRUE(database.covers("a.test"));
    database.with([&] { database.deaf = true; });
    EXPECT_TRUE(database.becomes([&] { return database.opened >= 2 && database.read_alls >= 2; }));
}

TEST_F(Source, believes_no_snapshot_of_the_future) {
    ASSERT_TRUE(save_snapshot(
        folder / "snapshot", held_of(options.settings).origin,
        {std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + 1h, "\"a\":" + domains(R"("a.test")") + '\n'}));
    options.held.snapshot_file = folder / "snapshot";
    database.away = true;
    start();
    ASSERT_TRUE(database.covers("a.test"));
    EXPECT_EQ(source->first(long_time), PostgresSource::First::unreachable);
    EXPECT_EQ(options.held.status->state().is, SourceState::Is::failed);
}

TEST_F(Source, writes_a_snapshot_again_that_could_not_be_written) {
    options.held.snapshot_file = folder / "later" / "snapshot";
    options.held.snapshot_apart = 0ms;
    database.impatient = true;
    database.put("a", domains(R"("a.test")"));
    start();
    ASSERT_TRUE(database.becomes([&] { return !database.warnings.empty(); }));
    std::filesystem::create_directory(folder / "later");
    EXPECT_TRUE(database.becomes([&] { return std::filesystem::exists(options.held.snapshot_file); }));
}

TEST_F(Source, writes_the_snapshot_now_and_then_and_at_the_end) {
    options.held.snapshot_file = folder / "snapshot";
    options.held.snapshot_apart = 1h;
    const auto kept = [this] { return load_snapshot(options.held.snapshot_file, held_of(options.settings).origin)->lines; };
    const std::string a = "\"a\":" + domains(R"("a.test")") + '\n', b = "\"b\":" + domains(R"("b.test")") + '\n';
    database.put("a", domains(R"("a.test")"));
    start();
    ASSERT_TRUE(database.covers("a.test"));
    database.put("b", domains(R"("b.test")"));
    database.tell("b");
    ASSERT_TRUE(database.covers("b.test"));
    EXPECT_EQ(kept(), a) << "the first at once, the second not yet";
    source.reset();
    EXPECT_EQ(kept(), a + b);
}

TEST_F(Source, gives_nothing_where_nothing_changed) {
    database.put("a", domains(R"("a.test")"));
    start();
    ASSERT_TRUE(database.covers("a.test"));
    database.tell("");
    ASSERT_TRUE(database.becomes([&] { return database.read_alls == 2; }));
    database.put("b", domains(R"("b.test")"));
    database.tell("b");
    ASSERT_TRUE(database.covers("b.test"));
    EXPECT_EQ(database.given.size(), 2U);
}

TEST_F(Source, takes_no_great_loss_before_somebody_means_it) {
    options.held.state_directory = folder;
    for (int i = 0; i < 10; ++i) database.put("t" + std::to_string(i), domains("\"" + std::to_string(i) + ".test\""));
    start();
    ASSERT_TRUE(database.covers("9.test"));
    database.with([&] {
        for (int i = 0; i < 5; ++i) database.rows.erase("t" + std::to_string(i));
    });
    database.tell("");
    ASSERT_TRUE(database.becomes([&] { return database.troubles > 0; }));
    EXPECT_EQ(database.warnings.size(), 1U);
    EXPECT_EQ(options.held.status->state().is, SourceState::Is::stale);
    EXPECT_EQ(database.given.size(), 1U);
    TenantRows what_there_is(options.held.defaults, {});
    std::vector<TenantRow> rows;
    for (const auto& [name, document] : database.rows) rows.push_back({name, document});
    ASSERT_TRUE(what_there_is.take_all(std::move(rows)));
    ASSERT_TRUE(ShrinkGuard(folder).accept(what_there_is.fingerprint()));
    database.interrupt->poke();
    EXPECT_TRUE(database.becomes([&] { return database.given.size() == 2; }));
}

TEST_F(Source, takes_no_great_loss_at_a_start_without_a_snapshot_either) {
    options.held.state_directory = folder;
    ASSERT_TRUE(ShrinkGuard(folder).note_domain_count(held_of(options.settings).shrink_key, 10));
    start();
    ASSERT_TRUE(database.becomes([&] { return database.troubles > 0; }));
    EXPECT_EQ(source->first(long_time), PostgresSource::First::loaded) << "a start does not wait for whoever means it";
    EXPECT_TRUE(database.given.empty());
    ASSERT_EQ(database.warnings.size(), 1U);
    EXPECT_NE(database.warnings[0].find("would leave 0 of 10 domains"), std::string::npos) << database.warnings[0];
    EXPECT_EQ(options.held.status->state().is, SourceState::Is::failed) << "nobody is refused";
    ASSERT_TRUE(ShrinkGuard(folder).accept(Fingerprint()));  // of no rows
    database.interrupt->poke();
    EXPECT_TRUE(database.becomes([&] { return database.given.size() == 1; }));
    EXPECT_TRUE(database.becomes([&] { return options.held.status->state().is == SourceState::Is::loaded; }));
}

TEST_F(Source, takes_a_small_loss_at_a_start) {
    options.held.state_directory = folder;
    ASSERT_TRUE(ShrinkGuard(folder).note_domain_count(held_of(options.settings).shrink_key, 10));
    for (int i = 0; i < 8; ++i) database.put("t" + std::to_string(i), domains("\"" + std::to_string(i) + ".test\""));
    start();
    EXPECT_TRUE(database.covers("7.test"));
}

}  // namespace
}  // namespace exota::directory
