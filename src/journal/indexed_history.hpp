// The history of a journal of files: found by the index files of its full segments, and by an index
// in memory of the segment that is appended to.
//
// One thread follows the journal to its durable end, at once if a thread waits in `reach`,
// otherwise at intervals, so that each sync does not wake it. A second thread writes the index
// files. What appends waits for neither.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "journal/background_work.hpp"
#include "journal/file_pool.hpp"
#include "journal/history.hpp"
#include "journal/index_shelf.hpp"
#include "journal/log_progress.hpp"
#include "journal/segment_follower.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

/// Memory: for the segment that is appended to up to twice its size (117 MB for one of 64 MiB whose
/// postings are all of different accounts; half as much again while the hash table grows), and
/// the limits of index_shelf beside it.
class indexed_history final : public history {
public:
    // The pools of segments and of index files; beside them, what two readers, the follower and the
    // maker of index files use at the same time.
    static_assert(2 * file_pool::most_open + 4 * 3 <= most_open_files);

    /// Begins to index the journal there, which has a segment. Both must outlive this. Throws
    /// std::system_error. Where the journal cannot be indexed, tries again from time to time, and
    /// logs why once the log is open; `reach` returns false meanwhile.
    indexed_history(storage& where, const log_progress& log);
    ~indexed_history() override;

    /// Begins to write the index files that are missing, removes those of segments that are gone,
    /// and waits until all that is there has been indexed, or could not be. To be called before
    /// anything is asked for, once the log is open: it is not appended to meanwhile. Until then no
    /// file is changed. Throws stopping::stopped.
    void wait_until_indexed();

    [[nodiscard]] bool reach(std::uint64_t record,
                             std::chrono::steady_clock::time_point deadline) override;
    [[nodiscard]] std::uint64_t last_record() const override;
    [[nodiscard]] history_beginning beginning() const override;
    [[nodiscard]] std::optional<extent> at(std::uint64_t record) const override;
    [[nodiscard]] std::uint64_t record_as_of(std::uint64_t time_ns) const override;
    [[nodiscard]] std::optional<account_extent> latest(account_number account,
                                                       std::uint64_t most_sequence) const override;
    [[nodiscard]] std::optional<account_extent> latest_as_of(account_number account,
                                                             std::uint64_t time_ns) const override;
    [[nodiscard]] std::optional<account_extent> earliest(account_number account,
                                                         std::uint64_t from_record) const override;
    void read(const extent& one, const visitor& visit) const override;
    void doubt(const extent& one) const noexcept override;
    [[nodiscard]] bool stop_by(std::chrono::steady_clock::time_point deadline) noexcept override;

private:
    using segment_list = std::vector<std::uint64_t>;
    /// What there is at one moment.
    struct view {
        std::uint64_t beginning = 0;
        segment_list segments;  ///< not trimmed; the last is the current one
        std::shared_ptr<const segment_index> current;
    };
    template <class Question>
    [[nodiscard]] auto ask(const Question& question) const;
    template <class Question>
    [[nodiscard]] auto ask_segment(const view& there, std::size_t index,
                                   const Question& question) const;
    template <class Question>
    [[nodiscard]] std::optional<account_extent> newest(const view& there, std::size_t end,
                                                       account_number account,
                                                       const Question& question) const;

    [[noreturn]] void refuse(const extent& one, std::uint64_t offset, const std::string& why) const;
    [[nodiscard]] view now() const;
    [[nodiscard]] std::uint64_t first_record() const noexcept;
    [[nodiscard]] background_work::pause make_files() noexcept;
    void remove_others();
    void want_missing();
    void run() noexcept;
    [[nodiscard]] bool catch_up() noexcept;
    void begin();
    [[nodiscard]] bool follow();
    void note_advance();
    void forget_trimmed();
    void fail(const char* why) noexcept;

    storage& storage_;
    const log_progress& log_;
    mutable file_pool segments_;
    mutable index_shelf shelf_;
    segment_follower follower_;  // the following thread's own
    bool is_whole_ = false;      // likewise: what the follower has come to is what is below

    mutable std::mutex mutex_;  // of all below
    mutable std::condition_variable changed_;
    std::shared_ptr<const segment_list> full_;      // null: it has not begun
    std::shared_ptr<const segment_index> current_;  // likewise
    std::uint64_t end_record_ = 0;                  // what can be found ends there
    bool is_at_end_ = false;
    bool is_wanted_ = false;
    bool writes_files_ = false;
    bool has_failed_ = false;  // the last step
    std::string failure_;      // why one failed last
    int threads_ = 1;  // that may be in a call of the disk: its own, and one that makes files
    mutable std::pair<std::uint64_t, std::uint64_t> first_time_{0, 0};  // of a first record

    std::atomic<bool> is_stopping_{false};
    // The last members, since their threads use the others.
    background_work maker_;
    std::thread thread_;
};

}  // namespace coffer::journal
