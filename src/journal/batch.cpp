#include "journal/batch.hpp"

#include <algorithm>
#include <cassert>

#include "journal/little_endian.hpp"
#include "ops/checksum.hpp"

namespace coffer::journal {

namespace at = format::batch;

const char* describe(batch_error error) noexcept {
    switch (error) {
        case batch_error::none:
            return "nothing is wrong";
        case batch_error::header_damaged:
            return "the header of a batch is damaged";
        case batch_error::newer_version:
            return "a batch has a newer format version than this version of coffer knows";
        case batch_error::checksum:
            return "a batch does not have the checksum that it says";
        case batch_error::wrong_record:
            return "a batch does not begin with the record that comes next";
        case batch_error::wrong_chain:
            return "a batch does not follow the one before it in the chain";
        case batch_error::time_went_back:
            return "a batch is of an earlier time than the one before it";
        case batch_error::running_time_went_back:
            return "a batch is of an earlier running time than the one before it";
        case batch_error::record_damaged:
            return "a batch has a malformed record";
    }
    return "";
}

checked_header check_header(std::span<const std::byte> bytes) noexcept {
    checked_header found;
    if (checksum(bytes.subspan(at::magic_at, at::header_checksum_at - at::magic_at)) !=
            get<std::uint64_t>(bytes, at::header_checksum_at) ||
        get<std::uint32_t>(bytes, at::magic_at) != at::magic) {
        found.error = batch_error::header_damaged;
        return found;
    }
    const auto version = get<std::uint16_t>(bytes, at::version_at);
    if (version < format::oldest_version || version > format::version) {
        found.error = batch_error::newer_version;
        return found;
    }
    const auto time_ns = get<std::uint64_t>(bytes, at::time_at);
    found.value = {.version = version,
                   .checksum = get<std::uint64_t>(bytes, at::checksum_at),
                   .bytes = get<std::uint32_t>(bytes, at::bytes_at),
                   .records = get<std::uint32_t>(bytes, at::records_at),
                   .first_record = get<std::uint64_t>(bytes, at::first_record_at),
                   .chain = get<std::uint64_t>(bytes, at::chain_at),
                   .stamp = {.time_ns = time_ns, .running_ns = time_ns}};
    const std::size_t min_bytes = found.value.header_bytes() + at::end_mark_bytes;
    const bool possible_size = found.value.bytes >= min_bytes &&
                               found.value.bytes <= at::max_bytes &&
                               found.value.bytes % format::unit_bytes == 0;
    const bool reserved_is_zero = get<std::uint16_t>(bytes, at::version_at + 2) == 0;
    if (!possible_size || !reserved_is_zero)
        found.error = batch_error::header_damaged;
    return found;
}

checked_batch check_batch(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < at::min_bytes_1)
        return {{}, batch_error::header_damaged};
    checked_header header = check_header(bytes);
    if (header.error != batch_error::none)
        return {{}, header.error};
    if (header.value.bytes > bytes.size())
        return {{}, batch_error::checksum};
    const auto whole = bytes.first(header.value.bytes);
    const bool right = checksum(whole.subspan(at::magic_at)) == header.value.checksum &&
                       get<std::uint64_t>(whole, whole.size() - at::end_mark_bytes) == at::end_mark;
    if (right && header.value.version != 1) {
        batch_stamp& stamp = header.value.stamp;
        stamp.running_ns = get<std::uint64_t>(whole, at::running_at);
        stamp.clock_offset_ns = get<std::int64_t>(whole, at::clock_offset_at);
        stamp.key_life_ns = get<std::uint64_t>(whole, at::key_life_at);
    }
    return {{header.value, whole}, right ? batch_error::none : batch_error::checksum};
}

batch_error check_follows(const batch_header& one, const batch_position& before) noexcept {
    if (one.first_record != before.next_record)
        return batch_error::wrong_record;
    if (one.chain != before.chain)
        return batch_error::wrong_chain;
    if (one.stamp.time_ns < before.time_ns)
        return batch_error::time_went_back;
    if (one.stamp.running_ns < before.running_ns)
        return batch_error::running_time_went_back;
    return batch_error::none;
}

refused_record check_records(const batch_view& one) {
    std::uint32_t count = 0;
    for (std::span<const std::byte> left = one.records(); !left.empty(); ++count) {
        const decoded_record next = decode(left);
        if (!next)
            return {one.header.header_bytes() + one.records().size() - left.size(), describe(next)};
        left = left.subspan(next.bytes);
    }
    if (count != one.header.records)
        return {at::records_at, "a batch has " + std::to_string(count) +
                                    " records and not the number that it says, " +
                                    std::to_string(one.header.records)};
    return {};
}

batch_builder::batch_builder(std::size_t max_bytes)
    : max_bytes_{std::min(max_bytes, at::max_bytes)} {
    bytes_.reserve(max_bytes_);
    clear();
}

void batch_builder::add(std::span<const std::byte> encoded) noexcept {
    assert(has_room(encoded.size()));
    bytes_.insert(bytes_.end(), encoded.begin(), encoded.end());
    ++records_;
}

batch_view batch_builder::seal(const batch_position& before, const batch_stamp& now) noexcept {
    bytes_.resize(bytes_.size() + at::end_mark_bytes);
    const std::span<std::byte> bytes{bytes_};
    const batch_header header{.bytes = static_cast<std::uint32_t>(bytes.size()),
                              .records = records_,
                              .first_record = before.next_record,
                              .chain = before.chain,
                              .stamp = {.time_ns = std::max(now.time_ns, before.time_ns),
                                        .running_ns = std::max(now.running_ns, before.running_ns),
                                        .clock_offset_ns = now.clock_offset_ns,
                                        .key_life_ns = now.key_life_ns}};
    put<std::uint64_t>(bytes, bytes.size() - at::end_mark_bytes, at::end_mark);
    put<std::uint32_t>(bytes, at::magic_at, at::magic);
    put<std::uint16_t>(bytes, at::version_at, format::version);
    put<std::uint16_t>(bytes, at::version_at + 2, 0);
    put<std::uint32_t>(bytes, at::bytes_at, header.bytes);
    put<std::uint32_t>(bytes, at::records_at, header.records);
    put<std::uint64_t>(bytes, at::first_record_at, header.first_record);
    put<std::uint64_t>(bytes, at::time_at, header.stamp.time_ns);
    put<std::uint64_t>(bytes, at::chain_at, header.chain);
    put<std::uint64_t>(
        bytes, at::header_checksum_at,
        checksum(bytes.subspan(at::magic_at, at::header_checksum_at - at::magic_at)));
    put<std::uint64_t>(bytes, at::running_at, header.stamp.running_ns);
    put<std::int64_t>(bytes, at::clock_offset_at, header.stamp.clock_offset_ns);
    put<std::uint64_t>(bytes, at::key_life_at, header.stamp.key_life_ns);
    put<std::uint64_t>(bytes, at::checksum_at, checksum(bytes.subspan(at::magic_at)));
    batch_view sealed{header, bytes};
    sealed.header.checksum = get<std::uint64_t>(bytes, at::checksum_at);
    return sealed;
}

void batch_builder::unseal() noexcept {
    // Not resize: GCC 12, under the address sanitizer, takes it for one that may grow.
    bytes_.erase(bytes_.end() - static_cast<std::ptrdiff_t>(at::end_mark_bytes), bytes_.end());
}

void batch_builder::clear() noexcept {
    bytes_.resize(at::header_bytes);
    records_ = 0;
}

}  // namespace coffer::journal
