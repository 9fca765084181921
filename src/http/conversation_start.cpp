// How a conversation begins: with its place, and where the bytes are encrypted with a handshake.
#include <algorithm>

#include "http/conversation.hpp"
#include "http/limits.hpp"
#include "ops/assertion.hpp"

namespace coffer::http {

using kind = conversation::action::kind;
using place_kind = admission::place::kind;

conversation::action conversation::start() {
    if (place_ != place_kind::admitted)
        session_.turn_away_next();
    begin_idle();
    if (place_ == place_kind::none) {
        state_ = state::refusing;
        return {kind::read_now};
    }
    return context_.draining() ? on_drain() : action{kind::read};
}

void conversation::begin_idle() noexcept {
    set_deadline(place_ == place_kind::admitted
                     ? limits().idle_timeout
                     : std::min(limits().idle_timeout, limits().head_timeout));
}

// Without a place the client gets no time to send its request. If none has arrived, a reply would
// be taken for that to another request: so there is none.
conversation::action conversation::refuse_at_once() {
    read_at_ = context_.clock();
    begin_output();
    session_.turn_away({}, api::problem::unavailable, context_.output);
    unsent_due_ = 0;
    return write_output();
}

bool conversation::may_begin_handshake() noexcept {
    if (state_ != state::reading || context_.draining() || context_.handshakes.exceeded())
        return false;
    time_handshake();
    handshake_.set(handshake_bytes);
    return true;
}

conversation::action conversation::on_handshake() {
    if (state_ == state::lingering || context_.draining())
        return close();
    invariant(state_ == state::reading, "only a conversation that reads begins with a handshake");
    time_handshake();
    return {kind::read};
}

// From the client's first byte to the end of the handshake it has as long as for a request's head.
void conversation::time_handshake() noexcept {
    if (!is_shaking_hands_)
        set_deadline(limits().head_timeout);
    is_shaking_hands_ = true;
}

void conversation::end_handshake() noexcept {
    is_shaking_hands_ = false;
    handshake_.set(0);
}

// A client that has sent more already would be reset, and not learn why.
conversation::action conversation::on_failed_handshake() noexcept {
    end_handshake();
    return finish();
}

conversation::action conversation::on_missing_tls() {
    read_at_ = context_.clock();
    begin_output();
    session_.refuse_without_tls(context_.output);
    unsent_due_ = 0;
    return write_output();
}

}  // namespace coffer::http
