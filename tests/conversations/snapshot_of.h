// Configuration and tenants of a conversation → what the gate judges by, as the daemon builds it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "gate/judge.h"

namespace exota::conversations {

struct Built {
    std::shared_ptr<const gate::Snapshot> snapshot;
    std::vector<std::string> problems;
};

/// @param environment  not empty: drop-in mode (a policy file need not be named); else `config` is JSON.
Built snapshot_of(std::vector<std::string> environment, std::string_view config, std::string_view tenants, bool tenants_unavailable);

}  // namespace exota::conversations
