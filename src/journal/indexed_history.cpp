#include "journal/indexed_history.hpp"

#include <algorithm>
#include <utility>

#include "journal/journal_error.hpp"
#include "journal/segment.hpp"
#include "journal/segment_reader.hpp"
#include "ops/log.hpp"
#include "ops/stopping.hpp"

namespace coffer::journal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds busy_pause{50};
constexpr milliseconds idle_pause{200};
constexpr milliseconds failed_pause{1000};
constexpr milliseconds file_retry{10'000};

std::vector<std::uint64_t> existing_segments(const storage& where) {
    std::vector<std::uint64_t> found = list_segments(where);
    if (found.empty())
        throw journal_error{where.path(""), "there is no segment of a journal here"};
    return found;
}

}  // namespace

indexed_history::indexed_history(storage& where, const log_progress& log)
    : storage_{where},
      log_{log},
      segments_{where, &segment_name},
      shelf_{where, log, [this] { maker_.poke(); }},
      follower_{where, log, existing_segments(where).back()},
      maker_{[this]() -> background_work::pause {
                 try {
                     if (shelf_.make_files([this] { return is_stopping_.load(); }))
                         return std::nullopt;
                 } catch (const std::exception& error) {
                     log::warn("the journal's index files cannot be made: {}", error.what());
                 }
                 return file_retry;
             },
             std::nullopt} {
    segment_list all = existing_segments(where);
    first_listed_ = all.front();
    find_missing(all);
    all.pop_back();
    full_ = std::make_shared<const segment_list>(std::move(all));
    current_ = follower_.current();
    end_record_ = follower_.position().next_record;
    maker_.poke();
    thread_ = std::thread{[this] { run(); }};
}

indexed_history::~indexed_history() {
    {
        const std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

/// Has the index files of full segments checked, and removes those of segments that are gone.
void indexed_history::find_missing(const segment_list& all) {
    const storage::list_result listed = storage_.list();
    if (listed.error)
        return;
    for (const std::string& name : listed.names)
        if (const auto segment = parse_index_name(name);
            segment && !std::ranges::binary_search(all, *segment))
            static_cast<void>(storage_.remove(name));
    static_cast<void>(storage_.remove(std::string{index_in_the_making}));
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        shelf_.check(all[i], all[i + 1]);
}

void indexed_history::run() noexcept {
    std::unique_lock lock{mutex_};
    milliseconds pause{0};
    while (!is_stopping_) {
        changed_.wait_for(lock, pause, [this] { return is_stopping_ || is_wanted_; });
        is_wanted_ = false;
        const std::uint64_t before = end_record_;
        lock.unlock();
        bool done = false;
        try {
            while (!is_stopping_ && !follow()) {
            }
            done = true;
        } catch (const std::exception& error) {
            fail(error.what());
        }
        lock.lock();
        pause = !done ? failed_pause : end_record_ != before ? busy_pause : idle_pause;
    }
}

/// A step. True once all that is durable can be found.
bool indexed_history::follow() {
    const bool is_open = log_.durable_end.load(std::memory_order_acquire) != 0;
    const segment_follower::step step = follower_.follow();
    if (step == segment_follower::step::advanced)
        note_advance();
    const bool is_at_end = step == segment_follower::step::at_end;
    bool is_trimmed = false;
    {
        const std::lock_guard lock{mutex_};
        end_record_ = follower_.position().next_record;
        is_at_end_ = is_at_end && is_open;
        failure_.clear();
        is_trimmed = !full_->empty() && full_->front() < first_record();
        if (is_trimmed) {
            auto left = std::make_shared<segment_list>(*full_);
            std::erase_if(*left, [first = first_record()](auto one) { return one < first; });
            full_ = std::move(left);
        }
    }
    changed_.notify_all();
    if (is_trimmed) {
        shelf_.forget_before(first_record());
        segments_.forget_before(first_record());
    }
    return is_at_end;
}

/// The current segment has become full.
void indexed_history::note_advance() {
    std::shared_ptr<const segment_index> full;
    {
        const std::lock_guard lock{mutex_};
        full = current_;
    }
    // First, so that it can be found all the time.
    shelf_.add(full, follower_.ledger());
    {
        const std::lock_guard lock{mutex_};
        auto longer = std::make_shared<segment_list>(*full_);
        longer->push_back(full->first_record());
        full_ = std::move(longer);
        current_ = follower_.current();
    }
    maker_.poke();
}

void indexed_history::fail(const std::string& why) {
    bool is_new = false;
    {
        const std::lock_guard lock{mutex_};
        is_new = failure_ != why;
        failure_ = why;
    }
    changed_.notify_all();
    // Before the log is open, recovery finds the same and reports it.
    if (is_new && log_.durable_end.load(std::memory_order_acquire) != 0)
        log::warn("the journal cannot be indexed: {}", why);
}

void indexed_history::wait_until_indexed() {
    const std::uint64_t end = log_.durable_end.load(std::memory_order_acquire);
    std::unique_lock lock{mutex_};
    while (end_record_ < end || !is_at_end_) {
        if (!failure_.empty())
            throw journal_error{storage_.path(""), "cannot be indexed: " + failure_};
        is_wanted_ = true;
        changed_.notify_all();
        changed_.wait_for(lock, busy_pause);
        stopping::check();
    }
    if (end_record_ != end)
        throw journal_error{storage_.path(""), "has records behind its end"};
}

bool indexed_history::reach(std::uint64_t record, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock{mutex_};
    if (record < end_record_)
        return true;
    is_wanted_ = true;
    changed_.notify_all();
    return changed_.wait_until(lock, deadline, [&] { return record < end_record_; });
}

std::uint64_t indexed_history::last_record() const {
    const std::lock_guard lock{mutex_};
    return end_record_ - 1;
}

std::uint64_t indexed_history::first_record() const noexcept {
    // Acquire: pairs with the release in log_progress.
    return std::max(first_listed_, log_.first_record.load(std::memory_order_acquire));
}

indexed_history::view indexed_history::now() const {
    view there;
    there.beginning = first_record();
    const std::lock_guard lock{mutex_};
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
        if (its) {
            const std::lock_guard lock{mutex_};
            first_time_ = {first, its->first_time_ns};
            found.first_time_ns = its->first_time_ns;
        }
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
