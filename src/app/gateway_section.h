// A section [gateway.NAME] that is served: a front end of the workers, of either direction.
//
// Tested by gateway_front_end_test.cc and relay_front_end_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/workers.h"

namespace exota::config {
struct GatewayConfig;
}

namespace exota::app {

/// Outlives the workers that it is added to.
class GatewaySection {
public:
    GatewaySection() = default;
    virtual ~GatewaySection() = default;
    GatewaySection(const GatewaySection&) = delete;
    GatewaySection& operator=(const GatewaySection&) = delete;

    /// What Workers::add is given; once. Log and metrics outlive the workers, too.
    virtual FrontEndOptions options(telemetry::Log& log, telemetry::Metrics& metrics) = 0;
    /// Sessions that begin from now on go by `config`, but for what is read at start. From any thread.
    /// @param config  of the same name.
    virtual void use(const config::GatewayConfig& config) = 0;
    virtual const std::string& name() const noexcept = 0;
    /// False: no mail can be passed on, as far as is known. From any thread.
    virtual bool ready() const = 0;
};

/// One for each section.
/// @param complain  hears of every one that cannot work, a line each.
/// @return          nullopt: there was one.
std::optional<std::vector<std::unique_ptr<GatewaySection>>> open_gateways(const std::vector<config::GatewayConfig>& sections,
                                                                          const std::function<void(std::string_view)>& complain);

}  // namespace exota::app
