#include "journal/extent_table.hpp"

#include <algorithm>

namespace coffer::journal {

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
    if (record >= end_record_)
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
                                                 std::uint64_t extents) {
    extent_table found{before};
    place last{format::segment::batches_at, before.next_record, before.time_ns};
    for (std::uint64_t i = 0; i != extents && !from.has_failed(); ++i) {
        last.offset += from.next() * format::unit_bytes;
        last.first_record += from.next();
        last.first_time_ns += from.next();
        found.places_.push_back(last);
    }
    found.end_offset_ = last.offset + from.next() * format::unit_bytes;
    found.end_record_ = last.first_record + from.next();
    return from.has_failed() ? std::nullopt : std::optional{std::move(found)};
}

}  // namespace coffer::journal
