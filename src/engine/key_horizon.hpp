// From which record of the journal on the keys are that live: what a snapshot says of them, so that
// recovery need not read all of their time to live where there were none.
//
// Nobody remembers which record a key has. What is remembered are moments, and which record was
// durable at each: a key that was asked for later than that has a later record.
//
// Invariants  1. A moment's time was read from the key store after its record was durable. Who
//                asked for the key of that record, or of an earlier one, had done so by then, and
//                got that time or an earlier one. So a key with a later time has a later record,
//                and so has one that was put in after another had got a later time.
//             2. Every key that lives, or ever will, has a later record than the first moment's.
//                That is so at the start. Moments are dropped from the front up to the last that
//                is before the oldest living key: by (1) those that live then have later records,
//                and the records of those to come are not durable yet.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/key_store.hpp"

namespace coffer {

/// Remembers some 1000 moments, whatever the time to live is. Thread safety: none; for the thread
/// that takes snapshots.
class key_horizon {
public:
    /// No key that lives now has a record before `keys_from`, which is 1 or more.
    key_horizon(std::uint64_t keys_from, std::chrono::nanoseconds time_to_live);

    /// From which record on the keys are that live: at most durable_record + 1, and that if none is
    /// among those up to durable_record. It holds for all that live when this is called or later.
    ///
    /// `durable_record` was read before `found`. A key up to it was asked for before that, so it
    /// is in `found`, unless it is over; any other has a later record. Throws std::bad_alloc.
    [[nodiscard]] std::uint64_t keys_from(std::uint64_t durable_record,
                                          const key_store::living_keys& found);

    [[nodiscard]] std::size_t moments() const noexcept { return moments_.size(); }

private:
    struct moment {
        std::uint64_t time_ns;
        std::uint64_t durable_record;
    };

    void remember(const moment& now);

    const std::uint64_t least_gap_ns_;
    std::vector<moment> moments_;  // one at least; neither number ever goes back
};

}  // namespace coffer
