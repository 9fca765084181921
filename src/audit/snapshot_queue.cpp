#include "audit/snapshot_queue.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "audit/interruption.hpp"
#include "audit/ledger_text.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {
namespace {

bool is_gone(const std::filesystem::path& file) {
    std::error_code error;
    return !std::filesystem::exists(file, error) && !error;
}

}  // namespace

snapshot_queue::snapshot_queue(std::filesystem::path snapshots, fault_list& faults)
    : directory_{std::move(snapshots)},
      faults_{faults},
      files_{snapshot::list_snapshots(directory_)} {}

void snapshot_queue::check_each(const ledger_id& ledger) {
    for (const std::filesystem::path& file : files_)
        check(file, ledger);
    std::ranges::sort(summaries_, {}, &snapshot_summary::number);
    waiting_.sort([](const snapshot_comparison& one, const snapshot_comparison& other) {
        return one.info().after_record < other.info().after_record;
    });
}

void snapshot_queue::check(const std::filesystem::path& file, const ledger_id& ledger) {
    throw_if_interrupted();
    try {
        const snapshot::snapshot_info info = snapshot::check_snapshot(file);
        if (std::to_string(info.number) != file.stem())
            return add(file, "it says that it is snapshot " + std::to_string(info.number));
        summaries_.push_back({.number = info.number,
                              .after_record = info.after_record,
                              .until_record = info.until_record,
                              .accounts = info.accounts});
        if (info.after_record > info.until_record)
            return add(file, "it is as new as record " + std::to_string(info.after_record) +
                                 ", and yet no newer than record " +
                                 std::to_string(info.until_record));
        if (info.ledger != ledger)
            return add(file, "it is of the ledger " + to_hexadecimal(info.ledger) +
                                 ", and the journal of " + to_hexadecimal(ledger));
        waiting_.push_back({file, info, ++begun_, faults_});
    } catch (const std::runtime_error& failure) {
        if (!is_gone(file))
            faults_.add(fault_of(failure, file.string()));
    }
}

void snapshot_queue::begin_at(std::uint64_t next_record, history& so_far) {
    open_.clear();
    std::erase_if(waiting_, [next_record](const snapshot_comparison& one) {
        return one.info().after_record + 1 < next_record;
    });
    begin_those_after(next_record - 1, so_far);
}

void snapshot_queue::begin_those_after(std::uint64_t record, history& so_far) {
    while (!waiting_.empty() && waiting_.front().info().after_record <= record) {
        open_.splice(open_.end(), waiting_, waiting_.begin());
        if (!begin(open_.back(), so_far) || open_.back().info().until_record <= record)
            open_.pop_back();
    }
    next_event_ = waiting_.empty() ? std::numeric_limits<std::uint64_t>::max()
                                   : waiting_.front().info().after_record;
}

bool snapshot_queue::begin(snapshot_comparison& one, history& so_far) {
    try {
        one.begin(so_far);
        const std::uint64_t number = one.info().number;
        std::ranges::find(summaries_, number, &snapshot_summary::number)->compared = true;
        return true;
    } catch (const std::runtime_error& failure) {
        if (!is_gone(one.file()))
            faults_.add(fault_of(failure, one.file().string()));
        return false;
    }
}

void snapshot_queue::pass_slowly(const journal::record& one, std::uint64_t number,
                                 history& so_far) {
    for (auto at = open_.begin(); at != open_.end();) {
        at->watch(one, so_far);
        if (at->info().until_record > number) {
            ++at;
            continue;
        }
        at->end();
        at = open_.erase(at);
    }
    begin_those_after(number, so_far);
}

void snapshot_queue::end_at(std::uint64_t last_record) {
    for (const std::list<snapshot_comparison>* const left : {&open_, &waiting_})
        for (const snapshot_comparison& one : *left)
            add(one.file(), "it has records up to " + std::to_string(one.info().until_record) +
                                ", but the journal ends with " + std::to_string(last_record) +
                                ": its end is lost");
    open_.clear();
    waiting_.clear();
}

bool snapshot_queue::are_there_others() const {
    return std::ranges::any_of(snapshot::list_snapshots(directory_),
                               [this](const std::filesystem::path& file) {
                                   return std::ranges::find(files_, file) == files_.end();
                               });
}

void snapshot_queue::add(const std::filesystem::path& file, std::string what) {
    faults_.add({file.string(), std::nullopt, 0, std::move(what)});
}

}  // namespace coffer::audit
