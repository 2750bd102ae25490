#include "tenant/advice.h"

#include <gtest/gtest.h>

namespace exota::tenant {
namespace {

std::string advice(std::initializer_list<std::string_view> proofs, Forwarding forwarding) {
    std::vector<Proof> parsed;
    for (const std::string_view text : proofs) parsed.push_back(*Proof::parse(text));
    std::string out;
    for (const std::string& line : advise(parsed, forwarding))
        out += line.substr(0, line.find(':')) + ':' + line.substr(line.find(':') + 1, 12) + '\n';
    return out;
}

TEST(Advice, sound_proofs_need_none) {
    EXPECT_EQ(advice({"client-cert + dkim", "client-cert + tenant-id"}, Forwarding::all), "");
    EXPECT_EQ(advice({"client-cert + xoorg"}, Forwarding::all), "");
    EXPECT_EQ(advice({"client-cert + dkim-aligned", "client-cert + tenant-id"}, Forwarding::none), "");
    EXPECT_EQ(advice({}, Forwarding::all), "");
}

TEST(Advice, each_proof_that_proves_nothing_is_named) {
    for (const char* text :
         {"peer", "client-ip", "client-cert", "client-cert + hosted", "client-ip + spf", "spf", "dkim-any + client-cert", "listed"})
        EXPECT_NE(advice({"client-cert + tenant-id", text}, Forwarding::none).find(Proof::parse(text)->text), std::string::npos) << text;
    for (const char* text : {"xoorg", "originator-org", "tenant-id", "dkim", "dkim-aligned", "dmarc", "arc", "spf + dkim"})
        EXPECT_EQ(advice({"client-cert + tenant-id", text}, Forwarding::none), "") << text;
}

TEST(Advice, system_mail_needs_a_proof_without_signature) {
    for (const char* text : {"dkim", "dkim-aligned + tenant-id", "dmarc", "arc", "spf + xoorg"})
        EXPECT_NE(advice({text}, Forwarding::none).find("unsigned system mail"), std::string::npos) << text;
    for (const char* text : {"tenant-id", "client-cert + xoorg", "hosted + originator-org"})
        EXPECT_EQ(advice({"dkim", text}, Forwarding::none), "") << text;
}

TEST(Advice, forwards_need_a_proof_that_they_can_meet) {
    for (const char* text : {"tenant-id + spf", "listed + tenant-id", "dkim-aligned + tenant-id", "tenant-id + dmarc"}) {
        EXPECT_NE(advice({text}, Forwarding::all).find("forwarding is allowed"), std::string::npos) << text;
        EXPECT_EQ(advice({text}, Forwarding::none).find("forwarding is allowed"), std::string::npos) << text;
    }
    EXPECT_EQ(advice({"dkim-aligned", "tenant-id"}, Forwarding::all), "");
}

}  // namespace
}  // namespace exota::tenant
