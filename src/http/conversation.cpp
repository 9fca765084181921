#include "http/conversation.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "http/limits.hpp"
#include "http/reply_writer.hpp"
#include "ops/assertion.hpp"

namespace coffer::http {
namespace {

using kind = conversation::action::kind;
using place_kind = admission::place::kind;

std::chrono::seconds patience(session::phase phase, const limits& allowed) noexcept {
    switch (phase) {
        case session::phase::idle:
            return allowed.idle_timeout;
        case session::phase::head:
            return allowed.head_timeout;
        case session::phase::body:
            return allowed.body_timeout;
        case session::phase::streaming:
            return allowed.write_timeout;
        case session::phase::closing:
            break;
    }
    return allowed.linger_timeout;
}

kind wait_of(session::pause pause) noexcept {
    switch (pause) {
        case session::pause::news:
            return kind::wait_news;
        case session::pause::turn:
            return kind::wait_turn;
        default:
            return kind::wait_change;
    }
}

}  // namespace

conversation::conversation(conversation_context& context, const send_progress& progress,
                           admission::place::kind place, const api::listener_facts& via,
                           std::uint64_t from_peer) noexcept
    : context_{context},
      progress_{progress},
      buffered_{context.buffered},
      handshake_{context.handshakes},
      session_{context.session, via, from_peer},
      place_{place} {}

conversation::action conversation::on_bytes(std::string_view bytes) {
    if (state_ == state::lingering)
        return linger(bytes.size());
    if (state_ == state::refusing)
        return refuse_at_once();
    invariant(state_ == state::reading, "bytes are read only for a conversation that reads");
    if (is_shaking_hands_)  // the first request has come with the end of the handshake
        end_handshake();
    read_at_ = context_.clock();
    return serve(bytes);
}

conversation::action conversation::on_nothing() {
    if (state_ == state::refusing)
        return close();
    invariant(state_ == state::reading || state_ == state::lingering,
              "nothing is read but for a conversation that reads");
    if (is_shaking_hands_) {
        end_handshake();
        begin_idle();
    }
    return is_done() ? part() : action{kind::read};
}

conversation::action conversation::on_end_of_file() noexcept {
    return close();
}

conversation::action conversation::serve(std::string_view bytes) {
    state_ = state::serving;
    begin_output();
    const session::phase before = session_.now();
    const teller::ticket due = feed(bytes);
    if (context_.buffered.exceeded() && !session_.has_more())
        refuse_for_memory();
    if (session_.now() == session::phase::closing)
        give_back(unfinished_);
    count_buffered();
    const bool has_replies = !context_.output.empty();
    if (has_replies && !teller().is_durable(due))
        return hold(due);
    unsent_due_ = has_replies ? due : 0;
    if (has_replies || session_.now() != before || session_.took_lines())
        set_phase_deadline();
    return write_output();
}

void conversation::begin_output() noexcept {
    context_.output.clear();
    context_.session.undurable.clear();
    context_.session.notes.clear();
    context_.session.replies = 0;
}

/// Returns what is to be durable before the replies may be written.
teller::ticket conversation::feed(std::string_view bytes) {
    teller::turn turn{teller()};
    context_.session.is_short_of_memory = context_.buffered.exceeded();
    const std::size_t most = most_requests();
    if (unfinished_.empty()) {
        const std::size_t used = session_.feed(bytes, context_.output, most);
        unfinished_ = bytes.substr(used);
    } else {
        unfinished_ += bytes;
        unfinished_.erase(0, session_.feed(unfinished_, context_.output, most));
        give_back_beyond(unfinished_);
    }
    turn.end();
    return session_.due();
}

// While memory is short, a connection gets no more replies at once than its socket will likely
// take.
std::size_t conversation::most_requests() const noexcept {
    return context_.buffered.exceeded() ? 1
                                        : std::min(limits().requests_per_wake, teller::most_a_turn);
}

// A small part of a request is always kept: a request that arrives in two pieces is no attack.
void conversation::refuse_for_memory() {
    if (session_.now() != session::phase::closing && unfinished_.size() > small_bytes)
        session_.turn_away(unfinished_, api::problem::unavailable, context_.output);
}

void conversation::count_buffered() noexcept {
    buffered_.set(buffered_bytes_of(unfinished_) + session_.buffered_bytes() +
                  buffered_bytes_of(unsent_));
}

conversation::action conversation::hold(teller::ticket due) {
    unsent_ = context_.output;
    undurable_ = context_.session.undurable;
    held_replies_ = context_.session.replies;
    if (!context_.session.notes.empty()) [[unlikely]]
        notes_ = std::make_unique<std::vector<reply_note>>(std::move(context_.session.notes));
    unsent_due_ = due;
    count_buffered();
    state_ = state::holding;
    return wait_for(due);
}

// The disk has a limit of its own, on_overdue. The client has no deadline meanwhile.
conversation::action conversation::wait_for(teller::ticket due) noexcept {
    deadline_ = context_.drained_by;
    if (waiting_since_ == time_point{})
        waiting_since_ = context_.clock();
    return {kind::wait_durable, {}, due};
}

conversation::action conversation::on_durable() {
    set_phase_deadline();
    if (state_ == state::holding)
        return write_held(false);
    invariant(state_ == state::stalled, "only replies and requests wait for the disk");
    return serve({});
}

// What was posted stays posted, and becomes durable when the disk answers.
conversation::action conversation::on_overdue() {
    set_phase_deadline();
    if (state_ == state::holding)
        return write_held(true);
    invariant(state_ == state::stalled, "only replies and requests wait for the disk");
    session_.wait_for_teller(false);
    const action next = serve({});
    session_.wait_for_teller(true);
    return next;
}

conversation::action conversation::write_output() {
    invariant(teller().is_durable(unsent_due_), "a reply is written before it is durable");
    state_ = state::sending;
    if (context_.output.empty())
        return after_writing();
    session_context& shared = context_.session;
    waiting_since_ = {};
    count_sent(shared.undurable, false);
    measure(shared.replies);
    if (!shared.notes.empty()) [[unlikely]] {
        const auto ledger = context_.clock() - read_at_;
        put_timings(shared.notes, ledger, {}, context_.output);
        log(shared.notes, ledger, {});
    }
    return {kind::write, context_.output};
}

conversation::action conversation::write_unsent() noexcept {
    invariant(teller().is_durable(unsent_due_), "a held reply is written before it is durable");
    state_ = state::flushing;
    return {kind::write, unsent_};
}

conversation::action conversation::on_sent(std::size_t count) {
    if (state_ == state::sending) {
        if (count == context_.output.size())
            return after_writing();
        return keep_unsent(count);
    }
    invariant(state_ == state::flushing, "only a conversation that writes has bytes sent");
    unsent_.erase(0, count);
    if (!unsent_.empty()) {
        if (count != 0)
            expect_progress();
        return {kind::wait_writable};
    }
    give_back(unsent_);
    undurable_.clear();
    count_buffered();
    set_phase_deadline();
    return after_writing();
}

conversation::action conversation::keep_unsent(std::size_t sent) {
    unsent_.assign(context_.output, sent);
    state_ = state::flushing;
    count_buffered();
    expect_progress();
    return {kind::wait_writable};
}

conversation::action conversation::on_writable() {
    if (state_ == state::flushing)
        return write_unsent();
    invariant(state_ == state::yielding, "only what is left to do waits for a writable socket");
    return serve({});
}

conversation::action conversation::after_writing() {
    if (session_.now() == session::phase::closing)
        return finish();
    if (!session_.has_more()) {
        state_ = state::reading;
        return is_done() ? part() : action{kind::read};
    }
    if (session_.waits_for_teller() && !teller().is_durable(teller().latest())) {
        state_ = state::stalled;
        return wait_for(teller().latest());
    }
    if (const auto pause = session_.waits_for(); pause != session::pause::none) {
        state_ = state::idling;
        deadline_ = context_.drained_by;
        return {wait_of(pause)};
    }
    // It waits to write and not to read: the requests are here already, and a client that takes no
    // replies is answered no more of them.
    state_ = state::yielding;
    expect_progress();
    return {kind::wait_writable};
}

// The client does not know yet that the server ends the conversation. If it has acknowledged all
// replies, the socket is closed at once; otherwise a request that it sends meanwhile would reset
// the connection, and lose the replies that are on their way.
conversation::action conversation::part() noexcept {
    return progress_.unacknowledged_bytes() != 0 ? finish() : close();
}

conversation::action conversation::finish() noexcept {
    if (place_ == place_kind::none)
        return close();
    state_ = state::shutting;
    return {kind::shut_down};
}

conversation::action conversation::on_change() {
    invariant(state_ == state::idling, "only a transfer that has nothing to do waits for a change");
    return serve({});
}

conversation::action conversation::on_shut_down() noexcept {
    invariant(state_ == state::shutting, "only a conversation that ends is shut down");
    state_ = state::lingering;
    set_deadline(limits().linger_timeout);
    return {kind::read};
}

// Closing a socket that has unread bytes would reset it, and could destroy the last reply.
conversation::action conversation::linger(std::size_t bytes) noexcept {
    lingered_bytes_ += bytes;
    return lingered_bytes_ > linger_bytes ? close() : action{kind::read};
}

conversation::action conversation::close() noexcept {
    state_ = state::closed;
    return {kind::close};
}

conversation::action conversation::on_tick() {
    if (context_.now < deadline_)
        return {};
    switch (state_) {
        case state::reading:
            return on_read_deadline();
        case state::flushing:
        case state::yielding:
            return on_write_deadline();
        default:
            return close();
    }
}

// Nothing can be said to a client that has not finished its handshake.
conversation::action conversation::on_read_deadline() {
    if (is_shaking_hands_)
        return close();
    if (session_.stop_discarding())
        return serve({});
    begin_output();
    read_at_ = context_.clock();  // of the refusal: what the client took is not the server's
    session_.time_out(unfinished_, context_.output);
    if (context_.output.empty())
        return part();
    unsent_due_ = 0;
    set_deadline(limits().linger_timeout);
    return write_output();
}

// A client that takes its replies slowly is not cut off; one that takes none is. What it has taken
// shows in the count of acknowledged bytes long before its socket is writable again.
conversation::action conversation::on_write_deadline() noexcept {
    if (context_.now < context_.drained_by && progress_.unacknowledged_bytes() < unacknowledged_) {
        expect_progress();
        return {};
    }
    return state_ == state::flushing ? close() : part();
}

conversation::action conversation::on_drain() {
    session_.drain();
    deadline_ = std::min(deadline_, context_.drained_by);
    switch (state_) {
        case state::reading:
            return session_.stop_discarding() ? serve({}) : action{kind::read_now};
        case state::lingering:
            return {kind::read_now};
        case state::flushing:
            return write_unsent();
        case state::yielding:
        case state::idling:
            return serve({});
        default:
            return {};
    }
}

std::string_view conversation::after_failure() const noexcept {
    const bool may_be_written = state_ == state::serving && teller().is_durable(teller().due());
    return may_be_written ? std::string_view{context_.output} : std::string_view{};
}

void conversation::expect_progress() noexcept {
    unacknowledged_ = progress_.unacknowledged_bytes();
    set_deadline(limits().write_timeout);
}

void conversation::set_phase_deadline() noexcept {
    set_deadline(patience(session_.now(), limits()));
}

void conversation::set_deadline(std::chrono::seconds patience) noexcept {
    deadline_ = std::min(tick_after(context_.now, patience), context_.drained_by);
}

/// Whether the server stops, and all that this client has sent is answered.
bool conversation::is_done() const noexcept {
    return context_.draining() && state_ == state::reading &&
           session_.now() == session::phase::idle && !session_.has_more() && unfinished_.empty();
}

}  // namespace coffer::http
