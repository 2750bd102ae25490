// The log's way from the loops to its sink: a channel for every loop, one thread that writes.
//
// A loop encodes records into its channel's buffer and hands the buffer over at the end of its turn: by a swap of pointers under a lock
// that is never held for longer than that, is only tried, never waited for, and costs no system call while the writer is busy. The writer
// collects what all channels have and writes it at once, then waits a little for more, so that a busy daemon writes tens of times a second,
// not once a message. Everything is bounded: what a slow sink cannot take is dropped at the channel and counted, never waited for.
//
// Tested by log_writer_test.cc.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/counter.h"
#include "net/descriptor.h"
#include "telemetry/log_sink.h"

namespace exota::telemetry {

class LogWriter;

/// Records of one producing thread.
class LogChannel {
public:
    /// Handed over even within a turn.
    static constexpr std::size_t flush_octets = 64 * 1024;
    /// Kept while the writer does not take anything.
    static constexpr std::size_t max_octets = 1024 * 1024;

    explicit LogChannel(LogWriter& writer) : writer_(writer) {}

    /// Where to append one encoded record; then call end_record().
    std::string& record() noexcept { return current_.octets; }
    void end_record();
    /// Hands over what is there.
    /// @return  false: the writer is just taking what was handed over before; call again soon.
    bool flush();
    bool empty() const noexcept { return current_.empty(); }
    const net::Counter& dropped() const noexcept { return dropped_; }

private:
    friend class LogWriter;

    /// From the writer's thread: what was handed over, or nothing.
    /// @param batch  empty; its room is the channel's from now on, if something was there.
    void take(LogBatch& batch);

    LogWriter& writer_;
    LogBatch current_;  // the producer's own
    net::Counter dropped_;
    std::mutex mutex_;
    LogBatch given_;  // at most max_octets
};

class LogWriter {
public:
    /// Of one buffer, kept for records to come; what a burst made larger is freed once it is written.
    static constexpr std::size_t max_kept_octets = 4 * LogChannel::flush_octets;

    explicit LogWriter(std::unique_ptr<LogSink> sink);
    /// Writes what is left, as far as the sink takes it, and ends. No thread uses a channel any more.
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    /// A channel for one thread; lives as long as the writer.
    LogChannel& add_channel();
    /// Waits until everything that was handed over before is written, or lost. From any thread but the writer's.
    void settle() noexcept;
    /// Records that a sink did not take, or that a channel dropped, so far.
    std::uint64_t lost() const noexcept;

private:
    friend class LogChannel;
    /// How long the writer lets records gather after it wrote some.
    static constexpr int gather_milliseconds = 10;

    void work();
    bool write_all();
    void wake() noexcept;
    void wake_now() noexcept;

    std::unique_ptr<LogSink> sink_;
    net::Descriptor event_;
    std::atomic<bool> asleep_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> settles_asked_{0}, settles_done_{0};
    std::atomic<std::uint64_t> lost_in_sink_{0};
    mutable std::mutex channels_mutex_;
    std::vector<std::unique_ptr<LogChannel>> channels_;
    // The writer's own. What is written goes back to a channel as its next buffer, so a busy log asks for no memory and touches no fresh
    // page.
    std::vector<LogChannel*> seen_;
    LogBatch all_, one_;
    std::thread thread_;
};

}  // namespace exota::telemetry
