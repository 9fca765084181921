#include "engine/data_directory.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "engine/engine.hpp"
#include "journal/file_store.hpp"
#include "ops/file_calls.hpp"
#include "ops/log.hpp"
#include "ops/partial_copy.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

/// Creates the directory, unless it is no place for a ledger.
const fs::path& created(const fs::path& where) {
    require_no_copy(where);
    create_with_parents(where);
    return where;
}

/// The size of a segment with room for so many bytes of batches: whole mebibytes, one to spare.
constexpr std::uint64_t segment_bytes_for(std::uint64_t room_bytes) noexcept {
    return ((room_bytes + journal::format::segment::batches_at) / mebibyte + 2) * mebibyte;
}

// `coffer check` has a shared lock for a moment.
constexpr int attempts = 50;
constexpr std::chrono::milliseconds between_attempts{10};

/// Returns as file_descriptor::lock does, after it has tried for half a second.
bool lock_soon(file_descriptor& one) {
    for (int left = attempts; !one.lock(); std::this_thread::sleep_for(between_attempts))
        if (errno != EWOULDBLOCK || --left == 0)
            return false;
    return true;
}

[[noreturn]] void refuse_second_server(const fs::path& where) {
    throw std::runtime_error{where.string() + ": another server uses this data directory"};
}

}  // namespace

void require_no_copy(const fs::path& where) {
    if (const fs::path left = unfinished_copy(where); !left.empty())
        throw std::runtime_error{left.string() +
                                 ": is there, from a restore or backup that did not come to its "
                                 "end: make it again with --force"};
    if (is_increment(where))
        throw std::runtime_error{where.string() +
                                 ": is an increment of a backup: restore it with its backup, by "
                                 "'coffer restore BACKUP INCREMENT DIR'"};
}

std::unique_ptr<const journal::log_store> journal_store_to_read(const fs::path& where) {
    return std::make_unique<journal::file_store>(where / "journal", journal::file_log::options{});
}

// The lock is on the directory itself: it leaves no file behind, and ends with the process.
data_directory::data_directory(const fs::path& where)
    : path_{where}, lock_{created(where), O_RDONLY | O_DIRECTORY} {
    if (!lock_.is_open())
        snapshot::throw_snapshot_error(where, "cannot be opened");
    if (!lock_soon(lock_)) {
        if (errno == EWOULDBLOCK)
            refuse_second_server(where);
        lock_file(last_error().message());
    }
    if (const std::string_view name = copy_on_write_name(path_); !name.empty())
        log::warn(
            "{}: is on {}, which keeps no room for what is written over: if the disk gets full, a "
            "sync may fail and end the server, with nothing lost that was acknowledged",
            path_.native(), name);
}

void data_directory::lock_file(const std::string& why_not_the_directory) {
    const fs::path file = path_ / "lock";
    lock_ = {file, O_RDWR | O_CREAT | O_NOFOLLOW, 0640};
    if (!lock_.is_open())
        snapshot::throw_snapshot_error(file, "cannot be opened");
    if (!lock_.lock_range()) {
        if (errno == EWOULDBLOCK)
            refuse_second_server(path_);
        throw std::runtime_error{path_.string() +
                                 ": cannot be locked, and two servers would write the same files: "
                                 "flock does not work here (" +
                                 why_not_the_directory + "), and neither do locks of fcntl (" +
                                 last_error().message() + ")"};
    }
    log::warn("{}: is locked in place of its directory, since flock does not work here ({})",
              file.native(), why_not_the_directory);
}

std::unique_ptr<journal::log_store> data_directory::journal_store(std::uint64_t segment_bytes,
                                                                  std::size_t tellers) const {
    const engine::log_room needed = engine::room_for(tellers);
    const std::uint64_t tight = needed.tight_bytes + journal::format::segment::batches_at;
    return std::make_unique<journal::file_store>(
        journal(),
        journal::file_log::options{
            .segment_bytes = std::max(segment_bytes, segment_bytes_for(needed.least_bytes)),
            .least_bytes = (tight + mebibyte - 1) / mebibyte * mebibyte,
            // No larger than of use: a first start is quick, and the next segment is made in
            // the background.
            .first_bytes = segment_bytes_for(needed.ample_bytes)});
}

}  // namespace coffer
