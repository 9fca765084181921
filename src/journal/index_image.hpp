// The bytes of an index file. FORMAT.md describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
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

/// From the first format::index::header_bytes bytes. Nothing if they are damaged, of a version that
/// is not known, or what no index has.
[[nodiscard]] std::optional<index_header> decode_index_header(std::span<const std::byte> bytes);

/// All of an index file but its blocks. Thread safety: constant.
class index_tables {
public:
    /// From the bytes behind the header, for a segment of this size. Nothing if they are damaged,
    /// or what no index of such a segment has: extents are within the segment, and blocks within
    /// the file, one behind the other.
    [[nodiscard]] static std::optional<index_tables> decode(const index_header& header,
                                                            std::span<const std::byte> bytes,
                                                            std::uint64_t segment_bytes);

    struct block_place {
        account_number first_account;
        std::uint64_t checksum;
        std::uint32_t offset;
        std::uint32_t bytes;
    };
    /// The only block that can have the account. Nothing: it has no posting in the segment.
    [[nodiscard]] std::optional<block_place> block_of(account_number account) const noexcept;

    /// Reads the account's entries, in the order of the extents, from its block: empty if it has
    /// none there. Nothing if the block is damaged, or has in it what no index has.
    [[nodiscard]] std::optional<std::vector<index_entry>> entries_of(
        account_number account, const block_place& place, std::span<const std::byte> block) const;

    [[nodiscard]] const extent_table& extents() const noexcept { return extents_; }
    [[nodiscard]] const std::shared_ptr<const account_filter>& filter() const noexcept {
        return filter_;
    }
    /// How much memory it takes, about, without the filter.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

private:
    index_tables(extent_table extents, account_filter filter)
        : extents_{std::move(extents)},
          filter_{std::make_shared<const account_filter>(std::move(filter))} {}

    [[nodiscard]] bool read_directory(const index_header& header, std::span<const std::byte> bytes);

    extent_table extents_;
    std::shared_ptr<const account_filter> filter_;
    std::vector<block_place> directory_;
};

}  // namespace coffer::journal
