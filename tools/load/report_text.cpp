#include <algorithm>
#include <cstdio>

#include "load/results.hpp"

namespace coffer::load {
namespace {

constexpr std::size_t most_deviations_listed = 10;

template <class... Values>
void append(std::string& text, const char* format, Values... values) {
    char line[512];
    const int size = std::snprintf(line, sizeof line, format, values...);
    text.append(line, std::min(static_cast<std::size_t>(size), sizeof line - 1));
}

unsigned long long number(std::uint64_t value) {
    return value;
}

std::string signed_money(std::int64_t minor) {
    const std::string text = to_string(money::from_minor(minor));
    return minor > 0 ? '+' + text : text;
}

void append_head(std::string& text, const results& found) {
    const options& chosen = found.chosen;
    append(text, "%s loop on http://%s for %.1f s: %zu connections, %zu at a time, %zu threads\n",
           chosen.rate ? "open" : "closed", to_string(chosen.targets.front()).c_str(),
           found.counted.measured.seconds(), chosen.connections, chosen.pipeline, chosen.threads);
    if (found.counted.measured.is_cut())
        append(text, "  interrupted: %.1f s were asked for\n",
               static_cast<double>(chosen.duration_ms) / 1e3);
    append(text, "  mix %s, %zu accounts, %s%s\n", chosen.mix_text.c_str(), chosen.accounts.size(),
           chosen.skew_text.c_str(), chosen.own_accounts ? ", each its connection's own" : "");
}

void append_rate(std::string& text, const results& found) {
    const tally& counted = found.counted;
    append(text, "\n  achieved    %12.1f requests/s", counted.rate());
    if (found.chosen.rate)
        append(text, ", asked %.1f (%.2f%%)", *found.chosen.rate,
               100 * counted.rate() / *found.chosen.rate);
    text += '\n';
    if (counted.unsent != 0)
        append(text, "  never sent  %12llu requests that were due\n", number(counted.unsent));
    const std::uint64_t replies = all_replies(counted);
    append(text, "  own CPU     %12.2f us a request\n",
           replies == 0 ? 0 : found.cpu_seconds * 1e6 / static_cast<double>(replies));
}

void append_latencies(std::string& text, const results& found) {
    const tally& counted = found.counted;
    const bool open = found.chosen.rate.has_value();
    append(text, "\n  latency   %14s%s\n", open ? "from due, us" : "us",
           open ? "   from sent, us" : "");
    const auto row = [&](const char* name, std::int64_t from_due, std::int64_t from_sent) {
        append(text, "  %-10s%14.1f", name, static_cast<double>(from_due) / 1e3);
        if (open)
            append(text, "%16.1f", static_cast<double>(from_sent) / 1e3);
        text += '\n';
    };
    for (const auto& [name, percent] : percentiles)
        row(name, counted.latency.percentile_ns(percent), counted.service.percentile_ns(percent));
    row("max", counted.latency.max_ns(), counted.service.max_ns());
}

void append_outcomes(std::string& text, const results& found) {
    const tally& counted = found.counted;
    text += "\n  outcomes, the warm-up among them\n";
    const auto row = [&](const std::string& name, std::uint64_t count) {
        if (count != 0)
            append(text, "  %12llu  %s\n", number(count), name.c_str());
    };
    for (std::size_t i = 0; i != operation_count; ++i)
        row((i == place(operation::hold) ? "201 " : "200 ") + std::string{operation_names[i]},
            counted.done[i]);
    row("400 insufficient_funds, as may be", counted.short_of_funds);
    for (const auto& [what, count] : counted.refusals)
        row(what, count);
    row("led to another node", counted.troubles.redirected);
    row("whose outcome the server did not know", counted.troubles.unknown);
    row("without a reply", counted.unanswered);
    row("connections killed on purpose", counted.troubles.killed);
    row("connections closed by the server", counted.troubles.closed);
    row("connections closed because a reply took too long", counted.troubles.timed_out);
    row("connections closed because a reply made no sense", counted.troubles.malformed);
    row("connections not made", counted.troubles.not_connected);
}

void append_held(std::string& text, const funds& off) {
    if (off.held_minor != 0)
        append(text, ", and what is held by %s", signed_money(off.held_minor).c_str());
}

void append_deviations(std::string& text, const results& found) {
    const audit_result& audit = found.audit;
    for (std::size_t i = 0; i != audit.deviations.size(); ++i) {
        if (i == most_deviations_listed) {
            append(text, "  and %zu more\n", audit.deviations.size() - i);
            return;
        }
        const deviation& one = audit.deviations[i];
        append(text, "  account %llu is off by %s", number(found.chosen.accounts[one.account]),
               signed_money(one.by.booked_minor).c_str());
        append_held(text, one.by);
        text += '\n';
    }
}

}  // namespace

std::uint64_t all_replies(const tally& counted) {
    std::uint64_t replies =
        counted.short_of_funds + counted.all_refused() + counted.troubles.redirected;
    for (const std::uint64_t done : counted.done)
        replies += done;
    return replies;
}

std::string audit_verdict(const audit_result& audit) {
    std::string text;
    if (audit.exact())
        return "exact";
    append(text, "off by %s", signed_money(audit.off_by().booked_minor).c_str());
    append_held(text, audit.off_by());
    append(text, ", %zu accounts and %llu replies are wrong", audit.deviations.size(),
           number(audit.wrong_answers));
    if (audit.is_torn)
        text += ", and a posting to several accounts was executed in part";
    return text;
}

std::string audit_text(const results& found) {
    const audit_result& audit = found.audit;
    std::string text;
    append(text, "audit: deposits %s, withdrawals %s, ",
           to_string(money::from_minor(audit.deposits_minor)).c_str(),
           to_string(money::from_minor(audit.withdrawals_minor)).c_str());
    if (audit.captures_minor != 0)
        append(text, "captures %s, ", to_string(money::from_minor(audit.captures_minor)).c_str());
    append(text, "balances changed by %s", signed_money(audit.change.booked_minor).c_str());
    if (audit.change.held_minor != 0)
        append(text, ", what is held by %s", signed_money(audit.change.held_minor).c_str());
    text += ": " + audit_verdict(audit) + '\n';
    if (audit.doubted != 0)
        append(text, "  %llu postings without a reply, of which those that happened come to %s\n",
               number(audit.doubted), signed_money(audit.happened.booked_minor).c_str());
    if (audit.loose != 0)
        append(text, "  %llu accounts have too many of these to be sure to the cent\n",
               number(audit.loose));
    append_deviations(text, found);
    return text;
}

std::string report_text(const results& found) {
    std::string text;
    append_head(text, found);
    append_rate(text, found);
    append_latencies(text, found);
    append_outcomes(text, found);
    return text + '\n' + audit_text(found);
}

}  // namespace coffer::load
