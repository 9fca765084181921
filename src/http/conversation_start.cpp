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

// From the client's first byte to the end of the handshake it has as long as for a request's head.
// While memory is short, no handshake begins.
conversation::action conversation::on_handshake(bool takes_memory) {
    invariant(state_ == state::reading, "only a conversation that reads begins with a handshake");
    if (takes_memory && context_.buffered.exceeded())
        return close();
    if (!is_shaking_hands_)
        set_deadline(limits().head_timeout);
    is_shaking_hands_ = true;
    buffered_.set(takes_memory ? handshake_bytes : 0);
    return context_.draining() ? close() : action{kind::read};
}

// The handshake is over, and no request has begun.
void conversation::end_handshake() noexcept {
    is_shaking_hands_ = false;
    count_buffered();
    if (session_.now() == session::phase::idle)
        begin_idle();
}

// A client that has sent more already would be reset, and not learn why.
conversation::action conversation::on_failed_handshake() noexcept {
    buffered_.set(0);
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
