#include "journal/index_shelf.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "journal/batch_walk.hpp"
#include "journal/journal_error.hpp"
#include "journal/segment_reader.hpp"
#include "ops/log.hpp"

namespace coffer::journal {

index_shelf::index_shelf(storage& where) : storage_{where}, files_{where, &index_name} {}

std::shared_ptr<const segment_lookup> index_shelf::in_memory(std::uint64_t segment) {
    const std::lock_guard lock{mutex_};
    if (const auto one = growing_.find(segment); one != growing_.end())
        return one->second.index;
    if (const auto one = unwritten_.find(segment); one != unwritten_.end())
        return one->second.index;
    if (const auto one = opened_.find(segment); one != opened_.end()) {
        one->second.last_use = ++uses_;
        return one->second.index;
    }
    return nullptr;
}

std::shared_ptr<const segment_lookup> index_shelf::of(std::uint64_t segment, std::uint64_t next) {
    for (;;) {
        if (auto found = in_memory(segment))
            return found;
        const segment_header header = segment_reader{storage_, segment}.header();
        const batch_position end = segment_reader{storage_, next}.header().before;
        std::optional<index_damaged> why;
        try {
            auto opened = std::make_shared<const opened_index>(files_, header, end);
            keep(segment, opened);
            return opened;
        } catch (const index_damaged& damaged) {
            why = damaged;
        }
        make_again(segment, next, *why);
    }
}

void index_shelf::keep(std::uint64_t segment, std::shared_ptr<const opened_index> one) {
    std::vector<std::shared_ptr<const opened_index>> dropped;  // after the lock
    const std::lock_guard lock{mutex_};
    if (segment < first_record_)
        return;
    const std::size_t bytes = one->memory_bytes();
    if (!opened_.try_emplace(segment, cached{std::move(one), ++uses_}).second)
        return;
    opened_bytes_ += bytes;
    while (opened_bytes_ > most_cached_bytes && opened_.size() > 1) {
        const auto oldest = std::ranges::min_element(
            opened_, {}, [](const auto& each) { return each.second.last_use; });
        opened_bytes_ -= oldest->second.index->memory_bytes();
        dropped.push_back(std::move(oldest->second.index));
        opened_.erase(oldest);
    }
}

void index_shelf::make_again(std::uint64_t segment, std::uint64_t next, const index_damaged& why) {
    const std::lock_guard one_at_a_time{making_again_};
    {
        const std::lock_guard lock{mutex_};
        if (const auto one = opened_.find(segment); one != opened_.end()) {
            opened_bytes_ -= one->second.index->memory_bytes();
            opened_.erase(one);
        }
        if (growing_.contains(segment) || unwritten_.contains(segment))
            return;  // made meanwhile
    }
    files_.forget(segment);
    if (!why.is_missing())
        log::warn("{}: {}; it is made again", storage_.path(index_name(segment)), why.what());
    static_cast<void>(keep_unwritten(segment, made_from_segment(segment, next, {})));
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

std::shared_ptr<const opened_index> index_shelf::keep_unwritten(std::uint64_t segment,
                                                                index_bytes bytes) {
    auto made = std::make_shared<const opened_index>(bytes);
    const std::lock_guard lock{mutex_};
    if (segment < first_record_)
        return made;
    unwritten_.insert_or_assign(segment, unwritten_index{made, std::move(bytes)});
    while (unwritten_.size() > most_unwritten) {
        const auto oldest =
            unwritten_.begin()->first != segment ? unwritten_.begin() : --unwritten_.end();
        missing_.emplace(oldest->first, oldest->second.index->header().end_record);
        unwritten_.erase(oldest);
    }
    return made;
}

void index_shelf::add(std::shared_ptr<const segment_index> one, const ledger_id& ledger) {
    full_segment dropped;  // after the lock
    const std::lock_guard lock{mutex_};
    const std::uint64_t segment = one->first_record();
    growing_.emplace(segment, full_segment{std::move(one), ledger});
    if (growing_.size() <= most_growing)
        return;
    const auto oldest = growing_.begin();
    missing_.emplace(oldest->first, oldest->second.index->position().next_record);
    dropped = std::move(oldest->second);
    growing_.erase(oldest);
}

void index_shelf::want(std::uint64_t segment, std::uint64_t next) {
    const std::lock_guard lock{mutex_};
    missing_.emplace(segment, next);
}

bool index_shelf::make_files(const std::function<bool()>& is_stopping) {
    do {
        encode_growing(is_stopping);
        if (!write_unwritten() || !make_missing(is_stopping))
            return false;
    } while (has_more() && !is_stopping());
    const std::lock_guard lock{mutex_};
    has_complained_ = false;
    return true;
}

bool index_shelf::has_more() {
    const std::lock_guard lock{mutex_};
    return !growing_.empty() || !unwritten_.empty() || !missing_.empty();
}

void index_shelf::encode_growing(const std::function<bool()>& is_stopping) {
    while (!is_stopping()) {
        full_segment one;
        {
            const std::lock_guard lock{mutex_};
            if (growing_.empty())
                return;
            one = growing_.begin()->second;
        }
        const std::uint64_t segment = one.index->first_record();
        static_cast<void>(keep_unwritten(segment, std::make_shared<const std::vector<std::byte>>(
                                                      encode(*one.index, one.ledger))));
        const std::lock_guard lock{mutex_};
        growing_.erase(segment);
    }
}

bool index_shelf::write_unwritten() {
    for (;;) {
        std::uint64_t segment = 0;
        index_bytes bytes;
        {
            const std::lock_guard lock{mutex_};
            if (unwritten_.empty())
                return true;
            segment = unwritten_.begin()->first;
            bytes = unwritten_.begin()->second.bytes;
        }
        if (!write(segment, *bytes))
            return false;
        files_.forget(segment);
        const std::lock_guard lock{mutex_};
        unwritten_.erase(segment);
    }
}

/// The newest first: they are asked for the most.
bool index_shelf::make_missing(const std::function<bool()>& is_stopping) {
    std::size_t made_files = 0;
    auto logged = std::chrono::steady_clock::now();
    bool all = true;
    while (const auto one = newest_missing()) {
        if (is_stopping())
            return false;
        try {
            const index_bytes made = made_from_segment(one->first, one->second, is_stopping);
            if (made == nullptr || !write(one->first, *made)) {
                all = false;
                break;
            }
            ++made_files;
        } catch (const journal_error& error) {
            // It is damaged, or was trimmed: those that read it find out.
            log::warn("a segment cannot be indexed: {}", error.what());
        }
        const std::lock_guard lock{mutex_};
        missing_.erase(one->first);
        if (std::chrono::steady_clock::now() - logged > std::chrono::seconds{5}) {
            logged = std::chrono::steady_clock::now();
            log::info("index files of the journal were missing: {} made, {} left", made_files,
                      missing_.size());
        }
    }
    if (made_files != 0)
        log::info("index files of the journal were missing: {} made", made_files);
    return all;
}

/// Nothing too if there are others to be written first.
std::optional<std::pair<std::uint64_t, std::uint64_t>> index_shelf::newest_missing() {
    const std::lock_guard lock{mutex_};
    if (missing_.empty() || !growing_.empty() || !unwritten_.empty())
        return std::nullopt;
    return *missing_.rbegin();
}

/// Writes a file beside its place and renames it.
bool index_shelf::write(std::uint64_t segment, const std::vector<std::byte>& bytes) {
    {
        const std::lock_guard lock{mutex_};
        if (segment < first_record_)
            return true;
    }
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
        std::unique_lock lock{mutex_};
        const bool is_trimmed = segment < first_record_;
        lock.unlock();
        if (is_trimmed)  // meanwhile
            static_cast<void>(storage_.remove(index_name(segment)));
        return true;
    }
    static_cast<void>(storage_.remove(name));
    const std::lock_guard lock{mutex_};
    if (!has_complained_)
        log::warn(
            "{}: cannot be written: {}; statements are read without it, and it is tried again",
            storage_.path(index_name(segment)), error.message());
    has_complained_ = true;
    return false;
}

void index_shelf::forget_before(std::uint64_t first_record) {
    std::map<std::uint64_t, cached> dropped;  // after the lock
    {
        const std::lock_guard lock{mutex_};
        first_record_ = std::max(first_record_, first_record);
        while (!opened_.empty() && opened_.begin()->first < first_record) {
            opened_bytes_ -= opened_.begin()->second.index->memory_bytes();
            dropped.insert(opened_.extract(opened_.begin()));
        }
        growing_.erase(growing_.begin(), growing_.lower_bound(first_record));
        unwritten_.erase(unwritten_.begin(), unwritten_.lower_bound(first_record));
        missing_.erase(missing_.begin(), missing_.lower_bound(first_record));
    }
    files_.forget_before(first_record);
}

}  // namespace coffer::journal
