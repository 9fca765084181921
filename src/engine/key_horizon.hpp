// Finds the oldest journal record whose idempotency key can still be alive. A snapshot states it,
// so that recovery does not have to read the records of a key's whole time to live.
//
// The key store does not know which record a key has. So this remembers moments, and which record
// was durable at each: a key that was asked for after a moment has a later record than that.
//
// Invariants  1. A moment's time was read from the key store after its record was durable. The
//                request that has the key of that record, or of an earlier one, had asked by then,
//                and got that time or an earlier one. So a key with a later time has a later
//                record, and so has a key that was put in after another had got a later time.
//             2. Every key that is alive, or ever will be, has a later record than the first
//                moment's. That is so at the start. Moments are dropped from the front, up to the
//                last one before the oldest living key: by (1) the keys alive then have later
//                records, and the records of keys to come are not durable yet.
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
    /// No key that is alive now has a record before `keys_from`, which is 1 or more.
    key_horizon(std::uint64_t keys_from, std::chrono::nanoseconds time_to_live);

    /// A record before which no key is alive: at most durable_record + 1, and exactly that if no
    /// living key is among the records up to durable_record. It holds for all keys that are alive
    /// when this is called or later.
    ///
    /// `durable_record` was read before `found`. A key up to it was asked for before that, so it is
    /// in `found`, unless it has expired; any other has a later record. Throws std::bad_alloc.
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
    std::vector<moment> moments_;  // at least one; neither number ever goes back
};

}  // namespace coffer
