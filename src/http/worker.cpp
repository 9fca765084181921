#include "http/worker.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <iterator>
#include <utility>

#include "http/reply_writer.hpp"
#include "ops/log.hpp"

namespace coffer::http {
namespace {

constexpr std::chrono::milliseconds for_ever{-1};
constexpr std::chrono::seconds two_ticks{2};

/// How often to look for connections that have waited too long.
constexpr std::chrono::milliseconds look_every(std::chrono::milliseconds disk_timeout) noexcept {
    return std::clamp(disk_timeout / 8, std::chrono::milliseconds{1},
                      std::chrono::milliseconds{100});
}

}  // namespace

worker::worker(coffer::teller& teller, commons& common, const listen_address& where, bool shared)
    : common_{common},
      listener_{where, shared},
      context_{teller, date_text(std::time(nullptr)), {}, common.limits},
      read_buffer_(read_bytes) {
    // Room for all that a turn may say, so that no reply is lost for want of it. As it is not
    // touched, it is no memory yet.
    write_buffer_.reserve(common.limits.output_bytes + small_bytes);
    loop_.add(listener_.number(), *this, event_loop::interest::read);
    teller.on_durable([this] { loop_.wake(); });
}

void worker::run() {
    loop_.run([this](std::uint64_t seconds) { on_tick(seconds); }, [this] { on_round(); });
}

void worker::drain(std::chrono::seconds patience) {
    loop_.post([this, patience] { drain_here(patience); });
}

void worker::remove(connection::handle gone) noexcept {
    if (next_to_check_ == gone)
        ++next_to_check_;
    connections_.erase(gone);
    // Accepting may have been paused for want of the place or the descriptor that is free now.
    if (!draining())
        watch_listener(true);
    else
        stop_if_done();
}

// All that was done in a round is announced together, for the sake of larger groups: what was done
// because others' replies were released, too.
void worker::on_round() {
    release_durable();
    teller().note_durable_keys();
    teller().announce();
    if (!waiting_.empty()) {
        // Not at once: a timer costs time, and mostly the disk answers before the next tick.
        looks_often_ = looks_often_ || teller().disk_timeout() < two_ticks;
        answer_overdue();
    }
    teller().announce();
    if (waiting_.empty())
        looks_often_ = false;
    loop_.wait_at_most(looks_often_ ? look_every(teller().disk_timeout()) : for_ever);
}

// Of what waits, each may have begun to wait at any time before.
void worker::answer_overdue() {
    const auto now = connection::clock::now();
    if (now < next_look_)
        return;
    next_look_ = now + look_every(teller().disk_timeout());
    teller().check_disk();
    std::vector<connection*> overdue;
    overdue.reserve(waiting_.size());  // nothing throws once their order has changed
    const auto left = std::stable_partition(
        waiting_.begin(), waiting_.end(),
        [this, now](const waiting& each) { return !is_overdue(*each.one, now); });
    for (auto at = left; at != waiting_.end(); ++at)
        overdue.push_back(at->one);
    waiting_.erase(left, waiting_.end());
    for (connection* const one : overdue)
        one->on_overdue();
}

bool worker::is_overdue(const connection& one, connection::clock::time_point now) noexcept {
    return now >= std::min(one.waiting_since() + teller().disk_timeout(), last_answers_);
}

// Tickets become durable in their order.
void worker::release_durable() noexcept {
    while (!waiting_.empty() && teller().is_durable(waiting_.front().due)) {
        connection& first = *waiting_.front().one;
        waiting_.pop_front();
        first.on_durable();
    }
}

// Seldom: the connection has been lost.
void worker::await_no_longer(const connection& one) noexcept {
    const auto found =
        std::ranges::find(waiting_, &one, [](const waiting& each) { return each.one; });
    if (found != waiting_.end())
        waiting_.erase(found);
}

// Somebody waits to be accepted.
void worker::on_ready() noexcept {
    constexpr int at_once = 16;  // before it is the connections' turn
    accept(at_once);
}

void worker::accept(int most) noexcept {
    try {
        for (int i = 0; i != most && accept_one(); ++i)
            ;
    } catch (const std::exception& failure) {
        watch_listener(false);
        complain(failure.what());
    }
}

/// False if nobody waits or nobody can be accepted now.
bool worker::accept_one() {
    auto [taken, from, error] = listener_.accept();
    if (error) {
        watch_listener(false);
        complain(error.message());
        return false;
    }
    if (taken.number() < 0)
        return false;
    connections_.emplace_front(*this, tcp_socket{std::move(taken)}, common_.admission.admit(from));
    try {
        loop_.add(connections_.front().descriptor(), connections_.front(),
                  event_loop::interest::read);
    } catch (...) {
        connections_.pop_front();
        throw;
    }
    connections_.front().start(connections_.begin());
    // If there is no room at all, it goes on when somebody has left, or at the next tick.
    if (!draining() && common_.admission.is_full())
        watch_listener(false);
    return draining() || accepting_;
}

void worker::watch_listener(bool watched) noexcept {
    if (std::exchange(accepting_, watched) != watched)
        loop_.change(listener_.number(), *this,
                     watched ? event_loop::interest::read : event_loop::interest::nothing);
}

// Out of file descriptors, most likely. Said once a minute.
void worker::complain(const std::string& why) noexcept {
    constexpr tick said_every = 60;
    if (now_ >= next_complaint_)
        log::warn("cannot accept connections, pausing: {}", why);
    next_complaint_ = std::max(next_complaint_, now_ + said_every);
}

// If the thread was held up, clients may have sent what it has not read yet: they have until the
// next tick.
void worker::on_tick(std::uint64_t seconds) {
    now_ += static_cast<tick>(seconds);
    teller().check_disk();
    looks_often_ = !waiting_.empty();
    put_date(std::time(nullptr), context_.date);
    if (!draining() && !common_.admission.is_full())
        watch_listener(true);
    if (next_to_check_ == connections_.end())
        next_to_check_ = connections_.begin();
    if (seconds == 1)
        check_deadlines();
}

// Those that came together are over together: others need not wait until hundreds have been told.
void worker::check_deadlines() {
    constexpr int at_once = 32;
    int over = 0;
    while (next_to_check_ != connections_.end()) {
        const auto at = next_to_check_++;
        over += at->check_deadline() ? 1 : 0;
        // The last replies at the server's end have this tick to be read, and no deadline after it.
        if (over == at_once && !draining())
            return loop_.post([this] { check_deadlines(); });
    }
}

void worker::drain_here(std::chrono::seconds patience) {
    if (draining())
        return;
    drained_by_ = tick_after(now_, patience);
    looks_often_ = true;
    last_answers_ = connection::clock::now() + std::chrono::milliseconds{patience} * 4 / 5;
    // Clients that the kernel has connected already may have sent a request. No more of them than
    // could wait, so that those who come again and again do not hold it up.
    accept(SOMAXCONN);
    listener_.close();
    for (auto at = connections_.begin(); at != connections_.end();) {
        const auto next = std::next(at);
        at->drain();
        at = next;
    }
    stop_if_done();
}

void worker::stop_if_done() noexcept {
    if (connections_.empty() && !listener_.is_open())
        loop_.stop();
}

}  // namespace coffer::http
