#include "journal/account_history.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "journal/account_records.hpp"
#include "journal/journal_error.hpp"
#include "ops/utc_time.hpp"

namespace coffer::journal {
namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

[[noreturn]] void refuse(const history& past, const extent& in, account_number account) {
    past.doubt(in);
    throw journal_error{"the journal", "has other postings of account " + std::to_string(account) +
                                           " from record " + std::to_string(in.first_record) +
                                           " on than its index"};
}

}  // namespace

std::uint64_t account_history::first(std::uint64_t from_ns) const {
    const std::uint64_t from =
        from_ns != 0 ? past_.record_as_of(from_ns) : past_.beginning().first_record;
    const auto found = past_.earliest(account_, from);
    return found ? found->first_sequence : endless;
}

std::uint64_t account_history::last_before(std::uint64_t time_ns) const {
    const auto found = time_ns != 0 ? past_.latest_as_of(account_, time_ns - 1) : std::nullopt;
    if (!found)
        return 0;
    std::uint64_t before = 0;
    past_.read(found->where, [&](const batch_view& one) {
        if (one.header.stamp.time_ns < time_ns)
            visit_records_of(account_, one, [&before](const record&, std::uint64_t) { ++before; });
    });
    if (before != 0)
        return found->first_sequence + before - 1;
    // All extents before this one end before it begins.
    const auto earlier = found->first_sequence > 1
                             ? past_.latest(account_, found->first_sequence - 1)
                             : std::nullopt;
    return earlier ? sequences_of(*earlier).last : 0;
}

std::uint64_t account_history::first_since(std::uint64_t from_ns) const {
    if (from_ns == 0)
        return 1;
    if (const std::uint64_t before = last_before(from_ns); before != 0)
        return before + 1;
    // What was trimmed is not later than what begins the journal now, but may be as late.
    if (from_ns <= past_.beginning().first_time_ns)
        return 1;
    const std::uint64_t there = first(from_ns);
    // Again, since more may have been trimmed meanwhile.
    return from_ns > past_.beginning().first_time_ns ? there : 1;
}

/// Nothing if the journal has no posting of the account.
std::optional<std::uint64_t> account_history::last_until(std::uint64_t until_ns) const {
    if (until_ns == endless) {
        const auto found = past_.latest(account_);
        return found ? std::optional{sequences_of(*found).last} : std::nullopt;
    }
    if (const std::uint64_t before = last_before(until_ns); before != 0)
        return before;
    const std::uint64_t there = first(until_ns);
    return there != endless ? std::optional{there - 1} : std::nullopt;
}

sequence_range account_history::between(std::uint64_t from_ns, std::uint64_t until_ns) const {
    if (until_ns <= from_ns)
        return {};
    // In this order: what is trimmed meanwhile is missing at the beginning, and noticed.
    const std::uint64_t first = first_since(from_ns);
    if (first == endless)
        return {};
    if (const auto last = last_until(until_ns))
        return {first, *last};
    throw history_trimmed{past_.beginning()};
}

account_extent account_history::at(std::uint64_t most_sequence) const {
    if (const auto found = past_.latest(account_, most_sequence))
        return *found;
    throw history_trimmed{past_.beginning()};
}

void account_history::visit(const account_extent& in, const sequence_range& wanted,
                            const visitor& one) const {
    const sequence_range there = sequences_of(in);
    std::uint64_t next = std::max(there.first, wanted.first);
    const std::uint64_t end = std::min(there.last, wanted.last);
    if (next > end)
        refuse(past_, in.where, account_);
    past_.read(in.where, [&](const batch_view& batch) {
        std::string time;
        visit_records_of(account_, batch, [&](const record& made, std::uint64_t number) {
            if (time.empty())
                time = to_utc_text(batch.header.stamp.time_ns);
            visit_lines(made, number, time, [&](const posting_line& line) {
                if (line.state.account != account_ || !wanted.has(line.state.sequence))
                    return;
                if (line.state.sequence != next++)
                    refuse(past_, in.where, account_);
                one(line);
            });
        });
    });
    if (next <= end)
        refuse(past_, in.where, account_);
}

}  // namespace coffer::journal
