// Every folder named on the command line: each of its files is a test (smtp_file.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include "decision/render.h"
#include "gate/gateway_fixture.h"
#include "smtp_file.h"

namespace exota::conversations {
namespace {

using gate::GatewaySettings;

class SmtpFileTest : public gate::testing::GatewayTest {
public:
    SmtpFileTest(std::filesystem::path path, bool octets) : path_(std::move(path)) { octet_by_octet = octets; }

    void TestBody() override {
        std::ifstream in(path_);
        ASSERT_TRUE(in) << path_;
        const SmtpFile file = read_smtp_file(std::string{std::istreambuf_iterator<char>(in), {}});
        for (const std::string& problem : file.problems) ADD_FAILURE() << path_.string() << ':' << problem;
        accept_all();
        for (const auto& [key, value] : file.settings) set(key, value);
        if (HasFailure() || (octet_by_octet && !may_be_cut_)) return;
        SCOPED_TRACE(path_.string());
        play(file.dialogue);
        restart();  // what is under way ends with its session
        EXPECT_EQ(known(), file.known);
    }

private:
    void set(const std::string& key, const std::string& value) {
        const auto number = [&] { return static_cast<std::size_t>(std::stoull(value)); };
        const std::map<std::string, std::function<void()>> keys{
            {"pieces", [&] { may_be_cut_ = value != "whole"; }},
            {"judge", [&] { judge.use(gate::testing::shared(gate::testing::snapshot_of(tenants))); }},
            {"names", [&] { world.asks = value == "asked"; }},
            {"spool_octets", [&] { house.spool_limit = number(); }},
            {"backends", [&] { settings.backend.assign(number(), "inet:backend.test:25"); }},
            {"identity",
             [&] {
                 settings.backend_identity = value == "xclient" ? gate::BackendIdentity::xclient
                                             : value == "proxy" ? gate::BackendIdentity::proxy
                                                                : gate::BackendIdentity::none;
             }},
            {"backend_tls", [&] { settings.backend_tls = value == "verify" ? gate::BackendTls::verify : gate::BackendTls::encrypt; }},
            {"tls", [&] { settings.offers_tls = value == "offered"; }},
            {"require_tls", [&] { settings.require_tls = value == "yes"; }},
            {"announce_xoorg",
             [&] { settings.announce_xoorg = value == "always" ? gate::AnnounceXoorg::always : gate::AnnounceXoorg::never; }},
            {"early_refusal", [&] { settings.early_refusal = value == "yes"; }},
            {"message_octets", [&] { settings.message_octets = number(); }},
            {"max_recipients", [&] { settings.max_recipients = number(); }},
            {"max_errors", [&] { settings.max_errors = number(); }},
            {"spoke_first", [&] { client.spoke_first = value == "yes"; }},
        };
        const auto found = keys.find(key);
        if (found == keys.end())
            ADD_FAILURE() << path_.string() << ": set " << key;
        else
            found->second();
    }

    std::vector<std::string> known() const {
        std::vector<std::string> lines;
        for (const auto& seen : recorder.messages)
            lines.push_back("judged " + std::string(decision::name_of(seen.decision.verdict)) + ' ' +
                            std::string(decision::name_of(seen.decision.reason)) + ' ' + std::string(gate::name_of(seen.stage)) + " | " +
                            seen.delivery.substr(seen.delivery.rfind('|') + 1));
        for (const std::string& line : house.unjudged) lines.push_back("unjudged " + line);
        for (const std::string& line : house.failures) lines.push_back("failed " + line);
        for (const std::string& line : recorder.errors) lines.push_back("error " + line);
        return lines;
    }

    std::filesystem::path path_;
    bool may_be_cut_ = true;
};

/// @return  how many files there are.
std::size_t register_folder(const std::filesystem::path& folder) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".smtp") continue;
        ++files;
        for (const bool octets : {false, true}) {
            const std::string name = folder.filename().string() + '_' + (octets ? "octets" : "lines");
            ::testing::RegisterTest(
                name.c_str(), entry.path().stem().c_str(), nullptr, nullptr, __FILE__, __LINE__,
                [path = entry.path(), octets]() -> gate::testing::GatewayTest* { return new SmtpFileTest(path, octets); });
        }
    }
    return files;
}

}  // namespace
}  // namespace exota::conversations

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    std::size_t files = 0;
    for (int i = 1; i < argc; ++i) files += exota::conversations::register_folder(argv[i]);
    if (files == 0) return 1;
    return RUN_ALL_TESTS();
}
