#include "programs/live_names.h"

#include <optional>

#include "authn/dns_message.h"
#include "programs/command.h"

namespace exota::programs {
namespace {

authn::DnsAnswer read_answer(const net::RawAnswer& raw, const authn::DnsQuestion& question) {
    if (raw.validation == net::Validation::bogus) return {.status = authn::DnsStatus::bogus};
    if (!raw.answered) return {.status = authn::DnsStatus::temporary_failure};
    authn::DnsAnswer answer = authn::read_dns_message(raw.packet, question);
    answer.secure = raw.validation == net::Validation::secure;
    return answer;
}

}  // namespace

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
                waiting->answers[i] = read_answer(raw, waiting->questions[i]);
                --waiting->missing;
            });
        }
        loop_.run_until([&] { return waiting->missing == 0 || *late_; });
    }
    for (std::size_t i = 0; i < waiting->questions.size(); ++i)
        dns.put(waiting->questions[i], waiting->answers[i].value_or(authn::DnsAnswer{.status = authn::DnsStatus::temporary_failure}));
}

}  // namespace exota::programs
