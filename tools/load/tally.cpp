#include "load/tally.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace coffer::load {
namespace {

template <class Numbers>
void add(Numbers& into, const Numbers& more) {
    std::ranges::transform(into, more, into.begin(), std::plus<>{});
}

}  // namespace

void tally::replied(const request& one, verdict given, std::int64_t now_ns) {
    if (given == verdict::insufficient_funds)
        ++short_of_funds;
    if (given == verdict::done) {
        ++done[place(one.what)];
        done_minor[place(one.what)] += one.amount_minor;
        for (const effect& part : effects_of(one))
            acknowledged[part.account] += part.change;
    }
    if (given == verdict::refused)
        return;
    if (measured.has(now_ns)) {
        ++completed;
        ++steps[static_cast<std::size_t>((now_ns - measured.begin_ns) / measured.step_ns())];
    }
    if (measured.has(one.intended_ns)) {
        latency.add(now_ns - one.intended_ns);
        service.add(now_ns - one.sent_ns);
    }
}

void tally::refused(int status, std::string_view type) {
    std::string what = std::to_string(status);
    if (!type.empty())
        what.append(1, ' ').append(type);
    ++refusals[what];
}

void tally::cut(std::int64_t moment_ns) {
    measured.cut(moment_ns);
    steps.resize(measured.steps());
}

tally& tally::operator+=(const tally& other) {
    latency += other.latency;
    service += other.service;
    add(steps, other.steps);
    completed += other.completed;
    add(done, other.done);
    short_of_funds += other.short_of_funds;
    for (const auto& [what, count] : other.refusals)
        refusals[what] += count;
    troubles.not_connected += other.troubles.not_connected;
    troubles.closed += other.troubles.closed;
    troubles.timed_out += other.troubles.timed_out;
    troubles.malformed += other.troubles.malformed;
    troubles.killed += other.troubles.killed;
    troubles.redirected += other.troubles.redirected;
    troubles.unknown += other.troubles.unknown;
    unanswered += other.unanswered;
    unsent += other.unsent;
    add(done_minor, other.done_minor);
    add(acknowledged, other.acknowledged);
    doubts.insert(doubts.end(), other.doubts.begin(), other.doubts.end());
    return *this;
}

std::uint64_t tally::all_refused() const {
    return std::accumulate(refusals.begin(), refusals.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& one) { return sum + one.second; });
}

}  // namespace coffer::load
