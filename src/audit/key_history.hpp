// Finds idempotency keys that a journal has twice within the life of a key.
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

/// A key belongs to the name on its record, as it does for the server: the same text by another
/// name is another key, but a record with a name also repeats a key without one.
///
/// The keys of the records are added in order; those that are alive are remembered. The life of a
/// key is measured in running time from when its batch was written, which is a little less than the
/// server guarantees. Its length is in the batch; of the two batches with the key, the shorter one
/// counts, since an operator may have changed it in between. So a correct reuse of a key is never
/// reported. Batches of format version 1 do not have the length: their keys are ignored.
///
/// Thread safety: none.
class key_history {
public:
    struct repeated_key {
        std::uint64_t earlier_record;  ///< the number of the earlier record with the key
        std::uint64_t after_ns;        ///< the running time since then
    };

    /// Adds the key of the record with this number. Returns the earlier record with the same key if
    /// it is within the life of the key. Throws std::bad_alloc.
    [[nodiscard]] std::optional<repeated_key> add(std::string_view key, std::string_view actor,
                                                  std::uint64_t record,
                                                  const journal::batch_stamp& of);

    /// The number of keys that are remembered.
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
    static hash hash_of(std::string_view key, std::string_view actor) noexcept;
    [[nodiscard]] std::optional<repeated_key> find(const hash& key, const use& now) const;
    void forget(std::uint64_t now_ns);

    boost::unordered_flat_map<hash, use, hasher> keys_;
    std::deque<age> ages_;  // the oldest first
};

}  // namespace coffer::audit
