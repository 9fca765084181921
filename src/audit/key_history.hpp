// The keys of requests in a journal: none may have two outcomes within one life.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "journal/batch.hpp"

namespace coffer::audit {

/// Takes the keys of a journal's records in their order, and remembers those that live. A key's
/// life is measured in running time from when its batch was written, which is a little less than
/// the server promises. It is as long as the batch says, or the one that has the key again if that
/// says less: an operator may have changed it meanwhile. So a key that was rightly used again is
/// never reported. Batches of format version 1 do not say how long keys live: nothing is reported
/// of them, and nothing is remembered.
///
/// Thread safety: none.
class key_history {
public:
    struct repeated_key {
        std::uint64_t earlier_record;  ///< the number of the record that had the key before
        std::uint64_t after_ns;        ///< how much running time has passed since
    };

    /// Notes that the record of this number has the key. Returns the record that had it before, if
    /// that is within the key's life. Throws std::bad_alloc.
    [[nodiscard]] std::optional<repeated_key> add(std::string_view key, std::uint64_t record,
                                                  const journal::batch_stamp& of);

    /// How many keys are remembered.
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

private:
    using hash = std::array<std::uint64_t, 2>;
    struct hasher {
        using is_avalanching = void;
        std::size_t operator()(const hash& key) const noexcept { return key[0]; }
    };
    struct use {
        std::uint64_t record;
        std::uint64_t running_ns;
        std::uint64_t life_ns;
    };
    struct age {
        hash key;
        std::uint64_t record;
    };
    void forget(std::uint64_t now_ns);

    boost::unordered_flat_map<hash, use, hasher> keys_;
    std::deque<age> ages_;  // the oldest first
};

}  // namespace coffer::audit
