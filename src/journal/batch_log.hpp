// The interface of the journal's storage: an ordered log of batches. Storage is replaced here.
//
// Files are one implementation (file_log.hpp), a log in memory for tests is the second, and one
// that is replicated to other machines may be the third. log_store.hpp opens them. Nothing above
// this header knows which it is, except for engine/data_directory.cpp, which opens files, and for
// the offline tools in src/audit: tests/tidy.py lists them.
//
// Guarantees     Batches are kept in the order in which they were appended, each whole or not at
//                all. After a crash the log has every batch that was durable, perhaps the batch
//                that was appended after it, and nothing else.
//                An append is conditional: a batch names the batch that it follows, and is refused
//                unless that one is the last. So appending the same batch again cannot double it.
// Thread safety  append, wait_durable and tail are for one thread. Meanwhile a second thread may
//                call make_room, a third can_trim and trim, and any thread the other members, those
//                of batch_source among them. A cursor is for one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "journal/batch.hpp"
#include "journal/journal_error.hpp"
#include "ops/ledger_id.hpp"

namespace coffer::journal {

/// The log cannot be read now, because its storage does not answer: reading may be tried again.
class log_unavailable : public journal_error {
    using journal_error::journal_error;
};

/// Reads batches in their order. Holds one batch in memory at a time.
class batch_cursor {
public:
    virtual ~batch_cursor() = default;

    /// The next batch, valid until the next call; nothing at the log's end. A later call finds the
    /// batches appended meanwhile, so a log can be followed. Throws journal_error for a batch that
    /// is damaged or does not follow, log_unavailable; the cursor has not moved then.
    [[nodiscard]] virtual std::optional<batch_view> next() = 0;

    /// The place of the last batch that next returned, for people: "DIR/1.journal, offset 4096".
    [[nodiscard]] virtual std::string where() const = 0;

    /// The position after the last batch that was read, returned or skipped.
    [[nodiscard]] virtual const batch_position& position() const noexcept = 0;

    /// The stamp of the last batch up to position(). For a cursor that has read no batch yet, its
    /// two times alone are known.
    [[nodiscard]] virtual const batch_stamp& stamp() const noexcept = 0;

    /// How many bytes of the log lie between the cursor's first place and this one, for progress:
    /// see batch_source::bytes_from.
    [[nodiscard]] virtual std::uint64_t bytes_passed() const = 0;

    /// An unfinished batch at the log's end, for people: where it is and how long. Such a batch was
    /// never durable; opening the log to append removes it. Empty if there is none. Call it after
    /// next has returned nothing.
    [[nodiscard]] virtual std::string unfinished() const { return {}; }
};

/// The part of a log that reads: recovery needs no more.
class batch_source {
public:
    virtual ~batch_source() = default;

    [[nodiscard]] virtual ledger_id ledger() const = 0;

    /// The log's name for people: "DIR/journal/".
    [[nodiscard]] virtual std::string name() const = 0;

    /// The number of the oldest record that was not trimmed; the number of the record to come if
    /// there is none. Throws journal_error.
    [[nodiscard]] virtual std::uint64_t first_record() const = 0;

    /// A record such that every batch before it has a running time below `running_ns`. It is the
    /// latest such record that can be found without reading many batches, so it may be earlier than
    /// necessary, and is never below first_record(). Throws journal_error.
    [[nodiscard]] virtual std::uint64_t first_record_as_of(std::uint64_t running_ns) const = 0;

    /// A running time that the log has reached: that of a batch near its end, not always of the
    /// last. Throws journal_error.
    [[nodiscard]] virtual std::uint64_t running_ns_reached() const = 0;

    /// About how many bytes a cursor passes from this record to the log's end, for progress. Throws
    /// journal_error.
    [[nodiscard]] virtual std::uint64_t bytes_from(std::uint64_t record) const = 0;

    /// A cursor whose first batch has the record of this number in it, or is the first batch after
    /// it. Batches without records that lie near it may come first. Throws journal_error if that
    /// record has been trimmed, log_unavailable.
    [[nodiscard]] virtual std::unique_ptr<batch_cursor> read_from(std::uint64_t record) const = 0;
};

/// Why a batch was not appended, or did not become durable.
enum class log_errc : std::uint8_t {
    ok,
    no_room,     ///< nothing was written; the caller may try again once there is room
    unexpected,  ///< it does not follow the last batch: another writer appends, or a bug
    /// The answer is lost: the batch may be in the log, or arrive there later. A log that returns
    /// this lets its cursors return a batch only once no crash can take it back, and read_from
    /// finds every batch that has arrived by then: the caller acknowledges what it finds there.
    unknown,
    failed,  ///< final: the batch must not be acknowledged, and nothing may be appended
};

struct log_status {
    log_errc error = log_errc::ok;
    std::string reason;  ///< what failed and why, for people; empty if nothing did
    explicit operator bool() const noexcept { return error == log_errc::ok; }
};

class batch_log : public batch_source {
public:
    /// The position that the next batch has to follow, as this log knows it: the log's end when it
    /// was opened, then the end of the last batch that was appended with `ok`.
    [[nodiscard]] virtual batch_position tail() const = 0;

    /// Appends a batch, which must follow the last batch in the log: its first record, its chain
    /// and its times are checked. It is not durable yet. No batch may be appended before the last
    /// is durable.
    ///
    /// After `unknown`, here or from wait_durable, the caller reads the log's end to learn what has
    /// become of the batch (appender.hpp does), and may append the same batch again, but no other.
    ///
    /// A batch of no records, which only marks an orderly end, may be left out; tail() stays as it
    /// was then.
    [[nodiscard]] virtual log_status append(const batch_view& one) = 0;

    /// Returns once no crash can take back what was appended. `failed` and `unexpected` are final.
    [[nodiscard]] virtual log_status wait_durable() = 0;

    /// Makes sure, by a write of its own, that nobody else appends now. For the thread that
    /// appends, between two batches. Errors are as those of wait_durable.
    [[nodiscard]] virtual log_status confirm() { return {}; }

    /// Waits until no crash of this machine takes back what was durable up to this record and is in
    /// its own files: what another machine keeps may be durable before. False if that is not so by
    /// `deadline`. For any thread.
    [[nodiscard]] virtual bool wait_kept_here(std::uint64_t /*record*/,
                                              std::chrono::steady_clock::time_point /*deadline*/) {
        return true;
    }

    /// The largest batch that append takes.
    [[nodiscard]] virtual std::size_t max_batch_bytes() const = 0;

    /// How many bytes of batches can be appended into the room that there is now. Cheap; for any
    /// thread.
    [[nodiscard]] virtual std::size_t room_bytes() const noexcept = 0;
    [[nodiscard]] bool has_room(std::size_t bytes) const noexcept { return room_bytes() >= bytes; }

    /// The room that make_room makes where storage is plentiful: room_bytes may never be more.
    [[nodiscard]] virtual std::size_t max_room_bytes() const noexcept = 0;

    /// Whether there is room beyond what is in use, so that make_room has nothing to do. Cheap; for
    /// any thread.
    [[nodiscard]] virtual bool has_room_ahead() const noexcept = 0;

    /// Makes room beyond what is in use, unless there is some: less than max_room_bytes() where the
    /// disk is nearly full. May take long. no_room if there is none to be had now.
    [[nodiscard]] virtual log_status make_room() = 0;

    /// Whether what was appended is still where a later start will look for it, and no other writer
    /// has opened the log (see log_store::open): a server that appends nothing would not notice
    /// otherwise, and go on to show old balances. Anything but ok is final: nothing that is
    /// appended becomes durable any more. May take long; for any thread.
    [[nodiscard]] virtual log_status check_in_place() { return {}; }

    /// Whether trim(before) would forget anything. Throws journal_error.
    [[nodiscard]] virtual bool can_trim(std::uint64_t before) const = 0;

    /// Forgets batches of records below `before`, as many as can conveniently be forgotten.
    [[nodiscard]] virtual log_status trim(std::uint64_t before) = 0;
};

}  // namespace coffer::journal
