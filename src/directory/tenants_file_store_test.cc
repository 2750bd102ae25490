#include "directory/tenants_file_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace exota::directory {
namespace {

using Access = TenantsStore::Access;

class TenantsFileStores : public ::testing::Test {
protected:
    ~TenantsFileStores() override { std::filesystem::remove(path_); }
    void write(const std::string& text) const { std::ofstream(path_, std::ios::binary | std::ios::trunc) << text; }
    std::string content() const {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static base::Result<void> add(TenantsFileStore& store, const TenantsStore::Opened& opened, const std::string& name) {
        tenant::RawTenants after = *opened.tenants;
        after.put({name, {}});
        return store.change({after, tenant::difference(*opened.tenants, after)});
    }

    const std::string path_ = ::testing::TempDir() + "tenants_file_store." + std::to_string(::getpid());
};

TEST_F(TenantsFileStores, give_what_there_is_whatever_it_is) {
    EXPECT_EQ(TenantsFileStore(path_).open(Access::read).error().code, base::Errc::not_found);
    EXPECT_EQ(TenantsFileStore("/").open(Access::read).error().code, base::Errc::io);
    write("no JSON");
    auto opened = TenantsFileStore(path_).open(Access::read);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->text, "no JSON");
    EXPECT_FALSE(opened->tenants);
    write(R"({"version": 2, "tenants": {"a": {}}})");
    opened = TenantsFileStore(path_).open(Access::read);
    ASSERT_TRUE(opened && opened->tenants);
    EXPECT_TRUE(opened->tenants->find("a"));
}

TEST_F(TenantsFileStores, see_what_the_one_before_wrote) {
    write(R"({"version": 2, "tenants": {}})");
    auto first = std::make_unique<TenantsFileStore>(path_);
    const auto opened = first->open(Access::change);
    ASSERT_TRUE(opened);
    std::thread second([this] {
        TenantsFileStore store(path_);
        const auto later = store.open(Access::change);  // waits, or comes late enough
        ASSERT_TRUE(later);
        EXPECT_TRUE(later->tenants->find("first"));
        EXPECT_TRUE(add(store, *later, "second"));
    });
    EXPECT_TRUE(add(*first, *opened, "first"));
    first.reset();
    second.join();
    const auto both = tenant::RawTenants::read(content());
    ASSERT_TRUE(both);
    EXPECT_TRUE(both->find("first") && both->find("second"));
}

TEST_F(TenantsFileStores, write_nothing_over_what_an_editor_wrote) {
    write(R"({"version": 2, "tenants": {}})");
    TenantsFileStore store(path_);
    const auto opened = store.open(Access::change);
    ASSERT_TRUE(opened);
    write(R"({"version": 2, "tenants": {"edited": {}}})");
    const auto done = add(store, *opened, "first");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::Errc::unavailable);
    EXPECT_EQ(content(), R"({"version": 2, "tenants": {"edited": {}}})");
}

}  // namespace
}  // namespace exota::directory
