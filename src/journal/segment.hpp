// A segment: one file of the journal. Its name and its header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/batch.hpp"
#include "journal/format.hpp"
#include "journal/storage.hpp"
#include "ops/ledger_id.hpp"

namespace coffer::journal {

struct segment_header {
    ledger_id ledger{};
    batch_position before;  ///< where the segment begins: the position after the batch before it
    std::uint64_t bytes = 0;
};

/// The chain before the first batch of all.
[[nodiscard]] std::uint64_t first_chain(const ledger_id& ledger) noexcept;

/// The beginning of a segment, up to its first batch.
[[nodiscard]] std::vector<std::byte> encode(const segment_header& header);

struct decoded_segment_header {
    segment_header value;
    std::string reason;  ///< why it is refused; empty if it is not
    std::size_t offset = 0;
};

/// Reads the beginning of a segment, which has format::segment::batches_at bytes.
[[nodiscard]] decoded_segment_header decode_segment_header(std::span<const std::byte> bytes);

/// "00000000000000000001.journal"
[[nodiscard]] std::string segment_name(std::uint64_t first_record);

/// The first record of the segment of this name; nothing if it is not the name of a segment.
[[nodiscard]] std::optional<std::uint64_t> parse_segment_name(std::string_view name);

/// The first records of all segments there, in order. Throws journal_error.
[[nodiscard]] std::vector<std::uint64_t> list_segments(const storage& where);

/// "00000000000000000001.index", and the first record of the segment of this name's index.
[[nodiscard]] std::string index_name(std::uint64_t first_record);
[[nodiscard]] std::optional<std::uint64_t> parse_index_name(std::string_view name);

/// The index that is being written.
inline constexpr std::string_view index_in_the_making = "index.tmp";

/// The segment that is being made.
inline constexpr std::string_view spare_name = "spare.tmp";

}  // namespace coffer::journal
