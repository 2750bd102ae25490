#include "app/milter_front_end.h"

#include <utility>

#include "gate/milter_session.h"
#include "gate/milter_settings.h"

namespace exota::app {

namespace {

/// gate::MilterSession as net serves it.
class Session final : public net::Session {
public:
    Session(gate::Judge& judge, std::function<void()> wake, gate::Door door) : session_(judge, std::move(wake), door) {}
    Step feed(net::Leg, std::string_view bytes, net::Out& out) override {
        const gate::MilterSession::Step step = session_.feed(bytes, out.near);
        switch (step.state) {
            case gate::MilterSession::State::reading:
                return {step.consumed, State::reading};
            case gate::MilterSession::State::waiting:
                return {step.consumed, State::waiting};
            case gate::MilterSession::State::closing:
                break;
        }
        return {step.consumed, State::closing};
    }
    Step late(net::Out& out) override {
        session_.keep_waiting(out.near);
        return {0, State::waiting};
    }
    bool busy() const noexcept override { return session_.in_message(); }

private:
    gate::MilterSession session_;
};

}  // namespace

FrontEndOptions milter_front_end(const gate::MilterSettings& settings, gate::Door door) {
    FrontEndOptions options;
    options.make_session = [door](gate::Judge& judge, const net::Peer&, std::function<void()> wake) {
        return std::make_unique<Session>(judge, std::move(wake), door);
    };
    options.max_sessions = settings.max_sessions;
    options.max_partial_octets = settings.max_partial_octets;
    options.idle_timeout = settings.idle_timeout;
    return options;
}

}  // namespace exota::app
