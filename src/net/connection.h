// One connection of a Server: a socket, its session, and what could not be handled or written yet. Private to net.
//
// A connection is in one of three situations: waiting for input, waiting for its session (a verdict is pending), waiting for room to
// write. It never reads while it waits for one of the others, so a peer that does not read makes itself wait, nobody else.
//
// An object lives until the last handler that names it has run (`pending_`), even when the socket is closed already.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>

#include "net/server.h"

namespace exota::net {

using StreamDescriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
using Hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Server::Connection : public Hook {
public:
    using Clock = std::chrono::steady_clock;

    Connection(Server& server, Descriptor socket);
    ~Connection();
    /// @return false if there is no session: the connection is to be deleted.
    bool start();
    void end(Ending why);
    /// For a drain: ends now if nothing is in hand.
    void end_if_idle();
    /// Waits for us, not for its peer: no idle time-out.
    bool waits_for_session() const noexcept { return state_ == Session::State::waiting; }
    /// It said a whole frame.
    bool spoke() const noexcept { return spoke_; }
    bool is_busy() const noexcept { return session_ && session_->busy(); }
    /// Nothing is in hand, or on its way between us and its peer.
    bool may_make_room() const;
    Clock::time_point last_activity() const noexcept { return last_activity_; }
    void touch();
    void keep_waiting();

private:
    /// Reads before other connections get their turn.
    static constexpr int max_reads_a_turn = 16;

    void wait_readable();
    void wait_writable();
    void on_readable();
    void on_writable();
    void woken();
    void resume();
    /// @return true: read on.
    bool handle(std::string_view bytes);
    bool write(std::string_view octets);
    bool keep(std::string joined, std::string_view rest);
    bool charge_kept() noexcept;
    void drop_kept() noexcept;
    bool is_read_out() const;
    void release();
    void acknowledge();

    Server& server_;
    StreamDescriptor socket_;
    std::unique_ptr<Session> session_;
    std::string kept_;         // a partial frame
    std::size_t charged_ = 0;  // octets of memory of it, in the limits of all
    std::string unsent_;       // output that the peer has not taken
    Clock::time_point last_activity_;
    std::uint32_t pending_ = 0;  // handlers that name this object
    Session::State state_ = Session::State::reading;
    bool spoke_ = false;
    bool tcp_ = false;
    bool ended_ = false;
    bool feeding_ = false;
    bool woken_ = false;
};

}  // namespace exota::net
