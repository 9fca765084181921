// The holds that have ended and are not forgotten, in the order in which they ended: the clerk
// forgets the oldest.
//
// Limits         What is known of an ended hold is kept for as long as idempotency keys are, but of
//                `most` holds at most: beyond that the oldest are forgotten early. After a restart
//                all that ended before it count as having ended then. 40 bytes each, and the 64 of
//                their slots.
// Thread safety  All members are for any thread. Not lock-free: add takes a mutex for some 50 ns.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include <coffer/hold.hpp>

namespace coffer {

class ended_holds {
public:
    struct ended_hold {
        account_number account = 0;
        hold_id id{};
        /// The account's posting that ended the hold, or a later one.
        std::uint64_t ended_by = 0;
    };

    explicit ended_holds(std::size_t most) noexcept : most_{most} {}

    /// Adds a hold that has ended now. Without memory it is not forgotten before the next restart.
    void add(const ended_hold& one, std::uint64_t running_ns) noexcept;

    /// The oldest, if it ended a life before `running_ns` or there are too many.
    [[nodiscard]] std::optional<ended_hold> due(std::uint64_t running_ns,
                                                std::uint64_t life_ns) const noexcept;
    /// Removes the oldest, which due returned. Only one thread may call this.
    void remove_oldest() noexcept;

    [[nodiscard]] std::size_t size() const noexcept;

private:
    struct entry {
        ended_hold hold;
        std::uint64_t running_ns;
    };

    const std::size_t most_;
    mutable std::mutex guard_;
    std::deque<entry> oldest_first_;
};

}  // namespace coffer
