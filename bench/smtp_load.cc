// An SMTP load generator: sessions side by side, a thread each, in the clear or under TLS with a client certificate; how long a message
// takes.
//
//   smtp_load PORT --size OCTETS | --message FILE [--sessions N] [--messages N] [--rate N] [--tls] [--certificate FILE --key FILE]
//   smtp_load PORT --size OCTETS --hold N       N sessions each say a message but for its end, then "ready"; closes them at end of input
//
// MAIL, RCPT and DATA go out in one write, as Exchange Online pipelines them. --rate spreads the messages of all sessions evenly over time;
// a message's time then counts from when it was due. The first is due once all sessions are open: what opening takes is nobody's message.
// Prints one JSON object.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::uint16_t port = 0;
    std::size_t size = 20'480, sessions = 16, messages = 1000, hold = 0;
    double rate = 0;
    bool tls = false;
    std::string certificate, key, message;
};

[[noreturn]] void die(const std::string& why) {
    fmt::print(stderr, "smtp_load: {}\n", why);
    std::_Exit(1);
}

SSL_CTX* context_of(const Options& options) {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (!options.certificate.empty() && (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1 ||
                                         SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1))
        die("certificate or key cannot be used");
    return context;
}

/// One connection that waits for every reply.
class Client {
public:
    Client(const Options& options, SSL_CTX* context) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(options.port);
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("nobody listens");
        const int on = 1;
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        expect('2');
        say("EHLO load.test\r\n", '2');
        if (!options.tls) return;
        say("STARTTLS\r\n", '2');
        ssl_ = SSL_new(context);
        SSL_set_fd(ssl_, socket_);
        if (SSL_connect(ssl_) != 1) die("no TLS");
        say("EHLO load.test\r\n", '2');
    }
    ~Client() {
        SSL_free(ssl_);
        ::close(socket_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void write(std::string_view octets) {
        while (!octets.empty()) {
            const ssize_t written = ssl_ != nullptr
                                        ? SSL_write(ssl_, octets.data(), static_cast<int>(std::min<std::size_t>(octets.size(), 1 << 20)))
                                        : ::write(socket_, octets.data(), octets.size());
            if (written <= 0) die("the server hung up");
            octets.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void say(std::string_view octets, char code) {
        write(octets);
        expect(code);
    }
    /// One reply, of several lines or not.
    void expect(char code) {
        for (;;) {
            const std::size_t end = kept_.find("\r\n");
            if (end == std::string::npos) {
                read_more();
                continue;
            }
            const std::string line = kept_.substr(0, end);
            kept_.erase(0, end + 2);
            if (line.size() > 3 && line[3] == '-') continue;
            if (line[0] != code) die("answered " + line);
            return;
        }
    }
    void begin_message() {
        write("MAIL FROM:<jane@contoso.com>\r\nRCPT TO:<bob@dest.test>\r\nDATA\r\n");
        expect('2');
        expect('2');
        expect('3');
    }

private:
    void read_more() {
        char buffer[4096];
        const ssize_t count = ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof buffer) : ::read(socket_, buffer, sizeof buffer);
        if (count <= 0) die("the server hung up");
        kept_.append(buffer, static_cast<std::size_t>(count));
    }

    int socket_ = -1;
    SSL* ssl_ = nullptr;
    std::string kept_;
};

/// A message of about `octets`, with a signature in good form so that whoever verifies has to wait for its body.
std::string message_of(std::size_t octets) {
    std::string text =
        "From: Jane <jane@contoso.com>\r\nTo: bob@dest.test\r\nSubject: load\r\nMessage-ID: <load@contoso.com>\r\n"
        "Date: Sat, 28 Nov 2026 12:00:00 +0000\r\nX-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc\r\n"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=contoso.com; s=s; h=From;\r\n"
        " bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA\r\n\r\n";
    const std::string line = std::string(76, 'x') + "\r\n";
    while (text.size() + line.size() <= octets) text += line;
    return text;
}

/// With its lines as they stand behind DATA.
std::string message_in(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) die("cannot read " + path);
    std::string text;
    for (std::string line; std::getline(file, line);) text += (line.starts_with('.') ? "." : "") + line + '\n';
    return text;
}

struct Run {
    explicit Run(std::size_t sessions) : all_open(static_cast<std::ptrdiff_t>(sessions), Begin{*this}) {}
    struct Begin {
        Run& run;
        void operator()() const noexcept { run.began = Clock::now(); }
    };

    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::vector<double> microseconds;
    Clock::time_point began;
    std::barrier<Begin> all_open;
};

void send_messages(const Options& options, SSL_CTX* context, const std::string& message, Run& run) {
    Client client(options, context);
    run.all_open.arrive_and_wait();
    std::vector<double> own;
    for (std::size_t number = run.next++; number < options.messages; number = run.next++) {
        Clock::time_point due = Clock::now();
        if (options.rate > 0) {
            due = run.began +
                  std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(number) / options.rate));
            std::this_thread::sleep_until(due);
        }
        client.begin_message();
        client.write(message);
        client.say(".\r\n", '2');
        own.push_back(std::chrono::duration<double, std::micro>(Clock::now() - due).count());
    }
    client.say("QUIT\r\n", '2');
    const std::lock_guard lock(run.mutex);
    run.microseconds.insert(run.microseconds.end(), own.begin(), own.end());
}

void hold(const Options& options, SSL_CTX* context, const std::string& message) {
    std::vector<std::unique_ptr<Client>> clients;
    while (clients.size() < options.hold) {
        Client& client = *clients.emplace_back(std::make_unique<Client>(options, context));
        client.begin_message();
        client.write(message);
    }
    fmt::print("ready\n");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
    }
}

Options options_of(const std::vector<std::string>& words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto value = [&] { return i + 1 < words.size() ? words[++i] : throw std::invalid_argument(words[i] + " without a value"); };
        const auto number = [&] { return static_cast<std::size_t>(std::stoull(value())); };
        if (words[i] == "--size")
            options.size = number();
        else if (words[i] == "--sessions")
            options.sessions = number();
        else if (words[i] == "--messages")
            options.messages = number();
        else if (words[i] == "--hold")
            options.hold = number();
        else if (words[i] == "--rate")
            options.rate = std::stod(value());
        else if (words[i] == "--tls")
            options.tls = true;
        else if (words[i] == "--certificate")
            options.certificate = value();
        else if (words[i] == "--key")
            options.key = value();
        else if (words[i] == "--message")
            options.message = value();
        else
            options.port = static_cast<std::uint16_t>(std::stoul(words[i]));
    }
    return options;
}

void run(const Options& options) {
    SSL_CTX* const context = options.tls ? context_of(options) : nullptr;
    const std::string message = options.message.empty() ? message_of(options.size) : message_in(options.message);
    if (options.hold > 0) return hold(options, context, message);
    Run all(options.sessions);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < options.sessions; ++i) threads.emplace_back([&] { send_messages(options, context, message, all); });
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - all.began).count();
    std::ranges::sort(all.microseconds);
    const auto part = [&](double share) {
        return all.microseconds.at(static_cast<std::size_t>(share * static_cast<double>(all.microseconds.size() - 1)));
    };
    fmt::print("{{\"messages\":{},\"per_second\":{:.1f},\"p50_us\":{:.0f},\"p99_us\":{:.0f}}}\n", all.microseconds.size(),
               static_cast<double>(all.microseconds.size()) / seconds, part(0.5), part(0.99));
    SSL_CTX_free(context);
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        run(options_of({argv + 1, argv + argc}));
    } catch (const std::exception& error) {
        die(error.what());
    }
}
