// What became of requests that had keys: one that is asked again is answered again, and not done
// again (exactly-once, as the IETF draft "The Idempotency-Key HTTP Header Field" has it).
//
// Guarantees     of the requests that have one key at a time, one is done. Until its outcome is
//                durable the others are told to wait; after that they get the same outcome, until
//                the key's life is over. A life begins when the outcome is durable, or a little
//                later. A key whose claim was given up leaves nothing behind.
// Limits         a number of keys, some 140 bytes each: new ones beyond that are refused, since to
//                forget an old one would break the promise that was made about it.
// Thread safety  all members may be called from any thread at once. Not lock-free: a key is looked
//                up under the lock of its part, one of 1024, which is held for some 100 ns, and up
//                to a millisecond when the part grows. A request without a key comes nowhere near.
//
// Texts are not kept, but 128-bit hashes of them, under a secret that is made anew in each process:
// who knows the code does not know which keys collide.
//
// Times are running times (journal/ledger_clock.hpp), in ns: neither downtime nor a wrong clock
// ends a life. Where the clock shows an earlier time than was seen before, the latest one counts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include "journal/lane.hpp"
#include "journal/record.hpp"

namespace coffer {

class key_store {
public:
    using clock = std::function<std::uint64_t()>;  ///< running time, ns

    struct limits {
        std::size_t keys = 10'000'000;
        std::chrono::nanoseconds time_to_live = std::chrono::hours{24};
    };

    /// The outcome of a request, as much of it as its reply says.
    struct kept_outcome {
        errc error = errc::ok;
        money balance{};
    };

    enum class verdict : std::uint8_t {
        fresh,        ///< not known: it is yours to be done, and then to be kept or given up
        done,         ///< here is what became of it
        in_progress,  ///< being done, or done and not durable
        reused,       ///< known, from another request
        full,         ///< there is no place for it
    };

    class claim;

    /// What a key is known by in here.
    struct id {
        std::uint64_t low;
        std::uint64_t high;
        friend bool operator==(const id&, const id&) noexcept = default;
    };

    struct living_keys {
        std::uint64_t now_ns = 0;                ///< what was the time when they were looked at
        std::optional<std::uint64_t> oldest_ns;  ///< when the oldest was asked for; nothing: none
    };

    /// Throws std::bad_alloc.
    key_store(const limits& chosen, clock running);
    ~key_store();
    key_store(const key_store&) = delete;
    key_store& operator=(const key_store&) = delete;

    /// Asks about a key, which is one by journal::is_request_key.
    [[nodiscard]] claim ask(const journal::request_key& key) noexcept;

    /// Says that the outcome that a claim on this key kept is durable: its life begins. To be
    /// called soon after it is so, once for every claim that was kept with a lane.
    void note_durable(const id& key) noexcept;

    /// Puts in what a journal says, from the oldest record on: the key of a request that was asked
    /// for at `asked_ns` or before, and whose outcome was durable at `durable_ns`. Expired keys are
    /// left out. Throws std::bad_alloc. Beyond the limit keys are taken all the same: they were
    /// promised.
    void restore(const journal::request_key& key, const kept_outcome& outcome,
                 std::uint64_t asked_ns, std::uint64_t durable_ns);

    /// Says that the journal has come to this time.
    void advance(std::uint64_t time_ns) noexcept { static_cast<void>(now(time_ns)); }

    [[nodiscard]] std::size_t keys() const noexcept {
        return keys_.load(std::memory_order_relaxed);  // a count that orders nothing
    }
    /// How long a life is, in ns.
    [[nodiscard]] std::uint64_t life_ns() const noexcept {
        return static_cast<std::uint64_t>(limits_.time_to_live.count());
    }
    [[nodiscard]] std::size_t max_keys() const noexcept { return limits_.keys; }
    /// What they take of the memory, as far as each part has counted since it was last changed.
    [[nodiscard]] std::size_t bytes() const noexcept;

    /// The age of the keys whose life is not over, those of requests under way among them. A key
    /// that is asked for after this call began gets now_ns or a later time; one that was asked for
    /// before, now_ns or an earlier one. A key may be a little older than oldest_ns where several
    /// were asked for at once: then it was put in after one that has oldest_ns or a later time had
    /// got that.
    [[nodiscard]] living_keys living() noexcept;

private:
    struct part;

    [[nodiscard]] id id_of(std::string_view key) const noexcept;
    [[nodiscard]] part& part_of(const id& key) const noexcept;
    [[nodiscard]] std::uint64_t now(std::uint64_t seen_ns = 0) noexcept;
    [[nodiscard]] bool is_expired(std::uint64_t began_ns, std::uint64_t now_ns) const noexcept;
    void keep(const id& key, const kept_outcome& outcome, const journal::lane* in,
              journal::lane_ticket until) noexcept;
    void give_up(const id& key) noexcept;
    bool expire_one(part& from, std::uint64_t now_ns) noexcept;
    void expire(part& from, std::uint64_t now_ns) noexcept;
    void count_bytes(part& of) noexcept;
    void clear_up_somewhere(std::uint64_t now_ns) noexcept;
    void complain(std::uint64_t now_ns) noexcept;

    const limits limits_;
    const clock clock_;
    const id secret_;
    std::atomic<std::uint64_t> latest_ns_{0};
    std::atomic<std::size_t> keys_{0};
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::size_t> next_to_clear_{0};
    std::atomic<std::uint64_t> next_complaint_ns_{0};
    const std::unique_ptr<part[]> parts_;
};

/// What was found. One that is fresh is given up when it is destroyed, unless it was kept.
class key_store::claim {
public:
    claim(const claim&) = delete;
    claim& operator=(const claim&) = delete;
    ~claim() {
        if (verdict_ == verdict::fresh && !kept_)
            store_.give_up(key_);
    }

    [[nodiscard]] key_store::verdict verdict() const noexcept { return verdict_; }

    /// What to call note_durable with once a kept outcome is durable.
    [[nodiscard]] const key_store::id& key() const noexcept { return key_; }

    /// For verdict::done.
    [[nodiscard]] const kept_outcome& outcome() const noexcept { return outcome_; }

    /// Keeps an outcome that is durable once `in` is up to `until`; or at once, without a lane.
    /// For verdict::fresh.
    void keep(const kept_outcome& outcome, const journal::lane* in,
              journal::lane_ticket until) noexcept {
        store_.keep(key_, outcome, in, until);
        kept_ = true;
    }

private:
    friend class key_store;
    claim(key_store& store, const id& key, key_store::verdict found,
          const kept_outcome& outcome = {}) noexcept
        : store_{store}, key_{key}, verdict_{found}, outcome_{outcome} {}

    key_store& store_;
    id key_;
    key_store::verdict verdict_;
    kept_outcome outcome_;
    bool kept_ = false;
};

}  // namespace coffer
