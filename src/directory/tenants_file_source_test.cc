#include "directory/tenants_file_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace exota::directory {
namespace {

static_assert(!shrinks_too_far(10, 8) && shrinks_too_far(10, 7));
static_assert(!shrinks_too_far(0, 0) && !shrinks_too_far(5, 9) && !shrinks_too_far(5, 4) && shrinks_too_far(5, 3));
static_assert(shrinks_too_far(1, 0) && shrinks_too_far(4, 3) && shrinks_too_far(1000000, 0));

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
    EXPECT_EQ(look_at(path()), (Watched{loaded->stamp, std::nullopt}));
}

TEST_F(TenantsFileSource, what_cannot_be_read_is_an_error_that_names_it) {
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
        EXPECT_NE(loaded.error().detail.find(c.path), std::string::npos);
        EXPECT_NE(loaded.error().detail.find(c.part), std::string::npos) << loaded.error().detail;
    }
}

TEST_F(TenantsFileSource, bad_content_is_no_error_of_reading) {
    std::ofstream(path_) << "{\n\"a.example\": 1}";
    const auto loaded = load_tenants_file(path(), {});
    ASSERT_TRUE(loaded);
    EXPECT_FALSE(loaded->tenants.index);
    ASSERT_EQ(loaded->tenants.problems.size(), 1U);
    EXPECT_EQ(loaded->tenants.problems[0].line, 2U);
}

TEST_F(TenantsFileSource, a_shrink_is_refused_until_this_content_is_accepted) {
    write(7);
    EXPECT_FALSE(refusal_of_shrink(path(), 8, 7)) << "less than a fifth";
    auto refusal = refusal_of_shrink(path(), 10, 7);
    ASSERT_TRUE(refusal);
    EXPECT_NE(refusal->find("7 domains, and 10 are in use"), std::string::npos) << *refusal;
    EXPECT_NE(refusal->find("exota check --accept-shrink"), std::string::npos);

    ASSERT_TRUE(accept_shrink(path()));
    EXPECT_FALSE(refusal_of_shrink(path(), 10, 7));
    EXPECT_TRUE(look_at(path()).acceptance);
    EXPECT_FALSE(std::filesystem::exists(acceptance_path(path()) + ".new"));

    write(6);
    refusal = refusal_of_shrink(path(), 10, 6);
    ASSERT_TRUE(refusal) << "the acceptance was of another content";
    EXPECT_NE(refusal->find("another content"), std::string::npos) << *refusal;
    ASSERT_TRUE(accept_shrink(path()));
    EXPECT_FALSE(refusal_of_shrink(path(), 10, 6));
    write(7);
    EXPECT_TRUE(refusal_of_shrink(path(), 10, 7));
}

TEST_F(TenantsFileSource, a_broken_acceptance_accepts_nothing) {
    write(1);
    for (const char* text :
         {"", "sha256 \n", "sha256", "sha256 0000000000000000000000000000000000000000000000000000000000000000\n", "yes\n", "{}"}) {
        std::ofstream(acceptance_path(path())) << text;
        EXPECT_TRUE(refusal_of_shrink(path(), 10, 1)) << text;
    }
    std::filesystem::remove(acceptance_path(path()));
    std::filesystem::create_directory(acceptance_path(path()));
    EXPECT_TRUE(refusal_of_shrink(path(), 10, 1));
    EXPECT_FALSE(accept_shrink(path()));
    EXPECT_EQ(accept_shrink(path() + ".none").error().code, base::Errc::not_found);
}

TEST_F(TenantsFileSource, domains_in_use_read_back) {
    const std::string record = (folder_ / "in-use").string();
    EXPECT_EQ(read_domains_in_use(record).error().code, base::Errc::not_found);
    for (const std::size_t domains : {std::size_t{0}, std::size_t{1000000}}) {
        ASSERT_TRUE(write_domains_in_use(record, domains));
        EXPECT_EQ(*read_domains_in_use(record), domains);
    }
    for (const char* text : {"domains\n", "domains \n", "domains x\n", "domains 1", "domains -1\n", "domains 1 2\n"}) {
        std::ofstream(record) << text;
        EXPECT_FALSE(read_domains_in_use(record)) << text;
    }
}

}  // namespace
}  // namespace exota::directory
