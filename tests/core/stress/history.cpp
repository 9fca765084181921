#include "core/stress/history.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace coffer::stress {
namespace {

constexpr moment never = std::numeric_limits<moment>::max();
constexpr std::size_t most_reported = 10;

/// The postings of one account by their sequence, which counts from 1.
class chain {
public:
    void add(const made& posting, std::vector<std::string>& found);
    void check_links(std::vector<std::string>& found) const;
    void check_order(std::vector<std::string>& found);

    [[nodiscard]] std::size_t size() const { return postings_.size(); }
    [[nodiscard]] const made* at(std::uint64_t sequence) const {
        const bool there = sequence >= 1 && sequence <= postings_.size();
        return there && postings_[sequence - 1] ? &*postings_[sequence - 1] : nullptr;
    }
    /// Some answer of that moment showed the posting of `sequence` or a later one.
    void shown(std::uint64_t sequence, moment when) {
        moment& first = shown_by_[sequence - 1];
        first = std::min(first, when);
    }
    /// To be called after the last of some calls of shown.
    void sum_up() {
        for (std::size_t i = shown_by_.size(); i-- > 1;)
            shown_by_[i - 1] = std::min(shown_by_[i - 1], shown_by_[i]);
    }
    /// The earliest moment by which some posting after `sequence` had been shown.
    [[nodiscard]] moment later_shown(std::uint64_t sequence) const {
        return sequence < shown_by_.size() ? shown_by_[sequence] : never;
    }

private:
    std::vector<std::optional<made>> postings_;
    std::vector<moment> shown_by_;
};

std::string text(const char* what, const sighting& where) {
    return std::string{what} + ": account " + std::to_string(where.account) + ", sequence " +
           std::to_string(where.sequence) + ", balance " + std::to_string(where.balance_minor);
}

void chain::add(const made& posting, std::vector<std::string>& found) {
    const std::uint64_t sequence = posting.after.sequence;
    if (sequence == 0 || sequence > (std::uint64_t{1} << 30))
        return found.push_back(text("a posting's sequence is out of range", posting.after));
    if (sequence > postings_.size())
        postings_.resize(sequence);
    auto& place = postings_[sequence - 1];
    if (place)
        return found.push_back(text("two postings have one sequence", posting.after));
    place = posting;
}

void chain::check_links(std::vector<std::string>& found) const {
    std::int64_t balance_minor = 0;
    for (const auto& posting : postings_) {
        if (!posting)
            return found.push_back("a sequence has a gap");
        balance_minor += posting->gain_minor;
        if (posting->after.balance_minor != balance_minor || balance_minor < 0)
            return found.push_back(text("a balance does not follow", posting->after));
    }
}

// A posting may not be answered before one of a lower sequence was begun.
void chain::check_order(std::vector<std::string>& found) {
    moment last_invoked = 0;
    for (const auto& posting : postings_) {
        if (!posting)
            return;
        if (posting->when.responded < last_invoked)
            found.push_back(text("the sequence is not in the order of time", posting->after));
        last_invoked = std::max(last_invoked, posting->when.invoked);
    }
    shown_by_.clear();
    for (const auto& posting : postings_)
        shown_by_.push_back(posting->when.responded);
    sum_up();
}

class checker {
public:
    checker(const history& all, std::size_t accounts) : all_{all}, chains_(accounts) {}

    std::vector<std::string> run() {
        for (const made& posting : all_.postings)
            chains_[posting.after.account].add(posting, found_);
        for (chain& one : chains_) {
            one.check_links(found_);
            if (found_.empty())
                one.check_order(found_);
        }
        // What follows makes sense only of sound chains.
        if (found_.empty()) {
            note_what_was_shown();
            for (const seen& read : all_.reads)
                check_read(read);
            for (const taken& cut : all_.cuts)
                check_cut(cut);
        }
        found_.resize(std::min(found_.size(), most_reported));
        return found_;
    }

private:
    [[nodiscard]] bool is_real(const sighting& state) const {
        const made* const posting = chains_[state.account].at(state.sequence);
        return posting != nullptr && posting->after.balance_minor == state.balance_minor;
    }

    // Who has seen one leg of a transfer knows of the other.
    void note_what_was_shown() {
        for (const seen& read : all_.reads)
            if (is_real(read.state))
                chains_[read.state.account].shown(read.state.sequence, read.when.responded);
        sum_up();
        for (const linked& transfer : all_.transfers) {
            chain& from = chains_[transfer.from.account];
            chain& to = chains_[transfer.to.account];
            const moment known = std::min(from.later_shown(transfer.from.sequence - 1),
                                          to.later_shown(transfer.to.sequence - 1));
            from.shown(transfer.from.sequence, known);
            to.shown(transfer.to.sequence, known);
        }
        sum_up();
    }

    void sum_up() {
        for (chain& one : chains_)
            one.sum_up();
    }

    void check_read(const seen& read) {
        const chain& one = chains_[read.state.account];
        if (!is_real(read.state))
            return found_.push_back(text("a state was seen that never was", read.state));
        if (read.when.responded < one.at(read.state.sequence)->when.invoked)
            found_.push_back(text("a posting was seen before it was begun", read.state));
        if (one.later_shown(read.state.sequence) < read.when.invoked)
            found_.push_back(text("a state was seen after a later one was shown", read.state));
    }

    [[nodiscard]] static bool contains(const taken& cut, const sighting& posting) {
        return posting.sequence <= cut.states[posting.account].sequence;
    }

    void check_cut(const taken& cut) {
        std::int64_t total_minor = 0;
        moment last_invoked = 0;  // of the postings in it
        for (const sighting& state : cut.states) {
            if (state.sequence == 0)
                continue;
            if (!is_real(state))
                return found_.push_back(text("a cut has a state that never was", state));
            total_minor += state.balance_minor;
            last_invoked =
                std::max(last_invoked, chains_[state.account].at(state.sequence)->when.invoked);
        }
        if (total_minor != cut.total_minor)
            found_.push_back("a cut's total is not the sum of its balances");
        check_closed(cut, last_invoked);
        for (const linked& transfer : all_.transfers)
            if (contains(cut, transfer.from) != contains(cut, transfer.to))
                return found_.push_back(text("a cut has half a transfer", transfer.from));
    }

    // What was answered before the cut began, or before something in it did, is in it.
    void check_closed(const taken& cut, moment last_invoked) {
        if (last_invoked > cut.when.responded)
            found_.push_back("a cut has a posting that was begun after it");
        for (const sighting& state : cut.states) {
            const moment outside = chains_[state.account].later_shown(state.sequence);
            if (outside < std::max(last_invoked, cut.when.invoked))
                return found_.push_back(text("a cut lacks what happened before", state));
        }
    }

    const history& all_;
    std::vector<chain> chains_;
    std::vector<std::string> found_;
};

}  // namespace

void history::append(const history& other) {
    postings.insert(postings.end(), other.postings.begin(), other.postings.end());
    reads.insert(reads.end(), other.reads.begin(), other.reads.end());
    transfers.insert(transfers.end(), other.transfers.begin(), other.transfers.end());
    cuts.insert(cuts.end(), other.cuts.begin(), other.cuts.end());
}

std::vector<std::string> violations(const history& all, std::size_t accounts) {
    return checker{all, accounts}.run();
}

}  // namespace coffer::stress
