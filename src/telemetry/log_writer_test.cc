#include "telemetry/log_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <sstream>

#include "telemetry/testing.h"

namespace exota::telemetry {
namespace {

using testing::MemorySink;

void put(LogChannel& channel, std::string_view text) {
    channel.record() += text;
    channel.end_record();
}

void flush(LogChannel& channel) {
    while (!channel.flush()) std::this_thread::yield();
}

TEST(LogWriter, everything_handed_over_is_written_before_the_end_in_order) {
    auto sink = std::make_unique<MemorySink>();
    const auto lines = sink->lines();
    {
        LogWriter writer(std::move(sink));
        LogChannel& channel = writer.add_channel();
        for (int i = 0; i < 1000; ++i) {
            put(channel, std::to_string(i) + '\n');
            if (i % 7 == 0) static_cast<void>(channel.flush());
        }
        flush(channel);
        EXPECT_EQ(writer.lost(), 0U);
    }
    std::string want;
    for (int i = 0; i < 1000; ++i) want += std::to_string(i) + '\n';
    EXPECT_EQ(lines->all(), want);
}

TEST(LogWriter, what_settled_is_written_before_what_comes_later_on_any_channel) {
    auto sink = std::make_unique<MemorySink>();
    const auto lines = sink->lines();
    LogWriter writer(std::move(sink));
    LogChannel &first = writer.add_channel(), &second = writer.add_channel();  // of one batch, the first one's are written first
    writer.settle();                                                           // nothing to wait for
    std::string want;
    for (int i = 0; i < 100; ++i) {
        put(second, "message\n");
        flush(second);
        writer.settle();
        want += "message\n";
        EXPECT_EQ(lines->all(), want);
        put(first, "stopped\n");
        flush(first);
        writer.settle();
        want += "stopped\n";
        EXPECT_EQ(lines->all(), want);
    }
}

TEST(LogWriter, channels_of_several_threads) {
    auto sink = std::make_unique<MemorySink>();
    const auto lines = sink->lines();
    constexpr int threads = 4, records = 5000;
    {
        LogWriter writer(std::move(sink));
        std::vector<std::thread> producers;
        for (int t = 0; t < threads; ++t)
            producers.emplace_back([&channel = writer.add_channel(), t] {
                for (int i = 0; i < records; ++i) {
                    put(channel, std::to_string(t) + ' ' + std::to_string(i) + '\n');
                    flush(channel);
                }
                flush(channel);
            });
        for (std::thread& producer : producers) producer.join();
        EXPECT_EQ(writer.lost(), 0U);
    }
    std::array<int, threads> next{};
    std::istringstream in(lines->all());
    for (int t = 0, i = 0; in >> t >> i;) EXPECT_EQ(i, next[static_cast<std::size_t>(t)]++) << "of " << t;
    for (const int count : next) EXPECT_EQ(count, records);
}

/// Does not take anything until it is told to.
struct Hold {
    std::promise<void> entered, release;
    std::atomic<bool> inside{false};
    std::atomic<std::size_t> records{0};
};

class HeldSink final : public LogSink {
public:
    explicit HeldSink(Hold& hold) : hold_(hold), released_(hold.release.get_future().share()) {}
    std::size_t write(const LogBatch& batch) override {
        if (!hold_.inside.exchange(true)) hold_.entered.set_value();
        released_.get();
        hold_.records += batch.ends.size();
        return 0;
    }

private:
    Hold& hold_;
    std::shared_future<void> released_;
};

TEST(LogWriter, a_sink_that_hangs_costs_bounded_memory_and_is_counted) {
    Hold hold;
    constexpr std::size_t records = 20'000;
    std::uint64_t lost = 0;
    {
        LogWriter writer(std::make_unique<HeldSink>(hold));
        LogChannel& channel = writer.add_channel();
        const std::string record(1000, 'x');
        put(channel, record);
        flush(channel);
        hold.entered.get_future().get();
        for (std::size_t i = 1; i < records; ++i) put(channel, record);
        lost = writer.lost();
        EXPECT_GT(lost, records / 2);
        EXPECT_LE(channel.record().size(), LogChannel::max_octets);
        hold.release.set_value();
        flush(channel);
        put(channel, record);
        flush(channel);
        EXPECT_EQ(writer.lost(), lost) << "it works again";
    }
    EXPECT_EQ(hold.records + lost, records + 1);
}

/// However many turns of a loop hand something over while the writer gathers, the last record is not left behind.
TEST(LogWriter, many_small_batches_are_all_written_soon) {
    auto sink = std::make_unique<MemorySink>();
    const auto lines = sink->lines();
    LogWriter writer(std::move(sink));
    LogChannel& channel = writer.add_channel();
    std::string want;
    for (int i = 0; i < 500; ++i) {
        put(channel, std::to_string(i) + '\n');
        flush(channel);
        want += std::to_string(i) + '\n';
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (lines->all().size() < want.size() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(lines->all(), want);
}

/// One channel whose records are written one by one.
struct OneByOne {
    OneByOne() : OneByOne(std::make_unique<MemorySink>()) {}
    explicit OneByOne(std::unique_ptr<MemorySink> sink) : lines(sink->lines()), writer(std::move(sink)), channel(writer.add_channel()) {}

    void hand_over(std::string_view record) {
        put(channel, record);
        flush(channel);
        written += record.size();
        while (lines->all().size() < written) std::this_thread::yield();
    }
    /// The most room that a record finds over some hand-overs: as many as there are buffers, and more.
    std::size_t room_after(std::string_view record) {
        hand_over(record);
        std::size_t most = 0;
        for (int i = 0; i < 5; ++i) {
            hand_over("x");
            most = std::max(most, channel.record().capacity());
        }
        return most;
    }

    std::shared_ptr<testing::Lines> lines;
    LogWriter writer;
    LogChannel& channel;
    std::size_t written = 0;
};

TEST(LogWriter, buffers_go_round) {
    OneByOne log;
    const std::string record(1000, 'x');
    constexpr int buffers = 3;  // the channel's two and the writer's
    for (int i = 0; i < buffers; ++i) log.hand_over(record);
    for (int i = 0; i < 10; ++i) {
        EXPECT_GE(log.channel.record().capacity(), record.size()) << "before hand-over " << i;
        EXPECT_TRUE(log.channel.record().empty());
        log.hand_over(record);
    }
}

TEST(LogWriter, a_buffer_that_a_burst_made_large_is_not_kept) {
    const std::string most(LogWriter::max_kept_octets, 'x');
    EXPECT_EQ(OneByOne().room_after(most), most.size());
    EXPECT_LT(OneByOne().room_after(most + 'x'), most.size());
}

/// Loses every record.
class BrokenSink final : public LogSink {
    std::size_t write(const LogBatch& batch) override { return batch.ends.size(); }
};

TEST(LogWriter, what_the_sink_loses_is_counted) {
    LogWriter writer(std::make_unique<BrokenSink>());
    LogChannel& channel = writer.add_channel();
    put(channel, "a");
    put(channel, "b");
    flush(channel);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (writer.lost() < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(writer.lost(), 2U);
}

}  // namespace
}  // namespace exota::telemetry
