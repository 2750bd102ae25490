// What the tests of app share: a sink in memory, and the names that a table of a document explains.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "telemetry/log_sink.h"

namespace exota::telemetry::testing {

class Lines {
public:
    void append(std::string_view octets) {
        const std::lock_guard lock(mutex_);
        text_ += octets;
    }
    std::string all() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
};

/// Keeps what is written; who wants to read holds lines().
class MemorySink final : public LogSink {
public:
    std::size_t write(const LogBatch& batch) override {
        lines_->append(batch.octets);
        return 0;
    }
    std::shared_ptr<Lines> lines() const { return lines_; }

private:
    std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

/// The names in back quotes that begin the rows of the tables below `heading` (up to the next heading of that rank).
inline std::set<std::string> documented_names(const std::string& document, std::string_view heading) {
    std::ifstream file(document);
    EXPECT_TRUE(file) << document;
    std::set<std::string> names;
    bool within = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("## ")) within = line == heading;
        if (!within || !line.starts_with("| `")) continue;
        const std::string name = line.substr(3, line.find('`', 3) - 3);
        EXPECT_TRUE(names.insert(name).second) << name << " is explained twice";
    }
    return names;
}

}  // namespace exota::telemetry::testing
