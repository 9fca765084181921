#include "http/worker.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <ctime>
#include <exception>
#include <iterator>
#include <new>
#include <string>
#include <utility>

#include <coffer/retries.hpp>

#include "engine/engine.hpp"
#include "http/reply_writer.hpp"
#include "ops/log.hpp"

namespace coffer::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds a_tick{1};

/// How often to look for connections that have waited too long.
constexpr std::chrono::milliseconds look_every(std::chrono::milliseconds disk_timeout) noexcept {
    return std::clamp(disk_timeout / 8, std::chrono::milliseconds{1},
                      std::chrono::milliseconds{100});
}

}  // namespace

worker::worker(coffer::teller& teller, commons& common, const api::route_table& routes)
    : common_{common},
      events_{1},  // one thread runs it
      tick_timer_{events_},
      overdue_timer_{events_},
      followers_{events_, teller},
      guard_{common.access},
      context_{{teller, date_text(std::time(nullptr)), {}, common.limits, routes},
               common.buffered,
               common.handshakes},
      read_buffer_(read_bytes) {
    // Room for all that a turn may say, so that no reply to a posting is lost for want of it. As it
    // is not touched, it is no memory yet.
    context_.session.log_every = log::access_every();
    context_.output.reserve(common.limits.output_bytes + most_short_reply_bytes);
    context_.session.guard = &guard_;
    context_.session.undurable.reserve(teller::most_a_turn);
    teller.on_durable([this] { wake(); });
    report(teller.engine().signs());
}

void worker::report(vital_signs& to) {
    const std::size_t number = common_.numbered++;
    context_.session.ids = request_ids{request_ids::start_of_process(), number};
    figures_ = common_.workers.add({&context_.session.figures, &context_.session.routes});
    turns_ = to.loops.add({"worker " + std::to_string(number), [this] {
                               return pulse_.is_well()
                                          ? health_check::finding{}
                                          : health_check::finding{false, "does not turn"};
                           }});
}

void worker::listen(const listen_address& where, const api::listener_facts& facts) {
    listeners_.emplace_back(events_, where, facts);
}

void worker::listen_beside(worker& first) {
    for (listener& each : first.listeners_)
        listeners_.emplace_back(events_, each);
}

std::vector<listen_address> worker::addresses() const {
    std::vector<listen_address> all;
    for (const listener& each : listeners_)
        all.push_back(each.where());
    return all;
}

void worker::run() {
    const retry_count retries;
    const auto counted = teller().engine().signs().retries.add(&retries);
    resume_accepting();
    tick_timer_.expires_after(a_tick);
    begin_tick();
    serve();
    pulse_.end();
}

void worker::serve() {
    for (;;) {
        try {
            events_.run();
            return;
        } catch (const std::exception& failure) {  // most likely want of memory
            log::error("a handler failed: {}", failure.what());
        }
    }
}

void worker::use(shared_tls_context certificate) {
    asio::post(events_, [this, certificate = std::move(certificate)] { tls_ = certificate; });
}

void worker::drain(std::chrono::seconds patience) {
    asio::post(events_, [this, patience] { drain_here(patience); });
}

void worker::remove(connection::handle gone) noexcept {
    if (next_to_check_ == gone)
        ++next_to_check_;
    connections_.erase(gone);
    // Accepting may have been paused for want of the place or the descriptor that is free now.
    if (!context_.draining())
        resume_accepting();
    else
        stop_if_done();
}

void* worker::handler_memory::do_allocate(std::size_t bytes, std::size_t) {
    return bytes <= bytes_.size() ? bytes_.data() : ::operator new(bytes);
}

void worker::handler_memory::do_deallocate(void* memory, std::size_t, std::size_t) {
    if (memory != bytes_.data())
        ::operator delete(memory);
}

// For the journal's thread. One handler is enough for all that becomes durable until it runs, and
// it may use the same memory each time: Asio frees a handler's memory before it calls it.
void worker::wake() noexcept {
    // Release: pairs with the exchange in on_wake, which then finds durable what is.
    if (!is_woken_.exchange(true, std::memory_order_acq_rel))
        asio::post(events_,
                   asio::bind_allocator(std::pmr::polymorphic_allocator<std::byte>{&wake_memory_},
                                        [this] { on_wake(); }));
}

void worker::on_wake() noexcept {
    // Acquire: pairs with the exchange in wake. Before anything is asked for, so that what becomes
    // durable after that posts another handler.
    is_woken_.exchange(false, std::memory_order_acq_rel);
    teller().note_durable_keys();  // first, so that who has the reply can ask about the key
    release_durable();
    note_change();
    end_turn();
}

// A posted handler runs after all that was ready together, so it marks the end of a round. That
// costs a look at what else is ready, so a lone connection does without. Where no journal is kept
// there is nothing to announce.
void worker::end_turn() noexcept {
    if (round_ends_ || teller().latest() == announced_)
        return;
    if (connections_.size() <= 1)
        return end_round();
    round_ends_ = true;
    try {
        asio::post(events_, [this] { end_round(); });
    } catch (const std::bad_alloc&) {
        end_round();
    }
}

void worker::end_round() noexcept {
    round_ends_ = false;
    announced_ = teller().latest();
    teller().announce();
}

void worker::await_durable(connection& one, teller::ticket due) {
    waiting_.push_back({&one, due});
    // Mostly the disk answers before the next tick: a timer that is set for each wait costs time.
    if (looks_often_ || teller().disk_timeout() < 2 * a_tick)
        look_for_overdue_soon();
}

// Rare: the connection has been lost.
void worker::await_no_longer(const connection& one) noexcept {
    const auto found =
        std::ranges::find(waiting_, &one, [](const waiting& each) { return each.one; });
    if (found != waiting_.end())
        waiting_.erase(found);
    waiting_for_change_.remove(const_cast<connection*>(&one));
    followers_.await_no_longer(const_cast<connection&>(one));
}

// Tickets become durable in their order.
void worker::release_durable() noexcept {
    while (!waiting_.empty() && teller().is_durable(waiting_.front().due)) {
        connection& first = *waiting_.front().one;
        waiting_.pop_front();
        first.on_durable();
    }
}

// Those that wait again meanwhile wait for the next change.
void worker::note_change() noexcept {
    for (std::size_t left = waiting_for_change_.size(); left != 0; --left) {
        if (waiting_for_change_.empty())  // others of them were closed meanwhile
            return;
        connection& first = *waiting_for_change_.front();
        waiting_for_change_.pop_front();
        first.on_change();
    }
}

void worker::look_for_overdue_soon() {
    if (overdue_timed_)
        return;
    overdue_timer_.expires_after(look_every(teller().disk_timeout()));
    overdue_timer_.async_wait([this](error_code) {
        overdue_timed_ = false;
        answer_overdue();
        if (!waiting_.empty())
            look_for_overdue_soon();
    });
    overdue_timed_ = true;
}

// Each of those that wait may have begun to wait at any time before.
void worker::answer_overdue() {
    const auto now = connection::clock::now();
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
    const auto patience = teller().disk_timeout();
    const auto waited = now - one.waiting_since();
    if (now >= last_answers_)
        return true;
    if (waited < patience)
        return false;
    // The journal has waited a little less. Until it finds that the disk hangs, the requests behind
    // this one would be tried, and wait as long again.
    return teller().engine().why_no_postings() == service::disk_hangs ||
           waited >= patience + 2 * look_every(patience);
}

void worker::resume_accepting() noexcept {
    accepting_ = true;
    for (listener& each : listeners_)
        await_clients(each);
}

// If it fails, for want of memory, the next tick tries again.
void worker::await_clients(listener& at) noexcept {
    if (at.is_awaited() || !at.is_open())
        return;
    try {
        at.async_wait([this, &at](error_code) {
            constexpr int at_once = 16;  // before it is the connections' turn
            at.end_wait();
            if (!accepting_ || !at.is_open())
                return;
            accept(at, at_once);
            if (accepting_)
                await_clients(at);
        });
    } catch (const std::bad_alloc&) {
        accepting_ = false;
    }
}

void worker::accept(listener& at, int most) noexcept {
    try {
        for (int i = 0; i != most && accept_one(at); ++i)
            ;
    } catch (const std::exception& failure) {
        accepting_ = false;
        complain(failure.what());
    }
}

/// Returns false if no client waits, or none can be accepted now.
bool worker::accept_one(listener& at) {
    stream_socket socket{events_};
    error_code error;
    const asio::ip::address from = at.accept(socket, error);
    if (error == asio::error::would_block)
        return false;
    if (error == asio::error::connection_aborted || error == asio::error::interrupted ||
        error.value() == EPROTO)
        return true;  // one that is gone again already
    if (error) {
        accepting_ = false;
        complain(error.message());
        return false;
    }
    context_.session.figures.accepted.add();
    connections_.emplace_front(*this, at, std::move(socket), common_.admission.admit(from));
    connections_.front().start(connections_.begin());
    // If there is no room at all, it goes on when a connection has ended, or at the next tick.
    if (!context_.draining() && common_.admission.is_full())
        accepting_ = false;
    return context_.draining() || accepting_;
}

// Most likely for want of file descriptors. Logged once a minute.
void worker::complain(const std::string& why) noexcept {
    constexpr tick logged_every = 60;
    if (context_.now >= next_complaint_)
        log::warn("cannot accept connections, pausing: {}", why);
    next_complaint_ = std::max(next_complaint_, context_.now + logged_every);
}

void worker::begin_tick() {
    tick_timer_.async_wait([this](error_code) {
        const auto late = std::chrono::steady_clock::now() - tick_timer_.expiry();
        const std::int64_t seconds = 1 + late / a_tick;
        tick_timer_.expires_at(tick_timer_.expiry() + seconds * a_tick);
        begin_tick();  // first: whatever throws below, there is a next tick
        on_tick(seconds);
    });
}

// If the thread was held up, clients may have sent what it has not read yet: they have until the
// next tick, but no longer, so that deadlines hold for a thread that is held up all the time.
void worker::on_tick(std::int64_t seconds) {
    context_.now += seconds;
    pulse_.turn();
    teller().check_disk();
    looks_often_ = !waiting_.empty() || context_.draining();
    if (!waiting_.empty())
        look_for_overdue_soon();
    put_date(std::time(nullptr), context_.session.date);
    note_change();
    followers_.note_news();
    if (!context_.draining() && !common_.admission.is_full())
        resume_accepting();
    if (next_to_check_ == connections_.end())
        next_to_check_ = connections_.begin();
    const bool is_late = seconds != 1;
    if (!is_late || was_late_)
        check_deadlines();
    was_late_ = is_late && !was_late_;
}

// Deadlines of connections that came together pass together: others are served in between.
void worker::check_deadlines() {
    constexpr int at_once = 32;
    int passed = 0;
    while (next_to_check_ != connections_.end()) {
        const auto at = next_to_check_++;
        passed += at->check_deadline() ? 1 : 0;
        // The last replies at the server's end have this tick to be read, and no deadline after it.
        if (passed == at_once && !context_.draining())
            return asio::post(events_, [this] { check_deadlines(); });
    }
}

void worker::drain_here(std::chrono::seconds patience) {
    if (context_.draining())
        return;
    context_.drained_by = tick_after(context_.now, patience);
    last_answers_ = connection::clock::now() + std::chrono::milliseconds{patience} * 4 / 5;
    looks_often_ = true;
    if (!waiting_.empty())
        look_for_overdue_soon();
    // Clients that the kernel has connected already may have sent a request. No more of them than
    // could wait, so that clients that come again and again do not hold it up.
    for (listener& each : listeners_) {
        accept(each, SOMAXCONN);
        each.close();
    }
    for (auto at = connections_.begin(); at != connections_.end();) {
        const auto next = std::next(at);
        at->drain();
        at = next;
    }
    stop_if_done();
}

void worker::stop_if_done() noexcept {
    const auto is_open = [](const listener& each) { return each.is_open(); };
    if (connections_.empty() && std::ranges::none_of(listeners_, is_open))
        events_.stop();
}

}  // namespace coffer::http
