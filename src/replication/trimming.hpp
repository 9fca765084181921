// Removes the oldest entries of the log from the store.
//
// Guarantees     Never removes the last entry, nor one after which fewer bytes than asked for
//                would stay. Each transaction compares the leader's key, so that nothing is removed
//                once the term is over, and that the entry that is to be the first is there.
// Thread safety  None, but tail_bytes and removed are for any.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"
#include "replication/log_reader.hpp"

namespace coffer::replication {

class trimming {
public:
    /// `term` is the create_revision of the leader's key; 0: there must be none.
    trimming(key_value_store& store, log_keys keys, std::uint64_t term,
             key_value_store::timeout within)
        : store_{store}, keys_{std::move(keys)}, term_{term}, within_{within} {}

    /// Finds out how many bytes of entries there are behind the first one, up to `last`.
    [[nodiscard]] answer<std::uint64_t> measure(const log_reader::place& last);

    /// Removes entries up to and including `until`, as long as `keep_bytes` of entries stay behind
    /// them. Returns how many were removed; after an error, some may have been removed.
    [[nodiscard]] answer<std::uint64_t> remove(const log_reader::place& last, std::uint64_t until,
                                               std::uint64_t keep_bytes);

    /// Bytes of entries behind the first, as far as is known.
    [[nodiscard]] std::uint64_t tail_bytes() const noexcept {
        return tail_bytes_.load(std::memory_order_relaxed);  // a figure: orders nothing
    }
    [[nodiscard]] std::uint64_t removed() const noexcept {
        return removed_.load(std::memory_order_relaxed);  // likewise
    }

private:
    struct mark {
        std::uint64_t number = 0;
        std::uint64_t total_bytes = 0;  // of all entries up to it
    };
    [[nodiscard]] answer<mark> read_mark(const key_range& where);
    [[nodiscard]] answer<mark> find_cut(const log_reader::place& last, std::uint64_t limit,
                                        std::uint64_t keep_bytes);
    [[nodiscard]] answer<std::uint64_t> remove_before(std::uint64_t cut);

    key_value_store& store_;
    const log_keys keys_;
    const std::uint64_t term_;
    const key_value_store::timeout within_;
    std::optional<mark> first_;  // nothing: not known
    std::atomic<std::uint64_t> tail_bytes_{0};
    std::atomic<std::uint64_t> removed_{0};
};

}  // namespace coffer::replication
