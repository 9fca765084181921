#include "journal/file_source.hpp"

#include <algorithm>

#include "journal/reader.hpp"
#include "journal/segment.hpp"
#include "journal/segment_reader.hpp"

namespace coffer::journal {

/// The first records of all segments, in order; at least one. Throws journal_error.
std::vector<std::uint64_t> file_source::segments() const {
    std::vector<std::uint64_t> found = list_segments(storage_);
    if (found.empty())
        throw journal_error{name(), "there is no segment of a journal here"};
    return found;
}

ledger_id file_source::ledger() const {
    return segment_reader{storage_, segments().back()}.header().ledger;
}

std::uint64_t file_source::first_record() const {
    return segments().front();
}

std::uint64_t file_source::first_record_as_of(std::uint64_t running_ns) const {
    return segment_before(storage_, segments(), &batch_position::running_ns, running_ns);
}

std::uint64_t file_source::running_ns_reached() const {
    return segment_reader{storage_, segments().back()}.header().before.running_ns;
}

std::uint64_t file_source::bytes_from(std::uint64_t record) const {
    const std::vector<std::uint64_t> all = segments();
    const auto after = std::ranges::upper_bound(all, record);
    std::uint64_t bytes = 0;
    for (auto one = after == all.begin() ? after : after - 1; one != all.end(); ++one)
        bytes += segment_reader{storage_, *one}.header().bytes;
    return bytes;
}

std::unique_ptr<batch_cursor> file_source::read_from(std::uint64_t record) const {
    return std::make_unique<reader>(storage_, record);
}

}  // namespace coffer::journal
