#include "audit/partial_directory.hpp"

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "audit/data_files.hpp"
#include "audit/interruption.hpp"
#include "ops/file_calls.hpp"
#include "ops/partial_copy.hpp"
#include "snapshot/directory_sync.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

// What a copy consists of, in the order in which it gets its place.
constexpr std::string_view snapshots_name = "snapshots";
constexpr std::string_view journal_name = "journal";

[[noreturn]] void fail(const fs::path& where, const std::string& what) {
    throw data_error{where.string() + ": " + what};
}

/// Whether the directory has nothing in it but what `is_ours` says is a copy's.
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

/// What the root of a file system has in it when there is nothing in it.
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
}

void partial_directory::require_place(leftover found) {
    std::error_code ignored;
    is_inside_ = fs::is_directory(destination_, ignored);
    const auto refuse = [this] { fail(destination_, "is there already, and is not overwritten"); };
    if (!is_inside_) {
        if (fs::exists(fs::symlink_status(destination_, ignored)))
            refuse();
        path_ = fs::path{destination_}.concat(".partial");
        if (fs::exists(fs::symlink_status(path_, ignored)))
            clear_leftover(found);
        return;
    }
    path_ = destination_ / partial_copy_name;
    if (has_only(destination_, is_of_file_system))
        return;
    const bool is_of_copy =
        fs::is_directory(path_, ignored) && has_only(destination_, [](std::string_view name) {
            return name == partial_copy_name || name == snapshots_name || is_of_file_system(name);
        });
    if (!is_of_copy)
        refuse();
    clear_leftover(found);
    fs::remove_all(destination_ / snapshots_name, ignored);
}

/// Removes the part that a copy has left there, or throws.
void partial_directory::clear_leftover(leftover found) const {
    std::error_code error;
    snapshot::file_descriptor opened{path_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW};
    const bool is_of_copy = opened.is_open() && has_only(path_, [](std::string_view name) {
                                return name == snapshots_name || name == journal_name;
                            });
    if (!is_of_copy)
        fail(path_, "is there already, and is no part of a copy: remove it");
    if (!opened.lock() && errno == EWOULDBLOCK)
        fail(path_, "is there already: another copy is being made there");
    if (found == leftover::refuse)
        fail(path_,
             "is there already, from a copy that did not come to its end: remove it, or replace it "
             "with --force");
    fs::remove_all(path_, error);
    if (error)
        fail(path_, "cannot be removed: " + error.message());
}

partial_directory::~partial_directory() {
    if (finished_)
        return;
    std::error_code ignored;
    if (has_moved_some_)
        fs::remove_all(destination_ / snapshots_name, ignored);
    fs::remove_all(path_, ignored);
}

void partial_directory::empty() const noexcept {
    std::error_code ignored;
    for (fs::directory_iterator at{path_, ignored}; at != fs::directory_iterator{};
         at.increment(ignored))
        fs::remove_all(at->path(), ignored);
}

void partial_directory::finish() {
    throw_if_interrupted();
    snapshot::sync_directory(path_);
    if (is_inside_)
        return move_up();
    put_in_place(path_, destination_);
    finished_ = true;
    snapshot::sync_directory(destination_.has_parent_path() ? destination_.parent_path() : ".");
}

// Each step is on the disk before the next, so that a crash leaves no journal without the rest.
void partial_directory::move_up() {
    put_in_place(path_ / snapshots_name, destination_ / snapshots_name);
    has_moved_some_ = true;
    snapshot::sync_directory(destination_);
    snapshot::sync_directory(path_);
    put_in_place(path_ / journal_name, destination_ / journal_name);
    finished_ = true;
    snapshot::sync_directory(destination_);
    std::error_code ignored;  // an empty directory beside a journal does no harm
    fs::remove(path_, ignored);
    snapshot::sync_directory(destination_);
}

}  // namespace coffer::audit
