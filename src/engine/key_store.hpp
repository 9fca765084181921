// What became of requests that had keys: one that is asked again is answered again, and not done
// again (exactly-once, as the IETF draft "The Idempotency-Key HTTP Header Field" has it).
//
// Guarantees     of the requests that have one key at a time, one is done. Until its outcome is
//                durable the others are told to wait; after that they get the same outcome, until
//                the key is older than its time to live.
// Limits         a number of keys, some 130 bytes each: new ones beyond that are refused, since to
//                forget an old one would break the promise that was made about it.
// Thread safety  all members may be called from any thread at once. Not lock-free: a key is looked
//                up under the lock of its part, one of 1024, which is held for some 100 ns, and up
//                to a millisecond when the part grows. A request without a key comes nowhere near.
//
// Texts are not kept, but 128-bit hashes of them, under a secret that is made anew in each process:
// who knows the code does not know which keys collide.
//
// Time is the journal's: the clock's, or the latest that was seen if that is later.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
    using clock = std::uint64_t (*)();  ///< ns since 1970

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

    struct living_keys {
        std::uint64_t now_ns = 0;                ///< what was the time when they were looked at
        std::optional<std::uint64_t> oldest_ns;  ///< when the oldest was asked for; nothing: none
    };

    /// Throws std::bad_alloc.
    explicit key_store(const limits& chosen, clock wall);
    ~key_store();
    key_store(const key_store&) = delete;
    key_store& operator=(const key_store&) = delete;

    /// Asks about a key, which is one by journal::is_request_key.
    [[nodiscard]] claim ask(const journal::request_key& key) noexcept;

    /// Puts in what a journal says, from the oldest record on. What is over its time is left out.
    /// Throws std::bad_alloc. Beyond the limit keys are taken all the same: they were promised.
    void restore(const journal::request_key& key, const kept_outcome& outcome,
                 std::uint64_t time_ns);

    /// Says that the journal has come to this time.
    void advance(std::uint64_t time_ns) noexcept { static_cast<void>(now(time_ns)); }

    [[nodiscard]] std::size_t keys() const noexcept {
        return keys_.load(std::memory_order_relaxed);  // a count that orders nothing
    }
    [[nodiscard]] std::size_t max_keys() const noexcept { return limits_.keys; }
    /// What they take of the memory.
    [[nodiscard]] std::size_t bytes() const noexcept;

    /// The age of the keys that are not over their time, those that are in hand or were given up
    /// among them. Who asks for a key after this call began gets now_ns or a later time; who came
    /// before, now_ns or an earlier one. A key may be a little older than oldest_ns where several
    /// were asked for at once: then it was put in after one that has oldest_ns or a later time had
    /// got that.
    [[nodiscard]] living_keys living() noexcept;

private:
    struct part;
    struct hash {
        std::uint64_t low;
        std::uint64_t high;
        friend bool operator==(const hash&, const hash&) noexcept = default;
    };

    [[nodiscard]] hash hash_of(std::string_view key) const noexcept;
    [[nodiscard]] part& part_of(const hash& key) const noexcept;
    [[nodiscard]] std::uint64_t now(std::uint64_t seen_ns = 0) noexcept;
    [[nodiscard]] bool is_over(std::uint64_t time_ns, std::uint64_t now_ns) const noexcept;
    void keep(const hash& key, const kept_outcome& outcome, const journal::lane* in,
              journal::lane_ticket until) noexcept;
    void give_up(const hash& key) noexcept;
    void expire(part& from, std::uint64_t now_ns) noexcept;
    void clear_up_somewhere(std::uint64_t now_ns) noexcept;
    void complain(std::uint64_t now_ns) noexcept;

    const limits limits_;
    const clock clock_;
    const hash secret_;
    std::atomic<std::uint64_t> latest_ns_{0};  // journal time never goes back
    std::atomic<std::size_t> keys_{0};
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
    claim(key_store& store, const hash& key, key_store::verdict found,
          const kept_outcome& outcome = {}) noexcept
        : store_{store}, key_{key}, verdict_{found}, outcome_{outcome} {}

    key_store& store_;
    hash key_;
    key_store::verdict verdict_;
    kept_outcome outcome_;
    bool kept_ = false;
};

}  // namespace coffer
