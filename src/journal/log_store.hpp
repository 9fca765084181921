// Where a ledger's journal is kept from one life of the server to the next: opens its log.
//
// Guarantees     A log is created whole or not at all: a crash before `publish` has returned leaves
//                no log, or all of it.
// Thread safety  None.
#pragma once

#include <memory>

#include "journal/batch_log.hpp"
#include "journal/history.hpp"

namespace coffer::journal {

/// A log that is being created. If it is destroyed before publish, nothing of it is left.
class new_log {
public:
    virtual ~new_log() = default;

    /// The log, empty at first, to append to. Not to be used after publish.
    [[nodiscard]] virtual batch_log& log() = 0;

    /// Makes it the store's log. What was appended is durable. Throws journal_error if that cannot
    /// be done, or if the store has a log.
    virtual void publish() = 0;
};

/// The history of a log that is being recovered. If it is destroyed before finish, nothing is left.
class new_history {
public:
    virtual ~new_history() = default;

    /// The history, in which everything can be found that is durable, unless it has to be made
    /// ready first: `history::reach` shows that. `log` is what the store has opened since: it must
    /// outlive what is returned, and nothing may be appended to it before. No file is changed
    /// before. Not to be used after it. Throws stopping::stopped.
    [[nodiscard]] virtual std::unique_ptr<history> finish(const batch_log& log) = 0;
};

class log_store {
public:
    virtual ~log_store() = default;

    /// Whether there is a log. Throws journal_error if that cannot be found out.
    [[nodiscard]] virtual bool has_log() const = 0;

    /// Begins a new log. Throws journal_error.
    [[nodiscard]] virtual std::unique_ptr<new_log> create() = 0;

    /// Begins a log that is to have the batches of another one, of this ledger. Throws
    /// journal_error, also where the store keeps no such logs.
    [[nodiscard]] virtual std::unique_ptr<new_log> create_copy(const ledger_id& of);

    /// The log, to read only: changes nothing. This must outlive what it returns. Throws
    /// journal_error if there is no log.
    [[nodiscard]] virtual std::unique_ptr<batch_source> read() const = 0;

    /// Begins to make the log's history, on threads of its own, while the caller reads the log.
    /// This must outlive what it returns.
    [[nodiscard]] virtual std::unique_ptr<new_history> begin_history();

    /// Opens the log to append after `end`, where the caller has read to. An unfinished batch
    /// behind it is removed. This must outlive what it returns. Throws journal_error, also if the
    /// log ends elsewhere by now: another writer has taken over. The log is unchanged then.
    ///
    /// A store that more than one process can open shuts out the writers that have opened the log
    /// before, and only then reads its end: their appends fail from then on, and check_in_place
    /// returns `failed` to them.
    [[nodiscard]] virtual std::unique_ptr<batch_log> open(const batch_position& end) = 0;
};

}  // namespace coffer::journal
