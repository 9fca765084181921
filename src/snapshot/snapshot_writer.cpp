#include "snapshot/snapshot_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "ops/checksum.hpp"
#include "ops/file_descriptor.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::snapshot {
namespace {

/// A new file that is written through a buffer, and removed unless it is kept.
class temporary_file {
public:
    explicit temporary_file(std::filesystem::path path)
        : path_{std::move(path)}, output_{path_, O_WRONLY | O_CREAT | O_TRUNC, 0640} {
        if (!output_.is_open())
            throw_snapshot_error(path_, "cannot be created");
        buffer_.reserve(flush_bytes + snapshot_text::max_bytes_a_call);
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() {
        if (!kept_)
            ::unlink(path_.c_str());
    }

    [[nodiscard]] std::string& buffer() noexcept { return buffer_; }

    /// Writes the buffer. Returns the checksum of all that was written.
    [[nodiscard]] std::uint64_t checksum() noexcept {
        write();
        return checksum_.value();
    }

    /// Writes the buffer if it is full. `finish` reports a failure.
    void write_if_full() noexcept {
        if (buffer_.size() >= flush_bytes)
            write();
    }

    /// Returns once the whole file survives a crash. Throws snapshot_error.
    void finish() {
        write();
        sync();
        errno = failure_;
        if (failure_ != 0)
            throw_snapshot_error(path_, "cannot be written");
    }

    void keep() noexcept { kept_ = true; }

private:
    static constexpr std::size_t flush_bytes = std::size_t{256} << 10;
    // Keeps each sync short, however large the file is: one that takes long means a hanging disk.
    static constexpr std::size_t most_unsynced_bytes = std::size_t{16} << 20;

    void write() noexcept {
        checksum_.add(std::as_bytes(std::span{buffer_}));
        unsynced_bytes_ += buffer_.size();
        if (failure_ == 0 && !output_.write(buffer_))
            failure_ = errno;
        buffer_.clear();
        if (unsynced_bytes_ >= most_unsynced_bytes)
            sync();
    }

    void sync() noexcept {
        if (failure_ == 0 && !output_.sync())
            failure_ = errno;
        unsynced_bytes_ = 0;
    }

    std::filesystem::path path_;
    file_descriptor output_;
    std::string buffer_;
    running_checksum checksum_;
    std::size_t unsynced_bytes_ = 0;
    int failure_ = 0;
    bool kept_ = false;
};

/// So many accounts and holds are written between two looks whether to give way.
constexpr std::size_t between_looks = 1024;

/// Waits until all postings of the cut are durable. Throws snapshot_error.
std::uint64_t wait_durable(const journal_marks& marks, const std::filesystem::path& file) {
    if (const std::optional<std::uint64_t> until_record = marks.barrier())
        return *until_record;
    throw snapshot_error{file.string() + ": is not written: the journal has failed"};
}

std::chrono::system_clock::time_point time_of(const journal_marks& marks) {
    if (!marks.time_ns)
        return std::chrono::system_clock::now();
    return std::chrono::system_clock::time_point{
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::nanoseconds{marks.time_ns()})};
}

written_snapshot write_accounts(coffer::ledger& ledger, std::uint64_t number,
                                const journal_marks& marks, const std::filesystem::path& path,
                                temporary_file& file) {
    snapshot_text text{file.buffer()};
    // Before the cut: what is durable now was posted before, so the cut includes it.
    const std::uint64_t after_record = marks.durable_record();
    // After that was read: see journal_marks.
    const std::uint64_t keys_from = marks.keys_from(after_record);
    text.begin({number, time_of(marks), marks.ledger, after_record, keys_from});
    std::size_t visited = 0;
    const auto give_way = [&] {
        if (++visited % between_looks == 0 && marks.must_give_way && marks.must_give_way())
            throw snapshot_error{path.string() + ": is given up: the ledger waits for its cut"};
    };
    const auto write = [&](const account_view& last) {
        give_way();
        text.add(last);
        file.write_if_full();
    };
    const auto write_hold = [&](const hold& one) {
        give_way();
        text.add_hold(one);
        file.write_if_full();
    };
    ledger.cut(write, write_hold, cut_pace::gentle());
    text.end(wait_durable(marks, path));
    text.close(file.checksum());
    return {path, number, text.count(), after_record};
}

}  // namespace

written_snapshot write_snapshot(coffer::ledger& ledger, snapshot_directory& directory,
                                std::size_t keep, const journal_marks& marks) {
    const std::uint64_t number = directory.next_number();
    temporary_file file{directory.temporary(number)};
    const written_snapshot written =
        write_accounts(ledger, number, marks, directory.file(number), file);
    file.finish();
    // Read once more before older snapshots are removed.
    static_cast<void>(check_snapshot(directory.temporary(number)));
    directory.publish(number);
    file.keep();
    directory.prune(keep);
    return written;
}

}  // namespace coffer::snapshot
