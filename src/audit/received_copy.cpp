#include "audit/received_copy.hpp"

#include <utility>

#include "audit/auditor.hpp"
#include "audit/data_files.hpp"

namespace coffer::audit {

received_copy::received_copy(const std::filesystem::path& destination, leftover found)
    : to_{destination, found},
      snapshots_{to_.files().snapshots},
      journal_{to_.files().journal, segment_size::whole} {}

snapshot::snapshot_info received_copy::publish(std::uint64_t number) {
    snapshot::snapshot_info stated = snapshot::check_snapshot(snapshots_.temporary(number));
    if (stated.number != number)
        throw data_error{snapshots_.temporary(number).string() + ": it states the number " +
                         std::to_string(stated.number)};
    snapshots_.publish(number);
    snapshots_.prune(1);
    return stated;
}

void received_copy::begin(const ledger_id& ledger, const journal::batch_position& before,
                          std::uint64_t segment_bytes) {
    journal_.enter({.ledger = ledger, .before = before, .bytes = segment_bytes});
    has_begun_ = true;
}

finished_copy received_copy::finish() {
    journal_.finish();
    finished_copy made;
    made.audited = examine(to_.files());
    return audit::finish(std::move(made), to_);
}

}  // namespace coffer::audit
