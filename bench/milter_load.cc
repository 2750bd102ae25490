// A milter load generator that plays Postfix's side: sessions side by side on one epoll loop, several messages a session.
//
//   milter_load SOCKET --message FILE [--sessions N] [--messages N] [--per-session N] [--rate N] [--windows SECONDS]
//   milter_load SOCKET --idle N        opens N sessions up to HELO, prints "ready", closes them at end of input
//
// Writes at most 4,096 octets at a time (as Postfix's streams do), sets no TCP_NODELAY, waits for a reply exactly where Postfix does.
// Prints one JSON object: messages a second, latency from MAIL to verdict, replies and edits a message, own CPU.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "milter_script.h"

namespace {

using namespace exota;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t write_octets = 4096;

[[noreturn]] void die(const std::string& why) {
    fmt::print(stderr, "milter_load: {}\n", why);
    std::exit(1);
}

int connect_to(std::string_view where) {
    for (const auto deadline = Clock::now() + 20s;;) {
        int fd = -1, status = -1;
        if (where.starts_with("unix:")) {
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            where.substr(5).copy(address.sun_path, sizeof address.sun_path - 1);
            fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            status = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
        } else {
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(std::string(where.substr(where.rfind(':') + 1)))));
            fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            status = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
        }
        if (status == 0) return fd;
        close(fd);
        if ((errno != EAGAIN && errno != ECONNREFUSED && errno != ENOENT) || Clock::now() > deadline)
            die(std::string("cannot connect: ") + std::strerror(errno));
        usleep(2000);  // the listener's queue is full: as an MTA, come back
    }
}

struct Totals {
    std::uint64_t messages = 0, replies = 0, edits = 0, accepted = 0, refused = 0;
    std::vector<std::pair<Clock::time_point, double>> latencies;  // when it ended, microseconds
};

/// One session: walks through the turns of the script.
struct Session {
    int fd = -1;
    std::string incoming;
    const bench::Script* script = nullptr;
    bool in_message = false;
    std::size_t turn = 0, written = 0;
    int awaited = 0;
    bool waiting = false;
    int messages_left = 0;
    Clock::time_point began;

    const bench::Turn& now() const { return in_message ? script->message[turn] : script->session[turn]; }
};

class Load {
public:
    Load(std::string where, bench::Message message) : where_(std::move(where)), message_(std::move(message)), poll_(epoll_create1(0)) {}

    void run(int sessions, int messages, int per_session, double rate) {
        target_ = messages;
        per_session_ = per_session;
        gap_ = rate > 0 ? std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate)) : Clock::duration{};
        next_start_ = Clock::now();
        negotiate_once();
        for (int i = 0; i < sessions; ++i) open();
        std::vector<epoll_event> ready(256);
        while (totals.messages < static_cast<std::uint64_t>(messages)) {
            const int timeout = release_due();
            const int count = epoll_wait(poll_, ready.data(), static_cast<int>(ready.size()), timeout);
            for (int i = 0; i < count; ++i) progress(*static_cast<Session*>(ready[static_cast<std::size_t>(i)].data.ptr));
        }
    }

    /// Opens them up to HELO, and no further unless `with_message`: then each has one message judged.
    void idle(int sessions, bool with_message) {
        negotiate_once();
        if (!with_message) gap_ = std::chrono::hours(1);  // the first message is never due
        target_ = 1;                                      // and there is no second one
        next_start_ = Clock::now();
        for (int i = 0; i < sessions; ++i) {
            Session& session = open();
            while (!session.in_message || (with_message && totals.messages <= static_cast<std::uint64_t>(i))) progress(session);
        }
        std::puts("ready");
        std::fflush(stdout);
        std::string line;
        std::getline(std::cin, line);
    }

    Totals totals;

private:
    std::string negotiate(int fd) {
        std::string out, in;
        milter::mta::append_offer(out, milter::mta::full_offer);
        if (write(fd, out.data(), out.size()) < 0) die("the filter hung up at negotiation");
        for (;;) {
            char buffer[4096];
            const ssize_t got = read(fd, buffer, sizeof buffer);
            if (got <= 0) die("the filter hung up at negotiation");
            in.append(buffer, static_cast<std::size_t>(got));
            const auto frame = milter::next_frame(in, 1 << 20);
            if (frame && *frame) return in;
        }
    }

    void negotiate_once() {
        const int fd = connect_to(where_);
        const std::string in = negotiate(fd);
        const auto reply = milter::mta::decode_reply(**milter::next_frame(in, 1 << 20));
        if (!reply || !std::holds_alternative<milter::mta::Answer>(*reply)) die("no answer to the offer");
        script_ = bench::compile(message_, std::get<milter::mta::Answer>(*reply));
        close(fd);
    }

    Session& open() {
        auto session = std::make_unique<Session>();
        session->fd = connect_to(where_);
        negotiate(session->fd);
        session->script = &script_;
        session->messages_left = per_session_;
        epoll_event event{.events = EPOLLIN, .data = {.ptr = session.get()}};
        epoll_ctl(poll_, EPOLL_CTL_ADD, session->fd, &event);
        Session& opened = *session;
        sessions_[session->fd] = std::move(session);
        write_turns(opened);
        return opened;
    }

    void close_session(Session& session) {
        std::string quit;
        milter::mta::append_quit(quit);
        if (write(session.fd, quit.data(), quit.size()) < 0) die("the filter hung up before QUIT");
        close(session.fd);
        sessions_.erase(session.fd);
    }

    /// With a rate: sessions wait for their turn; latency counts from the intended start.
    int release_due() {
        if (parked_.empty()) return 1000;
        const auto now = Clock::now();
        while (!parked_.empty() && now >= next_start_) {
            Session& session = *parked_.back();
            parked_.pop_back();
            session.began = next_start_;
            next_start_ += gap_;
            session.waiting = false;
            write_turns(session);
        }
        if (parked_.empty()) return 1000;
        return static_cast<int>(
            std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(next_start_ - Clock::now()).count()));
    }

    /// Writes until a reply is due. Blocking writes: the filter always reads.
    void write_turns(Session& session) {
        for (;;) {
            if (!session.in_message && session.turn == script_.session.size()) {
                session.in_message = true;
                session.turn = 0;
                if (!begin_message(session)) return;
            }
            const bench::Turn& turn = session.now();
            for (std::string_view rest = turn.octets; !rest.empty();) {
                const ssize_t sent = write(session.fd, rest.data(), std::min(rest.size(), write_octets));
                if (sent < 0) die(std::string("write: ") + std::strerror(errno));
                rest.remove_prefix(static_cast<std::size_t>(sent));
            }
            if (turn.replies > 0 || turn.verdict) {
                session.awaited = turn.replies;
                session.waiting = true;
                return;
            }
            ++session.turn;
        }
    }

    bool begin_message(Session& session) {
        if (gap_ != Clock::duration{}) {
            parked_.push_back(&session);
            return false;
        }
        session.began = Clock::now();
        return true;
    }

    void progress(Session& session) {
        char buffer[65536];
        const ssize_t got = read(session.fd, buffer, sizeof buffer);
        if (got <= 0) die("the filter hung up");
        session.incoming.append(buffer, static_cast<std::size_t>(got));
        std::string_view bytes = session.incoming;
        bool verdict = false;
        while (const auto frame = milter::next_frame(bytes, 1 << 20).value_or(std::nullopt)) {
            const char code = frame->command;
            bytes.remove_prefix(frame->consumed);
            ++totals.replies;
            if (code == 'h' || code == 'i' || code == 'm' || code == 'q') {
                ++totals.edits;
            } else if (session.in_message && session.now().verdict && code != 'p') {
                verdict = true;
                ++(code == 'c' || code == 'a' ? totals.accepted : totals.refused);
            } else if (session.awaited > 0 && code != 'p') {
                --session.awaited;
            }
        }
        session.incoming.erase(0, session.incoming.size() - bytes.size());
        if (!session.waiting || (session.now().verdict ? !verdict : session.awaited > 0)) return;
        session.waiting = false;
        ++session.turn;
        if (verdict) {
            const auto end = Clock::now();
            ++totals.messages;
            totals.latencies.emplace_back(end, std::chrono::duration<double, std::micro>(end - session.began).count());
            if (totals.messages >= static_cast<std::uint64_t>(target_)) return;
            if (--session.messages_left == 0) {
                close_session(session);
                open();
                return;
            }
            session.turn = 0;
            if (!begin_message(session)) return;
        }
        write_turns(session);
    }

    std::string where_;
    bench::Message message_;
    bench::Script script_;
    int poll_;
    int target_ = 0, per_session_ = 10;
    Clock::duration gap_{};
    Clock::time_point next_start_;
    std::map<int, std::unique_ptr<Session>> sessions_;
    std::vector<Session*> parked_;
};

double quantile(std::vector<double>& values, double q) {
    if (values.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

}  // namespace

int main(int argc, char** argv) {
    std::map<std::string, std::string> options{
        {"--sessions", "1"}, {"--messages", "1000"}, {"--per-session", "10"}, {"--rate", "0"}, {"--windows", "0"}};
    if (argc < 2)
        die("usage: milter_load SOCKET --message FILE [--sessions N] [--messages N] [--per-session N] [--rate N] [--windows SECONDS] | "
            "--idle N [--message FILE]");
    for (int i = 2; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
    std::string text = "From: a@contoso.com\n\n";
    if (options.contains("--message")) {
        std::ifstream file(options["--message"]);
        std::stringstream all;
        all << file.rdbuf();
        text = all.str();
        if (!file || text.empty()) die("cannot read " + options["--message"]);
    }
    Load load(argv[1], bench::read_message(text));
    if (options.contains("--idle")) {
        load.idle(std::stoi(options["--idle"]), options.contains("--message"));
        return 0;
    }
    const auto began = Clock::now();
    load.run(std::stoi(options["--sessions"]), std::stoi(options["--messages"]), std::stoi(options["--per-session"]),
             std::stod(options["--rate"]));
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto cpu = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
    const Totals& totals = load.totals;
    const auto count = static_cast<double>(totals.messages);
    std::vector<double> all;
    std::map<long, std::vector<double>> windows;
    const double window = std::stod(options["--windows"]);
    for (const auto& [when, latency] : totals.latencies) {
        all.push_back(latency);
        if (window > 0) windows[static_cast<long>(std::chrono::duration<double>(when - began).count() / window)].push_back(latency);
    }
    std::string p99s;
    for (auto& [number, values] : windows) p99s += fmt::format("{}{:.0f}", p99s.empty() ? "" : ", ", quantile(values, 0.99));
    fmt::print(
        R"({{"messages": {}, "seconds": {:.3f}, "per_second": {:.0f}, "p50_us": {:.1f}, "p99_us": {:.1f}, "replies": {:.2f}, "edits": {:.2f}, "accepted": {}, "refused": {}, "client_cpu_us": {:.1f}, "window_p99_us": [{}]}})"
        "\n",
        totals.messages, seconds, count / seconds, quantile(all, 0.5), quantile(all, 0.99), static_cast<double>(totals.replies) / count,
        static_cast<double>(totals.edits) / count, totals.accepted, totals.refused,
        (cpu(usage.ru_utime) + cpu(usage.ru_stime)) / count * 1e6, p99s);
}
