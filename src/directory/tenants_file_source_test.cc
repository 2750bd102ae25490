#include "directory/tenants_file_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace exota::directory {
namespace {

class TenantsFileSource : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "exota_tenants_XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        path_ = folder_ / "tenants.json";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void write(std::size_t domains) const {
        std::ofstream out(path_);
        out << '{';
        for (std::size_t i = 0; i < domains; ++i) out << (i > 0 ? ",\n" : "") << "\"d" << i << ".example.com\": {}";
        out << '}';
    }
    std::string path() const { return path_.string(); }

    std::filesystem::path folder_, path_;
};

TEST_F(TenantsFileSource, reads_a_file_of_many_pieces) {
    constexpr std::size_t domains = 40000;
    write(domains);
    ASSERT_GT(std::filesystem::file_size(path_), 3 * read_octets);
    const auto loaded = load_tenants_file(path(), {});
    ASSERT_TRUE(loaded) << loaded.error().detail;
    ASSERT_TRUE(loaded->tenants.index);
    EXPECT_EQ(loaded->tenants.index->domain_count(), domains);
    EXPECT_TRUE(loaded->tenants.index->covering("d39999.example.com"));
    EXPECT_EQ(loaded->stamp, *stamp_of(path()));
}

TEST_F(TenantsFileSource, each_time_names_are_hashed_with_a_key_that_nobody_can_foresee) {
    write(10);
    const auto first = load_tenants_file(path(), {}), second = load_tenants_file(path(), {});
    ASSERT_TRUE(first && second && first->tenants.index && second->tenants.index);
    const base::HashKey &a = first->tenants.index->hash_key(), &b = second->tenants.index->hash_key();
    for (const auto word : {&base::HashKey::start, &base::HashKey::factor, &base::HashKey::last_factor}) {
        EXPECT_NE(a.*word, b.*word);
        EXPECT_NE(a.*word, base::HashKey().*word);
    }
    EXPECT_TRUE(second->tenants.index->covering("d9.example.com"));
}

TEST_F(TenantsFileSource, what_cannot_be_read_is_an_error_that_says_why) {
    struct Case {
        std::string path;
        base::Errc code;
        std::string_view part;
    };
    std::ofstream(folder_ / "secret") << "{}";
    std::filesystem::permissions(folder_ / "secret", std::filesystem::perms::none);
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    const Case cases[] = {
        {path(), base::Errc::not_found, "No such file"},
        {path() + "/below", base::Errc::not_found, ""},
        {folder_.string(), base::Errc::io, "not a regular file"},
        {(folder_ / "pipe").string(), base::Errc::io, "not a regular file"},
        {(folder_ / "secret").string(), base::Errc::io, "Permission denied"},
    };
    for (const Case& c : cases) {
        if (c.part == "Permission denied" && ::geteuid() == 0) continue;  // root reads everything
        const auto loaded = load_tenants_file(c.path, {});
        ASSERT_FALSE(loaded) << c.path;
        EXPECT_EQ(loaded.error().code, c.code) << loaded.error().detail;
        EXPECT_NE(loaded.error().detail.find(c.part), std::string::npos) << loaded.error().detail;
    }
}

TEST_F(TenantsFileSource, bad_content_is_no_error_of_reading) {
    std::ofstream(path_) << "{\n\"a.example\": 1}";
    const auto loaded = load_tenants_file(path(), {});
    ASSERT_TRUE(loaded);
    EXPECT_FALSE(loaded->tenants.index);
    ASSERT_EQ(loaded->tenants.problems.size(), 1U);
    EXPECT_EQ(loaded->tenants.problems[0].place.line, 2U);
}

}  // namespace
}  // namespace exota::directory
