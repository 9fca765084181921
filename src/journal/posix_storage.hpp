// The journal's storage as a directory of the file system.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "journal/storage.hpp"

namespace coffer::journal {

class posix_storage : public storage {
public:
    /// The directory need not exist: see create_directory. Opens nothing.
    explicit posix_storage(std::filesystem::path directory);

    /// Creates the directory unless it exists, so that it survives a crash. Its parent exists.
    [[nodiscard]] std::error_code create_directory();

    [[nodiscard]] open_result open(const std::string& name, access wanted) const override;
    [[nodiscard]] list_result list() const override;
    [[nodiscard]] identify_result identify(const std::string& name) const override;
    [[nodiscard]] std::error_code rename(const std::string& from, const std::string& to) override;
    [[nodiscard]] std::error_code remove(const std::string& name) override;
    [[nodiscard]] std::error_code sync() override;
    [[nodiscard]] std::string path(std::string_view name) const override;

private:
    const std::filesystem::path directory_;
};

}  // namespace coffer::journal
