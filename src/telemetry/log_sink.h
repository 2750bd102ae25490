// Where log records go: a stream (standard error), or datagrams (syslog, the journal). Only the writer thread writes.
//
// Nobody waits for a reader that does not read: what cannot be written within a second is given up and counted, the next batch tries
// again. Tested by log_sink_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/descriptor.h"

namespace exota::telemetry {

/// Encoded records, one behind the other; `ends` has the end of each.
struct LogBatch {
    std::string octets;
    std::vector<std::size_t> ends;
    bool empty() const noexcept { return ends.empty(); }
    void clear() noexcept {
        octets.clear();
        ends.clear();
    }
};

class LogSink {
public:
    static constexpr std::chrono::milliseconds longest_wait{1000};

    virtual ~LogSink() = default;
    /// @return  the number of records that are lost.
    virtual std::size_t write(const LogBatch& batch) = 0;
};

/// Lines on a descriptor that others may share (standard error): it is never made non-blocking for them.
/// @param longest_wait  for room, a batch. Tests have no second to spare.
std::unique_ptr<LogSink> make_stream_sink(int descriptor, std::chrono::milliseconds longest_wait = LogSink::longest_wait);

enum class DatagramKind : std::uint8_t {
    syslog,   // a record that is too long is cut
    journal,  // a record that is too long is passed as a sealed file (systemd's native protocol)
};
/// Connects when it first writes, and again (once a second) when the other side was restarted.
std::unique_ptr<LogSink> make_datagram_sink(std::string socket_path, DatagramKind kind,
                                            std::chrono::milliseconds longest_wait = LogSink::longest_wait);

}  // namespace exota::telemetry
