#include "engine/hold_clerk.hpp"

#include <algorithm>
#include <array>
#include <new>

#include <coffer/retries.hpp>

#include "engine/engine.hpp"
#include "engine/expiry_index.hpp"
#include "engine/teller.hpp"

namespace coffer {
namespace {

constexpr std::chrono::milliseconds rest_when_idle{50};
constexpr std::chrono::nanoseconds least_rest = std::chrono::milliseconds{1};
constexpr std::chrono::nanoseconds most_rest = std::chrono::milliseconds{4};
constexpr std::chrono::milliseconds rest_when_stuck{10};

constexpr std::size_t chunk_slots = expiry_index::chunk_slots;

/// The open holds of a chunk whose time has come.
struct due_holds {
    std::array<hold, chunk_slots> holds;
    std::size_t count = 0;
};

}  // namespace

hold_clerk::hold_clerk(engine& of) noexcept : engine_{of}, teller_{of.clerks_teller()} {}

void hold_clerk::start() {
    thread_ = std::thread{[this] { run(); }};
}

void hold_clerk::stop() noexcept {
    if (!thread_.joinable())
        return;
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void hold_clerk::run() noexcept {
    const retry_count retries;
    const auto counted = engine_.signs().retries.add(&retries);
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        lock.unlock();
        const std::chrono::nanoseconds rest = work();
        lock.lock();
        changed_.wait_for(lock, rest, [this] { return stopping_; });
    }
}

/// Has record time follow the system's clock, for all who read it.
std::int64_t hold_clerk::record_time_ns() noexcept {
    try {
        static_cast<void>(engine_.clock().stamp());
    } catch (const std::bad_alloc&) {  // only what was to be logged is lost
    }
    return static_cast<std::int64_t>(engine_.clock().record_ns());
}

std::chrono::nanoseconds hold_clerk::work() noexcept {
    expiry_index& index = engine_.expiries();
    const std::uint64_t begin_ns = engine_.clock().running_ns();
    const std::int64_t time_ns = record_time_ns();
    if (!in_round_ && index.earliest_ns() <= time_ns) {
        goes_through_all_ = index.begin_round();
        next_chunk_ = 0;
        in_round_ = true;
    }
    budget left{.until_ns = begin_ns + std::chrono::nanoseconds{most_time}.count()};
    if (in_round_)
        expire_some(time_ns, left);
    const bool is_busy = forget_some() || in_round_;
    if (left.is_stuck)
        return rest_when_stuck;
    if (!is_busy)
        return rest_when_idle;
    const std::chrono::nanoseconds worked{engine_.clock().running_ns() - begin_ns};
    return std::clamp(worked, least_rest, most_rest);
}

bool hold_clerk::has_left(const budget& left) const noexcept {
    return left.expiries != 0 && left.slots != 0 && !left.is_stuck &&
           engine_.clock().running_ns() < left.until_ns;
}

void hold_clerk::expire_some(std::int64_t time_ns, budget& left) noexcept {
    {
        const teller::turn turn{teller_};
        do
            visit(next_chunk_++, time_ns, left);
        while (in_round_ && has_left(left));
    }
    teller_.announce();
}

/// Makes the expiries that are due in a chunk. Ends the round after the last one.
void hold_clerk::visit(std::size_t chunk, std::int64_t time_ns, budget& left) noexcept {
    expiry_index& index = engine_.expiries();
    if (!goes_through_all_ && index.bound_ns(chunk) > time_ns) {
        index.keep(chunk);
        --left.slots;
        in_round_ = chunk + 1 < index.chunks();
        return;
    }
    index.take(chunk);
    due_holds due;
    std::int64_t next_ns = expiry_index::never;
    const auto first = static_cast<std::uint32_t>(chunk * chunk_slots);
    ledger::hold_place from{first};
    const bool was_last = engine_.ledger().scan_holds(from, chunk_slots, [&](const hold& one) {
        if (one.status != hold_status::held || one.expires_at_ns == 0)
            return;
        if (one.expires_at_ns <= time_ns)
            due.holds[due.count++] = one;
        else
            next_ns = std::min(next_ns, one.expires_at_ns);
    });
    for (std::size_t i = 0; i != due.count; ++i) {
        const hold& one = due.holds[i];
        left.is_stuck = left.is_stuck || teller_.expire_hold(one.account, one.id) != service::done;
        if (left.is_stuck)
            next_ns = std::min(next_ns, one.expires_at_ns);
    }
    if (next_ns != expiry_index::never)
        index.note(first, next_ns);
    left.slots -= std::min(left.slots, chunk_slots);
    left.expiries -= std::min(left.expiries, due.count);
    in_round_ = goes_through_all_ ? !was_last : chunk + 1 < index.chunks();
}

/// Forgets holds that ended long ago. Returns whether there may be more of them.
bool hold_clerk::forget_some() noexcept {
    ended_holds& ended = engine_.ended();
    coffer::ledger& ledger = engine_.ledger();
    const std::uint64_t running_ns = engine_.clock().running_ns();
    for (std::size_t i = 0; i != most_forgotten; ++i) {
        const auto oldest = ended.due(running_ns, engine_.keys().life_ns());
        if (!oldest)
            return false;
        // The slot's next hold may be another account's: its record must come after this one's.
        if (engine_.journal() != nullptr &&
            ledger.durable_sequence(oldest->account) < oldest->ended_by)
            return false;
        static_cast<void>(ledger.forget_hold(oldest->account, oldest->id));
        ended.remove_oldest();
    }
    return true;
}

}  // namespace coffer
