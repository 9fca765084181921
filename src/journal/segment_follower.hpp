// Follows a journal of files to its durable end, and indexes its last segment in memory. No thread
// of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "journal/batch_walk.hpp"
#include "journal/log_progress.hpp"
#include "journal/segment_index.hpp"
#include "journal/storage.hpp"

namespace coffer::journal {

/// Thread safety: none; what is indexed may be read by any thread.
class segment_follower {
public:
    /// Both must outlive this. begin comes before all else.
    segment_follower(const storage& where, const log_progress& log) noexcept
        : storage_{where}, log_{log} {}

    /// Whether there is something to follow: begin has been called, and may be left as it is. If
    /// not, what has been indexed may be incomplete, or its segment has been trimmed.
    [[nodiscard]] bool is_sound() const noexcept;
    /// Begins, again perhaps, with the segment that has this first record. Throws journal_error, as
    /// follow does.
    void begin(std::uint64_t first_record);

    [[nodiscard]] const std::shared_ptr<segment_index>& current() const noexcept {
        return current_;
    }
    [[nodiscard]] const batch_position& position() const noexcept { return walk_->position(); }
    [[nodiscard]] const ledger_id& ledger() const noexcept { return walk_->header().ledger; }

    enum class step : std::uint8_t {
        some,      ///< there may be more
        at_end,    ///< everything durable has been indexed
        advanced,  ///< the segment was full, and current() is the next one
    };
    /// Indexes the next batches, a few. To be called again after it has thrown, too, while
    /// is_sound.
    [[nodiscard]] step follow();

private:
    [[nodiscard]] bool advance();

    const storage& storage_;
    const log_progress& log_;
    std::unique_ptr<batch_walk> walk_;
    std::shared_ptr<segment_index> current_;
    bool is_broken_ = false;  // a batch may have been indexed in part
};

}  // namespace coffer::journal
