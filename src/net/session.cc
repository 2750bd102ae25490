#include "net/session.h"

namespace exota::net {

Session::Step Session::opened(Leg, const TlsFacts*, Out&) { return {}; }
Session::Step Session::written(Out&) { return {}; }
Session::Step Session::ended(Leg, Ending, std::string_view, Out&) { return {0, State::closing}; }
Session::Step Session::late(Out&) { return {0, State::closing}; }
std::optional<Deadline> Session::deadline() const { return std::nullopt; }

}  // namespace exota::net
