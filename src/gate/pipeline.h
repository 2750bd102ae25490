// A submission's way to its verdict. Each step goes on at once where nobody has to be asked; else the message waits, under a deadline,
// and goes on when the answers of one turn of the loop are all in.
//
//   find ──▶ recipients ──▶ verify ──▶ decide ──▶ count ──▶ told
//             of inbound    ▲   │
//             doors         └───┘  rounds, each with the DNS answers known so far
//
// Whatever is not known when time runs out is unavailable, never "no". A part of Judge (judge.cc); nobody else includes it.
//
// Tested by pipeline_test.cc, pipeline_recipients_test.cc, judge_verify_test.cc, judge_early_test.cc and sighting_verify_test.cc.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "authn/dns.h"
#include "gate/judge.h"
#include "gate/verification.h"
#include "gate/world.h"

namespace exota::gate {

class Judge::Pipeline {
public:
    Pipeline(Observer& observer, World& world, LookupLimits limits) : observer_(observer), world_(world), limits_(limits) {}

    void begin(std::shared_ptr<Submission> submission, Done done);
    std::size_t waiting() const noexcept { return waiting_.size(); }

private:
    enum class Step : std::uint8_t { find, recipients, verify, decide, count, told };

    /// A submission on its way: on the stack until it has to wait.
    struct Work {
        std::shared_ptr<Submission> submission;
        Done done;
        Instant began;
        Step step = Step::find;
        authn::Dns dns{};
        std::size_t asked = 0, outstanding = 0;  // DNS questions
        std::vector<std::size_t> unasked{};      // recipients that a server is to be asked for
        std::size_t unanswered = 0;              // those that it is being asked for
        std::optional<CountAnswer> counted{};
    };
    struct Waiting : Work {
        explicit Waiting(Work&& work) : Work(std::move(work)) {}
        std::shared_ptr<void> deadline;  // destroyed: it never comes
        bool has_news = false;           // it goes on at the end of this turn
        bool out_of_time = false;        // no name is asked for any more
        std::list<std::shared_ptr<Waiting>>::iterator place;
    };

    /// Goes as far as can be gone without waiting. @return whether that is to the end; else something is missing at `work.step`.
    bool advance(Work& work);
    // One step each. @return false: an answer is missing.
    bool find(Work& work);
    bool recipients(Work& work);
    bool verify(Work& work);
    bool count(Work& work);
    void decide(Work& work);
    void tell(Work& work);

    void go_on(const std::shared_ptr<Waiting>& waiting);
    /// Asks for what is missing. @return false: nobody can be asked.
    bool ask(const std::shared_ptr<Waiting>& waiting);
    bool ask_names(const std::shared_ptr<Waiting>& waiting);
    bool ask_recipients(const std::shared_ptr<Waiting>& waiting);
    void limit_wait(const std::shared_ptr<Waiting>& waiting, std::chrono::milliseconds delay);
    /// Goes on without what is missing.
    void give_up(const std::shared_ptr<Waiting>& waiting);
    void note_news(const std::shared_ptr<Waiting>& waiting);
    void hear_news();

    Observer& observer_;
    World& world_;
    LookupLimits limits_;
    authn::KeyCache keys_;
    std::list<std::shared_ptr<Waiting>> waiting_;  // owns them: call-backs of the world hold weak pointers
    std::vector<std::weak_ptr<Waiting>> with_news_;
    std::shared_ptr<void> alive_ = std::make_shared<char>();  // for call-backs that are nobody's
};

}  // namespace exota::gate
