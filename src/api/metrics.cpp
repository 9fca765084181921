#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "api/endpoints.hpp"
#include "engine/engine.hpp"

namespace coffer::api {
namespace {

/// One figure with what it is, in the text format of Prometheus.
void append(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::string_view value) {
    for (const std::string_view part :
         {std::string_view{"# HELP "}, name, std::string_view{" "}, help,
          std::string_view{"\n# TYPE "}, name, std::string_view{" "}, type, std::string_view{"\n"},
          name, std::string_view{" "}, value, std::string_view{"\n"}})
        out += part;
}

void append(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::uint64_t value) {
    append(out, name, type, help, std::to_string(value));
}

/// Seconds, with milliseconds.
std::string seconds_text(std::int64_t ns) {
    return fmt::format("{:.3f}", static_cast<double>(ns) / 1e9);
}

void append_clock(const coffer::engine& engine, std::string& out) {
    append(out, "coffer_running_seconds_total", "counter",
           "How long this ledger has been served, over all its starts.",
           seconds_text(static_cast<std::int64_t>(engine.clock().running_ns())));
    append(out, "coffer_clock_offset_seconds", "gauge",
           "By how much the system's clock is ahead of record time.",
           seconds_text(engine.clock().offset_ns()));
}

void append_ledger(const coffer::engine& engine, std::string& out) {
    append(out, "coffer_accounts", "gauge", "Accounts in the ledger.", engine.ledger().size());
    const std::size_t holds = engine.ledger().holds();
    const std::size_t ended = std::min(engine.ended().size(), holds);
    append(out, "coffer_holds", "gauge", "Holds that are open.", holds - ended);
    append(out, "coffer_holds_ended", "gauge", "Holds that have ended and are still known.", ended);
    append(out, "coffer_holds_expired_total", "counter", "Holds that have expired.",
           engine.expired());
    if (const journal::writer* const journal = engine.journal()) {
        const auto counts = journal->counts();
        append(out, "coffer_journal_records_total", "counter", "Records made durable.",
               counts.records);
        append(out, "coffer_journal_batches_total", "counter", "Groups of records synced at once.",
               counts.batches);
        append(out, "coffer_journal_bytes_total", "counter", "Bytes written to the journal.",
               counts.bytes);
        append(out, "coffer_journal_accepts", "gauge",
               "Whether postings are accepted: the disk has room and answers (1 or 0).",
               journal->accepting() ? 1 : 0);
        append(out, "coffer_journal_oldest_pending_seconds", "gauge",
               "For how long the oldest posting that is not durable has been written; 0 for none.",
               seconds_text(std::chrono::nanoseconds{journal->pending_for()}.count()));
    }
}

}  // namespace

void metrics(coffer::teller& teller, const call&, reply& out) {
    const coffer::engine& engine = teller.engine();
    out.text("text/plain; version=0.0.4; charset=utf-8", [&engine](std::string& text) {
        const bool open = engine.is_open();
        append(text, "coffer_ready", "gauge", "Whether accounts can be asked for (1 or 0).",
               open ? 1 : 0);
        if (open) {
            append_ledger(engine, text);
            append_clock(engine, text);
        }
        append(text, "coffer_idempotency_keys", "gauge", "Idempotency keys remembered.",
               engine.keys().keys());
        append(text, "coffer_idempotency_keys_limit", "gauge", "How many there can be.",
               engine.keys().max_keys());
        append(text, "coffer_idempotency_bytes", "gauge", "Memory that they take.",
               engine.keys().bytes());
    });
}

}  // namespace coffer::api
