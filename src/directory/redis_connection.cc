#include "directory/redis_connection.h"

#include <deque>
#include <optional>
#include <random>
#include <utility>

#include "directory/host_lookup.h"
#include "directory/redis_slots.h"
#include "directory/server_text.h"
#include "net/back_off.h"
#include "net/client_stream.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;
using Is = RedisReply::Is;
using Clock = std::chrono::steady_clock;

/// Of an error, which may name another server (a redirection).
constexpr std::size_t max_error_octets = 1'000;

std::uint32_t chance() {
    static thread_local std::mt19937 numbers(std::random_device{}());
    return static_cast<std::uint32_t>(numbers());
}

}  // namespace

class RedisConnection::Parts : public std::enable_shared_from_this<Parts> {
public:
    Parts(net::Loop& loop, RedisServer server, Heard heard)
        : loop_(loop),
          server_(std::move(server)),
          heard_(std::move(heard)),
          step_timer_(loop),
          silence_timer_(loop),
          back_off_(first_wait, longest_wait, &chance) {}

    void connect();
    void ask(const std::string& command, Done done);
    void hear_now() {
        if (stream_) stream_->read_now();
    }
    /// The owner lets go.
    void stop() {
        stopped_ = true;
        end_connection();
        questions_.clear();
    }
    bool is_ready() const noexcept { return at_ == At::ready; }
    const std::string& why() const noexcept { return why_; }
    const RedisUrl& url() const noexcept { return server_.url; }

private:
    enum class At : std::uint8_t { away, connecting, logging_in, ready };
    struct Question {
        Done done;
        Clock::time_point asked;
    };

    void connect_to(const net::Address& address);
    void log_in();
    void hear(std::string_view octets);
    /// @return  false: nothing more may be done here.
    bool take(RedisReply reply);
    std::string trouble_of_login(const RedisReply& reply) const;
    void lost(std::string why);
    void end_connection();
    void watch_silence();

    net::Loop& loop_;
    const RedisServer server_;
    const Heard heard_;
    net::Timer step_timer_, silence_timer_;
    net::BackOff back_off_;
    At at_ = At::away;
    std::unique_ptr<HostLookup> host_;
    std::unique_ptr<net::ClientStream> stream_;
    std::optional<RedisReplies> replies_;
    std::size_t login_replies_ = 0;  // that are due; the last is that of PING or ROLE
    std::deque<Question> questions_;
    bool watching_ = false;
    bool stopped_ = false;
    std::string why_;
};

void RedisConnection::Parts::connect() {
    if (stopped_) return;
    at_ = At::connecting;
    step_timer_.start(server_.login_time, [this] { lost("it does not answer"); });
    if (const auto address = server_.url.address()) return connect_to(*address);
    host_ = std::make_unique<HostLookup>(loop_, server_.url.host, server_.url.port, [this](const base::Result<net::Address>& address) {
        if (!address) return lost(address.error().detail);
        connect_to(*address);
    });
}

void RedisConnection::Parts::connect_to(const net::Address& address) {
    stream_ = std::make_unique<net::ClientStream>(loop_,
                                                  net::ClientStream::Target{.address = address,
                                                                            .tls = server_.url.tls ? server_.context : nullptr,
                                                                            .host = server_.url.host,
                                                                            .deadline = server_.login_time},
                                                  net::ClientStream::Heard{.opened = [this] { log_in(); },
                                                                           .octets = [this](std::string_view octets) { hear(octets); },
                                                                           .lost = [this](std::string why) { lost(std::move(why)); }});
}

void RedisConnection::Parts::log_in() {
    host_.reset();
    replies_.emplace();
    at_ = At::logging_in;
    std::string words;
    login_replies_ = 0;
    const auto say = [&](std::initializer_list<std::string_view> command) {
        words += redis_command(command);
        ++login_replies_;
    };
    if (!server_.password.empty() && !server_.url.user.empty())
        say({"AUTH", server_.url.user, server_.password});
    else if (!server_.password.empty())
        say({"AUTH", server_.password});
    if (server_.url.database != 0) say({"SELECT", std::to_string(server_.url.database)});
    say({server_.must_be_master ? "ROLE" : "PING"});
    stream_->write(words);
}

/// Empty: it is as it should be.
std::string RedisConnection::Parts::trouble_of_login(const RedisReply& reply) const {
    if (reply.is == Is::error) return error_text(reply);
    if (login_replies_ > 1) return reply.is == Is::status && reply.text == "OK" ? "" : "its answer is none to a login";
    if (!server_.must_be_master) return reply.is == Is::status && reply.text == "PONG" ? "" : "its answer is none to PING";
    if (reply.is != Is::array || reply.elements.empty() || reply.elements[0].is != Is::text) return "its answer is none to ROLE";
    return reply.elements[0].text == "master" ? "" : "it is not the master";
}

void RedisConnection::Parts::hear(std::string_view octets) {
    const auto self = shared_from_this();  // who hears an answer may let go of us
    replies_->feed(octets);
    for (;;) {
        auto reply = replies_->next();
        if (!reply) return lost(reply.error().detail);
        if (!*reply) return;
        if (!take(*std::move(*reply))) return;
    }
}

bool RedisConnection::Parts::take(RedisReply reply) {
    if (reply.is == Is::error && !read_redirection(reply)) reply.text = server_text(reply.text, server_.password, max_error_octets);
    if (at_ == At::logging_in) {
        if (std::string trouble = trouble_of_login(reply); !trouble.empty()) {
            lost(std::move(trouble));
            return false;
        }
        if (--login_replies_ > 0) return true;
        step_timer_.cancel();
        at_ = At::ready;
        why_.clear();
        heard_.ready();
        return !stopped_ && at_ == At::ready;
    }
    if (questions_.empty()) return lost("it speaks unasked"), false;
    Done done = std::move(questions_.front().done);
    questions_.pop_front();
    back_off_.succeeded();
    const net::ClientStream* const before = stream_.get();
    done(std::move(reply));
    return !stopped_ && stream_.get() == before;
}

void RedisConnection::Parts::lost(std::string why) {
    const auto self = shared_from_this();
    end_connection();
    why_ = server_.url.text() + ": " + why;
    step_timer_.start(back_off_.failed(loop_.now()), [this] { connect(); });
    for (Question& question : std::exchange(questions_, {})) {
        question.done(fail(Errc::closed, why_));
        if (stopped_) return;
    }
    heard_.lost(why_);
}

void RedisConnection::Parts::end_connection() {
    at_ = At::away;
    step_timer_.cancel();
    silence_timer_.cancel();
    watching_ = false;
    host_.reset();
    stream_.reset();
}

void RedisConnection::Parts::ask(const std::string& command, Done done) {
    if (at_ != At::ready) return done(fail(Errc::unavailable, why_.empty() ? server_.url.text() + ": it is not connected yet" : why_));
    if (questions_.size() >= max_questions) return done(fail(Errc::unavailable, server_.url.text() + ": too many questions are under way"));
    questions_.push_back({std::move(done), loop_.now()});
    stream_->write(command);
    watch_silence();
}

void RedisConnection::Parts::watch_silence() {
    if (watching_ || questions_.empty()) return;
    watching_ = true;
    const auto due = questions_.front().asked + server_.silence;
    silence_timer_.start(std::max<Clock::duration>(due - loop_.now(), std::chrono::milliseconds(1)), [this] {
        const auto self = shared_from_this();
        hear_now();
        if (stopped_ || at_ != At::ready) return;
        watching_ = false;
        if (!questions_.empty() && questions_.front().asked + server_.silence <= loop_.now()) return lost("it does not answer");
        watch_silence();
    });
}

RedisConnection::RedisConnection(net::Loop& loop, RedisServer server, Heard heard)
    : parts_(std::make_shared<Parts>(loop, std::move(server), std::move(heard))) {}
RedisConnection::~RedisConnection() { parts_->stop(); }

void RedisConnection::start() { parts_->connect(); }
bool RedisConnection::is_ready() const noexcept { return parts_->is_ready(); }
const std::string& RedisConnection::why() const noexcept { return parts_->why(); }
const RedisUrl& RedisConnection::url() const noexcept { return parts_->url(); }
void RedisConnection::ask(const std::string& command, Done done) {
    const auto parts = parts_;
    parts->ask(command, std::move(done));
}
void RedisConnection::hear_now() {
    const auto parts = parts_;
    parts->hear_now();
}

}  // namespace exota::directory
