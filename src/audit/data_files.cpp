#include "audit/data_files.hpp"

#include <string>
#include <system_error>

#include "ops/partial_copy.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

}  // namespace

data_files data_files::in(const fs::path& directory) {
    const data_files found{directory, directory / "journal", directory / "snapshots"};
    std::error_code error;
    if (!fs::is_directory(directory, error))
        throw data_error{directory.string() + ": " +
                         (error ? error.message() : std::string{"is no directory"})};
    if (fs::is_directory(found.journal, error))
        return found;
    if (error && error != std::errc::no_such_file_or_directory)
        throw data_error{found.journal.string() + ": " + error.message()};
    if (const fs::path part = directory / partial_copy_name; fs::exists(part, error))
        throw data_error{part.string() +
                         ": is there, from a copy that did not come to its end: make the copy "
                         "again with --force"};
    throw data_error{
        directory.string() + ": has no journal, so it is no data directory" +
        (fs::exists(found.snapshots, error) ? "; its snapshots alone are no history" : "")};
}

}  // namespace coffer::audit
