#include "app/door_files.h"

#include <algorithm>
#include <utility>

#include "base/counted.h"
#include "directory/prefix_file.h"
#include "directory/random_key.h"
#include "directory/recipient_file.h"
#include "directory/shrink_guard.h"

namespace exota::app {
namespace {

class Reading {
public:
    explicit Reading(DoorFiles& out) : out_(out) {}

    /// @param parse  text → what it holds and its problems, the former where there are none of the latter.
    /// @param last   for a file at fault.
    template <class T>
    std::shared_ptr<const T> read(const std::string& path, const std::shared_ptr<const T>& last, auto parse) {
        if (path.empty()) return nullptr;
        std::shared_ptr<const T> now = read_now<T>(path, parse);
        at_fault_ += now == nullptr ? 1U : 0U;
        return now ? now : last;
    }

    std::size_t at_fault() const noexcept { return at_fault_; }

    void problem(const std::string& path, std::size_t line, std::string text) {
        out_.problems.push_back({config::Problem::Severity::error, path, line, 0, {}, std::move(text)});
    }

private:
    template <class T>
    std::shared_ptr<const T> read_now(const std::string& path, auto parse) {
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
        return parsed && problems.empty() ? std::make_shared<const T>(*std::move(parsed)) : nullptr;
    }

    DoorFiles& out_;
    std::size_t at_fault_ = 0;  // files
};

std::optional<base::PrefixTable> prefixes(std::string_view text, std::vector<directory::ListProblem>& problems) {
    directory::PrefixFile file = directory::parse_prefix_file(text);
    problems = std::move(file.problems);
    return std::move(file.table);
}

/// Below that many a list is written by hand, and who takes a few away means it.
constexpr std::size_t recipients_of_a_program = 100;

/// A list of recipients of which that may not be all.
std::optional<directory::ListProblem> doubt(std::size_t now, const tenant::RecipientList* last) {
    if (now == 0) return directory::ListProblem{0, "names no recipient"};
    if (last == nullptr || last->size() < recipients_of_a_program || !directory::shrinks_too_much(last->size(), now)) return std::nullopt;
    return directory::ListProblem{0, "would leave " + std::to_string(now) + " of " + base::counted(last->size(), "recipient") +
                                         ": if that is meant, reload (SIGHUP)"};
}

/// How the list of this name fares is known already.
std::shared_ptr<gate::DnsblState> state_of(const authn::Dnsbl& list, const std::vector<gate::DnsblInUse>& known) {
    const auto found = std::ranges::find_if(known, [&](const gate::DnsblInUse& one) { return one.list.zone() == list.zone(); });
    return found == known.end() ? std::make_shared<gate::DnsblState>() : found->state;
}

}  // namespace

DoorFiles read_door_files(const config::Config& config, const gate::DoorLists* previous, FileAtFault at_fault) {
    DoorFiles out;
    if (!config.rules.inbound) return out;
    Reading reading(out);
    auto lists = std::make_shared<gate::DoorLists>();
    const bool keeps = at_fault == FileAtFault::keeps_its_last && previous != nullptr;
    if (keeps) *lists = *previous;
    lists->dnsbl.clear();
    lists->allowed = reading.read<base::PrefixTable>(config.perimeter.allow_file, lists->allowed, prefixes);
    lists->blocked = reading.read<base::PrefixTable>(config.perimeter.block_file, lists->blocked, prefixes);
    lists->recipient_rules = config.recipients.rules;
    lists->ask_recipients = config.recipients.ask;
    lists->recipients = reading.read<tenant::RecipientList>(
        config.recipients.file, lists->recipients,
        [&](std::string_view text, std::vector<directory::ListProblem>& problems) -> std::optional<tenant::RecipientList> {
            const auto key = directory::random_key();
            if (!key) {
                problems.push_back({0, key.error().detail});
                return std::nullopt;
            }
            auto file = directory::parse_recipient_file(text, config.recipients.rules, *key);
            problems = std::move(file.problems);
            if (!file.list) return std::nullopt;
            if (auto found = doubt(file.list->size(), keeps ? lists->recipients.get() : nullptr)) problems.push_back(*std::move(found));
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
    const bool has_one = reading.at_fault() == 0 || (keeps && reading.at_fault() < out.files.size());
    if (has_one) out.lists = std::move(lists);
    return out;
}

}  // namespace exota::app
