// A ledger with a journal in a faulty storage, driven without threads, and a model of what it has
// promised.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <coffer/ledger.hpp>

#include "faulty_storage.hpp"
#include "journal/committer.hpp"
#include "journal/file_log.hpp"

namespace coffer::test {

/// What was ever done and acknowledged, over all lives of a ledger.
struct promises {
    /// The balances that an account has had, in minor units, by sequence. What a crash took back
    /// without its having been acknowledged is replaced by what came instead.
    std::map<account_number, std::map<std::uint64_t, std::int64_t>> history;
    std::map<account_number, std::uint64_t> acknowledged;  ///< the highest sequence
    std::map<std::string, std::uint64_t> keys;  ///< acknowledged keys, and how often they came back
    /// The last snapshot, and from which record on it is to be followed.
    std::vector<posting> snapshot;
    std::uint64_t snapshot_next_record = 1;
};

/// Reads what is in the storage into a ledger and checks it against the promises. Returns what is
/// wrong, or an empty text. Throws journal::journal_error.
[[nodiscard]] std::string recover(const faulty_storage& from, promises& given, ledger& into);

/// One life, from the opening of the log to its end or failure.
class journal_run {
public:
    static constexpr std::size_t workers = 3;
    static constexpr account_number accounts = 4;

    /// `ledger` is as it was recovered. Throws journal::journal_error if the log does not open.
    journal_run(faulty_storage& where, promises& given, coffer::ledger& ledger, std::uint64_t seed);

    /// Operates and commits for so many turns. False if the log has failed before.
    [[nodiscard]] bool run(int turns);
    /// Commits what there is and closes.
    [[nodiscard]] bool close();

    [[nodiscard]] journal::file_log& log() noexcept { return *log_; }

private:
    struct awaited {
        journal::lane_ticket ticket;
        std::vector<posting> postings;
        std::string key;
    };

    void operate(std::size_t worker);
    void append(std::size_t worker, const journal::record& one, std::vector<posting> made);
    [[nodiscard]] bool commit();
    void acknowledge();
    void take_snapshot();

    promises& given_;
    ledger& ledger_;
    std::mt19937_64 random_;
    std::unique_ptr<journal::file_log> log_;
    journal::wake_signal signal_;
    std::vector<std::unique_ptr<journal::lane>> lanes_;
    std::vector<std::vector<awaited>> awaited_;
    std::unique_ptr<journal::committer> committer_;
    std::uint64_t next_key_ = 0;
    std::uint64_t now_ns_ = 1;
};

}  // namespace coffer::test
