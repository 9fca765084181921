#include "audit/snapshot_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <coffer/account_number.hpp>

#include "audit/data_files.hpp"
#include "snapshot/file_descriptor.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

// How often the directory is listed, beside a server that removes what was listed.
constexpr int attempts = 100;

struct opened_snapshot {
    fs::path file;
    snapshot::file_descriptor content;
};

/// All that are there at one moment, the oldest first: once they are open they stay, be they
/// removed. Nothing if one was removed before that.
std::optional<std::vector<opened_snapshot>> try_open_all(const fs::path& directory) {
    std::vector<opened_snapshot> opened;
    for (const fs::path& file : snapshot::list_snapshots(directory)) {
        opened.push_back({file, {file, O_RDONLY}});
        if (opened.back().content.is_open())
            continue;
        if (errno == ENOENT)
            return std::nullopt;
        snapshot::throw_snapshot_error(file, "cannot be opened");
    }
    std::ranges::reverse(opened);
    return opened;
}

std::vector<opened_snapshot> open_all(const fs::path& directory) {
    for (int left = attempts; left != 0; --left)
        if (auto opened = try_open_all(directory))
            return std::move(*opened);
    throw data_error{directory.string() + ": snapshots are removed faster than they can be opened"};
}

void write_copy(opened_snapshot& from, const fs::path& to) {
    snapshot::file_descriptor target{to, O_WRONLY | O_CREAT | O_EXCL, 0640};
    if (!target.is_open())
        snapshot::throw_snapshot_error(to, "cannot be created");
    std::string block(std::size_t{256} << 10, '\0');
    for (;;) {
        const ssize_t size = from.content.read(block.data(), block.size());
        if (size < 0)
            snapshot::throw_snapshot_error(from.file, "cannot be read");
        if (size == 0)
            break;
        if (!target.write({block.data(), static_cast<std::size_t>(size)}))
            snapshot::throw_snapshot_error(to, "cannot be written");
    }
    if (!target.sync())
        snapshot::throw_snapshot_error(to, "cannot be synced");
}

/// What is wrong with the copy of a snapshot; empty if nothing is.
std::string fault_of(const fs::path& copy, std::uint64_t number) {
    try {
        const std::uint64_t said = snapshot::check_snapshot(copy).number;
        return said == number ? "" : "it says that it is snapshot " + std::to_string(said);
    } catch (const snapshot::snapshot_error& refused) {
        return std::string{refused.what()}.substr(copy.string().size());
    }
}

}  // namespace

std::vector<std::string> copy_snapshots(const fs::path& from, const fs::path& to) {
    std::vector<opened_snapshot> snapshots = open_all(from);
    snapshot::snapshot_directory target{to};
    std::vector<std::string> left_out;
    for (opened_snapshot& one : snapshots) {
        const std::uint64_t number = parse_account_number(one.file.stem().string()).value_or(0);
        const fs::path copy = target.temporary(number);
        write_copy(one, copy);
        const std::string fault = fault_of(copy, number);
        if (fault.empty()) {
            target.publish(number);
            continue;
        }
        ::unlink(copy.c_str());
        left_out.push_back(one.file.string() + fault);
    }
    return left_out;
}

}  // namespace coffer::audit
