#include "replication/replicated_log.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "journal/journal_error.hpp"
#include "replication/fenced_append.hpp"

namespace coffer::replication {

using journal::log_errc;
using journal::log_status;

replicated_log::replicated_log(key_value_store& store, log_keys keys, journal::batch_log& files,
                               leadership& rights, settings chosen)
    : store_{store},
      keys_{std::move(keys)},
      files_{files},
      rights_{rights},
      chosen_{std::move(chosen)},
      copy_{files, chosen_.disk_timeout, chosen_.syncs_in_background, chosen_.on_hang},
      tail_{chosen_.term.barrier.after},
      reached_{chosen_.term.barrier} {
    if (files.tail() != tail_)
        throw journal::journal_error{files.name(),
                                     "ends elsewhere than the log at the beginning of the term"};
}

void replicated_log::sleep_for(std::chrono::nanoseconds time) {
    std::this_thread::sleep_for(time);
}

replicated_log::attempt replicated_log::make_attempt(entry_kind kind,
                                                     const journal::batch_view* batch) const {
    const log_reader::place before = reached();
    // Before, an earlier leader may answer, and this one gives no right and acknowledges nothing.
    const bool is_alone = chosen_.boottime() >= chosen_.term.answer_from;
    log_entry one{.kind = kind,
                  .number = before.number + 1,
                  .term = chosen_.term.number,
                  .nonce = chosen_.random(),
                  .is_opening = batch == nullptr ? before.is_opening : kind == entry_kind::opening,
                  .after = batch == nullptr ? before.after : batch->after(),
                  .ledger = files_.ledger(),
                  .read_lease = is_alone ? chosen_.read_lease
                                         : std::max(chosen_.read_lease, before.read_lease),
                  .node = chosen_.node};
    if (batch != nullptr)
        one.batch = batch->bytes;
    one.total_bytes = before.total_bytes + bytes_of(one);
    return {.after = log_reader::after(one),
            .value = encode(one),
            .batch_checksum = batch == nullptr ? 0 : batch->header.checksum,
            .begin = std::chrono::steady_clock::now()};
}

log_status replicated_log::append(const journal::batch_view& one) {
    if (std::string why = why_over(); !why.empty())
        return {log_errc::failed, std::move(why)};
    if (attempt_ && !has_batch(attempt_->after.kind))
        if (log_status settled = settle(); !settled)
            return settled;
    if (attempt_)
        return attempt_->batch_checksum == one.header.checksum
                   ? log_status{}
                   : log_status{log_errc::unexpected, "the outcome of another batch is unknown"};
    if (one.header.records == 0)
        return {};
    if (const auto error = journal::check_follows(one.header, tail_);
        error != journal::batch_error::none)
        return {log_errc::unexpected, journal::describe(error)};
    if (one.bytes.size() > max_batch_bytes())
        return {log_errc::unexpected, "the batch is too large for an entry of the log"};
    attempt_ = make_attempt(is_opening_ ? entry_kind::opening : entry_kind::batch, &one);
    return {};
}

log_status replicated_log::wait_durable() {
    return attempt_ ? settle() : log_status{};
}

// A new entry in any case: one whose answer was lost may be of before another node took over.
log_status replicated_log::confirm() {
    if (attempt_)
        if (log_status settled = settle(); !settled)
            return settled;
    return append_mark(entry_kind::confirmed);
}

log_status replicated_log::append_mark(entry_kind kind) {
    if (attempt_ && attempt_->after.kind != kind)
        if (log_status settled = settle(); !settled)
            return settled;
    if (!attempt_)
        attempt_ = make_attempt(kind, nullptr);
    return settle();
}

/// Finds out what becomes of attempt_, as far as that is possible now, and ends it if it is known.
log_status replicated_log::settle() {
    if (!attempt_->is_in_log)
        if (log_status sent = send(); !sent)
            return sent;
    attempt_->is_in_log = true;
    if (has_batch(attempt_->after.kind))
        if (log_status kept = keep_copy(); !kept)
            return kept;
    append_times_.record(latency_ns(std::chrono::steady_clock::now() - attempt_->begin));
    tail_ = attempt_->after.after;
    {
        const std::lock_guard lock{mutex_};
        reached_ = attempt_->after;
    }
    attempt_.reset();
    wait_for_answers();
    return {};
}

log_status replicated_log::send() {
    if (std::string why = why_over(); !why.empty())
        return {log_errc::failed, std::move(why)};
    const std::uint64_t term = chosen_.term.number;
    const std::string place = keys_.entry(attempt_->after.number);
    const std::chrono::nanoseconds sent = chosen_.boottime();  // before it is sent
    auto found = store_.transact(
        fenced_append(keys_, term, attempt_->after.number, attempt_->value), chosen_.within);
    if (!found)
        return in_doubt(found.error, std::move(found.reason));
    is_full_.store(false, std::memory_order_relaxed);
    const append_outcome outcome = outcome_of(found.value, attempt_->value, term);
    if (outcome.still_leads)
        allow_answers(sent);
    switch (outcome.fate) {
        case append_fate::in_the_log:
            break;
        case append_fate::taken:
            return end_term(place + " is another node's: it has taken over");
        case append_fate::term_is_over:
            return end_term("the leader's key is no longer of term " + std::to_string(term));
        case append_fate::gap:
            is_refused_.store(true, std::memory_order_relaxed);
            return end_term("the store has lost the entry before " + place);
    }
    return {};
}

/// No batch takes the place of one that may be in the log: so nothing but `unknown` keeps the
/// caller at it, except for what cannot become right.
log_status replicated_log::in_doubt(store_error error, std::string reason) {
    is_full_.store(error == store_error::no_space, std::memory_order_relaxed);
    if (error == store_error::refused) {
        is_refused_.store(true, std::memory_order_relaxed);
        return end_term("the store refuses an append: " + reason);
    }
    unknown_.add();
    return {log_errc::unknown, std::move(reason)};
}

log_status replicated_log::keep_copy() {
    const decoded_entry decoded = decode_entry(attempt_->value);
    const journal::batch_view one = journal::check_batch(decoded.value->batch).value;
    log_status kept = copy_.write(one);
    if (kept)
        return {};
    // The log has it, and it is reported once the files have it too.
    if (kept.error == log_errc::no_room)
        return {log_errc::unknown, std::move(kept.reason)};
    has_failed_here_.store(true, std::memory_order_release);
    return end_term("the log's copy here has failed: " + kept.reason);
}

log_status replicated_log::end_term(std::string why) {
    const std::lock_guard lock{mutex_};
    if (over_.empty())
        over_ = std::move(why);
    return {log_errc::failed, over_};
}

std::string replicated_log::why_over() const {
    const std::lock_guard lock{mutex_};
    return over_;
}

/// `sent` is from before the transaction that has shown that the term goes on.
void replicated_log::allow_answers(std::chrono::nanoseconds sent) noexcept {
    if (chosen_.boottime() >= chosen_.term.answer_from)
        rights_.answer_until(sent + chosen_.read_lease);
}

/// An earlier leader may answer until then, without what is durable now.
void replicated_log::wait_for_answers() {
    for (auto now = chosen_.boottime(); now < chosen_.term.answer_from; now = chosen_.boottime())
        chosen_.sleep(chosen_.term.answer_from - now);
}

std::size_t replicated_log::max_batch_bytes() const {
    return std::min(files_.max_batch_bytes(), most_batch_bytes);
}

std::size_t replicated_log::room_bytes() const noexcept {
    const bool has_room =
        has_room_.load(std::memory_order_relaxed) && !is_full_.load(std::memory_order_relaxed);
    return has_room ? files_.room_bytes() : 0;
}

log_status replicated_log::check_in_place() {
    if (std::string why = why_over(); !why.empty())
        return {log_errc::failed, std::move(why)};
    return files_.check_in_place();
}

bool replicated_log::beat() {
    if (!why_over().empty())
        return false;
    transaction asked;
    asked.compare = {{keys_.leader(), comparison::subject::create_revision,
                      comparison::relation::equal, static_cast<std::int64_t>(chosen_.term.number)}};
    asked.success = {operation::remove({.key = keys_.nothing()})};
    const std::chrono::nanoseconds sent = chosen_.boottime();  // before it is sent
    const auto found = store_.transact(asked, chosen_.within);
    {
        const std::lock_guard lock{mutex_};
        unconfirmed_ = found ? "" : found.reason.empty() ? "no answer" : found.reason;
    }
    if (!found)
        return true;
    if (found.value.succeeded) {
        allow_answers(sent);
        return true;
    }
    static_cast<void>(
        end_term("the leader's key is no longer of term " + std::to_string(chosen_.term.number)));
    return false;
}

std::string replicated_log::why_not_confirmed() const {
    const std::lock_guard lock{mutex_};
    return unconfirmed_;
}

void replicated_log::keep_alive() noexcept {
    try {
        static_cast<void>(store_.keep_alive(chosen_.term.lease, chosen_.within));
    } catch (const std::exception&) {
        // No memory: the next call renews it.
    }
}

bool replicated_log::release() {
    rights_.stop_answering();
    wait_for_answers();
    return static_cast<bool>(append_mark(entry_kind::released));
}

log_reader::place replicated_log::reached() const {
    const std::lock_guard lock{mutex_};
    return reached_;
}

}  // namespace coffer::replication
