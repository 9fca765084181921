#include "journal/index_image.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "journal/little_endian.hpp"
#include "ops/checksum.hpp"

namespace coffer::journal {

namespace at = format::index;

namespace {

void pad(std::vector<std::byte>& bytes) {
    bytes.resize((bytes.size() + format::unit_bytes - 1) / format::unit_bytes * format::unit_bytes);
}

void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

/// Writes groups into blocks, and the directory of these.
class block_writer {
public:
    void add(account_number account, std::span<const index_entry> group) {
        if (blocks_.size() - begin_ >= at::least_block_bytes)
            end_block();
        if (blocks_.size() == begin_)
            first_ = last_ = account;
        put_varint(blocks_, account - last_);
        last_ = account;
        put_varint(blocks_, group.front().first_sequence);
        const bool are_several = group.size() != 1;
        const auto put = [this](std::uint64_t value, std::uint32_t postings) {
            put_varint(blocks_, value << 1 | static_cast<std::uint64_t>(postings != 1));
            if (postings != 1)
                put_varint(blocks_, postings - 2);
        };
        put(std::uint64_t{group.front().extent} << 1 | static_cast<std::uint64_t>(are_several),
            group.front().postings);
        if (are_several)
            put_varint(blocks_, group.size() - 2);
        for (std::size_t i = 1; i != group.size(); ++i)
            put(group[i].extent - group[i - 1].extent - 1, group[i].postings);
        entries_ += group.size();
    }
    void end_block() {
        if (blocks_.size() == begin_)
            return;
        const auto block = std::span<const std::byte>{blocks_}.subspan(begin_);
        directory_.push_back({first_, checksum(block), static_cast<std::uint32_t>(begin_),
                              static_cast<std::uint32_t>(block.size())});
        begin_ = blocks_.size();
    }
    /// The offsets in it count from the first block.
    [[nodiscard]] const std::vector<index_tables::block_place>& directory() const noexcept {
        return directory_;
    }
    [[nodiscard]] std::span<const std::byte> blocks() const noexcept { return blocks_; }
    [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }

private:
    std::vector<std::byte> blocks_;
    std::vector<index_tables::block_place> directory_;
    std::size_t begin_ = 0;
    account_number first_ = 0;
    account_number last_ = 0;
    std::uint64_t entries_ = 0;
};

/// Reads the groups of a block, one after the other.
class group_reader {
public:
    group_reader(std::span<const std::byte> block, account_number first_account,
                 std::uint32_t extents) noexcept
        : from_{block}, account_{first_account}, extents_{extents} {}

    /// The account of the next group, whose entries replace those in `into`. Nothing at the end of
    /// the block, or if it is wrong from there on.
    [[nodiscard]] std::optional<account_number> next(std::vector<index_entry>& into) {
        into.clear();
        if (from_.is_at_end() || !is_right_)
            return std::nullopt;
        const std::uint64_t more_accounts = from_.next();
        check((more_accounts == 0) == is_first_ && more_accounts <= endless - account_);
        is_first_ = false;
        account_ += more_accounts;
        sequence_ = from_.next();
        check(sequence_ != 0);
        std::uint64_t postings = 0;
        const std::uint64_t first = read_entry(postings);
        std::uint64_t more = (first & 1) != 0 ? from_.next() + 1 : 0;
        add(into, first >> 1, postings);
        for (; more != 0 && is_right(); --more) {
            const std::uint64_t skipped = read_entry(postings);
            check(skipped < extents_);
            add(into, into.back().extent + skipped + 1, postings);
        }
        return is_right() ? std::optional{account_} : std::nullopt;
    }
    [[nodiscard]] bool is_right() const noexcept { return is_right_ && !from_.has_failed(); }

private:
    static constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

    void check(bool holds) noexcept { is_right_ = is_right_ && holds; }
    /// Returns an entry's value without the flag for its number of postings.
    [[nodiscard]] std::uint64_t read_entry(std::uint64_t& postings) noexcept {
        const std::uint64_t value = from_.next();
        const std::uint64_t beyond_two = (value & 1) != 0 ? from_.next() : 0;
        check(beyond_two <= std::numeric_limits<std::uint32_t>::max() - 2);
        postings = (value & 1) != 0 ? beyond_two + 2 : 1;
        return value >> 1;
    }
    void add(std::vector<index_entry>& into, std::uint64_t extent, std::uint64_t postings) {
        check(extent < extents_ && postings <= endless - sequence_);
        if (!is_right())
            return;
        into.push_back(
            {sequence_, static_cast<std::uint32_t>(extent), static_cast<std::uint32_t>(postings)});
        sequence_ += postings;
    }

    varint_reader from_;
    account_number account_;
    const std::uint32_t extents_;
    std::uint64_t sequence_ = 0;
    bool is_first_ = true;
    bool is_right_ = true;
};

/// Whether an index can have such a header.
bool is_possible(const index_header& one) noexcept {
    // Each entry, account and extent takes a byte at least, so nothing below can overflow.
    const bool are_few = one.accounts <= one.entries && one.entries <= one.file_bytes &&
                         one.blocks <= one.accounts && one.extents <= one.extent_bytes &&
                         one.file_bytes <= std::numeric_limits<std::uint32_t>::max();
    return are_few && at::header_bytes + one.tables_bytes() <= one.file_bytes &&
           (one.blocks == 0) == (one.accounts == 0) &&
           one.filter_bytes == account_filter::bytes_for(one.accounts) &&
           one.before.next_record <= one.end_record;
}

void put_header(std::span<std::byte> into, const index_header& header) {
    put<std::uint64_t>(into, at::magic_at, at::magic);
    put<std::uint16_t>(into, at::version_at, at::version);
    std::ranges::copy(header.ledger, into.begin() + at::ledger_at);
    put<std::uint64_t>(into, at::first_record_at, header.before.next_record);
    put<std::uint64_t>(into, at::chain_at, header.before.chain);
    put<std::uint64_t>(into, at::time_at, header.before.time_ns);
    put<std::uint64_t>(into, at::end_record_at, header.end_record);
    put<std::uint64_t>(into, at::end_chain_at, header.end_chain);
    put<std::uint32_t>(into, at::extents_at, header.extents);
    put<std::uint32_t>(into, at::blocks_at, header.blocks);
    put<std::uint64_t>(into, at::accounts_at, header.accounts);
    put<std::uint64_t>(into, at::entries_at, header.entries);
    put<std::uint32_t>(into, at::extent_bytes_at, header.extent_bytes);
    put<std::uint32_t>(into, at::filter_bytes_at, header.filter_bytes);
    put<std::uint64_t>(into, at::tables_checksum_at, header.tables_checksum);
    put<std::uint64_t>(into, at::bytes_at, header.file_bytes);
    put<std::uint64_t>(into, at::checksum_at,
                       checksum(into.subspan(at::magic_at, at::header_bytes - at::magic_at)));
}

}  // namespace

std::vector<std::byte> encode(const segment_index& of, const ledger_id& ledger) {
    block_writer groups;
    account_filter filter{of.accounts()};
    of.visit_groups([&](account_number account, std::span<const index_entry> group) {
        groups.add(account, group);
        filter.add(account);
    });
    groups.end_block();
    std::vector<std::byte> extents;
    of.extents().encode(extents);
    pad(extents);
    index_header header{.ledger = ledger,
                        .before = of.before(),
                        .end_record = of.position().next_record,
                        .end_chain = of.position().chain,
                        .extents = of.extents().size(),
                        .blocks = static_cast<std::uint32_t>(groups.directory().size()),
                        .accounts = of.accounts(),
                        .entries = groups.entries(),
                        .extent_bytes = static_cast<std::uint32_t>(extents.size()),
                        .filter_bytes = static_cast<std::uint32_t>(filter.bytes().size())};
    const std::size_t blocks_at = at::header_bytes + header.tables_bytes();
    header.file_bytes = blocks_at + groups.blocks().size();
    std::vector<std::byte> file(at::header_bytes);
    file.reserve(header.file_bytes);
    for (const index_tables::block_place& one : groups.directory()) {
        file.resize(file.size() + at::directory_entry_bytes);
        const auto into = std::span{file}.last(at::directory_entry_bytes);
        put<std::uint64_t>(into, at::block_account_at, one.first_account);
        put<std::uint64_t>(into, at::block_checksum_at, one.checksum);
        put<std::uint32_t>(into, at::block_offset_at,
                           static_cast<std::uint32_t>(one.offset + blocks_at));
        put<std::uint32_t>(into, at::block_bytes_at, one.bytes);
    }
    append(file, filter.bytes());
    append(file, extents);
    header.tables_checksum = checksum(std::span{file}.subspan(at::header_bytes));
    append(file, groups.blocks());
    put_header(file, header);
    return file;
}

std::uint64_t index_header::tables_bytes() const noexcept {
    return std::uint64_t{blocks} * at::directory_entry_bytes + filter_bytes + extent_bytes;
}

std::optional<index_header> decode_index_header(std::span<const std::byte> bytes) {
    if (bytes.size() < at::header_bytes ||
        get<std::uint64_t>(bytes, at::checksum_at) !=
            checksum(bytes.subspan(at::magic_at, at::header_bytes - at::magic_at)) ||
        get<std::uint64_t>(bytes, at::magic_at) != at::magic ||
        get<std::uint64_t>(bytes, at::version_at) != at::version)
        return std::nullopt;
    index_header found{.before = {.next_record = get<std::uint64_t>(bytes, at::first_record_at),
                                  .chain = get<std::uint64_t>(bytes, at::chain_at),
                                  .time_ns = get<std::uint64_t>(bytes, at::time_at)},
                       .end_record = get<std::uint64_t>(bytes, at::end_record_at),
                       .end_chain = get<std::uint64_t>(bytes, at::end_chain_at),
                       .extents = get<std::uint32_t>(bytes, at::extents_at),
                       .blocks = get<std::uint32_t>(bytes, at::blocks_at),
                       .accounts = get<std::uint64_t>(bytes, at::accounts_at),
                       .entries = get<std::uint64_t>(bytes, at::entries_at),
                       .extent_bytes = get<std::uint32_t>(bytes, at::extent_bytes_at),
                       .filter_bytes = get<std::uint32_t>(bytes, at::filter_bytes_at),
                       .tables_checksum = get<std::uint64_t>(bytes, at::tables_checksum_at),
                       .file_bytes = get<std::uint64_t>(bytes, at::bytes_at)};
    std::ranges::copy(bytes.subspan(at::ledger_at, found.ledger.size()), found.ledger.begin());
    return is_possible(found) ? std::optional{found} : std::nullopt;
}

std::optional<index_tables> index_tables::decode(const index_header& header,
                                                 std::span<const std::byte> bytes,
                                                 std::uint64_t segment_bytes) {
    if (bytes.size() != header.tables_bytes() || checksum(bytes) != header.tables_checksum)
        return std::nullopt;
    const std::size_t directory_bytes = std::size_t{header.blocks} * at::directory_entry_bytes;
    varint_reader from{bytes.subspan(directory_bytes + header.filter_bytes)};
    auto extents = extent_table::decode(from, header.before, header.extents, segment_bytes);
    const bool is_right = extents && extents->end_record() == header.end_record &&
                          from.left().size() < format::unit_bytes && is_zero(from.left());
    if (!is_right)
        return std::nullopt;
    index_tables found{std::move(*extents),
                       account_filter{bytes.subspan(directory_bytes, header.filter_bytes)}};
    return found.read_directory(header, bytes) ? std::optional{std::move(found)} : std::nullopt;
}

bool index_tables::read_directory(const index_header& header, std::span<const std::byte> bytes) {
    directory_.reserve(header.blocks);
    std::uint64_t offset = at::header_bytes + header.tables_bytes();
    account_number before = 0;
    for (std::size_t i = 0; i != header.blocks; ++i) {
        const auto one = bytes.subspan(i * at::directory_entry_bytes, at::directory_entry_bytes);
        const block_place place{get<std::uint64_t>(one, at::block_account_at),
                                get<std::uint64_t>(one, at::block_checksum_at),
                                get<std::uint32_t>(one, at::block_offset_at),
                                get<std::uint32_t>(one, at::block_bytes_at)};
        const bool is_last = i + 1 == header.blocks;
        if (place.first_account <= before || place.offset != offset ||
            place.bytes < (is_last ? 1 : at::least_block_bytes))
            return false;
        before = place.first_account;
        offset += place.bytes;
        directory_.push_back(place);
    }
    return offset == header.file_bytes;
}

std::optional<index_tables::block_place> index_tables::block_of(
    account_number account) const noexcept {
    if (!filter_->may_have(account))
        return std::nullopt;
    const auto after =
        std::ranges::upper_bound(directory_, account, {}, &block_place::first_account);
    return after == directory_.begin() ? std::nullopt : std::optional{*(after - 1)};
}

std::optional<std::vector<index_entry>> index_tables::entries_of(
    account_number account, const block_place& place, std::span<const std::byte> block) const {
    if (block.size() != place.bytes || checksum(block) != place.checksum)
        return std::nullopt;
    group_reader groups{block, place.first_account, extents_.size()};
    std::vector<index_entry> entries;
    while (const auto one = groups.next(entries)) {
        if (*one == account)
            return entries;
        if (*one > account)
            break;
    }
    return groups.is_right() ? std::optional{std::vector<index_entry>{}} : std::nullopt;
}

std::size_t index_tables::memory_bytes() const noexcept {
    return extents_.size() * sizeof(extent) + directory_.size() * sizeof(block_place);
}

}  // namespace coffer::journal
