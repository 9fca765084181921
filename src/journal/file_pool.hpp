// Files of a journal that stay open between reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "journal/storage.hpp"

namespace coffer::journal {

/// Thread safety: all members may be called from any thread at once. No lock is held during a call
/// of the file system.
class file_pool {
public:
    static constexpr std::size_t most_open = 8;  ///< but for those that are being read

    /// Of the files that have these names, by the first record of their segments.
    file_pool(const storage& where, std::string (*name)(std::uint64_t first_record))
        : storage_{where}, name_{name} {}

    /// Reads all of `into` from a file. After an error, the file is closed; a file that ends
    /// before is the error result_out_of_range.
    [[nodiscard]] std::error_code read(std::uint64_t first_record, std::uint64_t offset,
                                       std::span<std::byte> into);

    [[nodiscard]] storage_file::size_result size(std::uint64_t first_record);

    /// The name of a file for people.
    [[nodiscard]] std::string path(std::uint64_t first_record) const {
        return storage_.path(name_(first_record));
    }

    /// Closes the file, and all files of segments before `first_record`.
    void forget(std::uint64_t first_record);
    void forget_before(std::uint64_t first_record);

private:
    struct idle_file {
        std::uint64_t first_record;
        std::unique_ptr<storage_file> file;
    };

    [[nodiscard]] std::error_code use(std::uint64_t first_record,
                                      const std::function<std::error_code(storage_file&)>& how);
    [[nodiscard]] std::unique_ptr<storage_file> take(std::uint64_t first_record,
                                                     std::uint64_t& generation);
    void give_back(idle_file one, std::uint64_t generation);

    const storage& storage_;
    std::string (*const name_)(std::uint64_t);
    std::mutex mutex_;
    std::deque<idle_file> idle_;    // under the mutex; the last used at the end
    std::uint64_t generation_ = 0;  // likewise: how often files were forgotten
};

}  // namespace coffer::journal
