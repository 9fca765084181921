#include "audit/partial_directory.hpp"

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "ops/file_calls.hpp"
#include "ops/partial_copy.hpp"
#include "ops/stopping.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

// What a copy consists of, in the order in which it is put in place.
constexpr std::string_view snapshots_name = "snapshots";
constexpr std::string_view identity_name = "node.json";  // of a node of a replicated ledger
constexpr std::string_view journal_name = "journal";

/// Marks the directory as an unfinished copy. Returns once the mark survives a crash.
std::error_code mark(const fs::path& part) {
    const file_descriptor marker{part / partial_copy_marker, O_WRONLY | O_CREAT | O_EXCL, 0640};
    if (!marker.is_open())
        return last_error();
    if (const std::error_code error = sync_directory(part))
        return error;
    return sync_directory(part.has_parent_path() ? part.parent_path() : ".");
}

bool is_marked(const fs::path& directory) {
    std::error_code ignored;
    return fs::exists(directory / partial_copy_marker, ignored);
}

/// Removes the content except the mark.
std::error_code remove_content(const fs::path& part) noexcept {
    std::error_code error;
    for (const std::string_view name : {snapshots_name, identity_name, journal_name})
        if (!error)
            fs::remove_all(part / name, error);
    return error;
}

/// Removes the directory. If this is interrupted by a crash, what is left is marked or empty.
std::error_code remove_part(const fs::path& part) noexcept {
    std::error_code error = remove_content(part);
    if (!error)
        error = sync_directory(part);
    if (!error)
        fs::remove(part / partial_copy_marker, error);
    if (!error)
        fs::remove(part, error);
    return error;
}

[[noreturn]] void fail(const fs::path& where, const std::string& what) {
    throw data_error{where.string() + ": " + what};
}

/// Whether all entries of the directory have names for which `is_ours` is true.
template <class Predicate>
bool has_only(const fs::path& directory, Predicate&& is_ours) {
    std::error_code error;
    bool found = true;
    for (fs::directory_iterator at{directory, error}; !error && at != fs::directory_iterator{};
         at.increment(error))
        found = found && is_ours(at->path().filename().native());
    if (error)
        fail(directory, "cannot be listed: " + error.message());
    return found;
}

/// Whether the root of an empty file system has an entry of this name.
bool is_of_file_system(std::string_view name) {
    return name == "lost+found";
}

void put_in_place(const fs::path& from, const fs::path& to) {
    if (const std::error_code error = rename_file(from, to))
        fail(to, "cannot be put in place: " + error.message());
}

}  // namespace

partial_directory::partial_directory(const fs::path& destination, leftover found)
    : destination_{destination.has_filename() ? destination : destination.parent_path()} {
    require_place(found);
    if (const std::error_code error = make_directory(path_))
        fail(path_, "cannot be made: " + error.message());
    lock_ = {path_, O_RDONLY | O_DIRECTORY};
    static_cast<void>(lock_.is_open() && lock_.lock());
    if (const std::error_code error = mark(path_)) {
        static_cast<void>(remove_part(path_));
        fail(path_, "cannot be marked as a part: " + error.message());
    }
}

void partial_directory::require_place(leftover found) {
    std::error_code ignored;
    is_inside_ = fs::is_directory(destination_, ignored);
    if (is_inside_ && is_marked(destination_)) {  // killed just after its rename
        clear_leftover(destination_, found);
        is_inside_ = false;
    }
    path_ =
        is_inside_ ? destination_ / partial_copy_name : fs::path{destination_}.concat(".partial");
    const auto refuse = [this] { fail(destination_, "is there already, and is not overwritten"); };
    if (!is_inside_ && fs::exists(fs::symlink_status(destination_, ignored)))
        refuse();
    if (is_inside_ && !has_only(destination_, [this](std::string_view name) {
            return is_of_file_system(name) || name == partial_copy_name ||
                   ((name == snapshots_name || name == identity_name) && is_marked(path_));
        }))
        refuse();
    if (fs::exists(fs::symlink_status(path_, ignored)))
        clear_leftover(path_, found);
}

/// Removes what a killed copy has left there, or throws.
void partial_directory::clear_leftover(const fs::path& part, leftover found) const {
    file_descriptor opened{part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW};
    const bool is_of_copy =
        opened.is_open() && has_only(part, [&](std::string_view name) {
            return is_marked(part) && (name == snapshots_name || name == identity_name ||
                                       name == journal_name || name == partial_copy_marker);
        });
    if (!is_of_copy)
        fail(part, "is there already, and is no part of a copy: remove it");
    if (!opened.lock() && errno == EWOULDBLOCK)
        fail(part, "is there already: another copy is being made there");
    if (found == leftover::refuse)
        fail(part,
             "is there already, from a copy that did not come to its end: remove it, or replace it "
             "with --force");
    std::error_code error;
    if (is_inside_)  // what was moved up; the mark is removed last
        error = remove_moved();
    if (!error)
        error = remove_part(part);
    if (error)
        fail(part, "cannot be removed: " + error.message());
}

partial_directory::~partial_directory() {
    if (finished_)
        return;
    std::error_code error;
    if (has_moved_some_)
        error = remove_moved();
    if (!error)
        static_cast<void>(remove_part(path_));
}

std::error_code partial_directory::remove_moved() const noexcept {
    std::error_code error;
    for (const std::string_view name : {snapshots_name, identity_name})
        if (!error)
            fs::remove_all(destination_ / name, error);
    return error;
}

void partial_directory::empty() const noexcept {
    static_cast<void>(remove_content(path_));
}

void partial_directory::finish() {
    stopping::check();
    sync_directory_or_throw(path_);
    if (is_inside_)
        return move_up();
    put_in_place(path_, destination_);
    path_ = destination_;
    sync_directory_or_throw(path_.has_parent_path() ? path_.parent_path() : ".");
    // Only now: otherwise a crash could leave a complete ledger under the other name without a
    // mark, and a server could begin a new ledger under this name.
    std::error_code error;
    if (!fs::remove(path_ / partial_copy_marker, error))
        fail(path_, "cannot be finished: " + error.message());
    finished_ = true;
    sync_directory_or_throw(path_);
}

// Each step is synced before the next, so that a crash never leaves a journal without the rest.
void partial_directory::move_up() {
    for (const std::string_view name : {snapshots_name, identity_name})
        if (std::error_code ignored; fs::exists(path_ / name, ignored)) {
            put_in_place(path_ / name, destination_ / name);
            has_moved_some_ = true;
        }
    sync_directory_or_throw(destination_);
    sync_directory_or_throw(path_);
    put_in_place(path_ / journal_name, destination_ / journal_name);
    finished_ = true;
    sync_directory_or_throw(destination_);
    static_cast<void>(remove_part(path_));  // harmless beside a journal if it stays
    sync_directory_or_throw(destination_);
}

}  // namespace coffer::audit
