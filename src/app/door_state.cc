#include "app/door_state.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace exota::app {

using telemetry::LogField;
using telemetry::LogLevel;

namespace {

/// Several filters of one list are one list, and so are those that may be shown by one name only.
telemetry::Metrics::DnsblSamples dnsbl_samples(const gate::DoorLists& door) {
    telemetry::Metrics::DnsblSamples out;
    std::set<std::string_view> seen;
    for (const gate::DnsblInUse& one : door.dnsbl) {
        if (!seen.insert(one.list.shown()).second) continue;
        for (const auto family : gate::DnsblState::families)
            out.use.push_back({one.list.shown(), std::string(name_of(family)), one.state->in_use(family)});
        using enum authn::DnsblSays;
        for (const auto says : {listed, not_listed, error, no_answer})
            if (const std::uint64_t count = one.state->count(says); count > 0)
                out.answers.push_back({one.list.shown(), std::string(name_of(says)), count});
    }
    return out;
}

}  // namespace

DoorState::DoorState(net::Loop& control, const net::ResolverSettings& resolver, telemetry::Log& log, telemetry::Metrics& metrics)
    : log_(log),
      metrics_(metrics),
      network_(control, resolver, [this](const LoopNetwork::News& news) { tell(news); }),
      dnsbl_(network_, [this](const DnsblWatch::News& news) { tell(news); }),
      recipients_timer_(control) {}

void DoorState::use(const std::shared_ptr<const gate::DoorLists>& lists) {
    dnsbl_.use(lists);
    if (!lists) return;
    metrics_.set_door_state({.allowed = lists->allowed ? lists->allowed->size() : 0,
                             .blocked = lists->blocked ? lists->blocked->size() : 0,
                             .recipients = lists->recipients ? lists->recipients->size() : 0});
    metrics_.set_dnsbl([lists] { return dnsbl_samples(*lists); });
}

void DoorState::watch_recipients(RecipientSources sources, std::chrono::milliseconds second) {
    recipients_ = std::move(sources);
    if (!recipients_.empty()) look_at_recipients(second);
}

void DoorState::look_at_recipients(std::chrono::milliseconds second) {
    using Is = directory::SourceState::Is;
    const bool answer = std::ranges::all_of(recipients_, [](const auto& source) { return source->state().is == Is::loaded; });
    const auto why = std::ranges::find_if(recipients_, [](const auto& source) { return !source->why().empty(); });
    metrics_.set_recipients_answered(answer);
    // Before the server was heard or given up, there is nothing to tell of.
    if (recipients_answer_ != answer && (answer || why != recipients_.end())) {
        recipients_answer_ = answer;
        if (answer)
            log_.service(LogLevel::info, "recipients-answered", "the server that is asked for recipients answers", {});
        else
            log_.service(LogLevel::error, "recipients-unanswered",
                         "the server that is asked for recipients does not answer: whom nothing is known of is put off",
                         {LogField::of("error", (*why)->why())});
    }
    recipients_timer_.start(second, [this, second] { look_at_recipients(second); });
}

bool DoorState::has_changed() {
    const DoorWatch::Seen seen = files_.look_again();
    for (const std::string& what : seen.vanished) {
        metrics_.reload_failed();
        log_.service(LogLevel::error, "door-file-vanished", "a file of the inbound door cannot be looked at; what it said stays",
                     {LogField::of("place", what)});
    }
    return seen.load;
}

void DoorState::tell(const LoopNetwork::News& news) {
    log_.service(news.good ? LogLevel::info : LogLevel::warning, news.good ? "dnssec-on" : "dns-trouble", news.text);
}
/// Loud where a list is of no use; of IPv6 many lists know nothing, which is no trouble.
void DoorState::tell(const DnsblWatch::News& news) {
    using authn::DnsblWorks;
    const bool works = news.works == DnsblWorks::yes;
    const bool is_harmless = news.family == gate::DnsblState::Family::ipv6 && news.works == DnsblWorks::lists_nobody;
    if ((works || is_harmless || news.works == DnsblWorks::no_answer) && !news.changed) return;
    const LogField list = LogField::of("list", news.list.shown()), family = LogField::of("family", gate::name_of(news.family)),
                   kind = LogField::of("kind", authn::name_of(news.works));
    if (works) return log_.service(LogLevel::info, "dnsbl-in-use", "a DNS list passed its test", {list, family, kind});
    const LogLevel level = is_harmless ? LogLevel::info : LogLevel::error;
    log_.service(level, "dnsbl-out-of-use",
                 is_harmless ? "a DNS list has no IPv6 addresses and is not asked for them"
                             : "a DNS list is not asked: it fails the test of RFC 5782 section 5, or does not answer",
                 {list, family, kind});
}

}  // namespace exota::app
