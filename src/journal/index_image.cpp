#include "journal/index_image.hpp"

#include <algorithm>
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
    const bool is_possible = at::header_bytes + found.tables_bytes() <= found.file_bytes &&
                             found.filter_bytes != 0 &&
                             found.filter_bytes % account_filter::block_bytes == 0;
    return is_possible ? std::optional{found} : std::nullopt;
}

std::optional<index_tables> index_tables::decode(const index_header& header,
                                                 std::span<const std::byte> bytes) {
    if (bytes.size() != header.tables_bytes() || checksum(bytes) != header.tables_checksum)
        return std::nullopt;
    const std::size_t directory_bytes = std::size_t{header.blocks} * at::directory_entry_bytes;
    varint_reader from{bytes.subspan(directory_bytes + header.filter_bytes)};
    auto extents = extent_table::decode(from, header.before, header.extents);
    if (!extents || extents->end_record() != header.end_record)
        return std::nullopt;
    index_tables found{std::move(*extents),
                       account_filter{bytes.subspan(directory_bytes, header.filter_bytes)}};
    found.directory_.reserve(header.blocks);
    for (std::size_t i = 0; i != header.blocks; ++i) {
        const auto one = bytes.subspan(i * at::directory_entry_bytes, at::directory_entry_bytes);
        const block_place place{get<std::uint64_t>(one, at::block_account_at),
                                get<std::uint64_t>(one, at::block_checksum_at),
                                get<std::uint32_t>(one, at::block_offset_at),
                                get<std::uint32_t>(one, at::block_bytes_at)};
        if (std::uint64_t{place.offset} + place.bytes > header.file_bytes)
            return std::nullopt;
        found.directory_.push_back(place);
    }
    return found;
}

std::optional<index_tables::block_place> index_tables::block_of(
    account_number account) const noexcept {
    if (!filter_.may_have(account))
        return std::nullopt;
    const auto after =
        std::ranges::upper_bound(directory_, account, {}, &block_place::first_account);
    return after == directory_.begin() ? std::nullopt : std::optional{*(after - 1)};
}

std::optional<std::vector<index_entry>> index_tables::entries_of(
    account_number account, const block_place& place, std::span<const std::byte> block) const {
    if (block.size() != place.bytes || checksum(block) != place.checksum)
        return std::nullopt;
    std::vector<index_entry> found;
    varint_reader from{block};
    index_entry one;
    // Reads one entry, and returns its value without the flag.
    const auto next = [&from, &one] {
        const std::uint64_t value = from.next();
        one.postings = (value & 1) != 0 ? static_cast<std::uint32_t>(from.next() + 2) : 1;
        return value >> 1;
    };
    for (account_number at = place.first_account; !from.is_at_end();) {
        at += from.next();
        if (at > account)
            break;
        const bool is_it = at == account;
        one.first_sequence = from.next();
        const std::uint64_t first = next();
        one.extent = static_cast<std::uint32_t>(first >> 1);
        std::uint64_t more = (first & 1) != 0 ? from.next() + 1 : 0;
        if (is_it)
            found.push_back(one);
        for (; more != 0 && !from.has_failed(); --more) {
            one.first_sequence += one.postings;
            one.extent += static_cast<std::uint32_t>(next() + 1);
            if (is_it)
                found.push_back(one);
        }
        if (is_it)
            break;
    }
    const bool is_right =
        !from.has_failed() && (found.empty() || found.back().extent < extents_.size());
    return is_right ? std::optional{std::move(found)} : std::nullopt;
}

std::size_t index_tables::memory_bytes() const noexcept {
    return extents_.size() * sizeof(extent) + filter_.bytes().size() +
           directory_.size() * sizeof(block_place);
}

}  // namespace coffer::journal
