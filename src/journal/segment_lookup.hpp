// What is found of one segment: in memory while it grows, in its index file later.
#pragma once

#include <cstdint>
#include <optional>

#include <coffer/account_number.hpp>

#include "journal/history.hpp"

namespace coffer::journal {

/// What an account has in an extent.
struct index_entry {
    std::uint64_t first_sequence = 0;
    std::uint32_t extent = 0;    ///< its index in the segment
    std::uint32_t postings = 0;  ///< their sequences follow each other, across extents too
};

/// As the members of journal/history.hpp, of this segment alone. Thread safety: all members may be
/// called from any thread at once.
class segment_lookup {
public:
    virtual ~segment_lookup() = default;

    [[nodiscard]] virtual std::optional<extent> at(std::uint64_t record) const = 0;
    [[nodiscard]] virtual std::optional<extent> last_begun_before(std::uint64_t time_ns) const = 0;
    [[nodiscard]] virtual std::optional<account_extent> latest(
        account_number account, std::uint64_t most_sequence) const = 0;
    [[nodiscard]] virtual std::optional<account_extent> latest_as_of(
        account_number account, std::uint64_t time_ns) const = 0;
    [[nodiscard]] virtual std::optional<account_extent> earliest(
        account_number account, std::uint64_t from_record) const = 0;
};

}  // namespace coffer::journal
