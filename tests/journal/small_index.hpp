// The bytes of a small index file, and what makes their checksums right again after a change.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "journal/batch.hpp"
#include "journal/format.hpp"
#include "journal/index_image.hpp"
#include "journal/little_endian.hpp"
#include "journal/record.hpp"
#include "journal/segment_index.hpp"
#include "ops/checksum.hpp"

namespace coffer::test {

/// The index of a segment in which account 7 has its postings 3 and 4 in extent 5 and posting 5 in
/// extent 9, the last one, and accounts 100 .. 1,599 have one posting in each extent.
class small_index {
public:
    static constexpr account_number busy = 1'500;
    static constexpr std::uint32_t extents = 10;

    small_index() {
        for (std::uint32_t extent = 0; extent != extents; ++extent) {
            batch_.clear();
            if (extent == 5)
                post(7, 3);
            if (extent == 5)
                post(7, 4);
            if (extent == 9)
                post(7, 5);
            for (account_number i = 0; i != busy; ++i)
                post(100 + i, extent + 1);
            const journal::batch_view one =
                batch_.seal(made_.position(), {1'000 + extent * 10U, 1'000 + extent * 10U});
            right_ = right_ && made_.add(one, end_offset_).reason.empty();
            end_offset_ += one.bytes.size();
        }
        bytes_ = encode(made_, ledger);
    }

    [[nodiscard]] bool is_right() const noexcept { return right_; }
    [[nodiscard]] const std::vector<std::byte>& bytes() const noexcept { return bytes_; }
    [[nodiscard]] const journal::segment_index& made() const noexcept { return made_; }
    [[nodiscard]] std::uint64_t segment_bytes() const noexcept { return end_offset_; }

private:
    static constexpr ledger_id ledger{std::byte{1}, std::byte{2}};
    static constexpr journal::batch_position before{
        .next_record = 1'001, .chain = 77, .time_ns = 990};

    void post(account_number account, std::uint64_t sequence) {
        const money one = money::from_minor(1);
        std::vector<std::byte> record(journal::format::record::max_bytes);
        const posting state{account, sequence, money::from_minor(1'000)};
        record.resize(journal::encode(journal::record::of_deposit(state, one), record));
        batch_.add(record);
    }

    journal::segment_index made_{before};
    journal::batch_builder batch_;
    std::uint64_t end_offset_ = journal::format::segment::batches_at;
    bool right_ = true;
    std::vector<std::byte> bytes_;
};

/// Makes the checksums right of an index file that was changed, as far as it can be found what they
/// are of.
inline void make_checksums_right(std::span<std::byte> file) {
    namespace at = journal::format::index;
    using journal::get;
    using journal::put;
    if (file.size() < at::header_bytes)
        return;
    const std::uint64_t blocks = get<std::uint32_t>(file, at::blocks_at);
    const std::uint64_t tables = blocks * at::directory_entry_bytes +
                                 get<std::uint32_t>(file, at::filter_bytes_at) +
                                 get<std::uint32_t>(file, at::extent_bytes_at);
    const auto behind = file.subspan(at::header_bytes);
    for (std::uint64_t i = 0; i != blocks; ++i) {
        if ((i + 1) * at::directory_entry_bytes > behind.size())
            break;
        const auto entry = behind.subspan(i * at::directory_entry_bytes, at::directory_entry_bytes);
        const std::uint64_t offset = get<std::uint32_t>(entry, at::block_offset_at);
        const std::uint64_t bytes = get<std::uint32_t>(entry, at::block_bytes_at);
        if (offset + bytes <= file.size())
            put<std::uint64_t>(entry, at::block_checksum_at, checksum(file.subspan(offset, bytes)));
    }
    if (tables <= behind.size())
        put<std::uint64_t>(file, at::tables_checksum_at, checksum(behind.first(tables)));
    put<std::uint64_t>(file, at::checksum_at,
                       checksum(file.subspan(at::magic_at, at::header_bytes - at::magic_at)));
}

}  // namespace coffer::test
