#include "journal/committer.hpp"

#include <algorithm>
#include <utility>

namespace coffer::journal {

committer::committer(coffer::ledger& ledger, batch_log& log, std::span<lane* const> lanes,
                     clock now, bool confirms_markers)
    : log_{log},
      appender_{log},
      merge_{ledger, lanes},
      batch_{log.max_batch_bytes()},
      now_{std::move(now)},
      confirms_markers_{confirms_markers},
      durable_record_{appender_.end().next_record - 1} {}

committer::progress committer::collect() {
    if (!failure_.empty())
        return progress::failed;
    if (in_doubt_ || is_confirming_)
        return progress::collected;
    if (!merge_.collect(batch_))
        return fail(merge_.complaint());
    if (!merge_.anything_collected())
        return progress::idle;
    begin_pending();
    return progress::collected;
}

void committer::begin_pending() noexcept {
    if (pending_since_.load(std::memory_order_relaxed) == 0)
        pending_since_.store(running_clock::now().time_since_epoch().count(),
                             std::memory_order_relaxed);
}

committer::progress committer::commit() {
    if (!failure_.empty())
        return progress::failed;
    if (in_doubt_ || batch_.records() != 0)
        return append();
    return merge_.anything_collected() ? report_markers() : progress::idle;
}

/// Markers alone: the postings that they wait for were durable already.
committer::progress committer::report_markers() {
    if (confirms_markers_) {
        const log_status confirmed = log_.confirm();
        is_confirming_ = confirmed.error == log_errc::unknown;
        if (is_confirming_)
            return progress::unknown;
        if (!confirmed)
            return fail(confirmed.reason);
    }
    end_pending();
    merge_.report_durable(appender_.end().next_record);
    return progress::committed;
}

committer::progress committer::step() {
    const progress found = collect();
    return found == progress::collected ? commit() : found;
}

committer::progress committer::close() {
    if (!failure_.empty())
        return progress::failed;
    begin_pending();
    return append();
}

committer::progress committer::append() {
    const batch_view sealed = in_doubt_ ? *in_doubt_ : batch_.seal(appender_.end(), now_());
    const auto begin = running_clock::now();
    switch (appender_.append(sealed)) {
        case appender::result::durable:
            sync_times_.record(latency_ns(running_clock::now() - begin));
            return report_durable(sealed);
        case appender::result::no_room:
            batch_.unseal();
            return progress::no_room;
        case appender::result::unknown:
            in_doubt_ = sealed;
            return progress::unknown;
        case appender::result::failed:
            break;
    }
    return fail(appender_.reason());
}

committer::progress committer::report_durable(const batch_view& durable) {
    in_doubt_.reset();
    batches_.fetch_add(1, std::memory_order_relaxed);
    group_sizes_.record(durable.header.records);
    records_.fetch_add(durable.header.records, std::memory_order_relaxed);
    bytes_.fetch_add(durable.bytes.size(), std::memory_order_relaxed);
    // Release: pairs with the acquire in durable_record. Before the lanes report (invariant 2).
    durable_record_.store(durable.after().next_record - 1, std::memory_order_release);
    end_pending();
    merge_.report_durable(durable.header.first_record);
    batch_.clear();
    return progress::committed;
}

committer::progress committer::fail(std::string why) {
    failure_ = std::move(why);
    return progress::failed;
}

commit_counts committer::counts() const noexcept {
    return {batches_.load(std::memory_order_relaxed), records_.load(std::memory_order_relaxed),
            bytes_.load(std::memory_order_relaxed)};
}

}  // namespace coffer::journal
