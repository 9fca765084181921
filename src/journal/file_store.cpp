#include "journal/file_store.hpp"

#include <system_error>
#include <utility>

#include "journal/file_source.hpp"
#include "journal/indexed_history.hpp"
#include "ops/assertion.hpp"
#include "ops/file_calls.hpp"
#include "ops/stopping.hpp"

namespace coffer::journal {
namespace {

namespace fs = std::filesystem;

/// Removes a log in the making: what is left of an earlier one at once, and its own at the end.
class leftover_remover {
public:
    explicit leftover_remover(fs::path directory) : directory_{std::move(directory)} {
        std::error_code error;
        fs::remove_all(directory_, error);
        if (error)
            throw journal_error{directory_.string(), "cannot be removed: " + error.message()};
    }
    leftover_remover(const leftover_remover&) = delete;
    leftover_remover& operator=(const leftover_remover&) = delete;
    ~leftover_remover() { remove(); }

    void remove() const noexcept {
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }

private:
    fs::path directory_;
};

class new_file_log final : public new_log {
public:
    new_file_log(fs::path in_the_making, fs::path directory, file_log::options chosen)
        : from_{std::move(in_the_making)},
          to_{std::move(directory)},
          remover_{from_},
          files_{from_},
          log_{begun(chosen)} {}

    [[nodiscard]] batch_log& log() override { return *log_; }

    void publish() override {
        log_.reset();
        undo_.cancel();
        std::error_code error = rename_file(from_, to_);
        if (!error)
            error = sync_directory(to_.parent_path());
        if (error)
            throw journal_error{to_.string(), "cannot be put in place: " + error.message()};
    }

private:
    [[nodiscard]] std::unique_ptr<file_log> begun(const file_log::options& chosen) {
        if (const std::error_code error = files_.create_directory())
            throw journal_error{from_.string(), "cannot be created: " + error.message()};
        return file_log::create(files_, chosen);
    }

    const fs::path from_;
    const fs::path to_;
    const leftover_remover remover_;  // before the log, so that it outlives it
    // If the process is ended by force, too: a start may take long.
    stopping::undo undo_{[this] { remover_.remove(); }};
    posix_storage files_;
    std::unique_ptr<file_log> log_;
};

class new_indexed_history final : public new_history {
public:
    new_indexed_history(storage& where, const log_progress& progress)
        : made_{std::make_unique<indexed_history>(where, progress)} {}

    [[nodiscard]] std::unique_ptr<history> finish(const batch_log&) override {
        made_->wait_until_indexed();
        return std::move(made_);
    }

private:
    std::unique_ptr<indexed_history> made_;
};

}  // namespace

file_store::file_store(fs::path directory, file_log::options chosen)
    : directory_{std::move(directory)}, chosen_{chosen}, files_{directory_} {}

file_store::~file_store() {
    invariant(in_use_.use_count() == 1,
              "the journal's store is destroyed before its log, whose threads still use it");
}

bool file_store::has_log() const {
    std::error_code error;
    const bool there = fs::exists(directory_, error);
    if (error)
        throw journal_error{directory_.string(), "cannot be looked at: " + error.message()};
    return there;
}

std::unique_ptr<new_log> file_store::create_copy(const ledger_id& of) {
    file_log::options chosen = chosen_;
    chosen.ledger = of;
    return begin(chosen);
}

std::unique_ptr<new_log> file_store::begin(const file_log::options& chosen) const {
    fs::path in_the_making = directory_;
    in_the_making += ".new";
    return std::make_unique<new_file_log>(std::move(in_the_making), directory_, chosen);
}

std::unique_ptr<batch_source> file_store::read() const {
    return std::make_unique<file_source>(files_);
}

std::unique_ptr<new_history> file_store::begin_history() {
    progress_.durable_end = 0;
    return std::make_unique<new_indexed_history>(files_, progress_);
}

std::unique_ptr<batch_log> file_store::open(const batch_position& end) {
    auto opened = file_log::open(files_, chosen_, end, &progress_);
    opened->hold(in_use_);
    return opened;
}

}  // namespace coffer::journal
