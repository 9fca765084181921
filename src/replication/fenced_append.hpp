// The transaction that appends an entry to the log, and what its result means. All safety of a
// replicated ledger is in its three comparisons.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"

namespace coffer::replication {

/// Puts `value` as the entry of this number if (1) the leader's key is the one of this term, (2)
/// there is no entry of this number, and (3) there is one of the number before.
[[nodiscard]] transaction fenced_append(const log_keys& keys, std::uint64_t term,
                                        std::uint64_t number, const std::string& value);

enum class append_fate : std::uint8_t {
    in_the_log,    ///< by this attempt or an earlier one with the same bytes
    taken,         ///< another entry is in its place: ours never will be in the log
    term_is_over,  ///< the leader's key is not this term's any more: ours never will be there
    gap,           ///< the entry before it is missing, and the key is still this term's
};

struct append_outcome {
    append_fate fate = append_fate::in_the_log;
    /// Whether the leader's key was still this term's when the transaction was carried out.
    bool still_leads = false;
};
[[nodiscard]] append_outcome outcome_of(const transaction_result& result, std::string_view value,
                                        std::uint64_t term);

}  // namespace coffer::replication
