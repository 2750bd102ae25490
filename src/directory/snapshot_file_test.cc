#include "directory/snapshot_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace exota::directory {
namespace {

const SnapshotOrigin origin{"postgresql", "host=db dbname=exota", "1"};
const StoredSnapshot stored{std::chrono::sys_seconds(std::chrono::seconds(1'764'392'400)), "\"a\":{}\n\"b\":{\"hybrid\":true}\n"};

TEST(Snapshot, reads_back_as_it_was) {
    for (const std::string& lines : {stored.lines, std::string()}) {
        const StoredSnapshot one{stored.confirmed, lines};
        const auto read = read_snapshot(snapshot_text(origin, one), origin);
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_EQ(*read, one);
    }
}

TEST(Snapshot, another_sources_is_not_used) {
    const std::string text = snapshot_text(origin, stored);
    for (const SnapshotOrigin& other :
         {SnapshotOrigin{"ldap", origin.base, origin.schema}, SnapshotOrigin{origin.kind, "host=db dbname=test", "1"},
          SnapshotOrigin{origin.kind, "host=db dbname=exot", "1"}, SnapshotOrigin{origin.kind, origin.base, "2"},
          SnapshotOrigin{origin.kind, origin.base, "1\",\"confirmed\":1"}, SnapshotOrigin{}}) {
        const auto read = read_snapshot(text, other);
        ASSERT_FALSE(read) << other.base;
        EXPECT_EQ(read.error().detail, "is another source's");
    }
}

TEST(Snapshot, cut_anywhere_is_refused) {
    const std::string text = snapshot_text(origin, stored);
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(read_snapshot(text.substr(0, size), origin)) << size;
    EXPECT_EQ(read_snapshot(text.substr(0, text.size() - 1), origin).error().detail, "is cut short");
}

TEST(Snapshot, altered_anywhere_is_refused) {
    const std::string text = snapshot_text(origin, stored);
    const std::size_t confirmed = text.find("\"confirmed\":") + 12;
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string other = text;
        other[at] = other[at] == '7' ? '8' : '7';
        const bool is_time = at >= confirmed && at < confirmed + 10;  // any time is one
        EXPECT_EQ(read_snapshot(other, origin).has_value(), is_time) << at;
    }
    EXPECT_EQ(read_snapshot(text + "\"c\":{}\n", origin).error().detail, "is altered");
    EXPECT_EQ(read_snapshot("exota tenants snapshot 2" + text.substr(24), origin).error().detail, "is of another version of this program");
    EXPECT_EQ(read_snapshot("{}", origin).error().detail, "is no snapshot of tenants");
}

TEST(Snapshot, lies_in_a_file_that_only_its_owner_reads) {
    const std::string path = ::testing::TempDir() + "snapshot." + std::to_string(::getpid());
    EXPECT_EQ(load_snapshot(path, origin).error().code, base::Errc::not_found);
    ASSERT_TRUE(save_snapshot(path, origin, stored));
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    EXPECT_EQ(*load_snapshot(path, origin), stored);
    std::filesystem::resize_file(path, static_cast<std::uintmax_t>(status.st_size) - 3);
    const auto cut = load_snapshot(path, origin);
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, base::Errc::invalid_data);
    EXPECT_EQ(cut.error().detail, path + ": is cut short");
    const std::string link = path + ".link";  // `exota check` of root looks where the daemon's user may write
    std::filesystem::create_symlink(path, link);
    EXPECT_EQ(load_snapshot(link, origin).error().code, base::Errc::io);
    std::filesystem::remove(link);
    std::filesystem::remove(path);
    EXPECT_EQ(load_snapshot("/", origin).error().code, base::Errc::io);
    EXPECT_EQ(save_snapshot("/missing/snapshot", origin, stored).error().code, base::Errc::io);
}

}  // namespace
}  // namespace exota::directory
