// Which question waits for what: those of the callers, sent over the connection there is, until it is answered or too late.
#include <algorithm>
#include <utility>
#include <vector>

#include "directory/ldap_client_parts.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;
using namespace std::chrono_literals;

/// Searches that the server has and has not answered. libldap takes no more than a socket's buffer holds; the others wait their turn here.
constexpr std::size_t max_under_way = 64;
/// What libldap never gives a message: one that could not be sent.
constexpr int unsent = 0;

}  // namespace

void LdapClient::Parts::search(LdapSearch search, Done done) {
    if (at_ == At::away) return done(fail(Errc::unavailable, status_->why()));
    if (questions_.size() >= max_questions) return done(fail(Errc::unavailable, "too many questions are under way"));
    const std::uint64_t number = ++next_;
    questions_.emplace(number,
                       Question{.search = std::move(search), .done = std::move(done), .due = loop_.now() + settings_.timeout, .found = {}});
    waiting_.push_back(number);
    if (at_ == At::resting) connect();
    send_waiting();
    watch_questions();
}

void LdapClient::Parts::send_waiting() {
    while (at_ == At::ready && by_message_.size() < max_under_way && !waiting_.empty()) {
        const std::uint64_t number = waiting_.front();
        waiting_.pop_front();
        send(number);
    }
}

void LdapClient::Parts::send(std::uint64_t number) {
    const auto question = questions_.find(number);
    if (question == questions_.end()) return;
    if (const auto& page = question->second.search.page; page && !page->cookie.empty() && page->connection != connection_)
        return answer(number, fail(Errc::unavailable, url().text() + ": the connection ended between two pages"));
    const base::Result<int> message = link_->search(question->second.search, settings_.timeout);
    if (!message && message.error().code == Errc::closed) {
        // In this moment, and nobody told yet: as if it had been lost with the question under way.
        by_message_.emplace(unsent, number);
        return lost(message.error().detail, Loss::closed);
    }
    if (!message) {
        doubt("search: " + message.error().detail);
        return answer(number, std::unexpected(message.error()));
    }
    question->second.sent = loop_.now();
    by_message_.emplace(*message, number);
}

void LdapClient::Parts::answer(std::uint64_t number, base::Result<LdapFound> result) {
    const auto question = questions_.find(number);
    if (question == questions_.end()) return;
    Done done = std::move(question->second.done);
    questions_.erase(question);
    done(std::move(result));
}

void LdapClient::Parts::ended(int message, const LdapOutcome& outcome) {
    const auto under_way = by_message_.find(message);
    if (under_way == by_message_.end()) return;
    const std::uint64_t number = under_way->second;
    by_message_.erase(under_way);
    Question& question = questions_.at(number);
    constexpr int size_limit_exceeded = 4;
    const bool paged = question.search.page.has_value();
    // We set that limit, but for pages: it is told by who has more than we want.
    if (outcome.code == size_limit_exceeded && !paged && !question.found.entries.empty()) question.found.more = true;
    answered_ = true;
    const bool is_end = outcome.code == 0 || (question.found.more && !paged);
    question.found.cookie = outcome.cookie.value_or("");
    question.found.connection = connection_;
    if (question.referred || outcome.referred) {
        doubt(ldap_refers);
        answer(number, fail(Errc::invalid_data, status_->why()));
    } else if (!is_end || (paged && !outcome.cookie)) {  // whoever says nothing of pages may have given any part
        doubt("search: " + (is_end ? "it says nothing of pages" : outcome.text));
        answer(number, fail(Errc::invalid_data, status_->why()));
    } else {
        back_off_.succeeded();
        status_->confirmed();
        answer(number, std::move(question.found));
    }
    send_waiting();
}

/// All questions may take the same time, so the oldest is due first.
void LdapClient::Parts::watch_questions() {
    if (watching_ || questions_.empty()) return;
    watching_ = true;
    question_timer_.start(std::max<Clock::duration>(questions_.begin()->second.due - loop_.now(), 1ms), [this] {
        watching_ = false;
        look_at_questions();
    });
}

void LdapClient::Parts::look_at_questions() {
    const auto now = loop_.now();
    bool silent = false;
    std::vector<std::uint64_t> late;
    for (const auto& [number, question] : questions_) {
        if (question.due > now) break;
        late.push_back(number);
        // Nothing at all came since it was sent: not slow, but gone.
        silent = silent || (question.sent != Clock::time_point{} && heard_ < question.sent);
    }
    std::erase_if(by_message_, [&](const auto& under_way) {
        if (std::ranges::find(late, under_way.second) == late.end()) return false;
        if (link_) link_->abandon(under_way.first);
        return true;
    });
    if (!late.empty() && !silent && at_ == At::ready) doubt("no answer within the time allowed");
    for (const std::uint64_t number : late) answer(number, fail(Errc::timeout, url().text() + ": no answer within the time allowed"));
    if (silent && at_ == At::ready) lost("it does not answer", Loss::given_up);
    send_waiting();
    watch_questions();
}

}  // namespace exota::directory
