#include "app/policy_fetch.h"

#include <algorithm>
#include <utility>

#include "app/mta_sts_store.h"
#include "authn/dns.h"
#include "authn/mta_sts.h"
#include "gate/mail_hosts.h"
#include "gate/world.h"

namespace exota::app {

using authn::DnsStatus;
using authn::RecordType;
using base::Errc;
using base::fail;
using base::Result;

/// Whoever the world or the loop calls back holds it weakly: PolicyFetch alone decides how long it lives.
struct PolicyFetch::Fetch {
    Fetch(net::Loop& loop, std::shared_ptr<const net::TlsContext> context, std::string of, Fetched done)
        : host(std::move(of)), fetched(std::move(done)), deadline(loop), get(loop, std::move(context)) {}

    const std::string host;
    Fetched fetched;
    net::Timer deadline;
    net::HttpsGet get;
    int unanswered = 0;
    bool dns_failed = false;
    std::vector<base::IpAddress> v4, v6;
    gate::Instant begun{}, ends{};
};

PolicyFetch::PolicyFetch(net::Loop& loop, gate::World& world, MtaStsStore* store, Trouble trouble, PolicyFetchOptions options)
    : loop_(loop), world_(world), store_(store), trouble_(std::move(trouble)), options_(std::move(options)), shares_(loop) {}

PolicyFetch::~PolicyFetch() = default;

void PolicyFetch::fetch(const std::string& host, Fetched fetched) {
    if (!context_) return loop_.post([fetched = std::move(fetched)] { fetched(fail(Errc::unavailable, "mta_sts is off by now")); });
    if (waiting_.size() >= max_waiting) return loop_.post([fetched = std::move(fetched)] { fetched(std::nullopt); });
    const auto one = std::make_shared<Fetch>(loop_, context_, host, std::move(fetched));
    one->ends = world_.instant() + options_.deadline;
    if (under_way_.size() < max_fetches) return begin(one);
    waiting_.push_back(one);
    one->deadline.start(options_.max_wait, [this, weak = std::weak_ptr(one)] {
        if (const auto self = weak.lock()) finish(self, std::nullopt);
    });
    watch_shares();
}

void PolicyFetch::begin(const std::shared_ptr<Fetch>& fetch) {
    under_way_.push_back(fetch);
    fetch->begun = world_.instant();
    fetch->deadline.start(std::chrono::ceil<std::chrono::milliseconds>(fetch->ends - fetch->begun), [this, weak = std::weak_ptr(fetch)] {
        if (const auto self = weak.lock()) finish(self, fail(Errc::timeout, self->host + ": no answer within the time allowed"));
    });
    fetch->unanswered = 2;
    for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
        const auto answered = [this, weak = std::weak_ptr(fetch)](const authn::DnsAnswer& answer) {
            const auto self = weak.lock();
            if (!self) return;
            self->dns_failed |= answer.status == DnsStatus::temporary_failure || answer.status == DnsStatus::bogus;
            if (answer.status == DnsStatus::data)
                for (const std::string& record : answer.records) {
                    const base::IpAddress address = gate::address_of(record);
                    if (options_.may_dial ? options_.may_dial(address) : gate::may_be_dialled(address, {}))
                        (address.is_v4() ? self->v4 : self->v6).push_back(address);
                }
            if (--self->unanswered == 0) ask(self);
        };
        if (!world_.resolve({fetch->host, type}, answered)) loop_.post([answered] { answered({}); });
    }
}

void PolicyFetch::watch_shares() {
    if (waiting_.empty() || under_way_.empty()) return shares_.cancel();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(under_way_.front()->begun + options_.fair_share - world_.instant());
    // Never from within fetch(): whoever calls that is not to hear of others meanwhile.
    shares_.start(std::max(left, std::chrono::milliseconds(1)), [this] {
        if (waiting_.empty() || under_way_.empty()) return;
        const auto oldest = under_way_.front();
        if (world_.instant() < oldest->begun + options_.fair_share) return watch_shares();
        finish(oldest, fail(Errc::timeout, oldest->host + ": no answer while others wait to be asked"));
    });
}

void PolicyFetch::ask(const std::shared_ptr<Fetch>& fetch) {
    net::HttpsRequest request;
    request.host = fetch->host;
    request.target = "/.well-known/mta-sts.txt";
    request.accept = "text/plain";
    request.addresses = std::move(fetch->v4);
    request.addresses.insert(request.addresses.end(), fetch->v6.begin(), fetch->v6.end());
    if (request.addresses.empty())
        return finish(fetch,
                      fail(Errc::unavailable, fetch->host + (fetch->dns_failed ? ": DNS failed" : " has no address to be asked at")));
    request.port = options_.port;
    request.deadline = std::max(std::chrono::ceil<std::chrono::milliseconds>(fetch->ends - world_.instant()), std::chrono::milliseconds(1));
    request.limits.max_body_octets = authn::max_mta_sts_policy_octets;
    fetch->get.start(std::move(request), [this, weak = std::weak_ptr(fetch)](Result<net::HttpAnswer> answer) {
        const auto self = weak.lock();
        if (!self) return;
        if (!answer) return finish(self, fail(answer.error().code, self->host + ": " + answer.error().detail));
        // RFC 8461 section 3.2: so that no file that anybody may upload to a host is a policy of it.
        if (!net::is_media_type(answer->content_type, "text/plain"))
            return finish(self, fail(Errc::invalid_data, self->host + ": the policy is not text/plain"));
        finish(self, std::move(answer->body));
    });
}

void PolicyFetch::finish(const std::shared_ptr<Fetch>& fetch, Answer answer) {
    const std::shared_ptr<Fetch> ended = fetch;  // lives until it has told
    std::erase(under_way_, ended);
    std::erase(waiting_, ended);
    ended->deadline.cancel();
    ended->get.cancel();
    if (!waiting_.empty() && under_way_.size() < max_fetches) {
        const auto next = waiting_.front();
        waiting_.pop_front();
        begin(next);
    }
    watch_shares();
    ended->fetched(std::move(answer));
}

std::optional<std::string> PolicyFetch::load(const std::string& domain) {
    if (store_ == nullptr) return std::nullopt;
    auto text = store_->load(domain);
    if (text) return *std::move(text);
    if (trouble_) trouble_(text.error().detail);
    return std::nullopt;
}

void PolicyFetch::store(const std::string& domain, const std::string& text) {
    if (store_ == nullptr) return;
    const auto entry = authn::MtaStsEntry::parse(text);
    if (!entry) return;
    const auto kept = store_->store(domain, text, entry->fetched + entry->policy.max_age, world_.now());
    if (!kept && trouble_) trouble_(kept.error().detail);
}

}  // namespace exota::app
