#include "engine/key_store.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <mutex>
#include <new>
#include <random>

#include "ops/log.hpp"

// Compiled in here, so that nothing is to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer {
namespace {

constexpr std::size_t parts = 1024;

struct entry {
    std::uint64_t time_ns = 0;
    std::uint64_t fingerprint = 0;  // half of it: it tells a client's mistakes, not an attack
    money balance{};
    const journal::lane* in = nullptr;  // where the outcome is to become durable, if it is not
    journal::lane_ticket until = 0;
    errc error = errc::ok;
    bool in_hand = false;  // being done

    /// Whether it is not certain yet what becomes of it.
    [[nodiscard]] bool is_under_way() const noexcept {
        return in_hand || (in != nullptr && !in->is_durable(until));
    }
};

std::uint64_t random_number() {
    std::random_device source;
    return (std::uint64_t{source()} << 32) | source();
}

}  // namespace

struct key_store::part {
    struct hasher {
        using is_avalanching = void;  // it is a hash already
        std::size_t operator()(const hash& key) const noexcept { return key.high; }
    };
    struct age {
        hash key;
        std::uint64_t time_ns;
    };

    std::mutex guard;
    boost::unordered_flat_map<hash, entry, hasher> entries;
    std::deque<age> ages;  // the oldest first; one that was given up stays until its time
};

key_store::key_store(const limits& chosen, clock wall)
    : limits_{chosen},
      clock_{wall},
      secret_{random_number(), random_number()},
      parts_{std::make_unique<part[]>(parts)} {}

key_store::~key_store() = default;

key_store::hash key_store::hash_of(std::string_view key) const noexcept {
    const XXH128_hash_t found = XXH3_128bits_withSeed(key.data(), key.size(), secret_.low);
    return {found.low64, found.high64 ^ secret_.high};
}

key_store::part& key_store::part_of(const hash& key) const noexcept {
    return parts_[key.low % parts];
}

bool key_store::is_over(std::uint64_t time_ns, std::uint64_t now_ns) const noexcept {
    return time_ns + static_cast<std::uint64_t>(limits_.time_to_live.count()) <= now_ns;
}

// The clock's time, or the latest that was seen if that is later.
std::uint64_t key_store::now(std::uint64_t seen_ns) noexcept {
    const std::uint64_t read = std::max(clock_(), seen_ns);
    // Relaxed: a time by itself.
    std::uint64_t latest = latest_ns_.load(std::memory_order_relaxed);
    while (latest < read && !latest_ns_.compare_exchange_weak(
                                latest, read, std::memory_order_relaxed, std::memory_order_relaxed))
        ;
    return std::max(latest, read);
}

key_store::claim key_store::ask(const journal::request_key& key) noexcept {
    const hash id = hash_of(key.text);
    part& home = part_of(id);
    const std::uint64_t now_ns = now();
    if (keys() >= limits_.keys)
        clear_up_somewhere(now_ns);
    const std::lock_guard lock{home.guard};
    expire(home, now_ns);
    const auto found = home.entries.find(id);
    if (found != home.entries.end() &&
        (found->second.is_under_way() || !is_over(found->second.time_ns, now_ns))) {
        const entry& known = found->second;
        if (known.fingerprint != key.fingerprint.first)
            return {*this, id, verdict::reused};
        if (known.is_under_way())
            return {*this, id, verdict::in_progress};
        return {*this, id, verdict::done, {known.error, known.balance}};
    }
    const bool is_new = found == home.entries.end();
    if (is_new && keys() >= limits_.keys) {
        complain(now_ns);
        return {*this, id, verdict::full};
    }
    try {
        home.ages.push_back({id, now_ns});
        home.entries.insert_or_assign(
            id, entry{.time_ns = now_ns, .fingerprint = key.fingerprint.first, .in_hand = true});
    } catch (const std::bad_alloc&) {  // an age without an entry does no harm
        return {*this, id, verdict::full};
    }
    if (is_new)
        keys_.fetch_add(1, std::memory_order_relaxed);
    return {*this, id, verdict::fresh};
}

void key_store::keep(const hash& key, const kept_outcome& outcome, const journal::lane* in,
                     journal::lane_ticket until) noexcept {
    part& home = part_of(key);
    const std::lock_guard lock{home.guard};
    entry& kept = home.entries.find(key)->second;  // in hand: nobody else removes it
    kept.balance = outcome.balance;
    kept.error = outcome.error;
    kept.in = in;
    kept.until = until;
    kept.in_hand = false;
}

void key_store::give_up(const hash& key) noexcept {
    part& home = part_of(key);
    const std::lock_guard lock{home.guard};
    home.entries.erase(key);
    keys_.fetch_sub(1, std::memory_order_relaxed);
}

void key_store::restore(const journal::request_key& key, const kept_outcome& outcome,
                        std::uint64_t time_ns) {
    const hash id = hash_of(key.text);
    part& home = part_of(id);
    const entry kept{.time_ns = time_ns,
                     .fingerprint = key.fingerprint.first,
                     .balance = outcome.balance,
                     .error = outcome.error};
    const std::uint64_t now_ns = now(time_ns);
    if (is_over(time_ns, now_ns))
        return;
    const std::lock_guard lock{home.guard};
    home.ages.push_back({id, time_ns});
    // The later one counts: the earlier was over its time when that was done.
    if (home.entries.insert_or_assign(id, kept).second)
        keys_.fetch_add(1, std::memory_order_relaxed);
}

// A few at a time, so that no request pays for all: each adds one at most.
void key_store::expire(part& from, std::uint64_t now_ns) noexcept {
    constexpr int at_once = 32;
    for (int i = 0; i != at_once && !from.ages.empty(); ++i) {
        const part::age oldest = from.ages.front();
        if (!is_over(oldest.time_ns, now_ns))
            return;
        const auto found = from.entries.find(oldest.key);
        // Not one that was given up and asked for again, whose time is another.
        if (found != from.entries.end() && found->second.time_ns == oldest.time_ns) {
            if (found->second.is_under_way())
                return;
            from.entries.erase(found);
            keys_.fetch_sub(1, std::memory_order_relaxed);
        }
        from.ages.pop_front();
    }
}

// What is over its time in parts that nobody asks takes the place of new keys otherwise.
void key_store::clear_up_somewhere(std::uint64_t now_ns) noexcept {
    part& next = parts_[next_to_clear_.fetch_add(1, std::memory_order_relaxed) % parts];
    const std::unique_lock lock{next.guard, std::try_to_lock};
    if (lock.owns_lock())
        expire(next, now_ns);
}

// Once a minute.
void key_store::complain(std::uint64_t now_ns) noexcept {
    constexpr std::uint64_t minute_ns = 60'000'000'000;
    std::uint64_t due = next_complaint_ns_.load(std::memory_order_relaxed);
    if (now_ns >= due &&
        next_complaint_ns_.compare_exchange_strong(
            due, now_ns + minute_ns, std::memory_order_relaxed, std::memory_order_relaxed))
        log::warn("no more idempotency keys can be remembered: there are {} already, for {} s each",
                  limits_.keys,
                  std::chrono::duration_cast<std::chrono::seconds>(limits_.time_to_live).count());
}

// What is over and in hand still is left out like all that is over: its record, if it gets one, is
// of no use to who asks again.
key_store::living_keys key_store::living() noexcept {
    living_keys found{.now_ns = now(), .oldest_ns = std::nullopt};
    for (std::size_t i = 0; i != parts; ++i) {
        const std::lock_guard lock{parts_[i].guard};
        const auto first = std::ranges::find_if_not(parts_[i].ages, [&](const part::age& one) {
            return is_over(one.time_ns, found.now_ns);
        });
        if (first != parts_[i].ages.end())
            found.oldest_ns = std::min(found.oldest_ns.value_or(first->time_ns), first->time_ns);
    }
    return found;
}

std::size_t key_store::bytes() const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i != parts; ++i) {
        const std::lock_guard lock{parts_[i].guard};
        constexpr std::size_t slot_bytes = sizeof(hash) + sizeof(entry) + 1;
        sum += parts_[i].entries.bucket_count() * slot_bytes +
               parts_[i].ages.size() * sizeof(part::age);
    }
    return sum;
}

}  // namespace coffer
