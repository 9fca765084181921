#include "journal/index_shelf.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "journal/batch_walk.hpp"
#include "journal/journal_error.hpp"
#include "journal/segment_reader.hpp"
#include "ops/log.hpp"

namespace coffer::journal {
namespace {

/// Takes elements out of a map until their indexes have at most so many bytes: the oldest first,
/// but not the one of `segment`.
template <class Map>
std::vector<typename Map::node_type> take_beyond(Map& all, std::size_t most_bytes,
                                                 std::uint64_t segment) {
    std::size_t bytes = 0;
    for (const auto& [number, each] : all)
        bytes += each.index->memory_bytes();
    std::vector<typename Map::node_type> taken;
    while (bytes > most_bytes && all.size() > 1) {
        const auto oldest = all.begin()->first != segment ? all.begin() : std::next(all.begin());
        bytes -= oldest->second.index->memory_bytes();
        taken.push_back(all.extract(oldest));
    }
    return taken;
}

/// Takes out what is below `first`.
template <class Map>
Map take_before(Map& all, std::uint64_t first) {
    Map taken;
    while (!all.empty() && all.begin()->first < first)
        taken.insert(all.extract(all.begin()));
    return taken;
}

}  // namespace

index_shelf::index_shelf(storage& where, const log_progress& log, std::function<void()> wake)
    : storage_{where}, log_{log}, wake_{std::move(wake)}, files_{where, &index_name} {}

bool index_shelf::is_trimmed(std::uint64_t segment) const noexcept {
    // Acquire: pairs with the release in log_progress.
    return segment < log_.first_record.load(std::memory_order_acquire);
}

std::shared_ptr<const segment_lookup> index_shelf::in_memory(std::uint64_t segment) {
    const std::lock_guard lock{mutex_};
    if (const auto found = unencoded_.find(segment); found != unencoded_.end())
        return found->second.index;
    if (const auto found = unwritten_.find(segment); found != unwritten_.end())
        return found->second.index;
    if (const auto found = opened_.find(segment); found != opened_.end()) {
        found->second.last_use = ++uses_;
        return found->second.index;
    }
    return nullptr;
}

std::shared_ptr<const segment_lookup> index_shelf::of(std::uint64_t segment, std::uint64_t next) {
    for (;;) {
        if (auto found = in_memory(segment))
            return found;
        std::optional<index_damaged> why;
        try {
            return open(segment, next);
        } catch (const index_damaged& damaged) {
            why = damaged;
        }
        make_again(segment, next, *why);
    }
}

std::shared_ptr<const opened_index> index_shelf::open(std::uint64_t segment, std::uint64_t next) {
    const segment_header header = segment_reader{storage_, segment}.header();
    const batch_position end = segment_reader{storage_, next}.header().before;
    auto opened = std::make_shared<const opened_index>(files_, header, end);
    keep_opened(segment, opened);
    keep_filter(segment, opened->filter());
    return opened;
}

bool index_shelf::may_have(std::uint64_t segment, account_number account) {
    std::shared_ptr<const account_filter> filter;
    {
        const std::lock_guard lock{mutex_};
        if (const auto found = filters_.find(segment); found != filters_.end())
            filter = found->second;
    }
    return filter == nullptr || filter->may_have(account);
}

void index_shelf::keep_opened(std::uint64_t segment,
                              const std::shared_ptr<const opened_index>& file) {
    std::vector<std::shared_ptr<const opened_index>> freed;  // after the lock
    const std::lock_guard lock{mutex_};
    if (is_trimmed(segment) || !opened_.try_emplace(segment, opened_file{file, ++uses_}).second)
        return;
    opened_bytes_ += file->memory_bytes();
    while (opened_bytes_ > most_opened_bytes && opened_.size() > 1) {
        const auto oldest = std::ranges::min_element(
            opened_, {}, [](const auto& each) { return each.second.last_use; });
        opened_bytes_ -= oldest->second.index->memory_bytes();
        freed.push_back(std::move(oldest->second.index));
        opened_.erase(oldest);
    }
}

void index_shelf::keep_filter(std::uint64_t segment, std::shared_ptr<const account_filter> filter) {
    std::vector<std::shared_ptr<const account_filter>> freed;  // after the lock
    const std::lock_guard lock{mutex_};
    if (is_trimmed(segment))
        return;
    filter_bytes_ += filter->bytes().size();
    std::shared_ptr<const account_filter>& kept = filters_[segment];
    kept.swap(filter);
    if (filter != nullptr) {
        filter_bytes_ -= filter->bytes().size();
        freed.push_back(std::move(filter));
    }
    // The oldest ones, whichever came last: a question that goes from the newest segment to the
    // oldest then finds the same ones each time.
    while (filter_bytes_ > most_filter_bytes && filters_.size() > 1) {
        filter_bytes_ -= filters_.begin()->second->bytes().size();
        freed.push_back(std::move(filters_.begin()->second));
        filters_.erase(filters_.begin());
    }
}

void index_shelf::keep_unwritten(std::uint64_t segment, index_bytes bytes) {
    auto made = std::make_shared<const opened_index>(bytes);
    keep_filter(segment, made->filter());
    std::vector<decltype(unwritten_)::node_type> freed;  // after the lock
    const std::lock_guard lock{mutex_};
    if (is_trimmed(segment))
        return;
    unwritten_index one{std::move(made), std::move(bytes)};
    std::swap(unwritten_[segment], one);
    unchecked_.erase(segment);
    freed = take_beyond(unwritten_, most_unwritten_bytes, segment);
    for (const auto& each : freed)
        unchecked_.emplace(each.key(), each.mapped().index->header().end_record);
}

void index_shelf::make_again(std::uint64_t segment, std::uint64_t next, const index_damaged& why) {
    const std::lock_guard one_at_a_time{making_again_};
    decltype(opened_)::node_type freed;  // after the lock
    {
        const std::lock_guard lock{mutex_};
        if (unencoded_.contains(segment) || unwritten_.contains(segment))
            return;  // made meanwhile
        freed = opened_.extract(segment);
        if (!freed.empty())
            opened_bytes_ -= freed.mapped().index->memory_bytes();
    }
    files_.forget(segment);
    if (!why.is_missing())
        log::warn("{}: {}; it is made again", storage_.path(index_name(segment)), why.what());
    keep_unwritten(segment, made_from_segment(segment, next, {}));
    wake_();
}

bool index_shelf::make_again_once(std::uint64_t segment, std::uint64_t next) {
    {
        const std::lock_guard lock{mutex_};
        if (!made_again_.insert(segment).second)
            return false;
    }
    make_again(segment, next, index_damaged{"it is not that of its segment"});
    return true;
}

/// Throws journal_error if the segment does not end where the next one begins.
index_bytes index_shelf::made_from_segment(std::uint64_t segment, std::uint64_t next,
                                           const std::function<bool()>& is_stopping) const {
    batch_walk from{storage_, segment};
    segment_index made{from.header().before};
    while (const auto one = from.next()) {
        if (is_stopping && is_stopping())
            return nullptr;
        if (const refused_record refused = made.add(one->value, one->offset);
            !refused.reason.empty())
            throw journal_error{from.path(), one->offset + refused.offset, refused.reason};
    }
    if (from.position() != segment_reader{storage_, next}.header().before)
        throw journal_error{from.path(), from.offset(), "there is no batch where one should be"};
    return std::make_shared<const std::vector<std::byte>>(encode(made, from.header().ledger));
}

void index_shelf::add(std::shared_ptr<const segment_index> full, const ledger_id& ledger) {
    std::vector<decltype(unencoded_)::node_type> freed;  // after the lock
    const std::lock_guard lock{mutex_};
    const std::uint64_t segment = full->first_record();
    unencoded_.emplace(segment, full_segment{std::move(full), ledger});
    freed = take_beyond(unencoded_, most_unencoded_bytes, segment);
    for (const auto& each : freed)
        unchecked_.emplace(each.key(), each.mapped().index->position().next_record);
}

void index_shelf::check(std::uint64_t segment, std::uint64_t next) {
    const std::lock_guard lock{mutex_};
    unchecked_.emplace(segment, next);
}

bool index_shelf::make_files(const std::function<bool()>& is_stopping) {
    do {
        encode_full(is_stopping);
        if (!write_unwritten() || !check_files(is_stopping))
            return false;
    } while (has_more() && !is_stopping());
    has_complained_ = false;
    return true;
}

bool index_shelf::has_more() {
    const std::lock_guard lock{mutex_};
    return !unencoded_.empty() || !unwritten_.empty() || !unchecked_.empty();
}

void index_shelf::encode_full(const std::function<bool()>& is_stopping) {
    while (!is_stopping()) {
        full_segment one;
        {
            const std::lock_guard lock{mutex_};
            if (unencoded_.empty())
                return;
            one = unencoded_.begin()->second;
        }
        const std::uint64_t segment = one.index->first_record();
        keep_unwritten(segment, std::make_shared<const std::vector<std::byte>>(
                                    encode(*one.index, one.ledger)));
        decltype(unencoded_)::node_type freed;  // after the lock
        const std::lock_guard lock{mutex_};
        freed = unencoded_.extract(segment);
    }
}

bool index_shelf::write_unwritten() {
    for (;;) {
        unwritten_index one;
        std::uint64_t segment = 0;
        {
            const std::lock_guard lock{mutex_};
            if (unwritten_.empty())
                return true;
            segment = unwritten_.begin()->first;
            one = unwritten_.begin()->second;
        }
        if (!write(segment, *one.bytes))
            return false;
        files_.forget(segment);
        const std::lock_guard lock{mutex_};
        const auto found = unwritten_.find(segment);
        // It may have been made again meanwhile. `one` is freed after the lock.
        if (found != unwritten_.end() && found->second.bytes == one.bytes)
            unwritten_.erase(found);
    }
}

/// The newest first: they are asked for the most.
bool index_shelf::check_files(const std::function<bool()>& is_stopping) {
    std::size_t made = 0;
    auto logged = std::chrono::steady_clock::now();
    outcome last = outcome::right;
    while (const auto one = newest_unchecked()) {
        if (is_stopping())
            return false;
        last = check_file(*one, is_stopping);
        if (last == outcome::failed)
            break;
        made += last == outcome::made ? 1 : 0;
        std::size_t left = 0;
        {
            const std::lock_guard lock{mutex_};
            unchecked_.erase(one->first);
            left = unchecked_.size();
        }
        if (made != 0 && std::chrono::steady_clock::now() - logged > std::chrono::seconds{5}) {
            logged = std::chrono::steady_clock::now();
            log::info("index files of the journal were missing: {} made, {} left to look at", made,
                      left);
        }
    }
    if (made != 0)
        log::info("index files of the journal were missing: {} made", made);
    return last != outcome::failed;
}

index_shelf::outcome index_shelf::check_file(segment_and_next which,
                                             const std::function<bool()>& is_stopping) {
    const auto [segment, next] = which;
    try {
        try {
            static_cast<void>(open(segment, next));
            return outcome::right;
        } catch (const index_damaged& damaged) {
            if (!damaged.is_missing())
                log::warn("{}: {}; it is made again", storage_.path(index_name(segment)),
                          damaged.what());
        }
        const index_bytes made = made_from_segment(segment, next, is_stopping);
        if (made == nullptr || !write(segment, *made))
            return outcome::failed;
        files_.forget(segment);
        keep_filter(segment, opened_index{made}.filter());
        return outcome::made;
    } catch (const journal_error& error) {
        // Questions that need it find the same, unless it has been trimmed.
        if (!is_trimmed(segment))
            log::warn("a segment cannot be indexed: {}", error.what());
        return outcome::right;
    }
}

/// Nothing also if there are others to be written first.
std::optional<index_shelf::segment_and_next> index_shelf::newest_unchecked() {
    const std::lock_guard lock{mutex_};
    if (unchecked_.empty() || !unencoded_.empty() || !unwritten_.empty())
        return std::nullopt;
    return *unchecked_.rbegin();
}

/// Writes a file beside its place and renames it.
bool index_shelf::write(std::uint64_t segment, const std::vector<std::byte>& bytes) {
    if (is_trimmed(segment))
        return true;
    const std::string name{index_in_the_making};
    static_cast<void>(storage_.remove(name));
    auto made = storage_.open(name, storage::access::create);
    std::error_code error = made.error;
    if (!error)
        error = made.file->write(0, bytes);
    // Not for durability: so that a crash does not leave a file that has to be made again.
    if (!error)
        error = made.file->sync();
    made.file.reset();
    if (!error)
        error = storage_.rename(name, index_name(segment));
    if (!error) {
        // A trim notes the new beginning before it removes files, so one of the two removes it.
        if (is_trimmed(segment))
            static_cast<void>(storage_.remove(index_name(segment)));
        return true;
    }
    static_cast<void>(storage_.remove(name));
    if (!has_complained_)
        log::warn(
            "{}: cannot be written: {}; statements are read without it, and it is tried again",
            storage_.path(index_name(segment)), error.message());
    has_complained_ = true;
    return false;
}

void index_shelf::forget_before(std::uint64_t first_record) {
    // All of these are freed after the lock.
    decltype(opened_) opened;
    decltype(unencoded_) unencoded;
    decltype(unwritten_) unwritten;
    decltype(filters_) filters;
    {
        const std::lock_guard lock{mutex_};
        opened = take_before(opened_, first_record);
        unencoded = take_before(unencoded_, first_record);
        unwritten = take_before(unwritten_, first_record);
        filters = take_before(filters_, first_record);
        for (const auto& each : opened)
            opened_bytes_ -= each.second.index->memory_bytes();
        for (const auto& each : filters)
            filter_bytes_ -= each.second->bytes().size();
        unchecked_.erase(unchecked_.begin(), unchecked_.lower_bound(first_record));
        made_again_.erase(made_again_.begin(), made_again_.lower_bound(first_record));
    }
    files_.forget_before(first_record);
}

}  // namespace coffer::journal
