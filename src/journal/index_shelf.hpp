// The indexes of a journal's full segments: opens their files, and makes those that are missing or
// damaged.
//
// Index files are no part of durability. Where one cannot be written, its index is kept in memory,
// within bounds, and written later; where it is neither there nor in memory, it is made again from
// the segment. The index of a full segment is in one of these places:
//
// | place       | what is there                         | it leaves the place when               |
// |-------------|---------------------------------------|----------------------------------------|
// | unencoded_  | the hash table that was built while   | make_files has encoded it: unwritten_; |
// |             | the segment grew                      | there are too many: unchecked_         |
// | unwritten_  | the bytes of the file to be           | make_files has written it: the file;   |
// |             |                                       | there are too many: unchecked_         |
// | unchecked_  | nothing: the file may be missing, or  | make_files has read the file, or made  |
// |             | be of another version (at a start all | it from the segment                    |
// |             | files are here)                       |                                        |
// | opened_     | tables of the file; its blocks are    | others were used later, and there are  |
// |             | read when they are needed             | too many: it is in its file only       |
// | its file    | all of it                             | its segment is trimmed                 |
//
// Beside these, filters_ has the filters of accounts of all of them, the newest ones if these are
// too many. So a question about an account reads the indexes of few segments without postings of
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "journal/file_pool.hpp"
#include "journal/log_progress.hpp"
#include "journal/opened_index.hpp"
#include "journal/segment_index.hpp"
#include "journal/segment_lookup.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

/// Thread safety: all members may be called from any thread at once, make_files by one at a time.
/// No lock is held during a call of the file system but one that keeps two threads from indexing a
/// segment again at the same time.
class index_shelf {
public:
    // Bounds of what is in memory: in each place one index more, the newest, however large it is.
    static constexpr std::size_t most_unencoded_bytes = std::size_t{256} << 20;
    static constexpr std::size_t most_unwritten_bytes = std::size_t{64} << 20;
    static constexpr std::size_t most_opened_bytes = std::size_t{64} << 20;
    static constexpr std::size_t most_filter_bytes = std::size_t{256} << 20;

    /// `wake` is called, by any thread, when make_files has something to do. `where` and `log` must
    /// outlive this.
    index_shelf(storage& where, const log_progress& log, std::function<void()> wake);

    /// The index of a full segment, after which the segment that begins with `next` comes. Throws
    /// journal_error if the segment, or its index, cannot be read.
    [[nodiscard]] std::shared_ptr<const segment_lookup> of(std::uint64_t segment,
                                                           std::uint64_t next);
    /// False: the account has no posting in that full segment. Reads no file.
    [[nodiscard]] bool may_have(std::uint64_t segment, account_number account);

    /// Makes the index of a segment again, since `why`.
    void make_again(std::uint64_t segment, std::uint64_t next, const index_damaged& why);
    /// The same, but only once for each segment: false if that was done before.
    [[nodiscard]] bool make_again_once(std::uint64_t segment, std::uint64_t next);

    /// Takes the index of a segment that has become full.
    void add(std::shared_ptr<const segment_index> full, const ledger_id& ledger);
    /// Has make_files check that the file of a segment is there and is its index.
    void check(std::uint64_t segment, std::uint64_t next);
    /// Writes all files that are missing, until `is_stopping`. False if some could not be.
    [[nodiscard]] bool make_files(const std::function<bool()>& is_stopping);

    /// Forgets what is known of segments before this one, which have been trimmed.
    void forget_before(std::uint64_t first_record);

private:
    struct opened_file {
        std::shared_ptr<const opened_index> index;
        std::uint64_t last_use = 0;
    };
    struct full_segment {
        std::shared_ptr<const segment_index> index;
        ledger_id ledger;
    };
    struct unwritten_index {
        std::shared_ptr<const opened_index> index;
        index_bytes bytes;
    };
    using segment_and_next = std::pair<std::uint64_t, std::uint64_t>;

    [[nodiscard]] bool is_trimmed(std::uint64_t segment) const noexcept;
    [[nodiscard]] std::shared_ptr<const segment_lookup> in_memory(std::uint64_t segment);
    [[nodiscard]] std::shared_ptr<const opened_index> open(std::uint64_t segment,
                                                           std::uint64_t next);
    void keep_opened(std::uint64_t segment, const std::shared_ptr<const opened_index>& file);
    void keep_filter(std::uint64_t segment, std::shared_ptr<const account_filter> filter);
    void keep_unwritten(std::uint64_t segment, index_bytes bytes);
    [[nodiscard]] index_bytes made_from_segment(std::uint64_t segment, std::uint64_t next,
                                                const std::function<bool()>& is_stopping) const;

    void encode_full(const std::function<bool()>& is_stopping);
    [[nodiscard]] bool write_unwritten();
    [[nodiscard]] bool check_files(const std::function<bool()>& is_stopping);
    enum class outcome : std::uint8_t { right, made, failed };
    [[nodiscard]] outcome check_file(segment_and_next which,
                                     const std::function<bool()>& is_stopping);
    [[nodiscard]] bool has_more();
    [[nodiscard]] std::optional<segment_and_next> newest_unchecked();
    [[nodiscard]] bool write(std::uint64_t segment, const std::vector<std::byte>& bytes);

    storage& storage_;
    const log_progress& log_;
    const std::function<void()> wake_;
    file_pool files_;
    std::mutex making_again_;      // held while a reading thread indexes a segment again
    bool has_complained_ = false;  // make_files' own

    std::mutex mutex_;  // of all below
    std::map<std::uint64_t, full_segment> unencoded_;
    std::map<std::uint64_t, unwritten_index> unwritten_;
    std::map<std::uint64_t, std::uint64_t> unchecked_;  // and the segment after each
    std::map<std::uint64_t, opened_file> opened_;
    std::size_t opened_bytes_ = 0;
    std::uint64_t uses_ = 0;
    std::map<std::uint64_t, std::shared_ptr<const account_filter>> filters_;
    std::size_t filter_bytes_ = 0;
    std::set<std::uint64_t> made_again_;
};

}  // namespace coffer::journal
