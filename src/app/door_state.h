// The inbound door as the daemon keeps it: whether its files changed, whether its DNS lists work, and what log and metrics say of them.
//
// Lives on the control loop, with a resolver of its own. Tested by daemon_door_test.cc, dnsbl_watch_test.cc and
// tests/system/test_inbound.py.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "app/dnsbl_watch.h"
#include "app/door_watch.h"
#include "app/loop_network.h"
#include "directory/source_status.h"

namespace exota::telemetry {
class Log;
class Metrics;
}  // namespace exota::telemetry

namespace exota::app {

class DoorState {
public:
    /// @param log, metrics  outlive this object.
    DoorState(net::Loop& control, const net::ResolverSettings& resolver, telemetry::Log& log, telemetry::Metrics& metrics);

    /// These lists are in force. nullptr: there is no inbound door.
    void use(const std::shared_ptr<const gate::DoorLists>& lists);
    /// The files were read.
    void was_read(const std::vector<DoorFile>& files) { files_.was_read(files); }
    /// Looks: one of the files changed, and is to be read.
    bool has_changed();

    using RecipientSources = std::vector<std::shared_ptr<const directory::SourceStatus>>;
    /// Looks now and each second whether those who are asked for recipients answer: log and metrics hear of it. Of none it says nothing.
    /// @param second  how long one is; tests have shorter ones.
    void watch_recipients(RecipientSources sources, std::chrono::milliseconds second);

private:
    void look_at_recipients(std::chrono::milliseconds second);
    void tell(const LoopNetwork::News& news);
    void tell(const DnsblWatch::News& news);

    telemetry::Log& log_;
    telemetry::Metrics& metrics_;
    LoopNetwork network_;
    DnsblWatch dnsbl_;
    DoorWatch files_;
    RecipientSources recipients_;
    std::optional<bool> recipients_answer_;  // as the log was told
    net::Timer recipients_timer_;
};

}  // namespace exota::app
