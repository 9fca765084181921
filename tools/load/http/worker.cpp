#include "load/http/worker.hpp"

#include <sys/prctl.h>

#include <algorithm>

namespace coffer::load {
namespace {

constexpr std::chrono::milliseconds tick_time{10};

}  // namespace

worker::worker(const plan& all, std::size_t which)
    : plan_{all},
      random_{all.chosen.seed * 1'000'003 + which},
      counted_{all.measured, all.chosen.accounts.size()} {
    const auto threads = static_cast<double>(all.chosen.threads);
    if (all.chosen.rate) {
        // Threads take turns, so that together they keep to the rate.
        const double turn_ns = 1e9 / *all.chosen.rate * static_cast<double>(which);
        schedule_.emplace(*all.chosen.rate / threads, static_cast<std::int64_t>(turn_ns));
    }
    if (all.chosen.kills > 0)
        kills_.emplace(all.chosen.kills / threads, 0);
    for (std::size_t i = which; i < all.chosen.connections; i += all.chosen.threads)
        add_connection(i);
}

void worker::add_connection(std::size_t which) {
    std::optional<expected_balances> own;
    if (chosen().own_accounts) {
        const std::size_t accounts = chosen().accounts.size();
        const std::size_t first = which * accounts / chosen().connections;
        const std::size_t end = (which + 1) * accounts / chosen().connections;
        own.emplace(first, std::span{plan_.opening}.subspan(first, end - first));
    }
    connections_.emplace_back(*this, std::move(own));
}

void worker::run() {
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // the usual 50 us would show in the latencies
    tick();
    events_.run();
    if (schedule_)
        counted_.unsent = schedule_->left(plan_.stop_ns());
}

void worker::replied(const request& one, verdict given) {
    counted_.measured.cut(plan_.stop_ns());
    counted_.replied(one, given, clock_ns_);
    auto& figure = given == verdict::refused ? troubled_ : completed_;
    // This thread alone writes it, so it needs no atomic addition.
    figure.store(figure.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void worker::lost(const boost::circular_buffer<request>& requests) {
    counted_.unanswered += requests.size();
    troubled_.store(troubled() + requests.size(), std::memory_order_relaxed);  // a figure
    for (const request& one : requests)
        if (one.what != operation::balance)
            counted_.doubts.push_back(effects_of(one));
}

request worker::make(connection& by, std::int64_t intended_ns, std::int64_t now) {
    request made;
    made.what = chosen().mix.pick(random_());
    made.intended_ns = intended_ns;
    made.sent_ns = now;
    if (made.what == operation::capture || made.what == operation::release) {
        if (auto hold = by.take_hold(random_)) {
            made.account = hold->account;
            made.amount_minor = hold->amount_minor;
            if (made.what == operation::capture)
                made.amount_minor = 1 + random_below(hold->amount_minor);
            made.hold = *std::move(hold);
            return made;
        }
        made.what = operation::hold;
    }
    made.account = by.pick_account(random_);
    const std::int64_t least = chosen().amounts.least.minor();
    made.amount_minor = least + random_below(chosen().amounts.most.minor() - least + 1);
    if (made.what == operation::transfer || made.what == operation::transaction)
        choose_payees(by, made);
    return made;
}

// A transaction pays to two accounts if there are two others, and there is a cent for each.
void worker::choose_payees(connection& by, request& made) {
    const std::size_t payee = by.pick_other(random_, {made.account});
    made.payments.push_back({payee, made.amount_minor});
    if (made.what == operation::transfer || by.accounts() == 2 || made.amount_minor == 1)
        return;
    const std::int64_t part = 1 + random_below(made.amount_minor - 1);
    made.payments.front().amount_minor -= part;
    made.payments.push_back({by.pick_other(random_, {made.account, payee}), part});
}

void worker::refill(connection& one) {
    if (schedule_) {
        list(one);
        return dispatch();
    }
    const std::int64_t now = now_ns();
    if (now >= plan_.stop_ns())
        return one.stop(false);
    while (one.can_send())
        one.add(make(one, now, now));
    one.flush();
}

void worker::list(connection& one) {
    if (one.listed || !one.can_send())
        return;
    one.listed = true;
    can_send_.push_back(&one);
}

connection* worker::next_that_can_send() {
    while (!can_send_.empty()) {
        connection* const first = can_send_.front();
        can_send_.pop_front();
        first->listed = false;
        if (first->can_send())
            return first;
    }
    return nullptr;
}

// Gives what is due to the connections in turn, then lets each send all it was given at once.
void worker::dispatch() {
    const std::int64_t now = now_ns();
    if (now >= plan_.stop_ns())
        return;
    rendered_.clear();
    while (schedule_->next_ns() <= now) {
        connection* const next = next_that_can_send();
        if (next == nullptr)
            break;
        next->add(make(*next, *schedule_->take(now), now));
        rendered_.push_back(next);
        list(*next);
    }
    for (connection* const one : rendered_)
        one->flush();  // does nothing the second time
    if (!can_send_.empty())
        wait_for_due();
}

void worker::wait_for_due() {
    if (waiting_for_due_ || schedule_->next_ns() >= plan_.stop_ns())
        return;
    waiting_for_due_ = true;
    due_.expires_at(plan_.begin + std::chrono::nanoseconds{schedule_->next_ns()});
    due_.async_wait([this](boost::system::error_code) {
        waiting_for_due_ = false;
        dispatch();
    });
}

void worker::wait_for_tick() {
    ticks_.expires_after(tick_time);
    ticks_.async_wait([this](boost::system::error_code) { tick(); });
}

void worker::tick() {
    const std::int64_t now = now_ns();
    kill_some(now);
    for (connection& one : connections_) {
        if (now >= plan_.stop_ns())
            one.stop(now >= plan_.quit_ns());
        one.tick(now);
    }
    if (std::ranges::all_of(connections_, &connection::finished))
        return events_.stop();
    wait_for_tick();
}

void worker::kill_some(std::int64_t now) {
    while (kills_ && now < plan_.stop_ns() && kills_->take(now)) {
        const auto which = random_() % connections_.size();
        const std::uint64_t how = random_();
        if (connections_[which].can_be_killed(now))
            connections_[which].kill({(how & 1) != 0, (how & 2) != 0}, (how & 4) != 0);
    }
}

}  // namespace coffer::load
