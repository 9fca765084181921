// A directory in memory that crashes and fails when a test asks for it.
//
// It keeps what is on the disk apart from what is not yet: writes that were not synced, and names
// that were not. At a crash each sector that was written and not synced, and each change of a name
// that was not, is there or is not as chance has it; then everything fails until `restart`.
// After a failed sync, as on Linux, what was to be synced is shown still, but no later sync has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "journal/storage.hpp"

namespace coffer::test {

class faulty_storage : public journal::storage {
public:
    faulty_storage() = default;

    // What goes wrong. Calls that change something, or sync, count from 1.

    /// Crashes at this call: half of it may be done.
    void crash_at(std::uint64_t call, std::uint64_t seed);
    /// Crashes now.
    void crash_now(std::uint64_t seed);
    /// Has this call fail, and do nothing or a half of it, like all after it if `for_good`.
    void fail_at(std::uint64_t call, std::errc error, bool for_good);
    /// Has reads fail.
    void fail_reads(bool fail) { reads_fail_ = fail; }
    /// How many bytes there is room for.
    void limit_bytes(std::uint64_t bytes) { limit_bytes_ = bytes; }

    [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
    /// How many bytes were read of all files.
    [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }
    [[nodiscard]] bool crashed() const noexcept { return crashed_; }

    /// Forgets what was asked to go wrong. After a crash what is on the disk is what there is.
    void restart();

    // What is in the files, as the system shows them.
    [[nodiscard]] std::vector<std::byte>& content(const std::string& name);
    [[nodiscard]] std::map<std::string, std::vector<std::byte>> all() const;

    [[nodiscard]] open_result open(const std::string& name, access wanted) const override;
    [[nodiscard]] list_result list() const override;
    [[nodiscard]] journal::identify_result identify(const std::string& name) const override;
    [[nodiscard]] std::error_code rename(const std::string& from, const std::string& to) override;
    [[nodiscard]] std::error_code remove(const std::string& name) override;
    [[nodiscard]] std::error_code sync() override;
    [[nodiscard]] std::string path(std::string_view name) const override;

private:
    friend class faulty_file;

    /// A file's content as the system shows it and as the disk has it.
    struct inode {
        std::vector<std::byte> shown;
        std::vector<std::byte> on_disk;
        std::vector<bool> dirty;  // by sector: written, and to be synced

        void note_written(std::size_t begin, std::size_t end);
        /// Brings a sector to the disk.
        void keep(std::size_t sector);
    };
    using names = std::map<std::string, std::shared_ptr<inode>>;
    struct verdict {
        std::error_code error;
        bool half = false;
    };

    /// To be called by every call that changes something.
    verdict count_call() const;
    void crash() const;
    void crash_file(inode& one) const;
    [[nodiscard]] std::uint64_t used_bytes() const;

    mutable names shown_;
    mutable std::vector<names> unsynced_;    // after each change since the last sync
    mutable std::set<std::string> removed_;  // since then, and not made again
    mutable names on_disk_;
    mutable std::vector<std::shared_ptr<inode>> all_;
    mutable std::uint64_t calls_ = 0;
    mutable std::uint64_t changes_ = 0;  // of names
    mutable std::uint64_t bytes_read_ = 0;
    mutable bool crashed_ = false;
    mutable std::mt19937_64 random_;
    std::optional<std::uint64_t> crash_at_;
    std::optional<std::uint64_t> fail_at_;
    std::errc failure_{};
    bool fails_for_good_ = false;
    bool reads_fail_ = false;
    std::uint64_t limit_bytes_ = UINT64_MAX;
};

}  // namespace coffer::test
