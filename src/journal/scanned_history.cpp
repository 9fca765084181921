#include "journal/scanned_history.hpp"

#include <algorithm>
#include <memory>

namespace coffer::journal {
namespace {

extent extent_of(const batch_view& one) noexcept {
    return {.first_record = one.header.first_record,
            .end_record = one.after().next_record,
            .first_time_ns = one.header.stamp.time_ns,
            .bytes = one.bytes.size()};
}

std::optional<account_extent> postings_of(account_number account, const batch_view& one) {
    account_extent found{.where = extent_of(one)};
    visit_records(one, [&](const record& each) {
        visit_postings(each, [&](const posting& made) {
            if (made.account != account)
                return;
            if (found.postings++ == 0)
                found.first_sequence = made.sequence;
        });
    });
    return found.postings != 0 ? std::optional{found} : std::nullopt;
}

}  // namespace

/// Visits the batches that have records, until `visit` returns false.
void scanned_history::scan(std::uint64_t from_record,
                           const std::function<bool(const batch_view&)>& visit) const {
    if (from_record < log_.first_record())
        throw history_trimmed{beginning()};
    const std::unique_ptr<batch_cursor> from = log_.read_from(from_record);
    while (const auto one = from->next())
        if (one->header.records != 0 && !visit(*one))
            return;
}

bool scanned_history::reach(std::uint64_t, std::chrono::steady_clock::time_point) {
    return true;
}

std::uint64_t scanned_history::last_record() const {
    std::uint64_t last = log_.first_record() - 1;
    scan(log_.first_record(), [&last](const batch_view& one) {
        last = one.after().next_record - 1;
        return true;
    });
    return last;
}

history_beginning scanned_history::beginning() const {
    history_beginning found{.first_record = log_.first_record()};
    const std::unique_ptr<batch_cursor> from = log_.read_from(found.first_record);
    const auto one = from->next();
    // Where there is no batch yet, what was trimmed is not later than this.
    found.first_time_ns = one ? one->header.stamp.time_ns : from->position().time_ns;
    return found;
}

std::optional<extent> scanned_history::at(std::uint64_t record) const {
    std::optional<extent> found;
    scan(record, [&](const batch_view& one) {
        if (record < one.after().next_record)
            found = extent_of(one);
        return !found;
    });
    return found;
}

std::uint64_t scanned_history::record_as_of(std::uint64_t time_ns) const {
    std::uint64_t found = log_.first_record();
    scan(found, [&](const batch_view& one) {
        found = one.header.first_record;
        const bool goes_on = one.header.stamp.time_ns < time_ns;
        if (goes_on)
            found = one.after().next_record;
        return goes_on;
    });
    return found;
}

std::optional<account_extent> scanned_history::latest(account_number account,
                                                      std::uint64_t most_sequence) const {
    std::optional<account_extent> found;
    scan(log_.first_record(), [&](const batch_view& one) {
        const auto next = postings_of(account, one);
        const bool is_later = next && next->first_sequence > most_sequence;
        if (next && !is_later)
            found = next;
        return !is_later;
    });
    return found;
}

std::optional<account_extent> scanned_history::latest_as_of(account_number account,
                                                            std::uint64_t time_ns) const {
    std::optional<account_extent> found;
    scan(log_.first_record(), [&](const batch_view& one) {
        if (one.header.stamp.time_ns > time_ns)
            return false;
        if (const auto next = postings_of(account, one))
            found = next;
        return true;
    });
    return found;
}

std::optional<account_extent> scanned_history::earliest(account_number account,
                                                        std::uint64_t from_record) const {
    std::optional<account_extent> found;
    scan(std::max(from_record, log_.first_record()), [&](const batch_view& one) {
        found = postings_of(account, one);
        return !found;
    });
    return found;
}

void scanned_history::read(const extent& one, const visitor& visit) const {
    scan(one.first_record, [&](const batch_view& each) {
        if (each.header.first_record >= one.end_record)
            return false;
        visit(each);
        return true;
    });
}

}  // namespace coffer::journal
