// The bytes of an index file. FORMAT.md describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <coffer/account_number.hpp>

#include "journal/account_filter.hpp"
#include "journal/extent_table.hpp"
#include "journal/segment_index.hpp"
#include "ops/ledger_id.hpp"

namespace coffer::journal {

/// The whole file for a segment that is complete. Equal segments have equal ones.
[[nodiscard]] std::vector<std::byte> encode(const segment_index& of, const ledger_id& ledger);

struct index_header {
    ledger_id ledger{};
    batch_position before;         ///< of the segment; its running time is not known
    std::uint64_t end_record = 0;  ///< the number after the last record of the segment
    std::uint64_t end_chain = 0;   ///< the checksum of its last batch
    std::uint32_t extents = 0;
    std::uint32_t blocks = 0;
    std::uint64_t accounts = 0;
    std::uint64_t entries = 0;
    std::uint32_t extent_bytes = 0;
    std::uint32_t filter_bytes = 0;
    std::uint64_t tables_checksum = 0;
    std::uint64_t file_bytes = 0;

    [[nodiscard]] std::uint64_t tables_bytes() const noexcept;
};

/// From the first format::index::header_bytes bytes. Nothing if they are damaged, or of a version
/// that is not known.
[[nodiscard]] std::optional<index_header> decode_index_header(std::span<const std::byte> bytes);

/// All of an index file but its blocks. Thread safety: constant.
class index_tables {
public:
    /// From the bytes behind the header. Nothing if they are damaged.
    [[nodiscard]] static std::optional<index_tables> decode(const index_header& header,
                                                            std::span<const std::byte> bytes);

    struct block_place {
        account_number first_account;
        std::uint64_t checksum;
        std::uint32_t offset;
        std::uint32_t bytes;
    };
    /// The only block that can have the account. Nothing: it has no posting in the segment.
    [[nodiscard]] std::optional<block_place> block_of(account_number account) const noexcept;

    /// Reads the account's entries, in the order of the extents, from its block: empty if it has
    /// none there. Nothing if the block is damaged.
    [[nodiscard]] std::optional<std::vector<index_entry>> entries_of(
        account_number account, const block_place& place, std::span<const std::byte> block) const;

    [[nodiscard]] const extent_table& extents() const noexcept { return extents_; }
    /// How much memory it takes, about.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

private:
    index_tables(extent_table extents, account_filter filter)
        : extents_{std::move(extents)}, filter_{std::move(filter)} {}

    extent_table extents_;
    account_filter filter_;
    std::vector<block_place> directory_;
};

}  // namespace coffer::journal
