// Making metric families for prometheus-cpp. Private to telemetry.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace exota::telemetry {

using Labels = std::vector<prometheus::ClientMetric::Label>;

inline prometheus::MetricFamily family(std::string_view name, std::string_view help, prometheus::MetricType type) {
    return {std::string(name), std::string(help), type, {}};
}

inline void add(prometheus::MetricFamily& to, double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    (to.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    to.metric.push_back(std::move(metric));
}

inline prometheus::ClientMetric::Label label(std::string_view name, std::string_view value) {
    return {std::string(name), std::string(value)};
}

}  // namespace exota::telemetry
