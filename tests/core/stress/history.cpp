#include "core/stress/history.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "core/stress/hold_book.hpp"

namespace coffer::stress {
namespace {

constexpr moment never = std::numeric_limits<moment>::max();

std::string text(const sighting& where) {
    return "account " + std::to_string(where.account) + ", sequence " +
           std::to_string(where.sequence) + ", balance " + std::to_string(where.balance_minor) +
           ", held " + std::to_string(where.held_minor);
}

std::string text(const hold_state& where) {
    return "account " + std::to_string(where.hold.account) + ", hold of " +
           std::to_string(where.hold.placed) + ", sequence " + std::to_string(where.sequence) +
           ", remaining " + std::to_string(where.remaining_minor) + ", captured " +
           std::to_string(where.captured_minor) + ", status " + std::to_string(where.status);
}

/// Keeps a few violations of each kind.
class report {
public:
    void add(violation_kind kind, std::string where) {
        constexpr std::size_t most_of_a_kind = 3;
        if (counts_[static_cast<std::size_t>(kind)]++ < most_of_a_kind)
            found_.push_back({kind, std::move(where)});
    }
    void add(violation_kind kind, const sighting& where) { add(kind, text(where)); }

    [[nodiscard]] const std::vector<violation>& found() const { return found_; }

private:
    std::vector<violation> found_;
    std::array<std::size_t, violation_names.size()> counts_{};
};

/// For each sequence from 1 on, the earliest moment by which it or a later one had been shown.
class showings {
public:
    void shown(std::uint64_t sequence, moment when) {
        moment& first = by_[sequence - 1];
        first = std::min(first, when);
    }
    void append(moment when) { by_.push_back(when); }
    /// To be called after the last of some calls of the above.
    void sum_up() {
        for (std::size_t i = by_.size(); i-- > 1;)
            by_[i - 1] = std::min(by_[i - 1], by_[i]);
    }
    /// The earliest moment by which some posting after `sequence` had been shown.
    [[nodiscard]] moment later_than(std::uint64_t sequence) const {
        return sequence < by_.size() ? by_[sequence] : never;
    }

private:
    std::vector<moment> by_;
};

/// The postings of one account by their sequence, which counts from 1.
class chain {
public:
    void add(const made& posting, report& found);
    void check_links(report& found);
    void check_order(report& found);

    [[nodiscard]] bool had(const sighting& state) const {
        if (state.sequence == 0)
            return state.balance_minor == 0;
        if (state.sequence > postings_.size())
            return false;
        const sighting& was = postings_[state.sequence - 1]->after;
        return was.balance_minor == state.balance_minor && was.held_minor == state.held_minor;
    }
    [[nodiscard]] bool was_closed(std::uint64_t sequence) const {
        return sequence != 0 && closed_[sequence - 1];
    }
    /// When the last of the postings up to `sequence` was begun.
    [[nodiscard]] moment begun_by(std::uint64_t sequence) const {
        return sequence == 0 ? 0 : begun_by_[sequence - 1];
    }

    showings shown;  ///< by answers that had this account's state
    showings known;  ///< the same, and by the other legs of its transfers

private:
    std::vector<std::optional<made>> postings_;
    std::vector<bool> closed_;  // after each
    std::vector<moment> begun_by_;
};

void chain::add(const made& posting, report& found) {
    const std::uint64_t sequence = posting.after.sequence;
    if (sequence == 0 || sequence > (std::uint64_t{1} << 30))
        return found.add(violation_kind::sequence_out_of_range, posting.after);
    if (sequence > postings_.size())
        postings_.resize(sequence);
    auto& place = postings_[sequence - 1];
    if (place)
        return found.add(violation_kind::sequence_twice, posting.after);
    place = posting;
}

void chain::check_links(report& found) {
    std::int64_t balance_minor = 0;
    std::int64_t held_minor = 0;
    bool is_closed = false;
    bool first = true;
    for (const auto& posting : postings_) {
        if (!posting)
            return found.add(violation_kind::sequence_gap, postings_.back()->after);
        if ((posting->kind == posting_kind::opening) != std::exchange(first, false))
            found.add(violation_kind::opening_out_of_place, posting->after);
        if (is_closed != (posting->kind == posting_kind::reopening))
            found.add(violation_kind::closed_account_posted_to, posting->after);
        is_closed = posting->kind == posting_kind::closing;
        closed_.push_back(is_closed);
        balance_minor += posting->gain_minor;
        if (posting->after.balance_minor != balance_minor || balance_minor < 0)
            return found.add(violation_kind::balance_does_not_follow, posting->after);
        held_minor += posting->held_gain_minor;
        if (posting->after.held_minor != held_minor || held_minor < 0 ||
            held_minor > balance_minor || (is_closed && balance_minor != 0))
            return found.add(violation_kind::held_does_not_follow, posting->after);
    }
}

// To be called of a chain without a gap.
void chain::check_order(report& found) {
    moment begun = 0;
    for (const auto& posting : postings_) {
        if (posting->when.responded < begun)
            found.add(violation_kind::sequence_against_time, posting->after);
        begun = std::max(begun, posting->when.invoked);
        begun_by_.push_back(begun);
        shown.append(posting->when.responded);
    }
    shown.sum_up();
}

class checker {
public:
    checker(const history& all, std::size_t accounts) : all_{all}, chains_(accounts) {}

    std::vector<violation> run() {
        for (const made& posting : all_.postings)
            chains_[posting.after.account].add(posting, found_);
        for (chain& one : chains_)
            one.check_links(found_);
        // What follows makes sense only of sound chains.
        if (found_.found().empty()) {
            for (chain& one : chains_)
                one.check_order(found_);
            holds_ = hold_book{all_.hold_changes, report_hold()};
            for (const hold_state& read : all_.hold_reads)
                if (!holds_.had(read))
                    found_.add(violation_kind::hold_never_was, text(read));
            for (const hold_state& denial : all_.hold_denials)
                if (holds_.was_open(denial))
                    found_.add(violation_kind::hold_never_was, text(denial));
            note_what_was_shown();
            note_what_was_known();
            for (const seen& read : all_.reads)
                check_read(read);
            for (const denied& refusal : all_.denials)
                check_denial(refusal);
            for (const taken& cut : all_.cuts)
                check_cut(cut);
        }
        return found_.found();
    }

private:
    void note_what_was_shown() {
        for (const seen& read : all_.reads) {
            chain& one = chains_[read.state.account];
            if (read.state.sequence != 0 && one.had(read.state))
                one.shown.shown(read.state.sequence, read.when.responded);
        }
        for (chain& one : chains_) {
            one.shown.sum_up();
            one.known = one.shown;
        }
    }

    // Who has seen one leg of a transfer knows of the other.
    void note_what_was_known() {
        for (const linked& transfer : all_.transfers) {
            moment when = never;
            for (const sighting& leg : transfer.legs)
                when = std::min(when, chains_[leg.account].known.later_than(leg.sequence - 1));
            for (const sighting& leg : transfer.legs)
                chains_[leg.account].known.shown(leg.sequence, when);
        }
        for (chain& one : chains_)
            one.known.sum_up();
    }

    void check_read(const seen& read) {
        const chain& one = chains_[read.state.account];
        const std::uint64_t sequence = read.state.sequence;
        if (!one.had(read.state))
            return found_.add(violation_kind::state_never_was, read.state);
        if (read.is_closed && *read.is_closed != one.was_closed(sequence))
            found_.add(violation_kind::status_wrong, read.state);
        if (read.when.responded < one.begun_by(sequence))
            found_.add(violation_kind::state_too_early, read.state);
        if (one.shown.later_than(sequence) < read.when.invoked)
            found_.add(violation_kind::state_outdated, read.state);
        else if (one.known.later_than(sequence) < read.when.invoked)
            found_.add(violation_kind::leg_unseen, read.state);
    }

    void check_denial(const denied& refusal) {
        const moment both_known = std::max(chains_[refusal.from].known.later_than(0),
                                           chains_[refusal.to].known.later_than(0));
        if (both_known < refusal.when.invoked)
            found_.add(
                violation_kind::open_account_denied,
                "accounts " + std::to_string(refusal.from) + " and " + std::to_string(refusal.to));
    }

    [[nodiscard]] static bool contains(const taken& cut, const sighting& posting) {
        return posting.sequence <= cut.states[posting.account].sequence;
    }

    void check_cut(const taken& cut) {
        std::size_t accounts = 0;
        std::int64_t total_minor = 0;
        moment begun = 0;  // the last posting in it
        for (const sighting& state : cut.states) {
            const chain& one = chains_[state.account];
            if (!one.had(state))
                return found_.add(violation_kind::cut_state_never_was, state);
            accounts += state.sequence != 0 ? 1 : 0;
            total_minor += state.balance_minor;
            begun = std::max(begun, one.begun_by(state.sequence));
        }
        if (accounts != cut.accounts)
            found_.add(
                violation_kind::cut_miscounted,
                std::to_string(accounts) + " shown, " + std::to_string(cut.accounts) + " counted");
        if (total_minor != cut.total_minor)
            found_.add(violation_kind::cut_total_wrong, std::to_string(total_minor) + " shown, " +
                                                            std::to_string(cut.total_minor) +
                                                            " counted");
        for (const linked& transfer : all_.transfers)
            for (const sighting& leg : transfer.legs)
                if (contains(cut, leg) != contains(cut, transfer.legs.front()))
                    found_.add(violation_kind::cut_has_half_a_transfer, leg);
        if (const auto wrong = holds_.other_in(cut))
            found_.add(violation_kind::cut_has_other_holds, *wrong);
        check_closed(cut, begun);
    }

    // What was answered before the cut began, or before something in it did, is in it; so are
    // openings.
    void check_closed(const taken& cut, moment begun) {
        if (begun > cut.when.responded)
            found_.add(violation_kind::cut_has_the_future,
                       std::to_string(begun - cut.when.responded) + " ns");
        for (const sighting& state : cut.states)
            if (chains_[state.account].known.later_than(state.sequence) <
                std::max(begun, cut.when.invoked))
                found_.add(violation_kind::cut_lacks_the_past, state);
    }

    [[nodiscard]] std::function<void(violation_kind, const hold_state&)> report_hold() {
        return
            [this](violation_kind kind, const hold_state& where) { found_.add(kind, text(where)); };
    }

    const history& all_;
    std::vector<chain> chains_;
    hold_book holds_;
    report found_;
};

}  // namespace

void history::append(const history& other) {
    postings.insert(postings.end(), other.postings.begin(), other.postings.end());
    reads.insert(reads.end(), other.reads.begin(), other.reads.end());
    transfers.insert(transfers.end(), other.transfers.begin(), other.transfers.end());
    hold_changes.insert(hold_changes.end(), other.hold_changes.begin(), other.hold_changes.end());
    hold_denials.insert(hold_denials.end(), other.hold_denials.begin(), other.hold_denials.end());
    hold_reads.insert(hold_reads.end(), other.hold_reads.begin(), other.hold_reads.end());
    denials.insert(denials.end(), other.denials.begin(), other.denials.end());
    cuts.insert(cuts.end(), other.cuts.begin(), other.cuts.end());
}

std::vector<violation> violations(const history& all, std::size_t accounts) {
    return checker{all, accounts}.run();
}

}  // namespace coffer::stress
