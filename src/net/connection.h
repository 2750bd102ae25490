// One connection: the near leg, the session, perhaps a far leg, and what could not be handled or written yet. Private to net.
//
// A near leg is in one of three situations: waiting for input, waiting for its session (a verdict is pending), waiting for room to write.
// It is never read while it waits for one of the others, so a peer that does not read makes itself wait, nobody else. Neither leg is read
// while the other one has too much to be written.
//
// What a milter does not need (the far leg, TLS, deadlines) stands apart, in `Beyond`, and is made when it is wanted.
//
// An object lives until the last handler that names it has run (`pending_`), even when its sockets are closed already.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "net/connections.h"
#include "net/descriptor.h"
#include "net/tls_stream.h"

namespace exota::net {

using StreamDescriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

class Connection : public ConnectionHook {
public:
    using Clock = std::chrono::steady_clock;

    Connection(Connections& home, Descriptor socket);
    ~Connection();
    /// @return false if there is no session: the connection is to be deleted.
    bool start(const Peer& peer, const SessionFactory& factory);
    /// Once it has its place among the others: the session hears of the near leg.
    void open();
    /// Its place among those of its client is given back at the end.
    void count_for(const base::IpAddress& client);
    void end(Ending why, std::string_view detail = {});
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
    /// Its peer takes what is written to it.
    bool is_read() const noexcept { return near_.left() == 0; }
    /// Its answer is pending for long.
    void keep_waiting();
    /// Its deadline passed.
    void late();

private:
    /// Reads before other connections get their turn.
    static constexpr int max_reads_a_turn = 16;

    struct Side {
        enum class Is : std::uint8_t { closed, dialling, open, securing };
        explicit Side(Loop& loop) : socket(loop.context()) {}
        StreamDescriptor socket;
        Stream stream;
        std::string kept;           // a partial frame
        std::string unsent;         // output that the peer has not taken
        std::size_t sent = 0;       // of it, from the beginning, after all
        std::uint32_t charged = 0;  // octets of memory of `kept`, in the limits of all
        std::uint32_t round = 0;    // tells handlers of a socket that is closed from those of its successor
        Is is = Is::closed;
        bool tcp = false;
        bool reads = false, writes = false;  // a handler waits for it
        bool unanswered = false;             // what was read last; nobody answers it soon
        bool read_wants_write = false, write_wants_read = false;
        std::size_t left() const noexcept { return unsent.size() - sent; }
    };
    struct Beyond;
    /// Holds the object while a handler runs.
    class Held {
    public:
        explicit Held(Connection& connection) noexcept : connection_(connection) { ++connection_.pending_; }
        ~Held() {
            if (--connection_.pending_ == 0 && connection_.ended_) delete &connection_;
        }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;

    private:
        Connection& connection_;
    };

    // connection.cc: one leg in the clear
    Side& side(Leg leg) noexcept;
    /// Of the session; what it wants is in out().
    template <class Call>
    void call(Call what) {
        home_.out().clear();
        calling_ = true;
        state_ = what(home_.out()).state;
        calling_ = false;
    }
    void touch();
    void wait(Leg leg, StreamDescriptor::wait_type what);
    void on_readable(Leg leg);
    void on_writable(Leg leg);
    void woken();
    void resume();
    void go_on();
    /// Feeds the session; what it wants is in out(). @return false: the connection has ended.
    bool feed(Leg leg, std::string_view bytes);
    /// Feeds, and does what the session wants. @return true: read on.
    bool handle(Leg leg, std::string_view bytes);
    /// What the session wants, of the near leg alone. @return true: read on.
    bool settle_near();
    /// @return  `done`; `wants_…`: the rest is kept, and goes on by itself; else the leg is gone.
    Moved::Is write(Leg leg, std::string_view octets);
    Moved::Is flush(Leg leg);
    void go_on_later(Leg leg, Moved::Is is);
    void leg_ended(Leg leg, Ending why, std::string detail);
    bool keep(Side& side, std::string joined, std::string_view rest);
    bool charge_kept(Side& side) noexcept;
    void close(Side& side) noexcept;
    bool is_read_out() const;
    void acknowledge(Side& side);

    // connection_legs.cc: two legs, TLS, deadlines
    Beyond& beyond();
    std::size_t queued(Leg leg) noexcept;
    bool may_read(Leg leg) noexcept;
    void proceed();
    bool tell_next();
    bool may_write_on() noexcept;
    void write_on_later();
    void apply(Out& out);
    bool feeds_on() noexcept;
    bool write_gathered();
    void end_near();
    void send(Leg leg, std::string_view octets);
    void lose(Leg leg, Ending why, std::string detail);
    void forget_far() noexcept;
    void dial(const Address& address);
    void dialled();
    void start_tls(StartTls&& start);
    void secure(Leg leg);
    void secured(Leg leg);
    bool watch_anew(Leg leg);
    void finish();
    void arm();
    void set_deadline();
    bool near_has_hung_up() noexcept;
    bool near_left_unseen() noexcept;
    void watch_near();

    Connections& home_;
    Side near_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<Beyond> beyond_;
    Clock::time_point last_activity_;
    std::uint32_t pending_ = 0;  // handlers that name this object
    Session::State state_ = Session::State::reading;
    bool spoke_ = false;
    bool ended_ = false;
    bool calling_ = false;  // the session
    bool woken_ = false;
    bool stopped_ = false;  // the session waited when it was fed: what is kept of the near leg may be more than a partial frame
};

/// What only some connections have.
struct Connection::Beyond {
    explicit Beyond(Connection& connection) : far(connection.home_.loop()), due(connection) {}
    struct Gone {
        Ending why;
        std::string detail;
    };
    struct Securing {
        std::optional<StartTls> start;
        std::unique_ptr<TlsStream> next;  // once what is to be written in the clear is written
        std::string after;                // to be written then
    };

    Side far;
    Address dialled;
    std::optional<Gone> gone[2];  // by leg: what the session is still to be told
    Securing securing[2];
    Due due;
    std::optional<Deadline> deadline;
    std::optional<base::IpAddress> counted;  // in the limit of its client
    std::optional<Ending> why;               // the near leg ended
    bool has_deadlines = false;              // asked at the beginning
    bool closing = false;                    // the time for that runs
    bool gathers = false;                    // what is for the far leg waits for what comes in the same turn
    bool more_far = false;                   // the session is to be told when the far leg has nothing left to be written
    bool ends_near = false;                  // nothing more follows on the near leg
    int pieces = 0;                          // that it wrote so in this turn
    bool peeked = false;                     // the near leg has something to read, but it is not its turn
};

}  // namespace exota::net
