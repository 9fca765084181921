// What every hold of a history was, after each of its changes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/stress/history.hpp"
#include "core/stress/violation.hpp"

namespace coffer::stress {

class hold_book {
public:
    hold_book() = default;

    /// Puts the changes in order, and reports those that do not follow on the one before.
    hold_book(const std::vector<hold_state>& changes,
              const std::function<void(violation_kind, const hold_state&)>& report) {
        for (const hold_state& one : changes)
            holds_[one.hold].push_back(one);
        for (auto& [name, states] : holds_) {
            std::sort(states.begin(), states.end(), [](const hold_state& a, const hold_state& b) {
                return a.sequence < b.sequence;
            });
            const hold_state& placed = states.front();
            if (placed.sequence != name.placed || placed.status != 0 || placed.captured_minor != 0)
                report(violation_kind::hold_never_was, placed);
            for (std::size_t i = 1; i != states.size(); ++i)
                check_step(states[i - 1], states[i], report);
        }
    }

    /// Whether the hold was so at that sequence of its account.
    [[nodiscard]] bool had(const hold_state& state) const {
        const auto found = holds_.find(state.hold);
        if (found == holds_.end())
            return false;
        const hold_state* const was = at(found->second, state.sequence);
        return was != nullptr && was->remaining_minor == state.remaining_minor &&
               was->captured_minor == state.captured_minor && was->status == state.status;
    }

    /// Whether the hold was open at that sequence of its account.
    [[nodiscard]] bool was_open(const hold_state& state) const {
        const auto found = holds_.find(state.hold);
        const hold_state* const was =
            found != holds_.end() ? at(found->second, state.sequence) : nullptr;
        return was != nullptr && was->status == 0;
    }

    /// Describes what is wrong with a cut's holds, if anything is. Ended ones need not be there.
    [[nodiscard]] std::optional<std::string> other_in(const taken& cut) const {
        std::vector<std::int64_t> held_minor(cut.states.size());
        std::size_t open = 0;
        for (const hold_state& one : cut.holds) {
            if (!had(one))
                return "the hold of sequence " + std::to_string(one.hold.placed) + " of account " +
                       std::to_string(one.hold.account);
            held_minor[one.hold.account] += one.remaining_minor;
            open += one.status == 0 ? 1 : 0;
        }
        for (const sighting& state : cut.states)
            if (held_minor[state.account] != state.held_minor)
                return "account " + std::to_string(state.account) + " has " +
                       std::to_string(state.held_minor) + ", its holds " +
                       std::to_string(held_minor[state.account]);
        if (open != open_at(cut))
            return std::to_string(open) + " open holds instead of " + std::to_string(open_at(cut));
        return std::nullopt;
    }

private:
    template <class Report>
    static void check_step(const hold_state& before, const hold_state& after,
                           const Report& report) {
        if (before.status != 0)
            return report(violation_kind::hold_changed_after_its_end, after);
        const std::int64_t paid_minor = after.captured_minor - before.captured_minor;
        const std::int64_t left_minor = before.remaining_minor - paid_minor;
        const bool follows = after.status == 0
                                 ? paid_minor > 0 && left_minor == after.remaining_minor
                                 : paid_minor >= 0 && left_minor >= 0 && after.remaining_minor == 0;
        if (!follows)
            report(violation_kind::hold_does_not_follow, after);
    }

    [[nodiscard]] static const hold_state* at(const std::vector<hold_state>& states,
                                              std::uint64_t sequence) {
        const hold_state* found = nullptr;
        for (const hold_state& one : states)
            if (one.sequence <= sequence)
                found = &one;
        return found;
    }

    [[nodiscard]] std::size_t open_at(const taken& cut) const {
        std::size_t open = 0;
        for (const auto& [name, states] : holds_) {
            const hold_state* const was = at(states, cut.states[name.account].sequence);
            open += was != nullptr && was->status == 0 ? 1 : 0;
        }
        return open;
    }

    std::map<hold_name, std::vector<hold_state>> holds_;
};

}  // namespace coffer::stress
