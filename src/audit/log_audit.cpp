#include "audit/log_audit.hpp"

#include <algorithm>
#include <utility>

#include "journal/history.hpp"
#include "journal/interruption.hpp"
#include "ops/log.hpp"
#include "ops/text.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::audit {
namespace {

// How many records ahead the memory of an account is prefetched: enough to hide a cache miss.
constexpr std::size_t ahead = 16;
// How many batches advance reads: between two of its calls, the caller looks around.
constexpr int batches_at_once = 16;

bool is_gone(const std::filesystem::path& file) {
    std::error_code error;
    return !std::filesystem::exists(file, error) && !error;
}

std::uint64_t number_of(const std::filesystem::path& snapshot) {
    return std::stoull(snapshot.stem().string());
}

}  // namespace

log_audit::log_audit(const journal::batch_source& log, std::filesystem::path snapshots)
    : log_{log}, snapshots_{std::move(snapshots)} {
    std::vector<checked_snapshot> usable = usable_snapshots(2);
    const bool is_whole = log_.first_record() == 1;
    if (usable.empty() && !is_whole)
        throw audit_unavailable{"the journal was trimmed, and there is no snapshot to begin with"};
    if (is_whole && (usable.empty() || usable.front().info.after_record <= most_read_again)) {
        state_.emplace(log_.name(), faults_, true);
        beginning_ = "the journal's first record";
    } else {
        begin_with(usable.back());
        usable.pop_back();
    }
    while (!usable.empty()) {
        expect(std::move(usable.back()));
        usable.pop_back();
    }
    compare_at(record_);
}

/// Returns the newest snapshots that can be used, the newest first, and notes which have been seen.
std::vector<log_audit::checked_snapshot> log_audit::usable_snapshots(std::size_t most) {
    std::vector<checked_snapshot> usable;
    const auto files = snapshot::list_snapshots(snapshots_);
    for (const std::filesystem::path& file : files) {
        if (usable.size() == most)
            break;
        if (std::optional<checked_snapshot> found = check(file))
            usable.push_back(std::move(*found));
    }
    newest_ = files.empty() ? 0 : number_of(files.front());
    return usable;
}

/// Returns the snapshot if it can be used: if not, that is logged.
std::optional<log_audit::checked_snapshot> log_audit::check(
    const std::filesystem::path& file) const {
    journal::interruption::check();
    try {
        const snapshot::snapshot_info info =
            snapshot::check_snapshot(file, journal::interruption::check);
        if (info.ledger == log_.ledger() && info.after_record <= info.until_record)
            return checked_snapshot{file, info};
        log::warn("audit: {} is passed over: it is not of this ledger", file.string());
    } catch (const journal::history_unavailable&) {
        throw;  // interrupted
    } catch (const std::runtime_error& failure) {
        if (!is_gone(file))
            log::warn("audit: a snapshot is passed over: {}", failure.what());
    }
    return std::nullopt;
}

void log_audit::begin_with(const checked_snapshot& base) {
    state_.emplace(log_.name(), faults_, false);
    base_.emplace(base.file, base.info, ++begun_, faults_);
    const bool is_read = begin(*base_);
    if (!faults_.empty())
        throw audit_unavailable{"the snapshot to begin with contradicts itself",
                                take_differences()};
    if (!is_read)
        throw audit_unavailable{base.file.string() + ": cannot be read any more"};
    beginning_ = base.file.string();
    record_ = base.info.after_record;
    if (base.info.until_record == record_)
        base_.reset();
}

void log_audit::expect(checked_snapshot one) {
    waiting_.emplace_back(std::move(one.file), std::move(one.info), ++begun_, faults_);
}

void log_audit::look() {
    const std::uint64_t seen = newest_;
    std::vector<std::filesystem::path> files = snapshot::list_snapshots(snapshots_);
    std::erase_if(files, [seen](const auto& file) { return number_of(file) <= seen; });
    for (auto file = files.rbegin(); file != files.rend(); ++file) {
        newest_ = number_of(*file);
        if (std::optional<checked_snapshot> found = check(*file))
            expect(std::move(*found));
        else
            ++passed_over_;
    }
    compare_at(record_);
}

bool log_audit::advance(std::uint64_t until_record) {
    if (record_ >= until_record)
        return false;
    if (cursor_ == nullptr)
        cursor_ = log_.read_from(record_ + 1);
    for (int left = batches_at_once; left != 0 && record_ < until_record; --left) {
        journal::interruption::check();
        const std::optional<journal::batch_view> batch = cursor_->next();
        if (!batch)
            throw audit_unavailable{log_.name() + ": record " + std::to_string(record_ + 1) +
                                    " is durable, and cannot be found"};
        apply(*batch);
    }
    return record_ < until_record;
}

void log_audit::apply(const journal::batch_view& batch) {
    records_.clear();
    journal::visit_records(batch, [this](const journal::record& one) { records_.push_back(one); });
    for (std::size_t i = 0; i != std::min(ahead, records_.size()); ++i)
        state_->prefetch(records_[i]);
    for (std::size_t i = 0; i != records_.size(); ++i) {
        if (i + ahead < records_.size())
            state_->prefetch(records_[i + ahead]);
        const std::uint64_t number = batch.header.first_record + i;
        if (number <= record_)
            continue;  // the batch begins before the record to begin with
        state_->apply(records_[i], {.number = number});
        record_ = number;
        pass(records_[i], number);
        compare_at(number);
    }
    time_ns_ = batch.header.stamp.time_ns;
}

/// Shows a record, which was applied, to the comparisons that have begun.
void log_audit::pass(const journal::record& one, std::uint64_t number) {
    if (base_) {
        base_->watch(one, *state_);
        if (base_->info().until_record == number) {
            base_->end();
            base_.reset();
        }
    }
    for (auto at = open_.begin(); at != open_.end();) {
        at->watch(one, *state_);
        if (at->info().until_record > number) {
            ++at;
            continue;
        }
        at->end();
        ++comparisons_;
        at = open_.erase(at);
    }
}

/// Begins the comparisons that are due after this record, the last that was applied.
void log_audit::compare_at(std::uint64_t record) {
    while (!waiting_.empty() && waiting_.front().info().after_record <= record) {
        std::list<snapshot_comparison> due;
        due.splice(due.end(), waiting_, waiting_.begin());
        snapshot_comparison& one = due.front();
        const bool is_comparable = one.info().after_record == record && !base_;
        if (!is_comparable || !begin(one))
            ++passed_over_;
        else if (one.info().until_record == record)
            ++comparisons_;
        else
            open_.splice(open_.end(), due);
    }
}

/// False if the file cannot be read any more, or is not a ledger's: the latter is a difference.
bool log_audit::begin(snapshot_comparison& one) {
    try {
        one.begin(*state_);
        return true;
    } catch (const journal::history_unavailable&) {
        throw;  // interrupted
    } catch (const snapshot::accounts_unreadable& failure) {
        if (!is_gone(one.file()))
            log::warn("audit: a snapshot is passed over: {}", failure.what());
        return false;
    } catch (const snapshot::accounts_error& contradiction) {
        // Unless it was damaged since it was checked.
        if (check(one.file()))
            faults_.add(fault_of(contradiction, one.file().string()));
        return false;
    } catch (const std::runtime_error& failure) {
        if (!is_gone(one.file()))
            log::warn("audit: a snapshot is passed over: {}", failure.what());
        return false;
    }
}

fault_list log_audit::take_differences() {
    return std::exchange(faults_, {});
}

}  // namespace coffer::audit
