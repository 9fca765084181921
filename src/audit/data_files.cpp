#include "audit/data_files.hpp"

#include <algorithm>
#include <string>
#include <system_error>

#include "ops/partial_copy.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

/// Whether `path`, which need not exist, is the directory or lies within it.
bool is_within(const fs::path& path, const fs::path& directory) {
    const fs::path inner = fs::weakly_canonical(path);
    const fs::path outer = fs::weakly_canonical(directory);
    return std::ranges::mismatch(outer, inner).in1 == outer.end();
}

}  // namespace

data_files data_files::in(const fs::path& directory) {
    data_files found = in_copy(directory);
    if (is_increment(directory))
        throw data_error{directory.string() +
                         ": is an increment of a backup, and no ledger without it: see 'coffer "
                         "restore BACKUP INCREMENT DIR'"};
    return found;
}

data_files data_files::in_copy(const fs::path& directory) {
    data_files found{directory, directory / "journal", directory / "snapshots"};
    if (const fs::path left = unfinished_copy(directory); !left.empty())
        throw data_error{left.string() +
                         ": is there, from a copy that did not come to its end: make the copy "
                         "again with --force"};
    std::error_code error;
    if (!fs::is_directory(directory, error))
        throw data_error{directory.string() + ": " +
                         (error ? error.message() : std::string{"is no directory"})};
    if (fs::is_directory(found.journal, error))
        return found;
    if (error && error != std::errc::no_such_file_or_directory)
        throw data_error{found.journal.string() + ": " + error.message()};
    throw data_error{
        directory.string() + ": has no journal, so it is no data directory" +
        (fs::exists(found.snapshots, error) ? "; its snapshots alone are no history" : "")};
}

void data_files::require_outside(const fs::path& destination) const {
    for (const fs::path* const part : {&journal, &snapshots})
        if (is_within(destination, *part))
            throw data_error{destination.string() + ": is within " + part->string() +
                             ", and a copy there would go with it"};
}

}  // namespace coffer::audit
