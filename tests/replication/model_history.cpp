#include "replication/model_history.hpp"

#include <algorithm>

namespace coffer::test {

void model_history::note(const moment& sent, account_number account, const state& shown,
                         const char* what) {
    const auto before = sent.find(account);
    if (before != sent.end() && shown.sequence < before->second)
        wrong("stale: " + std::string{what} + " of account " + std::to_string(account) +
              " showed sequence " + std::to_string(shown.sequence) + ", and sequence " +
              std::to_string(before->second) + " was answered before it was sent");
    std::uint64_t& latest = latest_[account];
    latest = std::max(latest, shown.sequence);
    shown_[{account, shown.sequence}].insert(shown.balance);
}

void model_history::note_read(const moment& sent, account_number account, const state& shown) {
    ++reads_;
    note(sent, account, shown, "a balance");
}

void model_history::note_posting(const moment& sent, const std::string& key, account_number account,
                                 const state& shown) {
    const auto before = sent.find(account);
    if (before != sent.end() && shown.sequence == before->second)
        wrong("doubled: " + key + " and an earlier request have the same posting");
    note(sent, account, shown, "a posting");
    posted_[key] = {account, shown.sequence};
}

void model_history::note_logged(const journal::batch_view& one) {
    journal::visit_records(one, [this](const journal::record& each) {
        const place at{each.state.account, each.state.sequence};
        if (!logged_.emplace(at, each.state.balance.minor()).second)
            wrong("doubled: sequence " + std::to_string(at.sequence) + " of account " +
                  std::to_string(at.account) + " is in the log twice");
        if (!each.key.text.empty())
            logged_keys_[std::string{each.key.text}].push_back(at);
    });
}

std::string model_history::verdict() {
    for (const auto& [key, places] : logged_keys_)
        if (places.size() != 1)
            wrong("doubled: " + key + " was posted " + std::to_string(places.size()) + " times");
    for (const auto& [key, at] : posted_)
        if (!logged_keys_.contains(key) || logged_keys_[key].front() != at)
            wrong("lost: " + key + " was acknowledged and is not in the log");
    for (const std::string& key : refused_)
        if (logged_keys_.contains(key))
            wrong("doubled: " + key + " was refused for good, and is in the log");
    for (const auto& [at, balances] : shown_) {
        const auto found = logged_.find(at);
        if (found == logged_.end() || balances != std::set<std::int64_t>{found->second})
            wrong("never was: the balance that was shown of account " + std::to_string(at.account) +
                  " at sequence " + std::to_string(at.sequence));
    }
    return wrong_;
}

}  // namespace coffer::test
