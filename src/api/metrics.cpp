#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoints.hpp"
#include "api/node_endpoints.hpp"
#include "engine/engine.hpp"
#include "ops/metric_text.hpp"
#include "ops/process_figures.hpp"

namespace coffer::api {
namespace {

void append(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::uint64_t value) {
    append_metric(out, name, type, help, value);
}

/// Seconds, with milliseconds.
std::string seconds_text(std::int64_t ns) {
    return fmt::format("{:.3f}", static_cast<double>(ns) / 1e9);
}

void append_clock(const coffer::engine& engine, std::string& out) {
    append_metric(out, "coffer_running_seconds_total", "counter",
                  "How long this ledger has been served, over all its starts.",
                  seconds_text(static_cast<std::int64_t>(engine.clock().running_ns())));
    append_metric(out, "coffer_clock_offset_seconds", "gauge",
                  "By how much the system's clock is ahead of record time.",
                  seconds_text(engine.clock().offset_ns()));
}

/// Of request_kind, and behind them the expiry.
constexpr std::array<std::string_view, posting_tally::operations> operation_names{
    "",         "opening",     "deposit", "withdrawal", "closing", "reopening",
    "transfer", "transaction", "hold",    "capture",    "release", "expiry"};

/// "ok", the type of the refusal, or "replayed".
std::string_view result_name(std::size_t result) noexcept {
    if (result == posting_tally::replayed)
        return "replayed";
    const problem why = problem_of(static_cast<errc>(result));
    return why == problem::none ? std::string_view{"ok"} : describe(why).type;
}

// Each operation is there with its successes; of the others what has occurred.
void append_postings(const coffer::engine& engine, std::string& out) {
    constexpr std::string_view name = "coffer_postings_total";
    append_metric_head(out, name, "counter", "Operations on accounts and holds, by their result.");
    for (std::size_t operation = 1; operation != posting_tally::operations; ++operation) {
        // Several results of the ledger are of one type.
        std::array<std::pair<std::string_view, std::uint64_t>, posting_tally::results> counts{};
        std::size_t types = 0;
        for (std::size_t result = 0; result != posting_tally::results; ++result) {
            std::uint64_t count = 0;
            for (const auto& one : engine.tellers())
                count += one->results().value(operation, result);
            if (count == 0 && result != 0)
                continue;
            const std::string_view type = result_name(result);
            std::size_t at = 0;
            while (at != types && counts[at].first != type)
                ++at;
            types = std::max(types, at + 1);
            counts[at] = {type, counts[at].second + count};
        }
        for (std::size_t i = 0; i != types; ++i)
            append_sample(out, name,
                          fmt::format(R"(operation="{}",result="{}")", operation_names[operation],
                                      counts[i].first),
                          counts[i].second);
    }
}

void append_retries(const vital_signs& signs, std::string& out) {
    std::uint64_t retries = 0;
    signs.retries.visit([&retries](const retry_count* one) { retries += one->value(); });
    append(out, "coffer_cas_retries_total", "counter",
           "Operations that began again since another thread had changed an account first.",
           retries);
}

void append_journal(const journal::writer& journal, std::string& out) {
    const auto counts = journal.counts();
    append(out, "coffer_journal_records_total", "counter", "Records made durable.", counts.records);
    append(out, "coffer_journal_batches_total", "counter", "Groups of records synced at once.",
           counts.batches);
    append(out, "coffer_journal_bytes_total", "counter", "Bytes written to the journal.",
           counts.bytes);
    append(out, "coffer_journal_accepts", "gauge",
           "Whether postings are accepted: the disk has room and answers (1 or 0).",
           journal.accepting() ? 1 : 0);
    const auto pending = seconds_text(std::chrono::nanoseconds{journal.pending_for()}.count());
    append_metric(out, "coffer_journal_oldest_pending_seconds", "gauge",
                  "As coffer_journal_oldest_seconds, by its former name.", pending);
    append_metric(out, "coffer_journal_oldest_seconds", "gauge",
                  "For how long the oldest posting that is not durable has been written; 0 for "
                  "none.",
                  pending);
    histogram_sum<latency_bounds> sync_times;
    sync_times.add(journal.commits().sync_times());
    append_histogram(out, "coffer_journal_sync_seconds",
                     "How long a group of records took to be written and synced.", sync_times, 1e9);
    histogram_sum<group_bounds> sizes;
    sizes.add(journal.commits().group_sizes());
    append_histogram(out, "coffer_journal_group_records", "How many records were synced at once.",
                     sizes, 1);
}

/// What reads the history and follows the events.
void append_readers(const coffer::engine& engine, std::string& out) {
    const std::uint64_t durable = engine.durable_record();
    std::uint64_t followers = 0;
    std::uint64_t slowest = durable;
    engine.followed().visit([&](const gauge* one) {
        ++followers;
        slowest = std::min(slowest, one->value());
    });
    append(out, "coffer_event_streams", "gauge", "Streams of events that are open.", followers);
    append(out, "coffer_event_lag_records", "gauge",
           "How many records the slowest of them is behind what is durable.", durable - slowest);
    append(out, "coffer_history_waiting", "gauge",
           "Questions to the history that wait for one of its threads.",
           engine.has_history() ? engine.history_waiting() : 0);
}

void append_ledger(const coffer::engine& engine, std::string& out) {
    append(out, "coffer_accounts", "gauge", "Accounts in the ledger.", engine.ledger().size());
    const std::size_t holds = engine.ledger().holds();
    const std::size_t ended = std::min(engine.ended().size(), holds);
    append(out, "coffer_holds", "gauge", "Holds that are open.", holds - ended);
    append(out, "coffer_holds_ended", "gauge", "Holds that have ended and are still known.", ended);
    append(out, "coffer_holds_expired_total", "counter", "Holds that have expired.",
           engine.expired());
    append_postings(engine, out);
    append_retries(engine.signs(), out);
    if (const journal::writer* const journal = engine.journal())
        append_journal(*journal, out);
    if (engine.log() != nullptr)
        append_readers(engine, out);
}

/// Of the nodes of a replicated ledger; nothing where there is only this one.
void append_nodes(const leadership& rights, std::string& out) {
    const node_role role = rights.role();
    if (role == node_role::alone)
        return;
    append_metric_head(out, "coffer_role", "gauge", "The role of this node: 1, the other one: 0.");
    for (const node_role one : {node_role::leader, node_role::standby})
        append_sample(out, "coffer_role", fmt::format(R"(role="{}")", name_of(one)),
                      std::uint64_t{one == role});
    append(out, "coffer_may_answer", "gauge",
           "Whether this node may answer for the ledger as it is now (1 or 0).",
           rights.may_answer() ? 1 : 0);
    if (role == node_role::standby && rights.applied().at_end.count() != 0)
        append_metric(out, "coffer_standby_age_seconds", "gauge",
                      "For how long a standby has not known whether there is more.",
                      seconds_text(std::max<std::int64_t>(rights.age().count(), 0)));
    const std::vector<node_status> nodes = rights.nodes();
    std::uint64_t most = 0;
    for (const node_status& one : nodes)
        most = std::max(most, one.applied_record);
    append_metric_head(out, "coffer_node_lag_records", "gauge",
                       "By how many records each node was behind the first when it reported.");
    for (const node_status& one : nodes)
        append_sample(out, "coffer_node_lag_records", fmt::format(R"(node="{}")", one.name),
                      most - one.applied_record);
}

void append_keys(const key_store& keys, std::string& out) {
    append(out, "coffer_idempotency_keys", "gauge", "Idempotency keys remembered.", keys.keys());
    append(out, "coffer_idempotency_keys_limit", "gauge", "How many there can be.",
           keys.max_keys());
    append(out, "coffer_idempotency_bytes", "gauge", "Memory that they take.", keys.bytes());
}

}  // namespace

void metrics(coffer::teller& teller, const call&, reply& out) {
    const coffer::engine& engine = teller.engine();
    out.text("text/plain; version=0.0.4; charset=utf-8", [&engine](std::string& text) {
        const bool open = engine.is_open();
        append(text, "coffer_ready", "gauge", "Whether accounts can be asked for (1 or 0).",
               open ? 1 : 0);
        append_metric_head(text, "coffer_build_info", "gauge", "What this binary is: always 1.");
        append_sample(text, "coffer_build_info",
                      R"(version=")" COFFER_VERSION R"(",compiler=")" COFFER_COMPILER R"(")",
                      std::uint64_t{1});
        if (open) {
            append_ledger(engine, text);
            append_clock(engine, text);
        }
        append_nodes(engine.rights(), text);
        append_keys(engine.keys(), text);
        engine.signs().metrics.visit([&text](const metric_source& one) { one(text); });
        append_process_figures(text);
    });
}

}  // namespace coffer::api
