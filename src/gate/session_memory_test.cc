// What an idle session takes: ten thousand of them must fit beside each other. (With its connection: app/idle_memory_test.cc.)
#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <vector>

#include "gate/session_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;

std::size_t octets_of_a_session(Judge& judge, std::string_view said, Recorder& recorder) {
    constexpr std::size_t count = 1000;
    std::vector<std::unique_ptr<MilterSession>> sessions;
    sessions.reserve(count);
    recorder.messages.reserve(1);
    const std::size_t before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < count; ++i) {
        std::string answers;
        sessions.push_back(std::make_unique<MilterSession>(judge, [] {}));
        EXPECT_EQ(sessions.back()->feed(said, answers).consumed, said.size());
        recorder.messages.clear();
    }
    const std::size_t each = (mallinfo2().uordblks - before) / count;
    return each;
}

TEST(SessionMemory, an_idle_session_is_small) {
    Recorder recorder;
    StillWorld world;
    Judge judge{recorder, world};
    judge.use(shared(snapshot_of(index_of(tenants_text))));
    // Exchange Online says HELO with names of this length.
    Mta writer(judge);
    mta::append_offer(writer.out, mta::full_offer);
    writer.connect();
    mta::append_helo(writer.out, "mail-db8eur05on2101.outbound.protection.outlook.com");
    mta::append_abort(writer.out);
    writer.helo_tls();
    const std::string greeting = writer.out;
    writer.envelope();
    writer.header("contoso.test", true);
    writer.end();
    const std::string with_message = writer.out;
    writer.out.clear();

    struct Case {
        std::string_view name;
        const std::string& said;
        std::size_t limit;
    };
    for (const Case& c : {Case{"opened to HELO", greeting, 512}, Case{"between two messages", with_message, 512}}) {
        const std::size_t each = octets_of_a_session(judge, c.said, recorder);
        RecordProperty(c.name == "opened to HELO" ? "opened" : "between", static_cast<int>(each));
        EXPECT_LE(each, c.limit) << c.name;
        EXPECT_GE(each, greeting.size() / 4) << "else nothing was measured";
    }
}

}  // namespace
}  // namespace exota::gate
