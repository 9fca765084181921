// The indexes of a journal's full segments: opens their files, and makes those that are missing or
// damaged.
//
// Index files are no part of durability. What cannot be written is kept in memory, a few at most,
// and tried again later; what is in neither is made from its segment when it is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "journal/file_pool.hpp"
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
    /// The tables of opened indexes stay in memory up to about this much.
    static constexpr std::size_t most_cached_bytes = std::size_t{64} << 20;
    /// So many segments at most that have no file yet are kept in memory.
    static constexpr std::size_t most_growing = 2;
    static constexpr std::size_t most_unwritten = 4;

    /// `where` must outlive this.
    explicit index_shelf(storage& where);

    /// The index of a full segment, after which the segment that begins with `next` comes. Throws
    /// journal_error if the segment cannot be read.
    [[nodiscard]] std::shared_ptr<const segment_lookup> of(std::uint64_t segment,
                                                           std::uint64_t next);
    /// Makes the index of a segment again, since `why`.
    void make_again(std::uint64_t segment, std::uint64_t next, const index_damaged& why);

    /// Takes the index of a segment that has become full.
    void add(std::shared_ptr<const segment_index> one, const ledger_id& ledger);
    /// Has make_files write the file of a segment if it is missing.
    void want(std::uint64_t segment, std::uint64_t next);
    /// Writes all files that are missing, until `is_stopping`. False if some could not be.
    [[nodiscard]] bool make_files(const std::function<bool()>& is_stopping);

    /// Removes the files of segments before this one, and forgets what is known of them.
    void forget_before(std::uint64_t first_record);

private:
    struct cached {
        std::shared_ptr<const opened_index> index;
        std::uint64_t last_use = 0;
    };
    struct full_segment {
        std::shared_ptr<const segment_index> index;
        ledger_id ledger;
    };

    [[nodiscard]] std::shared_ptr<const segment_lookup> in_memory(std::uint64_t segment);
    void keep(std::uint64_t segment, std::shared_ptr<const opened_index> one);
    [[nodiscard]] index_bytes made_from_segment(std::uint64_t segment, std::uint64_t next,
                                                const std::function<bool()>& is_stopping) const;
    [[nodiscard]] std::shared_ptr<const opened_index> keep_unwritten(std::uint64_t segment,
                                                                     index_bytes bytes);
    void encode_growing(const std::function<bool()>& is_stopping);
    [[nodiscard]] bool write_unwritten();
    [[nodiscard]] bool has_more();
    [[nodiscard]] std::optional<std::pair<std::uint64_t, std::uint64_t>> newest_missing();
    [[nodiscard]] bool make_missing(const std::function<bool()>& is_stopping);
    [[nodiscard]] bool write(std::uint64_t segment, const std::vector<std::byte>& bytes);

    storage& storage_;
    file_pool files_;
    std::mutex making_again_;  // held while a reading thread indexes a segment again

    std::mutex mutex_;  // of all below
    std::map<std::uint64_t, cached> opened_;
    std::size_t opened_bytes_ = 0;
    std::uint64_t uses_ = 0;
    std::map<std::uint64_t, full_segment> growing_;  // full, and not encoded yet
    struct unwritten_index {
        std::shared_ptr<const opened_index> index;
        index_bytes bytes;
    };
    std::map<std::uint64_t, unwritten_index> unwritten_;
    std::map<std::uint64_t, std::uint64_t> missing_;  // and the segment after each
    std::uint64_t first_record_ = 0;
    bool has_complained_ = false;
};

}  // namespace coffer::journal
