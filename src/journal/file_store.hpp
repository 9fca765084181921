// A journal of files as a log_store: a directory, which is made beside its name and then renamed.
#pragma once

#include <filesystem>
#include <memory>

#include "journal/file_log.hpp"
#include "journal/log_progress.hpp"
#include "journal/log_store.hpp"
#include "journal/posix_storage.hpp"

namespace coffer::journal {

/// For one process at a time, which its caller sees to: data_directory is locked.
class file_store final : public log_store {
public:
    /// The journal's directory is `directory`; a new one is made as `directory`.new. Their parent
    /// is there. Touches nothing yet.
    explicit file_store(std::filesystem::path directory, file_log::options chosen = {});
    /// Aborts if a log that it opened is still there: its threads would write to files that may be
    /// another server's by then.
    ~file_store() override;
    file_store(const file_store&) = delete;
    file_store& operator=(const file_store&) = delete;

    [[nodiscard]] bool has_log() const override;
    /// Removes what a crash has left of a log that was being created.
    [[nodiscard]] std::unique_ptr<new_log> create() override { return begin(chosen_); }
    [[nodiscard]] std::unique_ptr<new_log> create_copy(const ledger_id& of) override;
    [[nodiscard]] std::unique_ptr<batch_source> read() const override;
    [[nodiscard]] std::unique_ptr<new_history> begin_history() override;
    [[nodiscard]] std::unique_ptr<batch_log> open(const batch_position& end) override;

    [[nodiscard]] const posix_storage& files() const noexcept { return files_; }

private:
    [[nodiscard]] std::unique_ptr<new_log> begin(const file_log::options& chosen) const;

    const std::filesystem::path directory_;
    const file_log::options chosen_;
    posix_storage files_;
    log_progress progress_;  // of the log that is open
    const std::shared_ptr<const void> in_use_ = std::make_shared<char>();  // each log has a copy
};

}  // namespace coffer::journal
