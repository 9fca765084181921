#include "snapshot/snapshot_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <coffer/account_number.hpp>

#include "ops/file_calls.hpp"
#include "ops/file_descriptor.hpp"
#include "ops/log.hpp"

namespace coffer::snapshot {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".json";
constexpr std::string_view latest_name = "latest.json";
constexpr std::string_view latest_temporary_name = ".latest.json.tmp";
constexpr std::string_view probe_name = ".probe.json.tmp";

[[noreturn]] void fail(const fs::path& where, const char* what_failed, std::error_code reason) {
    throw snapshot_error{where.string() + ": " + what_failed + ": " + reason.message()};
}

std::string file_name(std::uint64_t number) {
    return std::to_string(number).append(extension);
}

std::string temporary_name(std::uint64_t number) {
    return '.' + file_name(number) + ".tmp";
}

/// Returns the number of the snapshot with this file name; nothing if it is no snapshot's name.
std::optional<std::uint64_t> number_of(std::string_view name) {
    if (!name.ends_with(extension))
        return std::nullopt;
    name.remove_suffix(extension.size());
    return parse_account_number(name);
}

bool is_temporary(std::string_view name) {
    constexpr std::string_view suffix = ".tmp";
    if (name == latest_temporary_name || name == probe_name)
        return true;
    if (!name.starts_with('.') || !name.ends_with(suffix))
        return false;
    return number_of(name.substr(1, name.size() - 1 - suffix.size())).has_value();
}

template <class Visitor>
void visit_entries(const fs::path& directory, Visitor&& visitor) {
    std::error_code error;
    for (fs::directory_iterator at{directory, error}; !error && at != fs::directory_iterator{};
         at.increment(error))
        visitor(*at, at->path().filename().native());
    if (error)
        fail(directory, "cannot be listed", error);
}

/// Returns the numbers of the snapshots, the highest first.
std::vector<std::uint64_t> numbers_in(const fs::path& directory) {
    std::vector<std::uint64_t> numbers;
    visit_entries(directory, [&numbers](const fs::directory_entry& entry, std::string_view name) {
        std::error_code ignored;
        const std::optional<std::uint64_t> number = number_of(name);
        if (number && entry.symlink_status(ignored).type() == fs::file_type::regular)
            numbers.push_back(*number);
    });
    std::sort(numbers.begin(), numbers.end(), std::greater<>{});
    return numbers;
}

fs::path without_trailing_slash(const fs::path& path) {
    return path.has_filename() ? path : path.parent_path();
}

}  // namespace

void throw_snapshot_error(const fs::path& where, const char* what_failed) {
    fail(where, what_failed, {errno, std::system_category()});
}

std::vector<fs::path> list_snapshots(const fs::path& directory) {
    std::error_code error;
    if (!fs::exists(directory, error) && !error)
        return {};
    std::vector<fs::path> files;
    for (const std::uint64_t number : numbers_in(directory))
        files.push_back(directory / file_name(number));
    return files;
}

snapshot_directory::snapshot_directory(const fs::path& where)
    : path_{without_trailing_slash(where)} {
    create_with_parents(path_);
    remove_temporaries();
    prove_writable();
}

std::optional<fs::path> snapshot_directory::latest() const {
    const std::vector<std::uint64_t> numbers = numbers_in(path_);
    if (numbers.empty())
        return std::nullopt;
    return file(numbers.front());
}

std::uint64_t snapshot_directory::next_number() const {
    create_with_parents(path_);  // another program may have removed it
    const std::uint64_t last = std::max(highest(), published_);
    if (last == std::numeric_limits<std::uint64_t>::max())
        fail(file(last), "leaves no number for another", {EOVERFLOW, std::system_category()});
    return last + 1;
}

// Counts anything with such a name, directories too: a snapshot could not take their place.
std::uint64_t snapshot_directory::highest() const {
    std::uint64_t found = 0;
    visit_entries(path_, [&found](const fs::directory_entry&, std::string_view name) {
        found = std::max(found, number_of(name).value_or(0));
    });
    return found;
}

fs::path snapshot_directory::file(std::uint64_t number) const {
    return path_ / file_name(number);
}

fs::path snapshot_directory::temporary(std::uint64_t number) const {
    return path_ / temporary_name(number);
}

void snapshot_directory::publish(std::uint64_t number) {
    if (const std::error_code error = rename_file(temporary(number), file(number)))
        fail(file(number), "cannot be put in place", error);
    published_ = number;
    sync_directory_or_throw(path_);  // first: the snapshot is published even if the link fails
    const std::error_code error = link_latest(number);
    if (error && !lacks_link_)
        log::warn("{}: cannot be made ({}): the newest snapshot is the one with the highest number",
                  (path_ / latest_name).native(), error.message());
    lacks_link_ = static_cast<bool>(error);
    sync_directory_or_throw(path_);
}

/// If the link cannot be made, removes the one to the snapshot before.
std::error_code snapshot_directory::link_latest(std::uint64_t number) const {
    const fs::path link = path_ / latest_name;
    const fs::path temporary = path_ / latest_temporary_name;
    static_cast<void>(remove_file(temporary));
    std::error_code error;
    if (uninterrupted([&] { return ::symlink(file_name(number).c_str(), temporary.c_str()); }) != 0)
        error = last_error();
    else
        error = rename_file(temporary, link);
    if (error) {
        static_cast<void>(remove_file(temporary));
        static_cast<void>(remove_file(link));
    }
    return error;
}

void snapshot_directory::prune(std::size_t keep) {
    const std::vector<std::uint64_t> numbers = numbers_in(path_);
    for (std::size_t i = std::max(keep, std::size_t{1}); i < numbers.size(); ++i) {
        const std::error_code error = remove_file(file(numbers[i]));
        if (error && error != std::errc::no_such_file_or_directory &&
            irremovable_.insert(numbers[i]).second)
            log::warn("{}: cannot be removed, and stays: {}", file(numbers[i]).native(),
                      error.message());
    }
}

void snapshot_directory::prove_writable() const {
    const fs::path probe = path_ / probe_name;
    const file_descriptor made{probe, O_WRONLY | O_CREAT, 0600};
    if (!made.is_open())
        throw_snapshot_error(path_, "is not writable");
    if (const std::error_code error = remove_file(probe))
        fail(path_, "does not let files be removed", error);
}

void snapshot_directory::remove_temporaries() const {
    visit_entries(path_, [](const fs::directory_entry& entry, std::string_view name) {
        if (!is_temporary(name))
            return;
        if (const std::error_code error = remove_file(entry.path()))
            log::warn("{}: cannot be removed, and stays: {}", entry.path().native(),
                      error.message());
    });
}

}  // namespace coffer::snapshot
