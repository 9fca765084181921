#include "journal/opened_index.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

#include "journal/journal_error.hpp"

namespace coffer::journal {
namespace {

/// Only an index that is not there, or too short, is to be made again.
[[noreturn]] void refuse(const file_pool& files, std::uint64_t first_record,
                         std::error_code error) {
    if (error == std::errc::no_such_file_or_directory)
        throw index_damaged{"is missing", true};
    if (error == std::errc::result_out_of_range)
        throw index_damaged{"it is too short"};
    throw journal_error{files.path(first_record), "cannot be read: " + error.message()};
}

std::vector<std::byte> read_from(file_pool& files, std::uint64_t first_record, std::uint64_t offset,
                                 std::size_t bytes) {
    std::vector<std::byte> read(bytes);
    if (const std::error_code error = files.read(first_record, offset, read))
        refuse(files, first_record, error);
    return read;
}

index_header header_of(std::span<const std::byte> bytes) {
    const auto found = decode_index_header(bytes);
    if (!found)
        throw index_damaged{"its header is damaged, or of an unknown version"};
    return *found;
}

index_header header_in(file_pool& files, const segment_header& of, const batch_position& end) {
    const std::uint64_t first_record = of.before.next_record;
    const index_header found =
        header_of(read_from(files, first_record, 0, format::index::header_bytes));
    const bool begins_there =
        found.ledger == of.ledger && found.before.next_record == first_record &&
        found.before.chain == of.before.chain && found.before.time_ns == of.before.time_ns;
    if (!begins_there || found.end_record != end.next_record || found.end_chain != end.chain)
        throw index_damaged{"it is of another segment"};
    const auto size = files.size(first_record);
    if (size.error)
        refuse(files, first_record, size.error);
    if (found.file_bytes != size.bytes)
        throw index_damaged{"it has another size than its header says"};
    return found;
}

index_tables tables_of(const index_header& header, std::span<const std::byte> bytes,
                       std::uint64_t segment_bytes) {
    auto found = index_tables::decode(header, bytes, segment_bytes);
    if (!found)
        throw index_damaged{"its tables are damaged"};
    return std::move(*found);
}

}  // namespace

opened_index::opened_index(file_pool& files, const segment_header& of, const batch_position& end)
    : files_{&files},
      first_record_{of.before.next_record},
      header_{header_in(files, of, end)},
      tables_{tables_of(header_,
                        read_from(files, first_record_, format::index::header_bytes,
                                  static_cast<std::size_t>(header_.tables_bytes())),
                        of.bytes)} {}

opened_index::opened_index(index_bytes bytes)
    : files_{nullptr},
      bytes_{std::move(bytes)},
      first_record_{0},
      header_{header_of(*bytes_)},
      tables_{
          tables_of(header_,
                    std::span{*bytes_}.subspan(format::index::header_bytes,
                                               static_cast<std::size_t>(header_.tables_bytes())),
                    std::numeric_limits<std::uint64_t>::max())} {}

opened_index::entry_list opened_index::entries_of(account_number account) const {
    {
        const std::lock_guard lock{mutex_};
        if (last_account_ == account && last_entries_ != nullptr)
            return last_entries_;
    }
    auto found = std::make_shared<const std::vector<index_entry>>(read_entries(account));
    const std::lock_guard lock{mutex_};
    last_account_ = account;
    last_entries_ = found;
    return found;
}

std::vector<index_entry> opened_index::read_entries(account_number account) const {
    const auto place = tables_.block_of(account);
    if (!place)
        return {};
    auto found =
        bytes_ != nullptr
            ? tables_.entries_of(account, *place,
                                 std::span{*bytes_}.subspan(place->offset, place->bytes))
            : tables_.entries_of(account, *place,
                                 read_from(*files_, first_record_, place->offset, place->bytes));
    if (!found)
        throw index_damaged{"a block of it is damaged"};
    return std::move(*found);
}

account_extent opened_index::found(const index_entry& one) const {
    return {tables_.extents()[one.extent], one.first_sequence, one.postings};
}

std::optional<extent> opened_index::at(std::uint64_t record) const {
    const extent_table& extents = tables_.extents();
    const std::uint32_t index = extents.having(record);
    return index < extents.size() ? std::optional{extents[index]} : std::nullopt;
}

std::optional<extent> opened_index::last_begun_before(std::uint64_t time_ns) const {
    const std::uint32_t count = tables_.extents().begun_before(time_ns);
    return count != 0 ? std::optional{tables_.extents()[count - 1]} : std::nullopt;
}

std::optional<account_extent> opened_index::latest(account_number account,
                                                   std::uint64_t most_sequence) const {
    const entry_list kept = entries_of(account);
    const std::vector<index_entry>& all = *kept;
    const auto after =
        std::ranges::upper_bound(all, most_sequence, {}, &index_entry::first_sequence);
    return after != all.begin() ? std::optional{found(*(after - 1))} : std::nullopt;
}

std::optional<account_extent> opened_index::latest_as_of(account_number account,
                                                         std::uint64_t time_ns) const {
    const std::uint32_t begun = tables_.extents().begun_by(time_ns);
    if (begun == 0)
        return std::nullopt;
    const entry_list kept = entries_of(account);
    const std::vector<index_entry>& all = *kept;
    const auto after = std::ranges::lower_bound(all, begun, {}, &index_entry::extent);
    return after != all.begin() ? std::optional{found(*(after - 1))} : std::nullopt;
}

std::optional<account_extent> opened_index::earliest(account_number account,
                                                     std::uint64_t from_record) const {
    const std::uint32_t from = tables_.extents().having(from_record);
    if (from == tables_.extents().size())
        return std::nullopt;
    const entry_list kept = entries_of(account);
    const std::vector<index_entry>& all = *kept;
    const auto one = std::ranges::lower_bound(all, from, {}, &index_entry::extent);
    return one != all.end() ? std::optional{found(*one)} : std::nullopt;
}

std::size_t opened_index::memory_bytes() const noexcept {
    const std::size_t most_entries = tables_.extents().size();  // of one account
    return tables_.memory_bytes() + most_entries * sizeof(index_entry) +
           (bytes_ != nullptr ? bytes_->size() : 0);
}

}  // namespace coffer::journal
