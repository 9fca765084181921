// Replays a journal: applies its records to a ledger.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <coffer/hold_follower.hpp>
#include <coffer/ledger.hpp>

#include "journal/batch_log.hpp"
#include "journal/hold_register.hpp"

namespace coffer::journal {

/// What was replayed so far.
struct replay_counts {
    std::uint64_t batches = 0;
    std::uint64_t records = 0;
    std::uint64_t skipped = 0;  ///< of these, those whose postings the ledger had already
};

/// Applies batches in their order to a ledger, which may have been restored from a snapshot that
/// covers some of them.
///
/// A posting that the ledger has already, by its sequence, is skipped. The account's next posting
/// is made, and must leave the account as the journal has it. Any other posting is corruption, and
/// so is a refusal by a posting that does not exist yet. What is applied is noted as durable.
///
/// Holds are kept here, under the ids that the journal gives them, and put into the ledger at the
/// end; until then the ledger only has what is held of each account. Or, with follow, the ledger
/// has them from the beginning, and they are changed there.
///
/// Thread safety: for one thread, and no other thread may post to the ledger meanwhile. Others may
/// read and cut it after follow.
class replayer {
public:
    /// Called with every record, applied or skipped, and its number: for the keys that they have.
    using visitor =
        std::function<void(const record& one, const batch_stamp& of, std::uint64_t number)>;

    explicit replayer(coffer::ledger& ledger, visitor visit = {});

    /// Takes a hold of the snapshot that the ledger was restored from, each in a slot of its own.
    /// To be called before any apply. Throws std::bad_alloc.
    void restore_hold(const hold& one) { holds_.put(one); }

    /// Puts the holds into the ledger. Nothing is applied after that. Throws journal_error, naming
    /// `where`, if the holds of any account are not what it has held; std::bad_alloc.
    void finish(const std::string& where);

    /// For a ledger that has all its holds: they are changed in it from now on, as long as this
    /// exists, and nothing is left for finish. To be called before any apply. A cut that needs an
    /// ended hold whose slot is used again is overtaken if it is a resumable one. For any other,
    /// `wait` is called until it has ended: it rests, and may throw, which apply does then.
    void follow(std::function<void()> wait = {});

    /// Applies a batch that was read from `where`. Throws journal_error, which names the place and
    /// the account; the ledger then has a part of the batch.
    void apply(const batch_view& one, const std::string& where);

    /// Applies all batches that the cursor has. Throws journal_error.
    void apply_all(batch_cursor& from);

    [[nodiscard]] const replay_counts& counts() const noexcept { return counts_; }

private:
    void apply(const record& one, std::uint64_t number);
    void apply_posting(const record& one);
    void apply_transfer(const record& one);
    void apply_transaction(const record& one);
    void apply_hold(const record& one, std::uint64_t number);
    void apply_hold_to_ledger(const record& one, std::uint64_t number);
    void vacate(std::uint32_t slot);
    [[nodiscard]] hold_outcome place_hold(const record& one);
    [[nodiscard]] hold_outcome change_hold(const record& one);
    void apply_status(const record& one);
    [[nodiscard]] bool is_known(const posting& state) const;
    [[nodiscard]] bool are_known(const record& one) const;
    void note_durable(const record& one);

    ledger& ledger_;
    visitor visit_;
    replay_counts counts_;
    hold_register holds_;
    std::optional<hold_follower> follower_;
    std::function<void()> wait_;
    std::vector<record> records_;  // of one batch
};

}  // namespace coffer::journal
