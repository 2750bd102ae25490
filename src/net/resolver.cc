#include "net/resolver.h"

#include <unbound.h>
// libunbound's two headers do not include each other
#include <unbound-event.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "net/loop.h"
#include "net/unbound_events.h"

namespace exota::net {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr int class_in = 1;
constexpr std::uint16_t type_dnskey = 48;

struct ContextDeleter {
    void operator()(ub_ctx* context) const noexcept { ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, ContextDeleter>;

Result<Context> make_context(UnboundEvents& events, const ResolverSettings& settings, bool validate) {
    Context context(ub_ctx_create_ub_event(events.base()));
    if (!context) return fail(Errc::io, "libunbound: out of memory");
    std::string problem;
    const auto must = [&](int status, const std::string& what) {
        if (status != 0 && problem.empty()) problem = what + ": " + ub_strerror(status);
    };
    const auto option = [&](const char* name, const std::string& value) {
        must(ub_ctx_set_option(context.get(), name, value.c_str()), std::string("dns: ") + name + ' ' + value);
    };
    option("module-config:", validate ? "validator iterator" : "iterator");
    option("infra-keep-probing:", "yes");  // an outage that ends must be noticed with the next question
    option("cache-max-negative-ttl:", "60");
    option("do-not-query-localhost:", "no");
    option("qname-minimisation:", "no");  // the servers are forwarders as a rule
    option("edns-buffer-size:", "1232");
    option("use-syslog:", "no");
    for (const std::string& zone : settings.open_zones) option("local-zone:", zone + " transparent");
    if (validate)
        for (const std::string& file : settings.trust_anchor_files)
            must(ub_ctx_add_ta_file(context.get(), file.c_str()), "dns.trust_anchor_files " + file);
    for (const auto& [zone, address] : settings.stub_zones)
        must(ub_ctx_set_stub(context.get(), zone.c_str(), address.c_str(), 0), "dns.stub_zones " + zone);
    for (const std::string& server : settings.servers) must(ub_ctx_set_fwd(context.get(), server.c_str()), "dns.servers " + server);
    if (settings.servers.empty() && settings.stub_zones.empty())
        must(ub_ctx_resolvconf(context.get(), settings.resolv_conf.c_str()), settings.resolv_conf);
    if (!problem.empty()) return fail(Errc::invalid_data, problem);
    return context;
}

}  // namespace

struct Resolver::Parts {
    Parts(Loop& on, const ResolverSettings& with, ResolverCounters* count_in)
        : loop(on), settings(with), events(on), next_probe(on), counters(count_in ? *count_in : own_counters) {}

    struct Question {
        Parts* parts = nullptr;
        std::uint64_t id = 0;
        ub_ctx* asked = nullptr;
        int async_id = 0;
        Done done;
        std::unique_ptr<Timer> deadline;
    };

    void start(ub_ctx* on, const std::string& name, std::uint16_t type, Done done);
    /// Ends a question; its callback runs from the loop, so that resolve() never calls back before it returned.
    /// @param way  counts how it ended.
    void finish(std::uint64_t id, RawAnswer answer, Counter& way);
    static void answered(void* data, int rcode, void* packet, int length, int security, char* why_bogus, int rate_limited);

    Loop& loop;
    ResolverSettings settings;
    UnboundEvents events;  // before the contexts: it must outlive them
    /// What the root's DNSKEY says of the servers.
    enum class Probe : std::uint8_t { secure, unsigned_answer, no_answer };
    using Probed = std::function<void(Probe, const std::string& why)>;
    /// Asks by a context without a memory: one that validates keeps what failed. One at a time: another gets no_answer.
    void probe(Probed done);
    void set_context(Context next, bool next_validates);
    /// Runs `work` from the loop, unless the resolver is gone by then.
    template <class Work>
    void post(Work work) {
        loop.post([work = std::move(work), living = std::weak_ptr(alive)]() mutable {
            if (!living.expired()) work();
        });
    }
    /// What no question asks any more goes, from the loop: not within a call of libunbound.
    void free_retired_soon();
    void watch();

    std::vector<Context> retired;  // replaced, or only for a probe; answers may still be on their way
    Context context;
    Context trial;  // of the probe under way
    bool validates = false;
    enum class Known : std::uint8_t { nothing, no_answer, unsigned_answers, signatures } known = Known::nothing;
    std::function<void(DnssecNews)> tell;  // empty: not watched
    Timer next_probe;
    ResolverCounters own_counters;
    ResolverCounters& counters;
    std::unordered_map<std::uint64_t, std::unique_ptr<Question>> questions;
    std::uint64_t next_id = 1;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

void Resolver::Parts::finish(std::uint64_t id, RawAnswer answer, Counter& way) {
    const auto found = questions.find(id);
    if (found == questions.end()) return;
    const std::unique_ptr<Question> question = std::move(found->second);
    questions.erase(found);
    if (!retired.empty()) free_retired_soon();
    way.add();
    post([done = std::move(question->done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

void Resolver::Parts::answered(void* data, int rcode, void* packet, int length, int security, char* why_bogus, int) {
    auto* question = static_cast<Question*>(data);
    RawAnswer answer{.answered = true, .rcode = rcode};
    answer.validation = security == 1 ? Validation::bogus : security == 2 ? Validation::secure : Validation::insecure;
    if (rcode == 0 && packet && length > 3) {  // else the packet is whatever the resolution got stuck on
        answer.packet.assign(static_cast<const char*>(packet), static_cast<std::size_t>(length));
        answer.rcode = answer.packet[3] & 0x0f;  // `rcode` only says how the resolution went
    }
    if (why_bogus) answer.why = why_bogus;
    ResolverCounters& counters = question->parts->counters;
    Counter& way = answer.validation == Validation::bogus ? counters.bogus : counters.answered;
    question->parts->finish(question->id, std::move(answer), way);
}

void Resolver::Parts::start(ub_ctx* on, const std::string& name, std::uint16_t type, Done done) {
    counters.questions.add();
    const std::uint64_t id = next_id++;
    auto owned = std::make_unique<Question>();
    Question& question = *owned;
    question.parts = this;
    question.id = id;
    question.asked = on;
    question.done = std::move(done);
    questions.emplace(id, std::move(owned));
    if (questions.size() > settings.max_in_flight) return finish(id, {.why = "too many DNS questions at once"}, counters.refused);
    question.deadline = std::make_unique<Timer>(loop);
    question.deadline->start(settings.timeout, [this, id] {
        const auto found = questions.find(id);
        if (found == questions.end()) return;
        ub_cancel(found->second->asked, found->second->async_id);
        finish(id, {.why = "no DNS answer within the time limit"}, counters.timed_out);
    });
    int async_id = 0;
    const int status = ub_resolve_event(question.asked, name.c_str(), type, class_in, &question, answered, &async_id);
    // What is in the cache is answered within the call: then the question is gone already.
    const auto found = questions.find(id);
    if (found == questions.end()) return;
    found->second->async_id = async_id;
    if (status != 0) finish(id, {.why = std::string("libunbound: ") + ub_strerror(status)}, counters.failed);
}

Resolver::Resolver(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Resolver::~Resolver() {
    parts_->alive.reset();
    for (const auto& [id, question] : parts_->questions) ub_cancel(question->asked, question->async_id);
}

Result<std::unique_ptr<Resolver>> Resolver::create(Loop& loop, const ResolverSettings& settings, ResolverCounters* counters) {
    auto parts = std::make_unique<Parts>(loop, settings, counters);
    Result<Context> context = make_context(parts->events, settings, settings.dnssec != Dnssec::off);
    if (!context) return std::unexpected(std::move(context.error()));
    parts->context = std::move(*context);
    parts->validates = settings.dnssec != Dnssec::off;
    return std::unique_ptr<Resolver>(new Resolver(std::move(parts)));
}

void Resolver::resolve(std::string_view name, std::uint16_t type, Done done) {
    parts_->start(parts_->context.get(), std::string(name), type, std::move(done));
}

void Resolver::Parts::free_retired_soon() {
    post([this] {
        std::erase_if(retired, [&](const Context& old) {
            return std::ranges::none_of(questions, [&](const auto& entry) { return entry.second->asked == old.get(); });
        });
    });
}

void Resolver::Parts::set_context(Context next, bool next_validates) {
    retired.push_back(std::exchange(context, std::move(next)));
    free_retired_soon();
    if (validates && !next_validates) counters.without_validation.add();
    if (!validates && next_validates) counters.without_validation.subtract();
    validates = next_validates;
}

void Resolver::Parts::probe(Probed done) {
    if (trial) return post([done = std::move(done)] { done(Probe::no_answer, "a probe is under way"); });
    Result<Context> made = make_context(events, settings, true);
    if (!made) return post([done = std::move(done), why = made.error().detail] { done(Probe::no_answer, why); });
    trial = std::move(*made);
    start(trial.get(), ".", type_dnskey, [this, done = std::move(done)](const RawAnswer& answer) {
        const std::string why = answer.why.empty() ? "rcode " + std::to_string(answer.rcode) : answer.why;
        if (answer.answered && answer.validation == Validation::secure) {
            if (!validates) set_context(std::move(trial), true);
            known = Known::signatures;
            next_probe.cancel();
            done(Probe::secure, {});
        } else if (!answer.answered || (answer.rcode != 0 && answer.validation != Validation::bogus)) {
            done(Probe::no_answer, "the DNS servers do not answer (" + why + "): whether they pass DNSSEC on is not known");
        } else {
            done(Probe::unsigned_answer, "the DNS servers do not pass DNSSEC on (" + why + ")");
        }
        if (trial) retired.push_back(std::move(trial));
        trial.reset();
        free_retired_soon();
    });
}

void Resolver::probe_dnssec(std::function<void(std::string)> done) {
    if (parts_->settings.dnssec == Dnssec::off) return parts_->post([done = std::move(done)] { done({}); });
    parts_->probe([parts = parts_.get(), done = std::move(done)](Parts::Probe found, const std::string& why) {
        if (found != Parts::Probe::unsigned_answer) return done(why);
        if (parts->settings.dnssec == Dnssec::on) return done(why + "; with dnssec = \"on\" look-ups will fail");
        if (parts->validates) {
            Result<Context> plain = make_context(parts->events, parts->settings, false);
            if (!plain) return done(plain.error().detail);
            parts->set_context(std::move(*plain), false);
        }
        done(why + ": validation is off");
    });
}

void Resolver::Parts::watch() {
    if (settings.dnssec == Dnssec::automatic) next_probe.start(settings.probe_interval, [this] { watch(); });
    if (trial) return;  // the look under way answers for this one, too
    probe([this](Probe found, const std::string& why) {
        if (found == Probe::secure) return tell({.good = true, .text = "the DNS servers pass DNSSEC on: answers are validated"});
        const Known now = found == Probe::unsigned_answer ? Known::unsigned_answers : Known::no_answer;
        if (std::exchange(known, now) == now) return;
        if (found == Probe::no_answer) return tell({.text = why});
        if (settings.dnssec == Dnssec::on) return tell({.text = why + "; with dnssec = \"on\" look-ups will fail"});
        if (!validates) return tell({.text = why + ": validation stays off"});
        Result<Context> plain = make_context(events, settings, false);
        if (!plain) return tell({.text = plain.error().detail});
        set_context(std::move(*plain), false);
        tell({.text = why + ": validation is off until they do"});
    });
}

void Resolver::watch_dnssec(std::function<void(DnssecNews)> tell) {
    parts_->tell = std::move(tell);
    if (parts_->settings.dnssec != Dnssec::off) parts_->watch();
}

void Resolver::look_again() {
    if (parts_->tell && parts_->settings.dnssec == Dnssec::automatic && parts_->known != Parts::Known::signatures) parts_->watch();
}

const ResolverCounters& Resolver::counters() const noexcept { return parts_->counters; }
std::size_t Resolver::in_flight() const noexcept { return parts_->questions.size(); }

// Trust anchors have to be regular files by now: in a folder libunbound would read for ever.
std::optional<std::string> problem_of(const ResolverSettings& settings) {
    Loop loop;
    UnboundEvents events(loop);
    const Result<Context> made = make_context(events, settings, settings.dnssec != Dnssec::off);
    if (!made) return made.error().detail;
    // It looks at trust anchors and zones with the first question only, or as soon as names of its own are changed; there is no such name.
    const int status = ub_ctx_data_remove(made->get(), "exota.invalid.");
    if (status == 0) return std::nullopt;
    return std::string("dns.trust_anchor_files, dns.open_zones or dns.stub_zones: libunbound: ") + ub_strerror(status);
}

}  // namespace exota::net
