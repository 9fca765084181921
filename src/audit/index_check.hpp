// Compares the journal's index files with their segments.
//
// A wrong one is no fault of the ledger: a server notices damage when it reads one, and makes it
// again. So it is reported as a note. Missing ones are made at the next start.
#pragma once

#include <cstdint>
#include <memory>

#include "audit/report.hpp"
#include "journal/batch.hpp"
#include "journal/segment.hpp"
#include "journal/segment_index.hpp"
#include "journal/storage.hpp"

namespace coffer::audit {

/// Thread safety: none.
class index_check {
public:
    /// Adds to `notes`. Both must outlive this.
    index_check(const journal::storage& where, fault_list& notes) noexcept
        : storage_{where}, notes_{notes} {}

    /// To be called with each batch, in order: it is at `offset` in this segment. Compares the
    /// index of the segment before with its file once all of that segment has been seen.
    void take(const journal::batch_view& one, const journal::segment_header& in,
              std::uint64_t offset);
    /// To be called at the end of the journal, which is in this segment: it may have no batch.
    void end(const journal::segment_header& in);

private:
    void begin(const journal::segment_header& in);
    void compare(const journal::segment_header& next);

    const journal::storage& storage_;
    fault_list& notes_;
    std::uint64_t segment_ = 0;  // the first record of the one being read
    // Its index; null if that need not be compared: it has no file, or the segment is wrong.
    std::unique_ptr<journal::segment_index> made_;
};

}  // namespace coffer::audit
