// What clients of a replicated ledger have seen, and whether one ledger can have shown them that.
//
// Every account is only deposited to, and every posting has a sequence: so a history is
// linearizable if each answer has a later state than all that was answered before its request was
// sent, and if that state is in the log.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <coffer/account_number.hpp>

#include "journal/batch.hpp"

namespace coffer::test {

class model_history {
public:
    /// What a request is compared with: the latest state of each account that was answered before.
    using moment = std::map<account_number, std::uint64_t>;
    [[nodiscard]] const moment& now() const noexcept { return latest_; }

    struct state {
        std::uint64_t sequence = 0;
        std::int64_t balance = 0;
        friend bool operator==(const state&, const state&) = default;
    };
    /// An answer to a request that was sent at `sent`.
    void note_read(const moment& sent, account_number account, const state& shown);
    void note_posting(const moment& sent, const std::string& key, account_number account,
                      const state& shown);
    /// The client was answered that its posting was not made, and never will be.
    void note_refused(const std::string& key) { refused_.insert(key); }

    /// What is in the log. Called with each batch, in order.
    void note_logged(const journal::batch_view& one);

    /// Anything else that is wrong. The first counts.
    void wrong(const std::string& what) {
        if (wrong_.empty())
            wrong_ = what;
    }
    /// What is wrong by now, or an empty text. Postings that were answered are looked for in the
    /// log.
    [[nodiscard]] std::string verdict();

    [[nodiscard]] std::size_t reads() const noexcept { return reads_; }
    [[nodiscard]] std::size_t postings() const noexcept { return posted_.size(); }

private:
    void note(const moment& sent, account_number account, const state& shown, const char* what);

    struct place {
        account_number account = 0;
        std::uint64_t sequence = 0;
        friend auto operator<=>(const place&, const place&) = default;
    };
    moment latest_;
    std::map<place, std::set<std::int64_t>> shown_;  // balances
    std::map<std::string, place> posted_;
    std::set<std::string> refused_;
    std::map<place, std::int64_t> logged_;
    std::map<std::string, std::vector<place>> logged_keys_;
    std::size_t reads_ = 0;
    std::string wrong_;
};

}  // namespace coffer::test
