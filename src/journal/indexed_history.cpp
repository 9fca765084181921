#include "journal/indexed_history.hpp"

#include <algorithm>

#include "journal/interruption.hpp"
#include "journal/journal_error.hpp"
#include "journal/segment.hpp"
#include "journal/segment_reader.hpp"

namespace coffer::journal {

std::uint64_t indexed_history::last_record() const {
    const std::lock_guard lock{mutex_};
    return std::max<std::uint64_t>(end_record_, 1) - 1;
}

std::uint64_t indexed_history::first_record() const noexcept {
    // Acquire: pairs with the release in log_progress.
    return log_.first_record.load(std::memory_order_acquire);
}

indexed_history::view indexed_history::now() const {
    view there;
    there.beginning = first_record();
    const std::lock_guard lock{mutex_};
    if (current_ == nullptr || current_->first_record() < there.beginning)
        throw history_unavailable{"the journal has to be indexed first"};
    const auto from = std::ranges::lower_bound(*full_, there.beginning);
    there.segments.assign(from, full_->end());
    there.segments.push_back(current_->first_record());
    there.current = current_;
    return there;
}

/// Asks `question(view)`, again if what it needed was trimmed meanwhile.
template <class Question>
auto indexed_history::ask(const Question& question) const {
    for (;;) {
        const view there = now();
        try {
            return question(there);
        } catch (const journal_error&) {
            if (there.beginning == first_record())
                throw;
        }
    }
}

/// Asks `question(segment_lookup)` of a segment, again if its index file was damaged.
template <class Question>
auto indexed_history::ask_segment(const view& there, std::size_t index,
                                  const Question& question) const {
    interruption::check();
    if (index + 1 == there.segments.size())
        return question(static_cast<const segment_lookup&>(*there.current));
    for (;;) {
        const auto lookup = shelf_.of(there.segments[index], there.segments[index + 1]);
        try {
            return question(*lookup);
        } catch (const index_damaged& damaged) {
            shelf_.make_again(there.segments[index], there.segments[index + 1], damaged);
        }
    }
}

/// The first answer of the segments up to `end` that may have the account, the newest first.
template <class Question>
std::optional<account_extent> indexed_history::newest(const view& there, std::size_t end,
                                                      account_number account,
                                                      const Question& question) const {
    for (std::size_t i = end; i != 0; --i) {
        interruption::check();
        if (!shelf_.may_have(there.segments[i - 1], account))
            continue;
        if (auto found = ask_segment(there, i - 1, question))
            return found;
    }
    return std::nullopt;
}

history_beginning indexed_history::beginning() const {
    return ask([this](const view& there) {
        const std::uint64_t first = there.segments.front();
        history_beginning found{.first_record = first};
        {
            const std::lock_guard lock{mutex_};
            if (first_time_.first == first) {
                found.first_time_ns = first_time_.second;
                return found;
            }
        }
        const auto its =
            ask_segment(there, 0, [first](const segment_lookup& one) { return one.at(first); });
        if (!its) {  // that segment is the current one, and has no batch yet
            found.first_time_ns = there.current->before().time_ns;
            return found;
        }
        const std::lock_guard lock{mutex_};
        first_time_ = {first, its->first_time_ns};
        found.first_time_ns = its->first_time_ns;
        return found;
    });
}

std::optional<extent> indexed_history::at(std::uint64_t record) const {
    return ask([&](const view& there) -> std::optional<extent> {
        if (record < there.segments.front())
            throw history_trimmed{beginning()};
        const auto after = std::ranges::upper_bound(there.segments, record);
        const auto index = static_cast<std::size_t>(after - there.segments.begin()) - 1;
        return ask_segment(there, index,
                           [record](const segment_lookup& one) { return one.at(record); });
    });
}

std::uint64_t indexed_history::record_as_of(std::uint64_t time_ns) const {
    return ask([&](const view& there) {
        const std::uint64_t segment =
            segment_before(storage_, there.segments, &batch_position::time_ns, time_ns);
        const auto index = static_cast<std::size_t>(
            std::ranges::lower_bound(there.segments, segment) - there.segments.begin());
        const auto found = ask_segment(there, index, [time_ns](const segment_lookup& one) {
            return one.last_begun_before(time_ns);
        });
        return found ? found->first_record : segment;
    });
}

std::optional<account_extent> indexed_history::latest(account_number account,
                                                      std::uint64_t most_sequence) const {
    return ask([&](const view& there) {
        return newest(there, there.segments.size(), account, [&](const segment_lookup& one) {
            return one.latest(account, most_sequence);
        });
    });
}

std::optional<account_extent> indexed_history::latest_as_of(account_number account,
                                                            std::uint64_t time_ns) const {
    return ask([&](const view& there) {
        const std::uint64_t later = std::max(time_ns, time_ns + 1);
        const std::uint64_t segment =
            segment_before(storage_, there.segments, &batch_position::time_ns, later);
        const auto after = std::ranges::upper_bound(there.segments, segment);
        return newest(
            there, static_cast<std::size_t>(after - there.segments.begin()), account,
            [&](const segment_lookup& one) { return one.latest_as_of(account, time_ns); });
    });
}

std::optional<account_extent> indexed_history::earliest(account_number account,
                                                        std::uint64_t from_record) const {
    return ask([&](const view& there) -> std::optional<account_extent> {
        const auto after = std::ranges::upper_bound(there.segments, from_record);
        auto i = static_cast<std::size_t>(std::max(after, there.segments.begin() + 1) -
                                          there.segments.begin()) -
                 1;
        for (; i != there.segments.size(); ++i) {
            interruption::check();
            if (!shelf_.may_have(there.segments[i], account))
                continue;
            if (auto found = ask_segment(there, i, [&](const segment_lookup& one) {
                    return one.earliest(account, from_record);
                }))
                return found;
        }
        return std::nullopt;
    });
}

void indexed_history::doubt(const extent& one) const noexcept {
    try {
        const view there = now();
        const auto found = std::ranges::lower_bound(there.segments, one.segment);
        if (found == there.segments.end() || *found != one.segment ||
            found + 1 == there.segments.end())
            return;  // it is trimmed, or grows
        static_cast<void>(shelf_.make_again_once(one.segment, *(found + 1)));
    } catch (const std::exception&) {
        // The segment is damaged itself, or there is no memory.
    }
}

void indexed_history::refuse(const extent& one, std::uint64_t offset,
                             const std::string& why) const {
    doubt(one);
    throw journal_error{storage_.path(segment_name(one.segment)), offset, why};
}

void indexed_history::read(const extent& one, const visitor& visit) const {
    interruption::check();
    if (one.segment < first_record())
        throw history_trimmed{beginning()};
    std::vector<std::byte> bytes(static_cast<std::size_t>(one.bytes));
    const std::string path = storage_.path(segment_name(one.segment));
    if (const std::error_code error = segments_.read(one.segment, one.offset, bytes)) {
        if (one.segment < first_record())
            throw history_trimmed{beginning()};
        if (error == std::errc::result_out_of_range)
            refuse(one, one.offset, "has no such bytes");
        throw journal_error{path, one.offset, "cannot be read: " + error.message()};
    }
    std::uint64_t next_record = one.first_record;
    std::uint64_t chain = 0;
    for (std::span<const std::byte> left = bytes; !left.empty();) {
        const std::uint64_t offset = one.offset + bytes.size() - left.size();
        const checked_batch each = check_batch(left);
        if (each.error != batch_error::none)
            refuse(one, offset, describe(each.error));
        const batch_header& header = each.value.header;
        const bool is_first = left.size() == bytes.size();
        if (header.first_record != next_record || (!is_first && header.chain != chain))
            refuse(one, offset, describe(batch_error::wrong_record));
        if (const refused_record refused = check_records(each.value); !refused.reason.empty())
            throw journal_error{path, offset + refused.offset, refused.reason};
        next_record += header.records;
        chain = header.checksum;
        if (header.records != 0)
            visit(each.value);
        left = left.subspan(each.value.bytes.size());
    }
    if (next_record != one.end_record)
        refuse(one, one.offset, describe(batch_error::wrong_record));
}

}  // namespace coffer::journal
