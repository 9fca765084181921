#include "replication/fenced_append.hpp"

namespace coffer::replication {

transaction fenced_append(const log_keys& keys, std::uint64_t term, std::uint64_t number,
                          const std::string& value) {
    using subject = comparison::subject;
    using relation = comparison::relation;
    const std::string place = keys.entry(number);
    return {.compare = {{keys.leader(), subject::create_revision, relation::equal,
                         static_cast<std::int64_t>(term)},
                        {place, subject::create_revision, relation::equal, 0},
                        {keys.entry(number - 1), subject::create_revision, relation::greater, 0}},
            .success = {operation::put(place, value)},
            .failure = {operation::read({.key = place}), operation::read({.key = keys.leader()})}};
}

// The comparisons may also fail because an earlier attempt has succeeded: requests are sent again,
// here and on their way.
append_outcome outcome_of(const transaction_result& result, std::string_view value,
                          std::uint64_t term) {
    if (result.succeeded)
        return {append_fate::in_the_log, true};
    const auto& place = result.results.at(0).found;
    const auto& leader = result.results.at(1).found;
    const bool still_leads =
        !leader.empty() && static_cast<std::uint64_t>(leader[0].create_revision) == term;
    if (!place.empty())
        return {place[0].value == value ? append_fate::in_the_log : append_fate::taken,
                still_leads};
    return {still_leads ? append_fate::gap : append_fate::term_is_over, still_leads};
}

}  // namespace coffer::replication
