#include "gate/message.h"

#include <array>
#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gate/judge.h"
#include "gate/verification.h"

namespace exota::gate {
namespace {

evidence::Collector::Interests interests_under(const Snapshot& snapshot, Door door) noexcept {
    const decision::Rules& rules = snapshot.rules;
    const bool inbound = door == Door::inbound;
    // A source that is asked for each message is asked for its signing domains, too.
    return {.firewall_fields = rules.header_firewall,
            .signed_fields = rules.dkim_source != decision::DkimSource::verify || snapshot.looks_up,
            .eop = inbound || snapshot.looks_up || (snapshot.tenants && snapshot.tenants->factors().contains(tenant::Factor::eop)),
            .indirect = inbound,
            .forward_mark = rules.discovery && !inbound};
}

/// Memory for one object after the other: of those that went, one on each thread leaves its room to the next that comes. A message takes
/// more than malloc() has at hand, and a loop ends one about as often as it begins one.
template <class T>
struct OneSpareRoom {
    using value_type = T;
    OneSpareRoom() noexcept = default;
    template <class Other>
    explicit OneSpareRoom(const OneSpareRoom<Other>&) noexcept {}
    friend bool operator==(const OneSpareRoom&, const OneSpareRoom&) noexcept { return true; }

    T* allocate(std::size_t count) {
        if (count == 1 && spare.room != nullptr) return std::exchange(spare.room, nullptr);
        return std::allocator<T>().allocate(count);
    }
    void deallocate(T* room, std::size_t count) noexcept {
        if (keeps_room && count == 1 && spare.room == nullptr)
            spare.room = room;
        else
            std::allocator<T>().deallocate(room, count);
    }

private:
    static constexpr bool keeps_room = !__has_feature(address_sanitizer);  // which is to see who uses a message that is gone
    struct Spare {
        T* room = nullptr;
        ~Spare() {
            if (room != nullptr) std::allocator<T>().deallocate(std::exchange(room, nullptr), 1);
        }
    };
    static inline thread_local Spare spare;
};

}  // namespace

std::string_view name_of(Stage stage) noexcept {
    constexpr std::array<std::string_view, 5> names{"client", "mail", "recipient", "header", "message"};
    return names[static_cast<std::size_t>(stage)];
}

Submission::Submission(std::shared_ptr<const Snapshot> in_force) : snapshot(std::move(in_force)) {}
Submission::~Submission() = default;

/// The judge has it as a Submission, for as long as it needs.
struct Message::State final : Submission {
    State(Judge& of_loop, const FrontEnd& brought_by, Way came, const std::function<void()>& wake_session)
        : Submission(of_loop.current()),
          judge(of_loop),
          wake(&wake_session),
          way(came),
          collector(snapshot->limits, interests_under(*snapshot, brought_by.door), evidence) {
        front = brought_by;
        report = came.report;
        using Body = MessageHashing::Body;
        if (gate::wants_body(*snapshot, front.door))
            hashing = std::make_unique<MessageHashing>(*snapshot, way.body_comes ? Body::comes : Body::stays_away);
    }

    /// With what stood behind the colon.
    [[gnu::noinline]] void hash(std::string_view name, std::string_view value) {
        hashing->header_field(name, way.blank_taken ? std::string_view(restored.assign(1, ' ').append(value)) : value);
    }

    /// The evidence as far as it goes at `stage`: at MAIL it is session and envelope as they are.
    void collect() {
        if (stage != Stage::mail && !std::exchange(is_collected, true)) collector.complete();
        if (stage == Stage::message && hashing) hashing->end_of_message();
    }

    /// The judge has answered for this stage.
    void settle() {
        const Standing before = std::exchange(standing, decision ? Standing::decided : Standing::open);
        is_settled = true;
        if (decision) hashing.reset();  // whatever is still to come of the body changes nothing
        if (before == Standing::waiting && wake != nullptr) (*wake)();
    }

    void tell(const Delivery& delivery) {
        report = Report::at_verdict;  // told: nobody is to do it again
        judge.observer().judged(Judged{*decision, evidence, *snapshot, judging, front, stage, delivery});
    }

    Judge& judge;
    const std::function<void()>* wake;  // nullptr: nobody listens any more
    Way way;
    evidence::Collector collector;
    bool is_collected = false;
    std::string restored;  // see hash()
    Standing standing = Standing::open;
    bool is_settled = false;  // the judge has answered for this stage
};

Message::Message(Judge& judge, const FrontEnd& front, Way way, const std::function<void()>& wake)
    : state_(std::allocate_shared<State>(OneSpareRoom<State>(), judge, front, way, wake)) {}

Message::~Message() {
    state_->wake = nullptr;
    if (state_->report == Report::at_verdict) return;
    if (state_->decision)
        state_->tell({});
    else
        state_->report = Report::at_verdict;
}

decision::InboundFacts& Message::inbound() noexcept { return state_->inbound; }
evidence::Collector& Message::collector() noexcept { return state_->collector; }
const Snapshot& Message::snapshot() const noexcept { return *state_->snapshot; }
bool Message::wants_body() const noexcept { return state_->hashing != nullptr && state_->way.body_comes; }
Message::Standing Message::standing() const noexcept { return state_->standing; }

void Message::header_field(std::string_view name, std::string_view value, evidence::Collector::NameIs name_is) {
    if (state_->hashing) state_->hash(name, value);
    state_->collector.header_field(name, value, name_is);
}

void Message::body(std::string_view octets) {
    if (wants_body()) state_->hashing->body(octets);
}

Message::Standing Message::judge(Stage stage) {
    State& state = *state_;
    assert(state.standing == Standing::open);
    state.stage = stage;
    state.collect();
    state.is_settled = false;
    state.judge.judge(state_, [&state](std::optional<decision::Decision>&&) { state.settle(); });
    if (!state.is_settled) state.standing = Standing::waiting;
    return state.standing;
}

const decision::Decision& Message::decision() const noexcept {
    assert(state_->decision);
    return *state_->decision;
}

void Message::delivered(const Delivery& delivery) {
    assert(state_->decision && state_->report == Report::after_reply);
    state_->tell(delivery);
}

}  // namespace exota::gate
