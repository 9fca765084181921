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
    /// Begins with the segment that has this first record, which was the last one. Throws
    /// journal_error, as follow does. Both must outlive this.
    segment_follower(const storage& where, const log_progress& log, std::uint64_t first_record);

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
    /// Indexes the next batches, a few. To be called again after it has thrown, too.
    [[nodiscard]] step follow();

private:
    [[nodiscard]] bool advance();

    const storage& storage_;
    const log_progress& log_;
    std::unique_ptr<batch_walk> walk_;
    std::shared_ptr<segment_index> current_;
    bool is_broken_ = false;
};

}  // namespace coffer::journal
