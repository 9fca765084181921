// The threads of an indexed_history: following the journal, and writing index files.
#include <algorithm>
#include <utility>

#include "journal/indexed_history.hpp"
#include "journal/interruption.hpp"
#include "journal/journal_error.hpp"
#include "journal/segment.hpp"
#include "ops/log.hpp"
#include "ops/stopping.hpp"

namespace coffer::journal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds busy_pause{50};
constexpr milliseconds idle_pause{200};
constexpr milliseconds least_failed_pause{1000};
constexpr milliseconds most_failed_pause{10'000};
constexpr milliseconds file_retry{10'000};

}  // namespace

indexed_history::indexed_history(storage& where, const log_progress& log)
    : storage_{where},
      log_{log},
      segments_{where, &segment_name},
      shelf_{where, log, [this] { maker_.poke(); }},
      follower_{where, log},
      maker_{[this] { return make_files(); }, std::nullopt} {
    thread_ = std::thread{[this] { run(); }};
}

indexed_history::~indexed_history() {
    // Nothing can be done where the disk does not answer: see stop_by.
    static_cast<void>(stop_by(std::chrono::steady_clock::time_point{}));
    thread_.join();
}

bool indexed_history::stop_by(std::chrono::steady_clock::time_point deadline) noexcept {
    std::unique_lock lock{mutex_};
    is_stopping_ = true;
    changed_.notify_all();
    return changed_.wait_until(lock, deadline, [this] { return threads_ == 0; });
}

background_work::pause indexed_history::make_files() noexcept {
    {
        const std::lock_guard lock{mutex_};
        if (is_stopping_ || !writes_files_)
            return std::nullopt;
        ++threads_;
    }
    background_work::pause next = file_retry;
    try {
        if (shelf_.make_files([this] { return is_stopping_.load(); }))
            next = std::nullopt;
    } catch (const std::exception& error) {
        log::warn("the journal's index files cannot be made: {}", error.what());
    }
    const std::lock_guard lock{mutex_};
    --threads_;
    changed_.notify_all();
    return next;
}

/// Removes the index files of segments that are gone, and one that was being written.
void indexed_history::remove_others() {
    const std::vector<std::uint64_t> all = list_segments(storage_);
    for (const std::string& name : storage_.list().names)
        if (const auto segment = parse_index_name(name);
            segment && !std::ranges::binary_search(all, *segment))
            static_cast<void>(storage_.remove(name));
    static_cast<void>(storage_.remove(std::string{index_in_the_making}));
}

/// Has the index files of full segments checked, and made that are not there.
void indexed_history::want_missing() {
    const std::vector<std::uint64_t> all = list_segments(storage_);
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        shelf_.check(all[i], all[i + 1]);
    maker_.poke();
}

void indexed_history::run() noexcept {
    std::unique_lock lock{mutex_};
    milliseconds pause{0};
    milliseconds failed_pause = least_failed_pause;
    while (!is_stopping_) {
        changed_.wait_for(lock, pause,
                          [this] { return is_stopping_ || (is_wanted_ && !has_failed_); });
        is_wanted_ = false;
        const std::uint64_t before = end_record_;
        lock.unlock();
        const bool done = catch_up();
        lock.lock();
        pause = !done ? failed_pause : end_record_ != before ? busy_pause : idle_pause;
        failed_pause = done ? least_failed_pause : std::min(2 * failed_pause, most_failed_pause);
    }
    --threads_;
    changed_.notify_all();
}

/// Returns whether all that is durable can be found.
bool indexed_history::catch_up() noexcept {
    try {
        while (!is_stopping_ && !follow()) {
        }
        return true;
    } catch (const std::exception& error) {
        fail(error.what());
        return false;
    }
}

/// Begins with the last segment: those before it have index files, or get them.
void indexed_history::begin() {
    is_whole_ = false;
    segment_list all = list_segments(storage_);
    if (all.empty())
        throw journal_error{storage_.path(""), "there is no segment of a journal here"};
    follower_.begin(all.back());
    all.pop_back();
    auto full = std::make_shared<const segment_list>(std::move(all));
    bool writes_files = false;
    {
        const std::lock_guard lock{mutex_};
        full_ = std::move(full);
        current_ = follower_.current();
        end_record_ = follower_.position().next_record;
        is_at_end_ = false;
        writes_files = writes_files_;
    }
    if (writes_files)
        want_missing();
    is_whole_ = true;
}

/// A step. True once all that is durable can be found.
bool indexed_history::follow() {
    const bool is_open = log_.durable_end.load(std::memory_order_acquire) != 0;
    if (!is_whole_ || !follower_.is_sound())
        begin();
    const segment_follower::step step = follower_.follow();
    if (step == segment_follower::step::advanced) {
        is_whole_ = false;
        note_advance();
        is_whole_ = true;
    }
    const bool is_at_end = step == segment_follower::step::at_end;
    {
        const std::lock_guard lock{mutex_};
        end_record_ = follower_.position().next_record;
        is_at_end_ = is_at_end && is_open;
        has_failed_ = false;
    }
    changed_.notify_all();
    forget_trimmed();
    return is_at_end;
}

void indexed_history::forget_trimmed() {
    const std::uint64_t first = first_record();
    {
        const std::lock_guard lock{mutex_};
        if (full_->empty() || full_->front() >= first)
            return;
        auto left = std::make_shared<segment_list>(*full_);
        std::erase_if(*left, [first](auto one) { return one < first; });
        full_ = std::move(left);
    }
    shelf_.forget_before(first);
    segments_.forget_before(first);
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

void indexed_history::fail(const char* why) noexcept {
    try {
        bool is_new = false;
        {
            const std::lock_guard lock{mutex_};
            is_new = failure_ != why || !has_failed_;
            has_failed_ = true;
            failure_ = why;
        }
        changed_.notify_all();
        // Before the log is open, recovery finds the same and reports it.
        if (is_new && log_.durable_end.load(std::memory_order_acquire) != 0)
            log::warn("the journal cannot be indexed now: {}; statements are refused until it can",
                      why);
    } catch (const std::exception&) {  // no memory to report it
    }
}

void indexed_history::wait_until_indexed() {
    try {
        remove_others();
    } catch (const journal_error& error) {
        log::warn("old index files cannot be removed: {}", error.what());
    }
    const std::uint64_t end = log_.durable_end.load(std::memory_order_acquire);
    std::unique_lock lock{mutex_};
    writes_files_ = true;
    has_failed_ = false;  // that may have been long ago
    while ((end_record_ != end || !is_at_end_) && !has_failed_) {
        is_wanted_ = true;
        changed_.notify_all();
        changed_.wait_for(lock, busy_pause);
        stopping::check();
    }
    lock.unlock();
    try {
        want_missing();
    } catch (const journal_error& error) {
        log::warn("index files may be missing: {}", error.what());
    }
}

bool indexed_history::reach(std::uint64_t record, std::chrono::steady_clock::time_point deadline) {
    const auto is_there = [&] {
        return record < end_record_ && current_->first_record() >= first_record();
    };
    std::unique_lock lock{mutex_};
    while (!is_there()) {
        is_wanted_ = true;
        changed_.notify_all();
        const auto now = std::chrono::steady_clock::now();
        if (has_failed_ || is_stopping_ || now >= deadline)
            return false;
        interruption::check();
        changed_.wait_until(lock, std::min(deadline, now + busy_pause));
    }
    return true;
}

}  // namespace coffer::journal
