#include "app/door_files.h"

#include <gtest/gtest.h>

#include "app/loading.h"
#include "net/testing.h"
#include "net/tls_helper.h"

namespace exota::app {
namespace {

class DoorFilesTest : public ::testing::Test {
protected:
    DoorFilesTest() {
        config.rules.inbound.emplace();
        config.perimeter.allow_file = folder.path("allow");
        config.perimeter.block_file = folder.path("block");
        config.recipients.file = folder.path("recipients");
        write("allow", "192.0.2.1\n");
        write("block", "192.0.2.0/24\n198.51.100.0/24\n");
        write("recipients", "john@contoso.example\n");
    }
    void write(const std::string& name, const std::string& text) const { net::testing::write_file(folder.path(name), text); }
    static std::string all_of(const DoorFiles& read) {
        std::string out;
        for (const config::Problem& problem : read.problems) out += to_text(problem) + '\n';
        return out;
    }
    net::testing::TemporaryDirectory folder;
    config::Config config;
};

TEST_F(DoorFilesTest, reads_all_of_them) {
    config.perimeter.threshold = 3;
    config.perimeter.require_ptr = true;
    config.perimeter.dnsbl = {authn::Dnsbl::parse("bl.example").value()};
    const DoorFiles read = read_door_files(config, nullptr);
    ASSERT_TRUE(read.lists) << all_of(read);
    EXPECT_EQ(read.lists->allowed->size(), 1U);
    EXPECT_EQ(read.lists->blocked->size(), 2U);
    EXPECT_EQ(read.lists->recipients->size(), 1U);
    EXPECT_EQ(read.lists->threshold, 3);
    EXPECT_TRUE(read.lists->require_ptr);
    ASSERT_EQ(read.lists->dnsbl.size(), 1U);
    ASSERT_EQ(read.files.size(), 3U);
    for (const DoorFile& file : read.files) EXPECT_EQ(file.stamp, directory::stamp_of(file.path).value()) << file.path;
}

TEST_F(DoorFilesTest, none_is_read_that_is_not_named_or_asked_for) {
    config.perimeter = {};
    config.recipients = {};
    const DoorFiles nothing = read_door_files(config, nullptr);
    ASSERT_TRUE(nothing.lists);
    EXPECT_FALSE(nothing.lists->allowed || nothing.lists->blocked || nothing.lists->recipients);
    EXPECT_TRUE(nothing.files.empty());
    config.rules.inbound.reset();
    config.perimeter.block_file = folder.path("missing");
    const DoorFiles no_door = read_door_files(config, nullptr);
    EXPECT_FALSE(no_door.lists);
    EXPECT_TRUE(no_door.problems.empty());
}

TEST_F(DoorFilesTest, says_of_every_file_what_is_wrong_where) {
    write("allow", "192.0.2.1\nnonsense\n");
    write("recipients", "john\n");
    config.perimeter.block_file = folder.path("missing");
    const DoorFiles read = read_door_files(config, nullptr);
    EXPECT_FALSE(read.lists);
    EXPECT_EQ(all_of(read), folder.path("allow") + ":2: error: no IP address in prefix\n" + folder.path("missing") +
                                ": error: cannot be read: No such file or directory\n" + folder.path("recipients") + ":1: error: no '@'\n");
    ASSERT_EQ(read.files.size(), 3U);
    EXPECT_TRUE(read.files[0].stamp) << "so that its change is seen";
    EXPECT_FALSE(read.files[1].stamp);
}

TEST_F(DoorFilesTest, how_a_dns_list_fares_goes_on) {
    const auto list = [](std::string_view text) { return authn::Dnsbl::parse(text).value(); };
    config.perimeter.dnsbl = {list("bl.example=127.0.0.2"), list("bl.example=127.0.0.3*2"), list("other.example")};
    const DoorFiles before = read_door_files(config, nullptr);
    const auto& dnsbl = before.lists->dnsbl;
    EXPECT_EQ(dnsbl[0].state, dnsbl[1].state) << "one list with two filters";
    EXPECT_NE(dnsbl[0].state, dnsbl[2].state);
    config.perimeter.dnsbl = {list("new.example"), list("other.example*5")};
    const DoorFiles after = read_door_files(config, before.lists.get());
    EXPECT_EQ(after.lists->dnsbl[1].state, dnsbl[2].state);
    EXPECT_EQ(after.lists->dnsbl[0].state->use(gate::DnsblState::Family::ipv4), gate::DnsblState::Use::untested);
}

TEST_F(DoorFilesTest, one_at_fault_keeps_its_last_and_the_others_are_taken) {
    const DoorFiles before = read_door_files(config, nullptr);
    write("allow", "192.0.2.1\n192.0.2.2\n");
    write("block", "nonsense\n");
    write("recipients", "john@contoso.example\nnew@contoso.example\n");
    EXPECT_FALSE(read_door_files(config, before.lists.get()).lists) << "who asks for all of them gets all or nothing";
    const DoorFiles after = read_door_files(config, before.lists.get(), FileAtFault::keeps_its_last);
    ASSERT_TRUE(after.lists);
    EXPECT_EQ(after.lists->allowed->size(), 2U);
    EXPECT_EQ(after.lists->blocked, before.lists->blocked);
    EXPECT_EQ(after.lists->recipients->size(), 2U);
    EXPECT_EQ(all_of(after), folder.path("block") + ":1: error: no IP address in prefix\n");
    write("allow", "nonsense\n");
    write("recipients", "nonsense\n");
    EXPECT_FALSE(read_door_files(config, before.lists.get(), FileAtFault::keeps_its_last).lists) << "there is nothing new";
}

TEST_F(DoorFilesTest, a_list_of_recipients_that_may_not_be_whole_is_at_fault) {
    write("recipients", "# nobody yet\n");
    EXPECT_FALSE(read_door_files(config, nullptr).lists);
    EXPECT_EQ(all_of(read_door_files(config, nullptr)), folder.path("recipients") + ": error: names no recipient\n");
    const auto recipients = [](int count) {
        std::string out;
        for (int i = 0; i < count; ++i) out += "r" + std::to_string(i) + "@contoso.example\n";
        return out;
    };
    write("recipients", recipients(100));
    const DoorFiles before = read_door_files(config, nullptr);
    write("recipients", recipients(80));
    EXPECT_EQ(read_door_files(config, before.lists.get(), FileAtFault::keeps_its_last).lists->recipients->size(), 80U) << "a fifth";
    write("recipients", recipients(79));
    const DoorFiles shrunk = read_door_files(config, before.lists.get(), FileAtFault::keeps_its_last);
    EXPECT_EQ(shrunk.lists->recipients, before.lists->recipients);
    EXPECT_EQ(all_of(shrunk), folder.path("recipients") + ": error: would leave 79 of 100 recipients: if that is meant, reload (SIGHUP)\n");
    EXPECT_EQ(read_door_files(config, before.lists.get()).lists->recipients->size(), 79U) << "SIGHUP says that it is meant";
    write("recipients", recipients(99));
    const DoorFiles few = read_door_files(config, nullptr);
    write("recipients", recipients(1));
    EXPECT_EQ(read_door_files(config, few.lists.get(), FileAtFault::keeps_its_last).lists->recipients->size(), 1U)
        << "few are written by hand";
}

TEST_F(DoorFilesTest, a_load_that_was_not_taken_read_no_file) {
    write("tenants.json", R"({"version": 2, "tenants": {"a": {"domains": ["a.example"]}}})");
    write("exota.toml",
          "authorisation.mode = \"enforce\"\n[tenants]\nfile = \"tenants.json\"\nstate_directory = \"\"\n[inbound]\nmode = "
          "\"enforce\"\n[perimeter]\nblock_file = \"block\"\n");
    const auto read = [&] { return config::load(folder.path("exota.toml")); };
    const Loaded loaded = load_all(read, ForceMonitor::no, nullptr);
    ASSERT_TRUE(loaded.door_files);
    write("block", "192.0.2.1\n");
    write("tenants.json", "nonsense");
    const Loaded rejected = load_all(read, ForceMonitor::no, loaded.snapshot.get());
    EXPECT_FALSE(rejected.snapshot);
    EXPECT_FALSE(rejected.door_files) << "its change is still to be seen";
}

TEST_F(DoorFilesTest, a_change_leaves_the_tenants_as_they_are) {
    write("tenants.json", R"({"version": 2, "tenants": {"a": {"domains": ["a.example"]}}})");
    write("exota.toml",
          "authorisation.mode = \"enforce\"\n[tenants]\nfile = \"tenants.json\"\nstate_directory = \"\"\n[inbound]\nmode = "
          "\"enforce\"\n[perimeter]\nblock_file = \"block\"\n");
    const Loaded loaded = load_all([&] { return config::load(folder.path("exota.toml")); }, ForceMonitor::no, nullptr);
    ASSERT_TRUE(loaded.snapshot);
    ASSERT_TRUE(loaded.door_files);
    EXPECT_EQ(loaded.snapshot->door->blocked->size(), 2U);

    write("block", "192.0.2.1\n");
    const Loaded door = load_door(*loaded.config, *loaded.snapshot);
    ASSERT_TRUE(door.snapshot);
    EXPECT_EQ(door.snapshot->door->blocked->size(), 1U);
    EXPECT_EQ(door.snapshot->tenants, loaded.snapshot->tenants);
    EXPECT_EQ(door.snapshot->tenant_limits, loaded.snapshot->tenant_limits);
    EXPECT_EQ(door.snapshot->generation, loaded.snapshot->generation + 1);

    const Loaded tenants = load_tenants(*loaded.config, door.snapshot.get());
    ASSERT_TRUE(tenants.snapshot);
    EXPECT_EQ(tenants.snapshot->door, door.snapshot->door) << "not read again";
    EXPECT_FALSE(tenants.door_files);

    write("without.toml", "authorisation.mode = \"enforce\"\n[tenants]\nfile = \"tenants.json\"\nstate_directory = \"\"\n");
    const auto without = [&] { return config::load(folder.path("without.toml")); };
    EXPECT_TRUE(load_all(without, ForceMonitor::no, nullptr).snapshot);
    EXPECT_FALSE(load_all(without, ForceMonitor::no, door.snapshot.get()).snapshot) << "its socket stays open";

    write("block", "nonsense\n");
    const Loaded bad = load_door(*loaded.config, *door.snapshot);
    EXPECT_FALSE(bad.snapshot);
    EXPECT_TRUE(has_error(bad.problems));
    EXPECT_TRUE(bad.door_files);
}

}  // namespace
}  // namespace exota::app
