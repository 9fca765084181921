// The log of a ledger that is replicated, as its leader appends to it: an entry of the store for
// each batch, and a copy in this node's files, from which it is read.
//
// Guarantees     wait_durable returns ok for a batch once the store has it, and not before. The
//                entry is put by a transaction that compares three things: that the leader's key is
//                the one of this term, that there is no entry of its number, and that there is one
//                of the number before. All safety is in these: an append after another node has
//                taken over, or into a place that was trimmed, changes nothing.
//                A transaction without an answer is `unknown`. It is resolved by sending the same
//                bytes with the same comparisons again: the entry is in the log if the one at its
//                place has our bytes. It certainly never will be only if another entry has its
//                place, or another node has the leader's key.
//                Before term.answer_from nothing is reported as durable, and rights are not given.
//                The files never have a batch that the store has not.
// Invariants     1. While attempt_ is there, nothing with a later number is sent.
//                2. What attempt_ sends never changes.
// Thread safety  As batch_log. confirm, release and mark_opening are for the thread that appends;
//                beat and keep_alive for one other at a time; the rest for any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/leadership.hpp"
#include "journal/batch_log.hpp"
#include "ops/tally.hpp"
#include "replication/campaign.hpp"
#include "replication/key_value_store.hpp"
#include "replication/local_copy.hpp"
#include "replication/log_keys.hpp"
#include "replication/log_reader.hpp"
#include "replication/nonce.hpp"

namespace coffer::replication {

class replicated_log final : public journal::batch_log {
public:
    struct settings {
        std::string node;
        won_term term{};
        std::chrono::milliseconds read_lease{1000};
        key_value_store::timeout within{1000};
        std::function<std::chrono::nanoseconds()> boottime = &leadership::boottime;
        std::function<void(std::chrono::nanoseconds)> sleep = &sleep_for;
        std::function<std::uint64_t()> random = &random_nonce;
        std::chrono::milliseconds disk_timeout{5000};  ///< of this node's files
        bool syncs_in_background = true;               ///< see local_copy
        std::function<void()> on_hang{};               ///< see local_copy
        std::size_t least_room_bytes = 0;  ///< with less room in the files nothing is posted
    };

    /// An entry may have this much beside its header, so that a request stays within what etcd
    /// takes by default, 1.5 MiB.
    static constexpr std::size_t most_batch_bytes = std::size_t{1} << 20;

    /// `files` is this node's journal, which ends where the term begins. All must outlive this.
    /// Throws journal_error if the journal ends elsewhere; std::system_error.
    replicated_log(key_value_store& store, log_keys keys, journal::batch_log& files,
                   leadership& rights, settings chosen);

    // Reading is of this node's files, which have all that is durable.
    [[nodiscard]] ledger_id ledger() const override { return files_.ledger(); }
    [[nodiscard]] std::string name() const override { return files_.name(); }
    [[nodiscard]] std::uint64_t first_record() const override { return files_.first_record(); }
    [[nodiscard]] std::uint64_t first_record_as_of(std::uint64_t running_ns) const override {
        return files_.first_record_as_of(running_ns);
    }
    [[nodiscard]] std::uint64_t running_ns_reached() const override {
        return files_.running_ns_reached();
    }
    [[nodiscard]] std::uint64_t bytes_from(std::uint64_t record) const override {
        return files_.bytes_from(record);
    }
    [[nodiscard]] std::unique_ptr<journal::batch_cursor> read_from(
        std::uint64_t record) const override {
        return files_.read_from(record);
    }

    [[nodiscard]] journal::batch_position tail() const override { return tail_; }
    /// Sends nothing yet, unless an earlier confirm has to be resolved. `unexpected` for another
    /// batch while the outcome of one is unknown. Skips a batch of no records.
    [[nodiscard]] journal::log_status append(const journal::batch_view& one) override;
    /// `unknown` for any error of the store that leaves the outcome open: append the same again.
    [[nodiscard]] journal::log_status wait_durable() override;
    /// Appends an entry without a batch. After `unknown`, any append resolves it first.
    [[nodiscard]] journal::log_status confirm() override;
    [[nodiscard]] bool wait_kept_here(std::uint64_t record,
                                      std::chrono::steady_clock::time_point deadline) override {
        return copy_.wait_synced(record, deadline);
    }

    [[nodiscard]] std::size_t max_batch_bytes() const override;
    [[nodiscard]] std::size_t room_bytes() const noexcept override;
    [[nodiscard]] std::size_t max_room_bytes() const noexcept override {
        return files_.max_room_bytes();
    }
    [[nodiscard]] bool has_room_ahead() const noexcept override { return files_.has_room_ahead(); }
    [[nodiscard]] journal::log_status make_room() override {
        return copy_.make_room(chosen_.least_room_bytes);
    }
    /// `failed` also once the term is over.
    [[nodiscard]] journal::log_status check_in_place() override;
    [[nodiscard]] bool can_trim(std::uint64_t before) const override {
        return files_.can_trim(before);
    }
    [[nodiscard]] journal::log_status trim(std::uint64_t before) override {
        return files_.trim(before);
    }

    /// Sets whether the batches that are appended from now on belong to a first start of which more
    /// accounts follow.
    void mark_opening(bool is_opening) noexcept { is_opening_ = is_opening; }
    /// Compares as an append does, and appends nothing: renews the right to answer. To be called
    /// every settings.beat by a thread of its own. False if the term is over for good.
    [[nodiscard]] bool beat();
    /// Why the last beat had no answer, for people; empty if it had one.
    [[nodiscard]] std::string why_not_confirmed() const;
    /// Renews the lease of the leader's key once: every third of term.lease_time or more often.
    void keep_alive() noexcept;
    /// Hands over: appends, as the last entry of this term, that it is released. The node answers
    /// nothing from then on. Waits until term.answer_from, so that the next leader need not wait
    /// for the leader before this one. False if it did not succeed: it may be tried again.
    [[nodiscard]] bool release();

    /// After the last entry that is known to be in the log.
    [[nodiscard]] log_reader::place reached() const;
    /// Every record up to this one is synced in this node's files.
    [[nodiscard]] std::uint64_t synced_record() const noexcept { return copy_.synced_record(); }
    /// Sets whether the store has room, as housekeeping finds. Without room, room_bytes is 0, as it
    /// also is while the store itself refuses an append for lack of room.
    void set_store_has_room(bool has_room) noexcept {
        has_room_.store(has_room, std::memory_order_relaxed);  // a gauge
    }

    /// Whether the term is over because this node's own files have failed. For any thread.
    [[nodiscard]] bool has_failed_here() const noexcept {
        return has_failed_here_.load(std::memory_order_acquire);  // pairs with keep_copy's release
    }

    /// Whether the term is over because the store refuses what this node appends, or has lost the
    /// log's end: another term would end likewise. For any thread.
    [[nodiscard]] bool is_refused() const noexcept {
        return is_refused_.load(std::memory_order_relaxed);  // orders nothing
    }

    /// How long appends took until the store answered that they are in the log.
    [[nodiscard]] const latency_tally& append_times() const noexcept { return append_times_; }
    /// How many appends had no answer, or none from which their outcome is known.
    [[nodiscard]] std::uint64_t unknown_outcomes() const noexcept { return unknown_.value(); }

private:
    /// An entry that is being appended: it may be in the log already.
    struct attempt {
        log_reader::place after;
        std::string value;
        std::uint64_t batch_checksum = 0;  // of its batch, if it has one
        bool is_in_log = false;            // but not in the files yet
        std::chrono::steady_clock::time_point begin{};
    };

    static void sleep_for(std::chrono::nanoseconds time);
    [[nodiscard]] attempt make_attempt(entry_kind kind, const journal::batch_view* batch) const;
    [[nodiscard]] journal::log_status settle();
    [[nodiscard]] journal::log_status send();
    [[nodiscard]] journal::log_status keep_copy();
    [[nodiscard]] journal::log_status append_mark(entry_kind kind);
    [[nodiscard]] journal::log_status in_doubt(store_error error, std::string reason);
    [[nodiscard]] journal::log_status end_term(std::string why);
    [[nodiscard]] std::string why_over() const;
    void allow_answers(std::chrono::nanoseconds sent) noexcept;
    void wait_for_answers();

    key_value_store& store_;
    const log_keys keys_;
    journal::batch_log& files_;
    leadership& rights_;
    const settings chosen_;
    local_copy copy_;

    // The appending thread's own.
    journal::batch_position tail_;
    std::optional<attempt> attempt_;
    bool is_opening_ = false;
    latency_tally append_times_;
    tally unknown_;

    std::atomic<bool> has_room_{true};
    std::atomic<bool> has_failed_here_{false};
    std::atomic<bool> is_refused_{false};
    std::atomic<bool> is_full_{false};  // the store has refused an append for lack of room
    mutable std::mutex mutex_;
    log_reader::place reached_;  // under the mutex
    std::string over_;           // under the mutex: why the term is over; empty if it is not
    std::string unconfirmed_;    // under the mutex
};

}  // namespace coffer::replication
