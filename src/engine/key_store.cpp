#include "engine/key_store.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <iterator>
#include <mutex>
#include <new>
#include <random>
#include <utility>

#include "ops/assertion.hpp"
#include "ops/log.hpp"

// Compiled into this file, so that there is no library to link.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace coffer {
namespace {

constexpr std::size_t parts = 1024;

struct entry {
    std::uint64_t asked_ns = 0;
    std::uint64_t durable_ns = 0;   // when its life began; 0: it has not begun
    std::uint64_t fingerprint = 0;  // half of it: finds a client's mistakes, not attacks
    kept_outcome_room outcome{};
    const journal::lane* in = nullptr;  // where the outcome becomes durable, until its life begins
    std::uint64_t place = 0;  // there, a ticket; once its life has begun, its record's number

    /// Whether the request may still fail, or its outcome is not durable yet.
    [[nodiscard]] bool is_in_progress() const noexcept {
        return durable_ns == 0 && (in == nullptr || !in->is_durable(place));
    }
};

/// Whether `due_ns` has come. To one thread alone, which it puts `interval_ns` off.
bool is_due(std::atomic<std::uint64_t>& due_ns, std::uint64_t now_ns,
            std::uint64_t interval_ns) noexcept {
    // Relaxed: a time by itself.
    std::uint64_t due = due_ns.load(std::memory_order_relaxed);
    return now_ns >= due &&
           due_ns.compare_exchange_strong(due, now_ns + interval_ns, std::memory_order_relaxed,
                                          std::memory_order_relaxed);
}

std::uint64_t random_number() {
    std::random_device source;
    return (std::uint64_t{source()} << 32) | source();
}

}  // namespace

struct key_store::part {
    struct hasher {
        using is_avalanching = void;  // it is a hash already
        std::size_t operator()(const id& key) const noexcept {
            return key.high + key.owner() * std::uint64_t{0x9e37'79b9'7f4a'7c15};
        }
    };
    struct age {
        id key;
        std::uint64_t asked_ns;
    };

    std::mutex guard;
    boost::unordered_flat_map<id, entry, hasher> entries;
    std::deque<age> ages;  // the oldest first; a key that expired and was reserved again has two
    std::size_t record_bytes = 0;  // of the outcomes in entries
    std::size_t counted_bytes = 0;

    /// Puts an entry in the place of the one that the key may have. True if it had none.
    bool insert(const id& key, entry made) {
        const std::size_t added_bytes = made.outcome.record_bytes();
        const auto [at, is_new] = entries.try_emplace(key);
        record_bytes += added_bytes - at->second.outcome.record_bytes();
        at->second = std::move(made);
        return is_new;
    }
    /// What is known of a key, by where it is. Null if that is nothing, or it has expired.
    [[nodiscard]] const entry* alive_at(decltype(entries)::const_iterator found,
                                        const key_store& of, std::uint64_t now_ns) const {
        const bool is_alive =
            found != entries.end() &&
            (found->second.durable_ns == 0 || !of.is_expired(found->second.durable_ns, now_ns));
        return is_alive ? &found->second : nullptr;
    }
    /// The same, of a key's owner, whose entry is at `own` if there is one, or else of nobody.
    [[nodiscard]] const entry* known_to(const id& key, decltype(entries)::const_iterator own,
                                        const key_store& of, std::uint64_t now_ns) const {
        const entry* const found = alive_at(own, of, now_ns);
        return found != nullptr || key.owner() == key_owners::nobody
                   ? found
                   : alive_at(entries.find(key.of(key_owners::nobody)), of, now_ns);
    }
    void erase(decltype(entries)::iterator one) noexcept {
        record_bytes -= one->second.outcome.record_bytes();
        entries.erase(one);
        // An empty table keeps its memory, unless it is replaced.
        if (entries.empty())
            decltype(entries){}.swap(entries);
    }
};

key_store::key_store(const limits& chosen, clock running)
    : limits_{chosen},
      clock_{std::move(running)},
      secret_{random_number(), random_number()},
      parts_{std::make_unique<part[]>(parts)} {}

key_store::~key_store() = default;

key_store::id key_store::id_of(std::string_view key, key_owners::number owner) const noexcept {
    const XXH128_hash_t found = XXH3_128bits_withSeed(key.data(), key.size(), secret_.low);
    return id{found.low64, found.high64 ^ secret_.high}.of(owner);
}

key_store::part& key_store::part_of(const id& key) const noexcept {
    return parts_[key.low % parts];
}

bool key_store::is_expired(std::uint64_t began_ns, std::uint64_t now_ns) const noexcept {
    return began_ns + static_cast<std::uint64_t>(limits_.time_to_live.count()) <= now_ns;
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

/// Whether there is no room for another key of this owner.
bool key_store::is_full(key_owners::number owner) const noexcept {
    return keys() >= limits_.keys ||
           (limits_.keys_a_name != 0 && owners_.keys(owner) >= limits_.keys_a_name);
}

key_store::reservation key_store::reserve(const journal::request_key& key, std::size_t record_bytes,
                                          key_owners::number owner) noexcept {
    const id asked = id_of(key.text, owner);
    part& home = part_of(asked);
    const std::uint64_t now_ns = now();
    if (keys() >= limits_.keys)
        expire_some_part(now_ns);
    else if (is_full(owner))
        expire_in_all_parts(now_ns);
    const std::lock_guard lock{home.guard};
    expire_some(home, now_ns);
    const auto own = home.entries.find(asked);
    if (const entry* const known = home.known_to(asked, own, *this, now_ns)) {
        if (known->fingerprint != key.fingerprint.first)
            return {*this, asked, verdict::reused};
        if (known->is_in_progress())
            return {*this, asked, verdict::in_progress};
        return {*this, asked, verdict::done, known->outcome.get()};
    }
    const bool is_new = own == home.entries.end();
    if (is_new && is_full(owner)) {
        log_full(owner, now_ns);
        return {*this, asked, verdict::full};
    }
    try {
        kept_outcome_room room{record_bytes};
        home.ages.push_back({asked, now_ns});
        home.insert(
            asked,
            {.asked_ns = now_ns, .fingerprint = key.fingerprint.first, .outcome = std::move(room)});
    } catch (const std::bad_alloc&) {  // an age without an entry does no harm
        return {*this, asked, verdict::full};
    }
    if (is_new)
        count_key(asked);
    count_bytes(home);
    return {*this, asked, verdict::fresh};
}

void key_store::count_key(const id& one) noexcept {
    keys_.fetch_add(1, std::memory_order_relaxed);
    owners_.count(one.owner());
}

void key_store::discount_key(const id& one) noexcept {
    keys_.fetch_sub(1, std::memory_order_relaxed);
    owners_.discount(one.owner());
}

void key_store::keep(const id& key, const kept_outcome& outcome, const journal::lane* in,
                     journal::lane_ticket until) noexcept {
    part& home = part_of(key);
    const std::lock_guard lock{home.guard};
    const auto found = home.entries.find(key);
    invariant(found != home.entries.end(), "a reserved key is lost: its request could run twice");
    entry& kept = found->second;
    invariant(kept.durable_ns == 0, "a key's life began before its outcome was kept");
    invariant(kept.in == nullptr, "a key has two outcomes");
    const std::size_t reserved_bytes = kept.outcome.record_bytes();
    kept.outcome.set(outcome);
    home.record_bytes -= reserved_bytes - kept.outcome.record_bytes();
    count_bytes(home);
    kept.in = in;
    kept.place = until;
    if (in == nullptr)
        kept.durable_ns = std::max<std::uint64_t>(kept.asked_ns, 1);  // 0: not begun
}

void key_store::note_durable(const id& key, std::uint64_t record) noexcept {
    const std::uint64_t now_ns = now();
    part& home = part_of(key);
    const std::lock_guard lock{home.guard};
    const auto found = home.entries.find(key);
    invariant(found != home.entries.end(), "a key is lost before its life began");
    entry& kept = found->second;
    invariant(kept.durable_ns == 0, "a key's life begins twice");
    invariant(kept.in != nullptr, "a key without an outcome is noted as durable");
    kept.durable_ns = std::max<std::uint64_t>(now_ns, 1);
    kept.in = nullptr;
    kept.place = record;
}

key_store::remembered key_store::find(std::string_view key, key_owners::number owner) noexcept {
    const id asked = id_of(key, owner);
    part& home = part_of(asked);
    const std::uint64_t now_ns = now();
    remembered known;
    const std::lock_guard lock{home.guard};
    const auto own = home.entries.find(asked);
    const entry* const found = home.known_to(asked, own, *this, now_ns);
    if (found == nullptr)
        return known;
    known.is_owners = found == home.alive_at(own, *this, now_ns);
    if (found->durable_ns == 0) {
        known.standing = standing::in_progress;
    } else {
        known.standing = standing::done;
        known.record = found->place;
        const auto kept = found->outcome.get().record;
        known.bytes = kept.size();
        std::ranges::copy(kept, known.kept.begin());
    }
    return known;
}

void key_store::give_up(const id& key) noexcept {
    part& home = part_of(key);
    const std::lock_guard lock{home.guard};
    const auto found = home.entries.find(key);
    invariant(found != home.entries.end(), "a key that is given up is not reserved");
    invariant(found->second.in == nullptr, "a key that is given up has an outcome");
    invariant(found->second.durable_ns == 0, "a key that is given up is alive");
    home.erase(found);
    discount_key(key);
    // Its age is the last one, or near it: few keys were reserved since.
    const auto last = std::find_if(home.ages.rbegin(), home.ages.rend(),
                                   [&key](const part::age& one) { return one.key == key; });
    if (last != home.ages.rend())
        home.ages.erase(std::next(last).base());
    count_bytes(home);
}

void key_store::restore(const journal::request_key& key, const kept_outcome& outcome,
                        std::uint64_t asked_ns, std::uint64_t durable_ns, std::uint64_t record,
                        key_owners::number owner) {
    const id restored = id_of(key.text, owner);
    part& home = part_of(restored);
    entry kept{.asked_ns = asked_ns,
               .durable_ns = std::max<std::uint64_t>(durable_ns, 1),
               .fingerprint = key.fingerprint.first,
               .outcome = kept_outcome_room{outcome.record.size()},
               .place = record};
    kept.outcome.set(outcome);
    const std::uint64_t now_ns = now(durable_ns);
    if (is_expired(kept.durable_ns, now_ns))
        return;
    const std::lock_guard lock{home.guard};
    home.ages.push_back({restored, asked_ns});
    // The later record counts: the earlier one's key had expired when the later request was done.
    if (home.insert(restored, std::move(kept)))
        count_key(restored);
    count_bytes(home);
}

/// Removes the oldest key if it has expired. False if there is none, or it is alive.
bool key_store::expire_one(part& from, std::uint64_t now_ns) noexcept {
    if (from.ages.empty() || !is_expired(from.ages.front().asked_ns, now_ns))
        return false;
    const part::age oldest = from.ages.front();
    const auto found = from.entries.find(oldest.key);
    // A key that was reserved again after it expired has another, later age.
    if (found != from.entries.end() && found->second.asked_ns == oldest.asked_ns) {
        const std::uint64_t began_ns = found->second.durable_ns;
        if (began_ns == 0 || !is_expired(began_ns, now_ns))
            return false;
        from.erase(found);
        discount_key(oldest.key);
    }
    from.ages.pop_front();
    return true;
}

// A few at a time, so that no request has to remove them all. Each request adds one at most.
void key_store::expire_some(part& from, std::uint64_t now_ns) noexcept {
    constexpr int at_once = 32;
    for (int i = 0; i != at_once && expire_one(from, now_ns); ++i)
        ;
}

// Otherwise expired keys in parts that are rarely looked into would take the room of new keys.
void key_store::expire_some_part(std::uint64_t now_ns) noexcept {
    part& next = parts_[next_to_expire_.fetch_add(1, std::memory_order_relaxed) % parts];
    const std::unique_lock lock{next.guard, std::try_to_lock};
    if (lock.owns_lock())
        expire_some(next, now_ns);
}

// Once a second at most: otherwise expired keys in parts that are rarely looked into would take the
// room of a name's new keys.
void key_store::expire_in_all_parts(std::uint64_t now_ns) noexcept {
    if (is_due(next_sweep_ns_, now_ns, 1'000'000'000))
        for (std::size_t i = 0; i != parts; ++i)
            expire_some_part(now_ns);
}

// Once a minute.
void key_store::log_full(key_owners::number owner, std::uint64_t now_ns) noexcept {
    if (!is_due(next_full_log_ns_, now_ns, 60'000'000'000))
        return;
    const bool is_of_name = owner != key_owners::nobody && keys() < limits_.keys;
    log::warn("no more idempotency keys can be remembered{}: there are {} already, for {} s each",
              is_of_name ? " of a token" : "", is_of_name ? limits_.keys_a_name : limits_.keys,
              std::chrono::duration_cast<std::chrono::seconds>(limits_.time_to_live).count());
}

// A key that was reserved longer ago than a life, but was durable later, counts with the time of
// its reservation: an earlier time is a safe answer.
key_store::living_keys key_store::living() noexcept {
    living_keys found{.now_ns = now(), .oldest_ns = std::nullopt};
    for (std::size_t i = 0; i != parts; ++i) {
        const std::lock_guard lock{parts_[i].guard};
        while (expire_one(parts_[i], found.now_ns))
            ;
        count_bytes(parts_[i]);
        if (!parts_[i].ages.empty()) {
            const std::uint64_t asked_ns = parts_[i].ages.front().asked_ns;
            found.oldest_ns = std::min(found.oldest_ns.value_or(asked_ns), asked_ns);
        }
    }
    return found;
}

void key_store::count_bytes(part& of) noexcept {
    constexpr std::size_t slot_bytes = sizeof(id) + sizeof(entry) + 1;
    const std::size_t now_bytes = of.entries.bucket_count() * slot_bytes +
                                  of.ages.size() * sizeof(part::age) + of.record_bytes;
    bytes_.fetch_add(now_bytes - of.counted_bytes, std::memory_order_relaxed);  // a sum by itself
    of.counted_bytes = now_bytes;
}

std::size_t key_store::bytes() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
}

}  // namespace coffer
