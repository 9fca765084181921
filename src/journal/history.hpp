// What is durable in the journal, found by account, by record and by time.
//
// Guarantees     Returns nothing that a crash can take back. A posting whose reply has been sent is
//                found: see reach.
// Thread safety  Any thread may call any member. Each may take as long as the disk does, so a
//                thread that must not wait uses engine/history_reader.hpp.
// Errors         Each throws journal_error if the journal is damaged or cannot be read,
//                history_trimmed if what it needs is no longer there, and history_unavailable if it
//                has no answer now.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>

#include <coffer/account_number.hpp>

#include "journal/batch.hpp"

namespace coffer::journal {

/// Consecutive batches that are read as one.
struct extent {
    std::uint64_t first_record = 0;
    std::uint64_t end_record = 0;     ///< the number after its last record's
    std::uint64_t first_time_ns = 0;  ///< record time of its first batch
    // Its place, for the history that returned it.
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// An extent in which an account has postings.
struct account_extent {
    extent where;
    std::uint64_t first_sequence = 0;  ///< of the account's first posting in it
    std::uint32_t postings = 0;        ///< of the account in it; their sequences have no gap
};

/// Where a history begins.
struct history_beginning {
    std::uint64_t first_record = 1;
    std::uint64_t first_time_ns = 0;  ///< record time of the batch that has it
};

/// What was asked for has been trimmed.
class history_trimmed : public std::runtime_error {
public:
    explicit history_trimmed(const history_beginning& now)
        : std::runtime_error{"the journal begins later by now"}, beginning_{now} {}
    [[nodiscard]] const history_beginning& beginning() const noexcept { return beginning_; }

private:
    history_beginning beginning_;
};

/// The question may be asked again later: it was ended by an interruption, or what is in the
/// journal has to be indexed first.
class history_unavailable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class history {
public:
    using visitor = std::function<void(const batch_view&)>;
    /// How many files it has open at most.
    static constexpr std::size_t most_open_files = 32;
    static constexpr std::uint64_t any_sequence = std::numeric_limits<std::uint64_t>::max();

    virtual ~history() = default;

    /// Waits until everything up to this record, which is durable, can be found. False if that is
    /// not so by `deadline`, or if the journal cannot be indexed now: that is tried again later.
    [[nodiscard]] virtual bool reach(std::uint64_t record,
                                     std::chrono::steady_clock::time_point deadline) = 0;
    /// The last record that can be found.
    [[nodiscard]] virtual std::uint64_t last_record() const = 0;
    [[nodiscard]] virtual history_beginning beginning() const = 0;

    /// The extent that has this record; nothing if it cannot be found yet. The newest extent grows:
    /// what is returned ends where it ended then.
    [[nodiscard]] virtual std::optional<extent> at(std::uint64_t record) const = 0;

    /// A record such that all records before it have a record time below `time_ns`: the first of
    /// its extent. Never below the beginning.
    [[nodiscard]] virtual std::uint64_t record_as_of(std::uint64_t time_ns) const = 0;

    /// The latest extent in which the account has a posting whose sequence is at most
    /// `most_sequence`; nothing if it has none in the journal. Does not throw history_trimmed.
    [[nodiscard]] virtual std::optional<account_extent> latest(
        account_number account, std::uint64_t most_sequence = any_sequence) const = 0;

    /// The latest extent in which the account has postings, of those that begin at `time_ns` or
    /// before. The postings may all be later. Does not throw history_trimmed.
    [[nodiscard]] virtual std::optional<account_extent> latest_as_of(
        account_number account, std::uint64_t time_ns) const = 0;

    /// The earliest extent in which the account has postings, of those that end after `from_record`
    /// or have it. The postings may all be before it. Does not throw history_trimmed.
    [[nodiscard]] virtual std::optional<account_extent> earliest(
        account_number account, std::uint64_t from_record) const = 0;

    /// Visits the batches of an extent, each checked, in order.
    virtual void read(const extent& one, const visitor& visit) const = 0;

    /// To be called when `read` has visited other postings than were to be there, or none: makes
    /// the index of that segment again, once. The question fails; if its index was wrong, the next
    /// one does not.
    virtual void doubt(const extent& /*one*/) const noexcept {}

    /// Ends the threads that it has: called when nothing is asked for any more. False if one has
    /// not ended by `deadline`, since the disk does not answer: the caller can only end the
    /// process.
    [[nodiscard]] virtual bool stop_by(
        std::chrono::steady_clock::time_point /*deadline*/) noexcept {
        return true;
    }
};

}  // namespace coffer::journal
