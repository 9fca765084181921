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
          name, std::string_view{" "}})
        out += part;
    out += value;
    out += '\n';
}

void append(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::uint64_t value) {
    append(out, name, type, help, std::to_string(value));
}

/// In seconds, with milliseconds.
std::string seconds_text(std::chrono::nanoseconds time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    const std::string rest = std::to_string(1000 + ms % 1000);
    return std::to_string(ms / 1000) + '.' + rest.substr(1);
}

void append_books(const engine& house, std::string& out) {
    append(out, "coffer_accounts", "gauge", "Accounts in the ledger.", house.books().size());
    if (const journal::writer* const journal = house.journal()) {
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
               seconds_text(journal->pending_for()));
    }
}

}  // namespace

void metrics(teller& at, account_number, const request&, reply& out) {
    const engine& house = at.house();
    out.text("text/plain; version=0.0.4; charset=utf-8", [&house](std::string& text) {
        const bool open = house.is_open();
        append(text, "coffer_ready", "gauge", "Whether accounts can be asked for (1 or 0).",
               open ? 1 : 0);
        if (open)
            append_books(house, text);
        append(text, "coffer_idempotency_keys", "gauge", "Idempotency keys remembered.",
               house.keys().keys());
        append(text, "coffer_idempotency_keys_limit", "gauge", "How many there can be.",
               house.keys().max_keys());
        append(text, "coffer_idempotency_bytes", "gauge", "Memory that they take.",
               house.keys().bytes());
    });
}

}  // namespace coffer::api
