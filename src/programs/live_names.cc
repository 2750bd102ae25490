#include "programs/live_names.h"

#include <optional>

#include "app/loop_network.h"
#include "programs/command.h"

namespace exota::programs {
/// The questions of one call. Shared with the callbacks: those that come after the deadline find it alive and are not looked at.
struct LiveNames::Waiting {
    std::vector<authn::DnsQuestion> questions;
    std::vector<std::optional<authn::DnsAnswer>> answers;
    std::size_t missing = 0;
};

LiveNames::LiveNames(net::ResolverSettings settings, std::chrono::milliseconds deadline)
    : settings_(std::move(settings)), deadline_(deadline) {}
LiveNames::~LiveNames() = default;

void LiveNames::begin() {
    if (std::exchange(begun_, true)) return;
    alarm_.start(deadline_, [late = late_] { *late = true; });
    auto made = net::Resolver::create(loop_, settings_);
    if (!made) return complain("exota: DNS: " + made.error().detail + '\n');
    resolver_ = std::move(*made);
    const auto told = std::make_shared<bool>(false);
    resolver_->probe_dnssec([told](const std::string& trouble) {
        *told = true;
        if (!trouble.empty()) complain("exota: DNS: " + trouble + '\n');
    });
    loop_.run_until([&] { return *told || *late_; });
}

void LiveNames::answer(std::vector<authn::DnsQuestion> questions, authn::Dns& dns) {
    begin();
    const auto waiting = std::make_shared<Waiting>();
    waiting->questions = std::move(questions);
    waiting->answers.resize(waiting->questions.size());
    if (resolver_ && !*late_) {
        waiting->missing = waiting->questions.size();
        for (std::size_t i = 0; i < waiting->questions.size(); ++i) {
            const authn::DnsQuestion& question = waiting->questions[i];
            resolver_->resolve(question.name, static_cast<std::uint16_t>(question.type), [waiting, i](const net::RawAnswer& raw) {
                waiting->answers[i] = app::read_answer(raw, waiting->questions[i]);
                --waiting->missing;
            });
        }
        loop_.run_until([&] { return waiting->missing == 0 || *late_; });
    }
    for (std::size_t i = 0; i < waiting->questions.size(); ++i)
        dns.put(waiting->questions[i], waiting->answers[i].value_or(authn::DnsAnswer{.status = authn::DnsStatus::temporary_failure}));
}

}  // namespace exota::programs
