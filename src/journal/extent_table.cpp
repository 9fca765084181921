#include "journal/extent_table.hpp"

#include <algorithm>
#include <limits>

namespace coffer::journal {
namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

/// Adds `some` to `to`, which is at most `most`. False, and nothing is added, if it is less than
/// `least` or the sum is more than `most`.
bool add_some(std::uint64_t& to, std::uint64_t some, std::uint64_t least,
              std::uint64_t most) noexcept {
    if (some < least || some > most - to)
        return false;
    to += some;
    return true;
}

}  // namespace

extent_table::extent_table(const batch_position& before) noexcept
    : before_{before}, end_record_{before.next_record}, end_offset_{format::segment::batches_at} {}

void extent_table::add(const batch_header& one, std::uint64_t offset) {
    const bool is_full = places_.empty() || end_offset_ - places_.back().offset >= least_bytes;
    if (is_full && one.records != 0)
        places_.push_back({offset, one.first_record, one.stamp.time_ns});
    end_record_ = one.first_record + one.records;
    end_offset_ = offset + one.bytes;
}

extent extent_table::operator[](std::uint32_t index) const noexcept {
    const place& one = places_[index];
    const bool is_last = index + 1 == places_.size();
    return {.first_record = one.first_record,
            .end_record = is_last ? end_record_ : places_[index + 1].first_record,
            .first_time_ns = one.first_time_ns,
            .segment = before_.next_record,
            .offset = one.offset,
            .bytes = (is_last ? end_offset_ : places_[index + 1].offset) - one.offset};
}

std::uint32_t extent_table::having(std::uint64_t record) const noexcept {
    if (record >= end_record_ || places_.empty())
        return size();
    const auto after = std::ranges::upper_bound(places_, record, {}, &place::first_record);
    return static_cast<std::uint32_t>(std::max(after, places_.begin() + 1) - places_.begin()) - 1;
}

std::uint32_t extent_table::begun_before(std::uint64_t time_ns) const noexcept {
    return static_cast<std::uint32_t>(
        std::ranges::lower_bound(places_, time_ns, {}, &place::first_time_ns) - places_.begin());
}

std::uint32_t extent_table::begun_by(std::uint64_t time_ns) const noexcept {
    return static_cast<std::uint32_t>(
        std::ranges::upper_bound(places_, time_ns, {}, &place::first_time_ns) - places_.begin());
}

void extent_table::encode(std::vector<std::byte>& into) const {
    place last{format::segment::batches_at, before_.next_record, before_.time_ns};
    for (const place& one : places_) {
        put_varint(into, (one.offset - last.offset) / format::unit_bytes);
        put_varint(into, one.first_record - last.first_record);
        put_varint(into, one.first_time_ns - last.first_time_ns);
        last = one;
    }
    put_varint(into, (end_offset_ - last.offset) / format::unit_bytes);
    put_varint(into, end_record_ - last.first_record);
}

std::optional<extent_table> extent_table::decode(varint_reader& from, const batch_position& before,
                                                 std::uint64_t extents,
                                                 std::uint64_t segment_bytes) {
    constexpr std::uint64_t least_units = least_bytes / format::unit_bytes;
    extent_table found{before};
    std::uint64_t units = format::segment::batches_at / format::unit_bytes;  // of the offset
    std::uint64_t record = before.next_record;
    std::uint64_t time_ns = before.time_ns;
    bool is_right = segment_bytes >= format::segment::batches_at;
    const auto read_place = [&](std::uint64_t units_least, std::uint64_t records_least) {
        is_right = is_right &&
                   add_some(units, from.next(), units_least, segment_bytes / format::unit_bytes) &&
                   add_some(record, from.next(), records_least, endless);
    };
    for (std::uint64_t i = 0; i != extents && is_right && !from.has_failed(); ++i) {
        read_place(i == 0 ? 0 : least_units, i == 0 ? 0 : 1);
        is_right = is_right && add_some(time_ns, from.next(), 0, endless) &&
                   (i != 0 || record == before.next_record);
        found.places_.push_back({units * format::unit_bytes, record, time_ns});
    }
    read_place(extents != 0 ? 1 : 0, extents != 0 ? 1 : 0);
    found.end_offset_ = units * format::unit_bytes;
    found.end_record_ = record;
    is_right = is_right && !from.has_failed() && (extents != 0 || record == before.next_record);
    return is_right ? std::optional{std::move(found)} : std::nullopt;
}

}  // namespace coffer::journal
