#include "engine/directory_check.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "engine/data_directory.hpp"
#include "engine/first_start.hpp"
#include "engine/recovery.hpp"
#include "journal/journal_error.hpp"
#include "ops/file_calls.hpp"
#include "ops/file_descriptor.hpp"
#include "ops/log.hpp"
#include "ops/text.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

// A batch that is being written may look torn or damaged for a moment.
constexpr int attempts = 20;
constexpr std::chrono::milliseconds between_attempts{5};

[[noreturn]] void refuse(const fs::path& where, const std::string& why) {
    throw std::runtime_error{where.string() + ": " + why};
}

/// Throws unless this user may use the file in this way.
void require_access(const fs::path& where, int how) {
    if (::faccessat(AT_FDCWD, where.c_str(), how, AT_EACCESS) != 0)
        refuse(where, (how & W_OK) != 0 ? "cannot be written: " + last_error().message()
                                        : "cannot be read: " + last_error().message());
}

void require_directory(const fs::path& where) {
    std::error_code error;
    if (!fs::is_directory(where, error))
        refuse(where, error ? error.message() : "is no directory");
    require_access(where, R_OK | W_OK | X_OK);
}

/// Throws unless the directory could be made.
void require_creatable(const fs::path& where) {
    fs::path parent = fs::absolute(where);
    std::error_code error;
    while (!fs::exists(parent, error) && !error && parent.has_relative_path())
        parent = parent.parent_path();
    require_directory(parent);
}

/// Whether a server has locked the directory. See data_directory for the two ways.
bool is_locked(const fs::path& where) {
    const file_descriptor directory{where, O_RDONLY | O_DIRECTORY};
    if (!directory.is_open())
        refuse(where, "cannot be read: " + last_error().message());
    // Shared, so that two checks do not find each other. It ends with this function.
    if (::flock(directory.number(), LOCK_SH | LOCK_NB) == 0)
        return false;
    if (errno == EWOULDBLOCK)
        return true;
    const file_descriptor file{where / "lock", O_RDONLY | O_NOFOLLOW};
    struct flock asked {};
    asked.l_type = F_WRLCK;
    asked.l_whence = SEEK_SET;
    return file.is_open() && ::fcntl(file.number(), F_OFD_GETLK, &asked) == 0 &&
           asked.l_type != F_UNLCK;
}

/// The newest snapshot that can be read; nothing if there is none.
std::optional<snapshot::snapshot_info> newest_snapshot(const fs::path& snapshots) {
    for (const fs::path& file : snapshot::list_snapshots(snapshots))
        try {
            return snapshot::check_snapshot(file);
        } catch (const snapshot::snapshot_error& refused) {
            if (fs::exists(file))
                log::warn("a snapshot is passed over: {}", refused.what());
        }
    return std::nullopt;
}

/// Reads what `from` has, while a server may append to it.
void read_to_end(journal::batch_cursor& from) {
    for (int failed = 0;;)
        try {
            if (!from.next())
                return;
            failed = 0;
        } catch (const journal::journal_error&) {
            if (++failed == attempts)
                throw;
            std::this_thread::sleep_for(between_attempts);
        }
}

std::string description(const ledger_id& ledger, std::uint64_t last_record) {
    return "ledger " + to_hexadecimal(ledger) + ", up to record " + std::to_string(last_record);
}

/// Reads a directory that a server runs on: what the newest snapshot is for recovery, and the
/// journal from there.
std::string read_beside_server(const journal::batch_source& journal, const fs::path& snapshots) {
    const auto base = newest_snapshot(snapshots);
    if (base && base->ledger != journal.ledger())
        refuse(snapshots, "its newest snapshot is of another ledger");
    const auto from = journal.read_from(base ? base->after_record + 1 : 1);
    read_to_end(*from);
    const std::uint64_t last_record = from->position().next_record - 1;
    if (base && last_record < base->until_record)
        refuse(snapshots, "its newest snapshot has records that the journal has not");
    return description(journal.ledger(), last_record);
}

std::string read_as_a_start(const journal::batch_source& journal, const fs::path& snapshots,
                            std::chrono::nanoseconds key_life) {
    const recovered found =
        recover(journal, snapshots, key_life,
                [](const journal::record&, const journal::batch_stamp&, std::uint64_t) {});
    return description(found.journal_id, found.last_record) + ", " +
           std::to_string(found.ledger->size()) + " accounts " + found.from;
}

/// Throws unless a server could write to the journal's newest file.
void require_writable_journal(const fs::path& directory) {
    require_directory(directory);
    fs::path newest;
    for (const auto& entry : fs::directory_iterator{directory})
        if (entry.path().extension() == ".journal")
            newest = std::max(newest, entry.path());
    if (!newest.empty())
        require_access(newest, R_OK | W_OK);
}

}  // namespace

directory_findings check_directory(const fs::path& where, std::chrono::nanoseconds key_life) {
    using state = directory_findings::state;
    require_no_copy(where);
    std::error_code error;
    if (!fs::exists(where, error) && !error) {
        require_creatable(where);
        return {state::absent, {}};
    }
    require_directory(where);
    const fs::path snapshots = where / "snapshots";
    if (fs::exists(snapshots))
        require_directory(snapshots);
    const bool is_used = is_locked(where);
    const std::unique_ptr<const journal::log_store> store = journal_store_to_read(where);
    if (!store->has_log()) {
        require_no_snapshots(snapshots);
        return {is_used ? state::in_use : state::empty, {}};
    }
    require_writable_journal(where / "journal");
    if (!is_used)
        try {
            return {state::ledger, read_as_a_start(*store->read(), snapshots, key_life)};
        } catch (const std::runtime_error&) {
            // A server that has started meanwhile writes and trims what is read here.
            if (!is_locked(where))
                throw;
        }
    return {state::in_use, read_beside_server(*store->read(), snapshots)};
}

}  // namespace coffer
