// The index of a full segment: its tables in memory, its blocks in its file, or in memory where
// there is no file yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "journal/file_pool.hpp"
#include "journal/index_image.hpp"
#include "journal/segment.hpp"
#include "journal/segment_lookup.hpp"

namespace coffer::journal {

/// An index file is missing, damaged or of another segment: it is to be made again.
class index_damaged : public std::runtime_error {
public:
    explicit index_damaged(const std::string& why, bool is_missing = false)
        : std::runtime_error{why}, is_missing_{is_missing} {}
    /// There is no such file, which is nothing to warn of.
    [[nodiscard]] bool is_missing() const noexcept { return is_missing_; }

private:
    bool is_missing_;
};

using index_bytes = std::shared_ptr<const std::vector<std::byte>>;

/// Each member throws index_damaged, and journal_error if the file cannot be read now.
class opened_index final : public segment_lookup {
public:
    /// From its file. `files` must outlive this. It must be of the segment that begins at
    /// `of.before` and ends before a segment that begins at `end`.
    opened_index(file_pool& files, const segment_header& of, const batch_position& end);
    /// From its bytes in memory.
    explicit opened_index(index_bytes bytes);

    [[nodiscard]] std::optional<extent> at(std::uint64_t record) const override;
    [[nodiscard]] std::optional<extent> last_begun_before(std::uint64_t time_ns) const override;
    [[nodiscard]] std::optional<account_extent> latest(account_number account,
                                                       std::uint64_t most_sequence) const override;
    [[nodiscard]] std::optional<account_extent> latest_as_of(account_number account,
                                                             std::uint64_t time_ns) const override;
    [[nodiscard]] std::optional<account_extent> earliest(account_number account,
                                                         std::uint64_t from_record) const override;

    [[nodiscard]] const index_header& header() const noexcept { return header_; }
    [[nodiscard]] const std::shared_ptr<const account_filter>& filter() const noexcept {
        return tables_.filter();
    }
    /// How much memory it takes at most, without the filter.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

private:
    using entry_list = std::shared_ptr<const std::vector<index_entry>>;
    [[nodiscard]] entry_list entries_of(account_number account) const;
    [[nodiscard]] std::vector<index_entry> read_entries(account_number account) const;
    [[nodiscard]] account_extent found(const index_entry& one) const;

    file_pool* const files_;   // null: in memory
    const index_bytes bytes_;  // in memory; null otherwise
    const std::uint64_t first_record_;
    const index_header header_;
    const index_tables tables_;

    // Of the account that was asked for last: a statement asks for the same one again and again.
    mutable std::mutex mutex_;
    mutable account_number last_account_ = 0;  // under the mutex, and so are its entries
    mutable entry_list last_entries_;
};

}  // namespace coffer::journal
