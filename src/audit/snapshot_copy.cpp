#include "audit/snapshot_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include <coffer/account_number.hpp>

#include "audit/data_files.hpp"
#include "audit/retries.hpp"
#include "ops/file_descriptor.hpp"
#include "ops/stopping.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

// How many files are open at once: far below any limit of a process.
constexpr std::size_t most_open = 16;

struct opened_snapshot {
    fs::path file;
    file_descriptor content;
};

/// The snapshots of a directory, the oldest first. The next ones are kept open, so that they can be
/// read after the server has removed them; it removes the oldest first.
class snapshot_series {
public:
    /// Lists the snapshots that exist now.
    explicit snapshot_series(const fs::path& directory)
        : files_{snapshot::list_snapshots(directory)} {  // the newest first
        open_some();
    }

    /// Whether a listed snapshot was removed before it was opened.
    [[nodiscard]] bool lacks_some() const noexcept { return lacks_some_; }

    /// Returns the next snapshot; nothing after the last. Skips those that were removed.
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
    for (retries left;;) {
        if (snapshot_series found{directory}; !found.lacks_some())
            return found;
        if (!left.again())
            throw data_error{directory.string() +
                             ": snapshots are removed faster than they can be opened"};
    }
}

void write_copy(opened_snapshot& from, const fs::path& to) {
    file_descriptor target{to, O_WRONLY | O_CREAT | O_EXCL, 0640};
    if (!target.is_open())
        snapshot::throw_snapshot_error(to, "cannot be created");
    std::string block(std::size_t{256} << 10, '\0');
    for (;;) {
        stopping::check();
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

struct checked_copy {
    std::uint64_t until_record = 0;
    std::string fault{};  ///< empty if it has none
};

checked_copy check(const fs::path& copy, std::uint64_t number) {
    try {
        const snapshot::snapshot_info stated = snapshot::check_snapshot(copy);
        if (stated.number != number)
            return {.fault = ": it states the number " + std::to_string(stated.number)};
        return {.until_record = stated.until_record};
    } catch (const snapshot::snapshot_error& refused) {
        return {.fault = std::string{refused.what()}.substr(copy.string().size())};
    }
}

}  // namespace

std::vector<std::string> copy_snapshots(const fs::path& from, const fs::path& to,
                                        std::uint64_t until) {
    snapshot_series snapshots = list(from);
    snapshot::snapshot_directory target{to};
    std::vector<std::string> left_out;
    while (auto one = snapshots.next()) {
        const std::uint64_t number = parse_account_number(one->file.stem().string()).value_or(0);
        const fs::path copy = target.temporary(number);
        write_copy(*one, copy);
        const checked_copy checked = check(copy, number);
        if (checked.fault.empty() && checked.until_record <= until) {
            target.publish(number);
            continue;
        }
        ::unlink(copy.c_str());
        if (!checked.fault.empty())
            left_out.push_back(one->file.string() + checked.fault);
    }
    return left_out;
}

}  // namespace coffer::audit
