#include "audit/snapshot_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <optional>
#include <utility>

#include <coffer/account_number.hpp>

#include "audit/data_files.hpp"
#include "audit/interruption.hpp"
#include "snapshot/file_descriptor.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

// How often the directory is listed, beside a server that removes what was listed.
constexpr int attempts = 100;

// How many files are open at once: far fewer than any process may have.
constexpr std::size_t most_open = 16;

struct opened_snapshot {
    fs::path file;
    snapshot::file_descriptor content;
};

/// Snapshots in their order, the oldest first. The next few are open, and so stay, be they removed;
/// a server removes the oldest first.
class snapshot_series {
public:
    /// Those that are there now.
    explicit snapshot_series(const fs::path& directory)
        : files_{snapshot::list_snapshots(directory)} {  // the newest first
        open_some();
    }

    /// Whether some of those that would be open had been removed.
    [[nodiscard]] bool lacks_some() const noexcept { return lacks_some_; }

    /// Nothing behind the last. Those that were removed before they were open are passed over.
    [[nodiscard]] std::optional<opened_snapshot> next() {
        open_some();
        if (opened_.empty())
            return std::nullopt;
        std::optional<opened_snapshot> first{std::move(opened_.front())};
        opened_.pop_front();
        return first;
    }

private:
    void open_some() {
        for (; opened_.size() < most_open && !files_.empty(); files_.pop_back()) {
            opened_snapshot one{files_.back(), {files_.back(), O_RDONLY}};
            if (one.content.is_open())
                opened_.push_back(std::move(one));
            else if (errno == ENOENT)
                lacks_some_ = true;
            else
                snapshot::throw_snapshot_error(one.file, "cannot be opened");
        }
    }

    std::vector<fs::path> files_;
    std::deque<opened_snapshot> opened_;
    bool lacks_some_ = false;
};

snapshot_series list(const fs::path& directory) {
    for (int left = attempts; left != 0; --left)
        if (snapshot_series found{directory}; !found.lacks_some())
            return found;
    throw data_error{directory.string() + ": snapshots are removed faster than they can be opened"};
}

void write_copy(opened_snapshot& from, const fs::path& to) {
    snapshot::file_descriptor target{to, O_WRONLY | O_CREAT | O_EXCL, 0640};
    if (!target.is_open())
        snapshot::throw_snapshot_error(to, "cannot be created");
    std::string block(std::size_t{256} << 10, '\0');
    for (;;) {
        throw_if_interrupted();
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
    snapshot_series snapshots = list(from);
    snapshot::snapshot_directory target{to};
    std::vector<std::string> left_out;
    while (auto one = snapshots.next()) {
        const std::uint64_t number = parse_account_number(one->file.stem().string()).value_or(0);
        const fs::path copy = target.temporary(number);
        write_copy(*one, copy);
        const std::string fault = fault_of(copy, number);
        if (fault.empty()) {
            target.publish(number);
            continue;
        }
        ::unlink(copy.c_str());
        left_out.push_back(one->file.string() + fault);
    }
    return left_out;
}

}  // namespace coffer::audit
