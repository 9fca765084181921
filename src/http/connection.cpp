#include "http/connection.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "http/limits.hpp"
#include "http/recalled_replies.hpp"
#include "http/text_memory.hpp"
#include "http/worker.hpp"
#include "ops/log.hpp"

namespace coffer::http {
namespace {

using interest = event_loop::interest;

std::chrono::seconds patience(session::phase phase, const limits& allowed) noexcept {
    switch (phase) {
        case session::phase::idle:
            return allowed.idle_timeout;
        case session::phase::head:
            return allowed.head_timeout;
        case session::phase::body:
            return allowed.body_timeout;
        case session::phase::closing:
            break;
    }
    return allowed.linger_timeout;
}

// What an idle client costs, beside the event loop's part of some hundred bytes.
static_assert(sizeof(connection) <= 512);

}  // namespace

connection::connection(worker& owner, tcp_socket socket, admission::place place)
    : owner_{owner},
      socket_{std::move(socket)},
      place_{std::move(place)},
      buffered_{owner.buffered()},
      session_{owner.context()} {}

void connection::start(handle self) {
    self_ = self;
    set_deadline(owner_.limits().idle_timeout);
    if (!place_.is_admitted()) {
        session_.turn_away_next();
        set_deadline(std::min(owner_.limits().idle_timeout, owner_.limits().head_timeout));
        if (!place_.may_linger())
            return take_turn([this] { turn_away_now(); });
    }
    if (owner_.draining())
        drain();
}

// Whatever goes wrong in a turn, out of memory most likely, is this connection's end alone.
template <class Step>
void connection::take_turn(const Step& step) noexcept {
    try {
        step();
    } catch (const std::exception& failure) {
        log::error("a connection failed: {}", failure.what());
        close();
    }
}

// Not even a place to wait for its request: if that is not here yet, the client is shut without a
// word, since it would take an answer for one to another request, or for noise.
void connection::turn_away_now() {
    const auto [size, over] = socket_.read_some(owner_.read_buffer());
    if (over || size == 0)
        return close();
    std::string& out = owner_.write_buffer();
    out.clear();
    session_.turn_away(out);
    send(out);
}

// Waiting and then reading, rather than having it read for us, lets all connections of a worker
// share its buffers: an idle one holds none.
void connection::wait(interest what) noexcept {
    if (std::exchange(waits_to_, what) != what)
        owner_.loop().change(socket_.number(), *this, what);
}

void connection::on_ready() noexcept {
    take_turn([this] { go_on(); });
}

void connection::go_on() {
    if (awaiting_)
        return disregard();
    if (!unsent_.empty())
        return send_rest();
    if (session_.has_more() && !lingering_)
        return serve({});
    read();
}

// The client has sent more, which can wait; or else it is gone, which is told whether one asks for
// it or not.
void connection::disregard() noexcept {
    if (waits_to_ == interest::nothing)
        return close();
    wait(interest::nothing);
}

void connection::read() {
    const auto buffer = owner_.read_buffer();
    const auto [size, over] = socket_.read_some(buffer);
    if (over)
        return close();
    if (size == 0) {
        return is_done() ? part() : wait(interest::read);
    }
    if (lingering_)
        return linger(size);
    serve({buffer.data(), size});
}

void connection::serve(std::string_view bytes, bool patient) {
    session_.wait_for_teller(patient);
    const std::size_t most = most_requests();
    const session::phase before = session_.now();
    std::string& out = owner_.write_buffer();
    out.clear();
    teller::ticket due = 0;
    try {
        due = feed(bytes, most, out);
    } catch (...) {
        // What was posted is answered, if the socket takes it: what is lost is the connection.
        if (owner_.teller().is_durable(owner_.teller().due()))
            static_cast<void>(socket_.write_some(out));
        throw;
    }
    if (owner_.buffered().exceeded() && !session_.has_more())
        let_go(out);
    if (session_.now() == session::phase::closing)
        give_back(unfinished_);
    count_held();
    if (!owner_.teller().is_durable(due)) {
        unsent_ = out;
        count_held();
        return await(due);
    }
    if (!out.empty() || session_.now() != before)
        set_deadline(patience(session_.now(), owner_.limits()));
    send(out);
}

// It is the disk that is slow, and not the client: it has no deadline but on_overdue.
void connection::await(teller::ticket due) {
    if (waiting_since_ == clock::time_point{})
        waiting_since_ = clock::now();
    owner_.await_durable(*this, due);
    awaiting_ = true;
    deadline_ = owner_.drained_by();
}

void connection::on_durable() noexcept {
    awaiting_ = false;
    take_turn([this] {
        set_deadline(patience(session_.now(), owner_.limits()));
        if (!unsent_.empty())
            return send_rest();
        serve({});
    });
}

// What was posted stays posted, and becomes durable when the disk answers.
void connection::on_overdue() noexcept {
    awaiting_ = false;
    take_turn([this] {
        set_deadline(patience(session_.now(), owner_.limits()));
        if (unsent_.empty())
            return serve({}, false);
        unsent_ = recall_replies(unsent_, owner_.context());
        send_rest();
    });
}

// Short of memory, a connection gets no more replies at once than its socket will likely take.
std::size_t connection::most_requests() const noexcept {
    return owner_.buffered().exceeded()
               ? 1
               : std::min(owner_.limits().requests_per_wake, teller::most_a_turn);
}

/// Returns what is to be durable before the replies may be sent.
teller::ticket connection::feed(std::string_view bytes, std::size_t most, std::string& out) {
    teller::turn turn{owner_.teller()};
    if (unfinished_.empty()) {
        const std::size_t used = session_.feed(bytes, out, most);
        unfinished_ = bytes.substr(used);
    } else {
        unfinished_ += bytes;
        unfinished_.erase(0, session_.feed(unfinished_, out, most));
        give_back_beyond(unfinished_);
    }
    turn.end();
    return owner_.teller().due();
}

// What is small may always be kept: a request that comes in two pieces is no attack.
void connection::let_go(std::string& out) {
    if (session_.now() != session::phase::closing && unfinished_.size() > small_bytes)
        session_.turn_away(out);
}

void connection::count_held() noexcept {
    buffered_.set(buffered_bytes_of(unfinished_) + session_.buffered_bytes() +
                  buffered_bytes_of(unsent_));
}

// After the last reply. Closing a socket that has unread bytes resets it, and the client might lose
// the reply: so they are read, up to a point.
void connection::linger(std::size_t bytes) {
    lingered_bytes_ += bytes;
    if (lingered_bytes_ > linger_bytes)
        return close();
    wait(interest::read);
}

void connection::send(std::string_view bytes) {
    if (!bytes.empty())
        waiting_since_ = {};
    const auto [sent, over] =
        bytes.empty() ? tcp_socket::attempt{0, false} : socket_.write_some(bytes);
    if (over)
        return close();
    if (sent == bytes.size())
        return after_send();
    unsent_ = bytes.substr(sent);
    count_held();
    await_progress();
    wait(interest::write);
}

void connection::send_rest() {
    waiting_since_ = {};
    const auto [sent, over] = socket_.write_some(unsent_);
    if (over)
        return close();
    unsent_.erase(0, sent);
    if (!unsent_.empty()) {
        if (sent != 0)
            await_progress();
        return wait(interest::write);
    }
    give_back(unsent_);
    count_held();
    set_deadline(patience(session_.now(), owner_.limits()));
    after_send();
}

void connection::after_send() {
    if (session_.now() == session::phase::closing)
        return finish_sending();
    if (!session_.has_more())
        return is_done() ? part() : wait(interest::read);
    if (session_.waits_for_teller() && !owner_.teller().is_durable(owner_.teller().latest()))
        return await(owner_.teller().latest());
    // The others' turn. Waiting to write, not to read: what to go on with is here already, and a
    // client that takes no replies gets no more of them.
    await_progress();
    wait(interest::write);
}

// A client that takes its replies slowly is not cut off; one that takes none is.
void connection::await_progress() noexcept {
    untaken_bytes_ = socket_.unacknowledged();
    set_deadline(owner_.limits().write_timeout);
}

// What the client has taken shows here long before its socket is writable again.
bool connection::has_progressed() const noexcept {
    const bool takes_replies = !unsent_.empty() || session_.has_more();
    return takes_replies && !awaiting_ && owner_.now() < owner_.drained_by() &&
           socket_.unacknowledged() < untaken_bytes_;
}

/// Whether the server is stopping, and nothing that this client has sent is without an answer.
bool connection::is_done() const noexcept {
    return owner_.draining() && !awaiting_ && session_.now() == session::phase::idle &&
           !session_.has_more() && unfinished_.empty();
}

// It was not told that this is the end. One that has taken all replies is shut at once; to another
// a request that it sends meanwhile would lose those that are on their way.
void connection::part() noexcept {
    return socket_.unacknowledged() != 0 ? finish_sending() : close();
}

void connection::finish_sending() noexcept {
    if (!socket_.shut_down_sending() || !place_.may_linger())
        return close();
    lingering_ = true;
    set_deadline(owner_.limits().linger_timeout);
    wait(interest::read);
}

void connection::set_deadline(std::chrono::seconds patience) noexcept {
    deadline_ = std::min(tick_after(owner_.now(), patience), owner_.drained_by());
}

bool connection::check_deadline() noexcept {
    if (owner_.now() < deadline_)
        return false;
    take_turn([this] { give_up(); });
    return true;
}

void connection::drain() noexcept {
    session_.drain();
    deadline_ = std::min(deadline_, owner_.drained_by());
    if (!awaiting_)
        on_ready();
}

void connection::give_up() {
    if (has_progressed())
        return await_progress();
    std::string& out = owner_.write_buffer();
    out.clear();
    if (unsent_.empty() && !lingering_ && !awaiting_ && !session_.has_more())
        session_.time_out(out);
    if (out.empty())
        return unsent_.empty() && !lingering_ && !awaiting_ ? part() : close();
    set_deadline(owner_.limits().linger_timeout);
    send(out);
}

void connection::close() noexcept {
    if (awaiting_)
        owner_.await_no_longer(*this);
    owner_.remove(self_);
}

}  // namespace coffer::http
