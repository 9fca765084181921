#include <boost/json.hpp>

#include "load/results.hpp"

namespace coffer::load {
namespace {

namespace json = boost::json;

double microseconds(std::int64_t ns) {
    return static_cast<double>(ns) / 1e3;
}

json::object settings_of(const options& chosen) {
    json::object made{{"url", "http://" + to_string(chosen.targets.front())},
                      {"loop", chosen.rate ? "open" : "closed"},
                      {"connections", chosen.connections},
                      {"pipeline", chosen.pipeline},
                      {"threads", chosen.threads},
                      {"mix", chosen.mix_text},
                      {"accounts", chosen.accounts.size()},
                      {"skew", chosen.skew_text},
                      {"own_accounts", chosen.own_accounts},
                      {"kills_per_second", chosen.kills},
                      {"duration_ms", chosen.duration_ms},
                      {"warmup_ms", chosen.warmup_ms},
                      {"seed", chosen.seed}};
    return made;
}

json::object latency_of(const latencies& from) {
    json::object made{{"count", from.count()}, {"mean", from.mean_ns() / 1e3}};
    for (const auto& [name, percent] : percentiles)
        made[name] = microseconds(from.percentile_ns(percent));
    made["max"] = microseconds(from.max_ns());
    return made;
}

json::object outcomes_of(const tally& counted) {
    json::object done;
    for (std::size_t i = 0; i != operation_count; ++i)
        done[operation_names[i]] = counted.done[i];
    json::object refusals;
    for (const auto& [what, count] : counted.refusals)
        refusals[what] = count;
    return {{"done", std::move(done)},
            {"insufficient_funds", counted.short_of_funds},
            {"errors_by_status", std::move(refusals)},
            {"unanswered", counted.unanswered},
            {"never_sent", counted.unsent}};
}

json::object connections_of(const troubles& counted) {
    return {{"killed", counted.killed},          {"closed_by_server", counted.closed},
            {"timed_out", counted.timed_out},    {"malformed", counted.malformed},
            {"not_made", counted.not_connected}, {"redirected", counted.redirected},
            {"outcome_unknown", counted.unknown}};
}

// As strings: a number in JSON may be read as a double, and this is to the cent.
std::string text_of(std::int64_t minor) {
    return to_string(money::from_minor(minor));
}

json::object audit_of(const results& found) {
    const audit_result& audit = found.audit;
    json::array deviations;
    for (const deviation& one : audit.deviations) {
        json::object made{{"account_number", std::to_string(found.chosen.accounts[one.account])},
                          {"off_by", text_of(one.by.booked_minor)}};
        if (one.by.held_minor != 0)
            made["held_off_by"] = text_of(one.by.held_minor);
        deviations.push_back(std::move(made));
    }
    return {{"exact", audit.exact()},
            {"deposits", text_of(audit.deposits_minor)},
            {"withdrawals", text_of(audit.withdrawals_minor)},
            {"captures", text_of(audit.captures_minor)},
            {"change", text_of(audit.change.booked_minor)},
            {"off_by", text_of(audit.off_by().booked_minor)},
            {"held_change", text_of(audit.change.held_minor)},
            {"held_off_by", text_of(audit.off_by().held_minor)},
            {"in_doubt", audit.doubted},
            {"in_doubt_that_happened", text_of(audit.happened.booked_minor)},
            {"in_doubt_in_part", audit.is_torn},
            {"accounts_not_sure_to_the_cent", audit.loose},
            {"wrong_replies", audit.wrong_answers},
            {"deviations", std::move(deviations)}};
}

}  // namespace

std::string report_json(const results& found) {
    const tally& counted = found.counted;
    json::object made{{"settings", settings_of(found.chosen)},
                      {"interrupted", counted.measured.is_cut()},
                      {"measured_seconds", counted.measured.seconds()},
                      {"achieved_per_second", counted.rate()},
                      {"asked_per_second", json::value_from(nullptr)},
                      {"client_cpu_seconds", found.cpu_seconds},
                      {"replies", all_replies(counted)},
                      {"latency_us", latency_of(counted.latency)},
                      {"service_us", latency_of(counted.service)},
                      {"outcomes", outcomes_of(counted)},
                      {"connections", connections_of(counted.troubles)},
                      {"step_ms", counted.measured.step_ns() / 1'000'000},
                      {"completed_by_step", json::value_from(counted.steps)},
                      {"audit", audit_of(found)}};
    if (found.chosen.rate)
        made["asked_per_second"] = *found.chosen.rate;
    return json::serialize(made) + '\n';
}

}  // namespace coffer::load
