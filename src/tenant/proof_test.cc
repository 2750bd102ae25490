#include "tenant/proof.h"

#include <gtest/gtest.h>

namespace exota::tenant {
namespace {

static_assert(name_of(Factor::dkim_aligned) == "dkim-aligned" && name_of(Factor::listed) == "listed");
static_assert(FactorSet{Factor::peer, Factor::listed}.contains(Factor::listed) && !FactorSet{Factor::peer}.contains(Factor::dkim));

TEST(Factor, every_name_names_its_factor) {
    for (std::size_t i = 0; i < factor_count; ++i) EXPECT_EQ(factor_named(factor_names[i]), static_cast<Factor>(i));
    for (const char* name : {"", "DKIM", "dkim_aligned", "dkim ", "peers"}) EXPECT_FALSE(factor_named(name)) << name;
}

TEST(Proof, reads_and_prints_canonically) {
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"client-cert + dkim", "client-cert + dkim"},
        {"dkim+client-cert", "dkim + client-cert"},
        {"\t dkim \t+\tspf ", "dkim + spf"},
        {"listed", "listed"},
    };
    for (const Case& c : cases) {
        const auto proof = Proof::parse(c.text);
        ASSERT_TRUE(proof) << c.text;
        EXPECT_EQ(proof->text, c.want);
        EXPECT_EQ(*Proof::parse(proof->text), *proof);
    }
    EXPECT_EQ(Proof::parse("spf + dkim")->factors, (std::vector{Factor::spf, Factor::dkim}));
    EXPECT_EQ(Proof::parse("spf + dkim")->set, (FactorSet{Factor::dkim, Factor::spf}));
}

TEST(Proof, refuses_with_the_reason) {
    struct Case {
        std::string_view text, part;
    };
    const Case cases[] = {
        {"", "missing"},
        {" ", "missing"},
        {"dkim +", "missing"},
        {"+ dkim", "missing"},
        {"dkim ++ spf", "missing"},
        {"dkim + dkim", "twice"},
        {"dkim, spf", "unknown factor dkim, spf: join factors with '+'"},
        {"client-cert dkim", "unknown factor client-cert dkim: join factors with '+'"},
        {"tenant-id + client-cert;dkim", "join factors with '+'"},
        {"dkim,", "did you mean dkim?"},
        {",dkim", "did you mean dkim?"},
        {"dkim-alligned", "did you mean dkim-aligned?"},
        {"client-cert\n+ dkim", "unknown factor"},
        {"DKIM", "did you mean dkim?"},
    };
    for (const Case& c : cases) {
        const auto proof = Proof::parse(c.text);
        ASSERT_FALSE(proof) << c.text;
        EXPECT_EQ(proof.error().code, base::Errc::invalid_data);
        EXPECT_NE(proof.error().detail.find(c.part), std::string::npos) << proof.error().detail;
    }
}

}  // namespace
}  // namespace exota::tenant
