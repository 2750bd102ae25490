#include "directory/postgres_recipients.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <random>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "net/back_off.h"

namespace exota::directory {
namespace {

constexpr std::chrono::milliseconds first_back_off{100}, longest_back_off{30'000};

const std::string which_are_there =
    "SELECT address FROM exota.recipient_address WHERE address IN (SELECT jsonb_array_elements_text($1::jsonb))";
const std::string is_there_a_table = "SELECT address FROM exota.recipient_address LIMIT 0";

/// SQLSTATE class 22, data exception: something of what was asked cannot be asked of this database (its encoding), the rest may.
bool is_of_the_data(std::string_view sqlstate) { return sqlstate.starts_with("22"); }

}  // namespace

/// The thread's side.
class PostgresRecipients::Talk {
public:
    explicit Talk(PostgresRecipients& of) : of_(of) {}

    /// When a connection is to be tried; nullopt: there is one.
    std::optional<Clock::time_point> connects_at() const { return connection_ ? std::nullopt : std::optional(back_off_.due()); }

    void connect_when_due() {
        if (!connection_ && back_off_.may_try(Clock::now())) connect();
    }

    void answer(std::span<Question> questions) {
        // A database has text of one encoding: what is no UTF-8 is in none of its rows.
        const auto is_askable = [](const Question& one) { return base::is_utf8(one.entry); };
        const auto rest = std::ranges::partition(questions, is_askable);
        for (Question& one : rest) tell(one, Answer(Answer::none));
        questions = questions.first(questions.size() - rest.size());
        for (; !questions.empty(); questions = questions.subspan(std::min(max_asked_at_once, questions.size())))
            answer_some(questions.first(std::min(max_asked_at_once, questions.size())));
    }

private:
    using There = std::unordered_set<std::string_view>;  // of the entries that were asked for

    void connect() {
        auto made = PostgresConnection::connect(of_.settings_, &of_.interrupt_);
        if (!made) return failed(made.error().detail);
        connection_.emplace(*std::move(made));
        // Not more than a few milliseconds' work of a server; whoever waits is a message.
        connection_->limit(of_.settings_.timeout);
        if (const auto there = connection_->query(is_there_a_table, {}); !there) return failed(there.error().detail);
        back_off_.succeeded();
        of_.status_->confirmed();
    }

    void failed(const std::string& why) {
        connection_.reset();
        if (of_.interrupt_.is_set()) return;
        back_off_.failed(Clock::now());
        of_.status_->trouble(name_of(of_.settings_) + ' ' + why);
    }

    base::Result<There> which(std::span<const Question> questions) {
        std::vector<std::string> entries;
        There asked, there;
        for (const Question& one : questions) {
            entries.push_back(one.entry);
            asked.insert(one.entry);
        }
        std::size_t rows_left = questions.size() * max_rows_each;
        const auto done = connection_->query(which_are_there, {base::json_text(entries)}, [&](std::span<const std::string_view> fields) {
            if (rows_left == 0) return false;
            --rows_left;
            if (const auto one = fields.empty() ? asked.end() : asked.find(fields.front()); one != asked.end()) there.insert(*one);
            return true;
        });
        if (!done) return std::unexpected(done.error());
        return there;
    }

    void answer_some(std::span<Question> questions) {
        base::Result<There> there = base::fail(base::Errc::unavailable, "");
        for (int tries = 0; tries < 2 && !there; ++tries) {
            if (!connection_) connect_when_due();
            if (!connection_) break;
            there = which(questions);
            if (there || there.error().code == base::Errc::invalid_data) break;
            connection_.reset();  // it may have been closed long ago: another one, once, without waiting
            if (tries > 0) failed(there.error().detail);
        }
        if (there) {
            of_.status_->confirmed();
            for (Question& one : questions) tell(one, there->contains(one.entry) ? Answer(Exists{}) : Answer(Answer::none));
            return;
        }
        if (connection_ && is_of_the_data(connection_->sqlstate()) && questions.size() > 1) {
            for (std::size_t i = 0; i < questions.size(); ++i) answer_some(questions.subspan(i, 1));
            return;
        }
        if (connection_ && !is_of_the_data(connection_->sqlstate())) failed(there.error().detail);
        for (Question& one : questions) tell(one, Answer(Answer::unknown));
    }

    PostgresRecipients& of_;
    std::optional<PostgresConnection> connection_;
    std::random_device random_;
    net::BackOff back_off_{first_back_off, longest_back_off, [this] { return static_cast<std::uint32_t>(random_()); }};
};

PostgresRecipients::PostgresRecipients(PostgresSettings settings, std::shared_ptr<SourceStatus> status)
    : settings_(std::move(settings)), status_(std::move(status)) {}

PostgresRecipients::~PostgresRecipients() {
    {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
    }
    interrupt_.set();
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void PostgresRecipients::start() {
    thread_ = std::thread([this] { run(); });
}

void PostgresRecipients::ask(std::string entry, std::function<void(Answer)> answered) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() < max_waiting) {
            waiting_.push_back({std::move(entry), std::move(answered)});
            answered = nullptr;
        }
    }
    if (answered) return answered(Answer(Answer::unknown));
    changed_.notify_one();
}

std::optional<PostgresRecipients::Questions> PostgresRecipients::take(std::optional<Clock::time_point> until) {
    std::unique_lock lock(mutex_);
    const auto is_news = [this] { return is_over_ || !waiting_.empty(); };
    if (until)
        changed_.wait_until(lock, *until, is_news);
    else
        changed_.wait(lock, is_news);
    if (is_over_) return std::nullopt;
    return std::exchange(waiting_, {});
}

/// Once: who throws was not told.
void PostgresRecipients::tell(Question& one, Answer answer) {
    one.answered(std::move(answer));
    one.answered = nullptr;
}

/// Tells who was not told yet that nobody knows; whoever does not hear it stays.
void PostgresRecipients::give_up(Questions& questions) noexcept {
    for (Question& one : questions) {
        try {
            if (one.answered) tell(one, Answer(Answer::unknown));
        } catch (const std::exception&) {
            continue;
        }
    }
    std::erase_if(questions, [](const Question& one) { return !one.answered; });
}

void PostgresRecipients::say_trouble(const char* why) noexcept {
    try {
        status_->trouble(std::string("cannot ask for recipients: ") + why);
    } catch (const std::exception&) {
        return;  // no memory for the words: the status is that of before, and the next one may be said
    }
}

void PostgresRecipients::run() {
    std::optional<Talk> talk;
    std::optional<Questions> questions = Questions();
    Questions untold;
    // An exception (no memory, no entropy) must not end the daemon: whoever waits is told that nobody knows, and the next one is tried
    // anew. Nor may somebody wait for ever: who cannot even be told that is told at the next occasion.
    do {
        give_up(untold);
        try {
            untold.reserve(std::min(untold.size() + questions->size(), max_waiting));
            if (!talk) talk.emplace(*this);
            talk->connect_when_due();
            talk->answer(*questions);
        } catch (const std::exception& trouble) {
            talk.reset();
            say_trouble(trouble.what());
            give_up(*questions);
            for (Question& one : *questions)
                if (untold.size() < std::min(untold.capacity(), max_waiting)) untold.push_back(std::move(one));
        }
    } while ((questions = take(talk ? talk->connects_at() : Clock::now() + longest_back_off)));
}

}  // namespace exota::directory
