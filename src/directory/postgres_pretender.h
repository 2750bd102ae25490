// For the tests of this folder: what pretends to be a PostgreSQL server, as far as a test wants it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "net/descriptor.h"

namespace exota::directory {

/// The messages of a server (PostgreSQL's manual, "Message Formats").
struct Said {
    static std::string number(std::size_t value, int octets) {
        std::string out;
        while (octets-- > 0) out += static_cast<char>(value >> 8 * octets & 0xff);
        return out;
    }
    static std::string message(char type, const std::string& body) { return type + number(body.size() + 4, 4) + body; }
    static std::string text(std::string_view value) { return std::string(value) + '\0'; }

    static std::string authenticated() { return message('R', number(0, 4)); }
    static std::string wants_password() { return message('R', number(3, 4)); }
    static std::string ready() { return message('Z', "I"); }
    static std::string error(std::string_view sqlstate, std::string_view primary) {
        return message('E', "SFATAL" + std::string(1, '\0') + 'C' + text(sqlstate) + 'M' + text(primary) + '\0');
    }
    static std::string notice() { return message('N', "SNOTICE" + std::string(1, '\0') + "C00000" + '\0' + "Mx" + '\0' + '\0'); }
    static std::string notification(std::string_view payload) { return message('A', number(1, 4) + text("exota_tenants") + text(payload)); }
    /// Before the rows of an answer, in columns of text.
    static std::string columns(std::size_t count) {
        std::string body = number(count, 2);
        for (std::size_t i = 0; i < count; ++i)
            body += text("c") + number(0, 6) + number(25, 4) + number(0xffff, 2) + number(0xffffffff, 4) + number(0, 2);
        return message('1', "") + message('2', "") + message('T', body);
    }
    static std::string row(std::initializer_list<std::string_view> fields) {
        std::string body = number(fields.size(), 2);
        for (const std::string_view field : fields) body += number(field.size(), 4) + std::string(field);
        return message('D', body);
    }
    static std::string end_of_rows() { return message('C', text("SELECT 1")) + ready(); }
};

class PostgresPretender {
public:
    class Client {
    public:
        explicit Client(int socket) : socket_(socket) {}
        /// What comes in at once; empty: nothing more.
        std::string hear() const {
            std::string out(65536, '\0');
            const ssize_t got = ::recv(socket_, out.data(), out.size(), 0);
            out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
            return out;
        }
        /// @return  false: he is gone.
        bool say(std::string_view text) const {
            while (!text.empty()) {
                const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
                if (sent <= 0) return false;
                text.remove_prefix(static_cast<std::size_t>(sent));
            }
            return true;
        }
        /// Anybody.
        void let_in() const {
            hear();
            say(Said::authenticated() + Said::ready());
        }

    private:
        int socket_;
    };

    /// @param serve  one client, on a thread; then another one. Empty: nobody is served, though all can connect.
    explicit PostgresPretender(std::function<void(const Client&)> serve) : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listening_.get(), any, size) != 0 || ::listen(listening_.get(), 16) != 0 ||
            ::getsockname(listening_.get(), any, &size) != 0)
            throw std::runtime_error("no socket to listen on");
        port_ = ntohs(address.sin_port);
        if (!serve) return;
        thread_ = std::thread([this, serve = std::move(serve)] {
            for (;;) {
                const net::Descriptor client(::accept(listening_.get(), nullptr, nullptr));
                if (!client) return;
                serve(Client(client.get()));
            }
        });
    }
    /// The client has gone by then.
    ~PostgresPretender() {
        ::shutdown(listening_.get(), SHUT_RDWR);
        if (thread_.joinable()) thread_.join();
    }
    PostgresPretender(const PostgresPretender&) = delete;
    PostgresPretender& operator=(const PostgresPretender&) = delete;

    std::string port() const { return std::to_string(port_); }
    std::string conninfo() const { return "host=127.0.0.1 port=" + port() + plain; }
    static constexpr const char* plain = " user=x dbname=exota sslmode=disable gssencmode=disable";

private:
    net::Descriptor listening_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace exota::directory
