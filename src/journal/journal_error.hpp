// The exception for a journal that is damaged, or cannot be read or written.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace coffer::journal {

/// A journal that is damaged, or cannot be read or written. what() is one line: the file, the
/// offset where there is one, and the reason.
class journal_error : public std::runtime_error {
public:
    journal_error(std::string where, std::uint64_t offset, const std::string& reason)
        : std::runtime_error{where + ", offset " + std::to_string(offset) + ": " + reason},
          where_{std::move(where)},
          offset_{offset} {}
    journal_error(std::string where, const std::string& reason)
        : std::runtime_error{where + ": " + reason}, where_{std::move(where)} {}

    /// The file.
    [[nodiscard]] const std::string& where() const noexcept { return where_; }
    /// Where in the file, in bytes; 0 if it is about the whole of it.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

private:
    std::string where_;
    std::uint64_t offset_ = 0;
};

}  // namespace coffer::journal
