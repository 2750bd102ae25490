#include "net/https_get.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <utility>

#include "net/dial.h"
#include "net/server_proof.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"

namespace exota::net {

namespace asio = boost::asio;
using base::Errc;
using base::fail;
using base::Result;
using Clock = std::chrono::steady_clock;

namespace {

/// One word of a request line or field; what has a space or a line end in it would be more than one.
bool is_visible(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string text_of(const HttpsRequest& request) {
    std::string text = "GET " + request.target + " HTTP/1.1\r\nHost: " + request.host;
    if (request.port != https_port) text += ':' + std::to_string(request.port);
    return text + "\r\nUser-Agent: ExOTA\r\nAccept: " + request.accept + "\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
}

}  // namespace

/// Handlers hold it weakly: when the owner lets go of it, nothing happens any more.
struct HttpsGet::Transfer : std::enable_shared_from_this<Transfer> {
    Transfer(Loop& on, std::shared_ptr<const TlsContext> with, HttpsRequest&& what, Done when_done)
        : loop(on),
          context(std::move(with)),
          request(std::move(what)),
          ends(loop.now() + request.deadline),
          done(std::move(when_done)),
          octets(text_of(request)),
          response(request.limits, request.takes),
          dial(on),
          socket(on.context()),
          deadline(on),
          attempt(on) {}

    enum class Stage : std::uint8_t { shaking, writing, reading };
    static constexpr int max_moves_a_turn = 16;

    void begin();
    void next_address();
    void connected(Descriptor connection);
    void go_on();
    Moved move();
    bool moved(std::size_t moved_octets);
    void wait(asio::posix::descriptor_base::wait_type what);
    void lost();
    void give_up_address(std::string_view why);
    void finish(Result<HttpAnswer> result);
    void close() noexcept;
    /// Calls `work` on the transfer, if it still is at the address where it was.
    auto later(void (Transfer::*work)());

    Loop& loop;
    const std::shared_ptr<const TlsContext> context;
    const HttpsRequest request;
    const Clock::time_point ends;
    Done done;
    const std::string octets;  // of the request
    std::size_t sent = 0;
    HttpResponse response;
    Dial dial;
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> socket;
    std::unique_ptr<TlsStream> tls;
    StartTls start;
    Timer deadline, attempt;
    std::size_t address = 0;  // the next one
    Stage stage = Stage::shaking;
    std::string failures;  // of the addresses so far
    bool over = false;     // the answer is on its way to `done`
};

auto HttpsGet::Transfer::later(void (Transfer::*work)()) {
    return [weak = weak_from_this(), work, of = address] {
        const std::shared_ptr<Transfer> self = weak.lock();
        if (self && !self->over && self->address == of) (self.get()->*work)();
    };
}

void HttpsGet::Transfer::begin() {
    deadline.start(request.deadline, [weak = weak_from_this()] {
        if (const std::shared_ptr<Transfer> self = weak.lock())
            self->finish(fail(Errc::timeout, self->failures + "no answer within the time allowed"));
    });
    if (!is_visible(request.host) || !is_visible(request.target) || !request.target.starts_with('/'))
        return finish(fail(Errc::invalid_data, "no host name, or no path"));
    next_address();
}

void HttpsGet::Transfer::next_address() {
    const std::size_t all = std::min(request.addresses.size(), max_addresses);
    if (address == all) {
        if (!failures.empty()) failures.resize(failures.size() - 2);  // "; "
        return finish(fail(Errc::unavailable, all == 0 ? "the host has no address" : failures));
    }
    const auto share = std::max<Clock::duration>(ends - loop.now(), {}) / static_cast<int>(all - address);
    const Address to = Address::of(request.addresses[address], request.port);
    ++address;
    attempt.start(share, [weak = weak_from_this()] {
        if (const std::shared_ptr<Transfer> self = weak.lock()) self->give_up_address("no TLS within its share of the time");
    });
    // Its time is that of the attempt.
    dial.start(to, request.deadline, [weak = weak_from_this()](Result<Descriptor> connection) {
        const std::shared_ptr<Transfer> self = weak.lock();
        if (!self || self->over) return;
        if (connection) return self->connected(*std::move(connection));
        self->failures += connection.error().detail + "; ";
        self->attempt.cancel();
        self->next_address();
    });
}

void HttpsGet::Transfer::connected(Descriptor connection) {
    boost::system::error_code unwatched;  // the system has no room to watch it
    socket.assign(connection.get(), unwatched);
    if (unwatched) return give_up_address(unwatched.message());
    const int descriptor = connection.release();
    start = {.leg = Leg::far, .context = context, .server_name = request.host, .reference_names = {request.host}};
    Result<std::unique_ptr<TlsStream>> stream = TlsStream::begin(descriptor, start);
    if (!stream) return give_up_address(stream.error().detail);
    tls = *std::move(stream);
    stage = Stage::shaking;
    go_on();
}

/// As far as it goes without waiting, and without keeping others from their turn.
void HttpsGet::Transfer::go_on() {
    for (int moves = 0; moves < max_moves_a_turn; ++moves) {
        const Moved last = move();
        switch (last.is) {
            case Moved::Is::done:
                if (!moved(last.octets)) return;
                break;
            case Moved::Is::wants_read:
                return wait(asio::posix::descriptor_base::wait_read);
            case Moved::Is::wants_write:
                return wait(asio::posix::descriptor_base::wait_write);
            case Moved::Is::ended:
            case Moved::Is::failed:
                return lost();
        }
    }
    loop.post(later(&Transfer::go_on));
}

Moved HttpsGet::Transfer::move() {
    switch (stage) {
        case Stage::shaking:
            return tls->handshake();
        case Stage::writing:
            return tls->write(std::string_view(octets).substr(sent));
        case Stage::reading:
            break;
    }
    return tls->read(loop.read_buffer());
}

/// @return  false: nothing is to be moved on this connection any more.
bool HttpsGet::Transfer::moved(std::size_t moved_octets) {
    switch (stage) {
        case Stage::shaking:
            if (const std::string why = why_not_proven(tls->facts(start), request.host); !why.empty()) {
                give_up_address(why);
                return false;
            }
            attempt.cancel();
            stage = Stage::writing;
            return true;
        case Stage::writing:
            sent += moved_octets;
            if (sent == octets.size()) stage = Stage::reading;
            return true;
        case Stage::reading:
            break;
    }
    const Result<bool> whole = response.feed({loop.read_buffer().data(), moved_octets});
    if (whole && !*whole) return true;
    finish(whole ? Result<HttpAnswer>(response.take()) : std::unexpected(whole.error()));
    return false;
}

void HttpsGet::Transfer::wait(asio::posix::descriptor_base::wait_type what) {
    socket.async_wait(what, [go = later(&Transfer::go_on)](const boost::system::error_code& error) {
        if (!error) go();
    });
}

void HttpsGet::Transfer::lost() {
    if (stage == Stage::shaking) return give_up_address("TLS failed: " + tls->why());
    if (stage == Stage::writing) return finish(fail(Errc::closed, "the connection ended before the request was sent: " + tls->why()));
    const Result<void> regular = response.ended(tls->ended_regularly());
    finish(regular ? Result<HttpAnswer>(response.take()) : std::unexpected(regular.error()));
}

void HttpsGet::Transfer::give_up_address(std::string_view why) {
    failures += Address::of(request.addresses[address - 1], request.port).text() + ": " + std::string(why) + "; ";
    dial.cancel();
    attempt.cancel();
    close();
    next_address();
}

void HttpsGet::Transfer::finish(Result<HttpAnswer> result) {
    if (std::exchange(over, true)) return;
    dial.cancel();
    attempt.cancel();
    deadline.cancel();
    close();
    // Not from within start(), and with nothing of this object in use.
    loop.post([weak = weak_from_this(), result = std::move(result)]() mutable {
        const std::shared_ptr<Transfer> self = weak.lock();
        if (self) std::exchange(self->done, nullptr)(std::move(result));
    });
}

void HttpsGet::Transfer::close() noexcept {
    if (tls) tls->close();
    tls.reset();
    boost::system::error_code ignored;  // the descriptor is gone whatever close() says
    socket.close(ignored);
}

HttpsGet::HttpsGet(Loop& loop, std::shared_ptr<const TlsContext> context) : loop_(loop), context_(std::move(context)) {}
HttpsGet::~HttpsGet() = default;

void HttpsGet::start(HttpsRequest request, Done done) {
    transfer_ = std::make_shared<Transfer>(loop_, context_, std::move(request), std::move(done));
    transfer_->begin();
}

void HttpsGet::cancel() noexcept { transfer_.reset(); }

}  // namespace exota::net
