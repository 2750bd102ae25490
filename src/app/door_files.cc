#include "app/door_files.h"

#include <algorithm>
#include <utility>

#include "directory/prefix_file.h"
#include "directory/random_key.h"
#include "directory/recipient_file.h"

namespace exota::app {
namespace {

class Reading {
public:
    explicit Reading(DoorFiles& out) : out_(out) {}

    /// @param parse  text → what it holds and its problems, the former where there are none of the latter.
    template <class T>
    std::shared_ptr<const T> read(const std::string& path, auto parse) {
        if (path.empty()) return nullptr;
        DoorFile& file = out_.files.emplace_back(DoorFile{path, {}});
        auto text = directory::read_list(path);
        if (!text) {
            out_.try_again |= text.error().code == base::Errc::unavailable;
            problem(path, 0, "cannot be read: " + text.error().detail);
            return nullptr;
        }
        file.stamp = text->stamp;
        std::vector<directory::ListProblem> problems;
        std::optional<T> parsed = parse(text->text, problems);
        for (directory::ListProblem& found : problems) problem(path, found.line, std::move(found.text));
        return parsed ? std::make_shared<const T>(*std::move(parsed)) : nullptr;
    }

    void problem(const std::string& path, std::size_t line, std::string text) {
        out_.problems.push_back({config::Problem::Severity::error, path, line, 0, {}, std::move(text)});
    }

private:
    DoorFiles& out_;
};

std::optional<base::PrefixTable> prefixes(std::string_view text, std::vector<directory::ListProblem>& problems) {
    directory::PrefixFile file = directory::parse_prefix_file(text);
    problems = std::move(file.problems);
    return std::move(file.table);
}

/// How the list of this name fares is known already.
std::shared_ptr<gate::DnsblState> state_of(const authn::Dnsbl& list, const std::vector<gate::DnsblInUse>& known) {
    const auto found = std::ranges::find_if(known, [&](const gate::DnsblInUse& one) { return one.list.zone() == list.zone(); });
    return found == known.end() ? std::make_shared<gate::DnsblState>() : found->state;
}

}  // namespace

DoorFiles read_door_files(const config::Config& config, const gate::DoorLists* previous) {
    DoorFiles out;
    if (!config.rules.inbound) return out;
    Reading reading(out);
    auto lists = std::make_shared<gate::DoorLists>();
    lists->allowed = reading.read<base::PrefixTable>(config.perimeter.allow_file, prefixes);
    lists->blocked = reading.read<base::PrefixTable>(config.perimeter.block_file, prefixes);
    lists->recipient_rules = config.recipients.rules;
    const auto key = directory::random_key();
    if (!key) reading.problem(config.recipients.file, 0, key.error().detail);
    lists->recipients = reading.read<tenant::RecipientList>(
        config.recipients.file, [&](std::string_view text, std::vector<directory::ListProblem>& problems) {
            auto file = directory::parse_recipient_file(text, config.recipients.rules, key.value_or(base::HashKey()));
            problems = std::move(file.problems);
            return std::move(file.list);
        });
    lists->threshold = config.perimeter.threshold;
    lists->require_ptr = config.perimeter.require_ptr;
    for (const authn::Dnsbl& list : config.perimeter.dnsbl) {
        // Several filters of one list are one list: among those of before, or among those of now.
        auto state = state_of(list, lists->dnsbl);
        const bool is_here = std::ranges::any_of(lists->dnsbl, [&](const auto& one) { return one.state == state; });
        if (!is_here && previous != nullptr) state = state_of(list, previous->dnsbl);
        lists->dnsbl.push_back({list, std::move(state)});
    }
    if (out.problems.empty()) out.lists = std::move(lists);
    return out;
}

}  // namespace exota::app
