// Remembers the outcomes of requests that had idempotency keys, so that a repeated request gets the
// same reply and is not done again: exactly-once, as in the IETF draft "The Idempotency-Key HTTP
// Header Field".
//
// A key belongs to the name of the token that it came with, or to nobody: the same text by another
// name is another key. A request with a name also gets the outcome of a key that belongs to nobody,
// so that turning tokens on does nothing twice; a request without a name gets none of a name's.
//
// Guarantees     Of the requests with one key, one at a time is done. Until its outcome is durable,
//                the others are refused as in progress; from then on they get that outcome, until
//                the key expires. A key's life begins when its outcome is durable, or a little
//                later. A reservation that is given up leaves nothing behind.
// Limits         At most limits::keys keys, of some 140 bytes each, and 50 to 340 more for the
//                record where a reply needs one. Beyond it new keys are refused: to forget an old
//                key would break the promise that was made about it. (So restore takes keys beyond
//                the limit.)
// Invariants     1. Until a key's life begins, only its reservation may remove its entry; so keep,
//                   give_up and note_durable always find it.
//                2. Each part (one of 1024, by hash) has a queue with one age per reservation,
//                   almost in the order of their times; keys expire from its front.
//                3. keys() is the number of entries of all parts.
// Thread safety  All members are for any thread. Not lock-free: a key is looked up under the lock
//                of its part, one of 1024, which is held for some 100 ns, and up to a millisecond
//                when the part grows. Requests without a key do not use it.
//
// It keeps hashes of the keys' texts, of 108 bits, under a secret made anew in each process: nobody
// who knows the code can choose keys that collide. The owner's number is beside the hash, and the
// part is chosen by the hash alone: so all keys of one text are in one part.
//
// Times are running times (journal/ledger_clock.hpp) in ns: neither downtime nor a wrong clock ends
// a life. If the clock goes back, the latest time seen counts.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/kept_outcome.hpp"
#include "engine/key_owners.hpp"
#include "journal/format.hpp"
#include "journal/lane.hpp"
#include "journal/record.hpp"

namespace coffer {

class key_store {
public:
    using clock = std::function<std::uint64_t()>;  ///< running time, ns

    struct limits {
        std::size_t keys = 10'000'000;
        std::chrono::nanoseconds time_to_live = std::chrono::hours{24};
        std::size_t keys_a_name = 0;  ///< of each name, beside that; 0: no such limit
    };

    enum class verdict : std::uint8_t {
        fresh,        ///< reserved for the caller: to be done, and then kept or given up
        done,         ///< done before: see outcome()
        in_progress,  ///< being done, or done and not durable
        reused,       ///< another request has this key
        full,         ///< there is no room for another key
    };

    class reservation;

    /// The hash of a key's text, and whom the key belongs to.
    struct id {
        std::uint64_t low;  ///< the owner's number in its highest bits
        std::uint64_t high;
        friend bool operator==(const id&, const id&) noexcept = default;

        static constexpr int owner_shift = 64 - key_owners::number_bits;
        [[nodiscard]] key_owners::number owner() const noexcept {
            return static_cast<key_owners::number>(low >> owner_shift);
        }
        /// Of the same text, by this owner.
        [[nodiscard]] id of(key_owners::number other) const noexcept {
            const std::uint64_t text = low & ((std::uint64_t{1} << owner_shift) - 1);
            return {text | std::uint64_t{other} << owner_shift, high};
        }
    };

    struct living_keys {
        std::uint64_t now_ns = 0;                ///< when they were looked at
        std::optional<std::uint64_t> oldest_ns;  ///< when the oldest was reserved, if there is any
    };

    /// Throws std::bad_alloc.
    key_store(const limits& chosen, clock running);
    ~key_store();
    key_store(const key_store&) = delete;
    key_store& operator=(const key_store&) = delete;

    /// Looks a key up, which must pass journal::is_request_key, and reserves it for its owner if it
    /// is not known, with memory for an outcome with a record of so many bytes; 0: without one.
    [[nodiscard]] reservation reserve(const journal::request_key& key, std::size_t record_bytes = 0,
                                      key_owners::number owner = key_owners::nobody) noexcept;

    /// The names that keys belong to.
    [[nodiscard]] key_owners& owners() noexcept { return owners_; }

    /// Begins the life of a key whose outcome, kept by a reservation, is durable. To be called soon
    /// after that, once for each reservation that was kept with a lane.
    /// Without a number, nothing is known of its record.
    void note_durable(const id& key, std::uint64_t record = 0) noexcept;

    enum class standing : std::uint8_t { unknown, in_progress, done };
    /// What is remembered of a key. Once it is done: the number of its record, or the record if
    /// that was kept.
    struct remembered {
        key_store::standing standing = standing::unknown;
        bool is_owners = false;  ///< the key belongs to the owner that it was asked for by
        std::uint64_t record = 0;
        std::size_t bytes = 0;
        std::array<std::byte, journal::format::record::max_bytes_without_key> kept;
    };
    /// Looks a key up as reserve does, and changes nothing.
    [[nodiscard]] remembered find(std::string_view key,
                                  key_owners::number owner = key_owners::nobody) noexcept;

    /// Puts in a key from the journal, the oldest record first: its request was reserved at
    /// `asked_ns` or before, and its outcome was durable at `durable_ns`. Expired keys are skipped.
    /// Keys beyond the limit are taken too, since they were promised. Throws std::bad_alloc.
    void restore(const journal::request_key& key, const kept_outcome& outcome,
                 std::uint64_t asked_ns, std::uint64_t durable_ns, std::uint64_t record = 0,
                 key_owners::number owner = key_owners::nobody);

    /// Notes that the journal has reached this time.
    void advance(std::uint64_t time_ns) noexcept { static_cast<void>(now(time_ns)); }

    /// Whether a key whose life began at this time has expired by the latest time seen.
    [[nodiscard]] bool has_expired(std::uint64_t durable_ns) noexcept {
        return is_expired(std::max<std::uint64_t>(durable_ns, 1), now());
    }

    [[nodiscard]] std::size_t keys() const noexcept {
        return keys_.load(std::memory_order_relaxed);  // a count that orders nothing
    }
    /// How long a key lives, in ns.
    [[nodiscard]] std::uint64_t life_ns() const noexcept {
        return static_cast<std::uint64_t>(limits_.time_to_live.count());
    }
    [[nodiscard]] std::size_t max_keys() const noexcept { return limits_.keys; }
    /// The memory they take, counted by each part when it was last changed.
    [[nodiscard]] std::size_t bytes() const noexcept;

    /// The ages of the keys that have not expired, those of requests in progress among them. A key
    /// that is reserved after this call began gets now_ns or a later time; one that was reserved
    /// before, now_ns or an earlier one. Where several keys are reserved at once, one of them may
    /// be a little older than oldest_ns: then it was put in after a key with oldest_ns or a later
    /// time had got that time.
    [[nodiscard]] living_keys living() noexcept;

private:
    struct part;

    [[nodiscard]] id id_of(std::string_view key, key_owners::number owner) const noexcept;
    [[nodiscard]] part& part_of(const id& key) const noexcept;
    [[nodiscard]] std::uint64_t now(std::uint64_t seen_ns = 0) noexcept;
    [[nodiscard]] bool is_expired(std::uint64_t began_ns, std::uint64_t now_ns) const noexcept;
    void keep(const id& key, const kept_outcome& outcome, const journal::lane* in,
              journal::lane_ticket until) noexcept;
    void give_up(const id& key) noexcept;
    bool expire_one(part& from, std::uint64_t now_ns) noexcept;
    void expire_some(part& from, std::uint64_t now_ns) noexcept;
    void count_key(const id& one) noexcept;
    void discount_key(const id& one) noexcept;
    void count_bytes(part& of) noexcept;
    void expire_some_part(std::uint64_t now_ns) noexcept;
    void expire_in_all_parts(std::uint64_t now_ns) noexcept;
    [[nodiscard]] bool is_full(key_owners::number owner) const noexcept;
    void log_full(key_owners::number owner, std::uint64_t now_ns) noexcept;

    const limits limits_;
    const clock clock_;
    const id secret_;
    std::atomic<std::uint64_t> latest_ns_{0};
    std::atomic<std::size_t> keys_{0};
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::size_t> next_to_expire_{0};
    std::atomic<std::uint64_t> next_full_log_ns_{0};
    std::atomic<std::uint64_t> next_sweep_ns_{0};
    key_owners owners_;
    const std::unique_ptr<part[]> parts_;
};

/// The result of looking a key up. A fresh one is given up when it is destroyed, unless it was
/// kept.
class key_store::reservation {
public:
    reservation(const reservation&) = delete;
    reservation& operator=(const reservation&) = delete;
    ~reservation() {
        if (verdict_ == verdict::fresh && !kept_)
            store_.give_up(key_);
    }

    [[nodiscard]] key_store::verdict verdict() const noexcept { return verdict_; }

    /// The argument for note_durable once a kept outcome is durable.
    [[nodiscard]] const key_store::id& key() const noexcept { return key_; }

    /// For verdict::done. Valid as long as this.
    [[nodiscard]] const kept_outcome& outcome() const noexcept { return outcome_; }

    /// Keeps an outcome that is durable once `in` is durable up to `until`; at once without a lane.
    /// It has a record if memory for one was reserved. For verdict::fresh, once.
    void keep(const kept_outcome& outcome, const journal::lane* in,
              journal::lane_ticket until) noexcept {
        store_.keep(key_, outcome, in, until);
        kept_ = true;
    }

private:
    friend class key_store;
    reservation(key_store& store, const id& key, key_store::verdict found,
                const kept_outcome& outcome = {}) noexcept
        : store_{store}, key_{key}, verdict_{found}, outcome_{outcome} {
        // The store may forget its own once its lock is released.
        const auto end = std::ranges::copy(outcome.record, record_).out;
        outcome_.record = {record_, end};
    }

    key_store& store_;
    id key_;
    key_store::verdict verdict_;
    kept_outcome outcome_;
    bool kept_ = false;
    std::byte record_[journal::format::record::max_bytes];  // of the outcome
};

}  // namespace coffer
