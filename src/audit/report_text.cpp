#include <algorithm>
#include <cstdio>

#include "audit/report.hpp"
#include "audit/utc_time.hpp"

namespace coffer::audit {
namespace {

/// "1,234,567"
std::string grouped(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return text;
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
    return grouped(count) + ' ' + (count == 1 ? one : many);
}

std::string decimal(double value, int decimals) {
    char text[64];
    const int length = std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return {text, static_cast<std::size_t>(length)};
}

/// Adds a line: a name, and what is to be said of it in a column of its own.
void add_line(std::string& text, std::string name, const std::string& what) {
    constexpr std::size_t column = 13;
    name.resize(std::max(name.size(), column), ' ');
    text += "  " + name + what + '\n';
}

void add_journal(std::string& text, const journal_summary& journal) {
    add_line(text, "ledger", journal.ledger);
    add_line(text, "journal",
             counted(journal.segments, "segment", "segments") + " of " +
                 decimal(static_cast<double>(journal.bytes) / (1 << 20), 1) + " MiB, " +
                 counted(journal.batches, "batch", "batches"));
    std::string records = grouped(journal.records);
    if (journal.records != 0)
        records +=
            ", from " + grouped(journal.first_record) + " to " + grouped(journal.last_record);
    add_line(text, "records", records);
    if (journal.batches != 0)
        add_line(text, "time",
                 to_utc_text(journal.first_time_ns) + " to " + to_utc_text(journal.last_time_ns));
    if (journal.torn)
        add_line(text, "torn tail",
                 std::to_string(journal.torn->bytes) + " bytes at " + journal.torn->file +
                     ", offset " + std::to_string(journal.torn->offset) +
                     ": a batch that was never acknowledged, no fault");
}

void add_sum(std::string& text, const char* name, const operation_sum& sum) {
    add_line(text, name, grouped(sum.count) + ", in total " + to_money_text(sum.total_minor));
}

void add_snapshots(std::string& text, const std::vector<snapshot_summary>& snapshots) {
    const auto compared =
        std::ranges::count_if(snapshots, [](const snapshot_summary& one) { return one.compared; });
    add_line(text, "snapshots",
             grouped(snapshots.size()) + ", " + grouped(static_cast<std::uint64_t>(compared)) +
                 " compared with the journal");
}

}  // namespace

bool tells_the_same(const report& one, const report& other) {
    return one.journal.ledger == other.journal.ledger &&
           one.journal.first_record == other.journal.first_record &&
           one.journal.last_record == other.journal.last_record &&
           one.journal.batches == other.journal.batches && one.sums == other.sums &&
           one.accounts == other.accounts && one.total_minor == other.total_minor &&
           one.snapshots == other.snapshots;
}

std::string to_text(const report& found) {
    std::string text = found.directory + '\n';
    add_journal(text, found.journal);
    add_line(text, "accounts",
             grouped(found.accounts) + ", in total " + to_money_text(found.total_minor));
    add_sum(text, "openings", found.sums.openings);
    add_sum(text, "deposits", found.sums.deposits);
    add_sum(text, "withdrawals", found.sums.withdrawals);
    add_sum(text, "transfers", found.sums.transfers);
    add_line(text, "refusals", grouped(found.sums.refusals));
    add_line(text, "keys", grouped(found.sums.keys));
    add_snapshots(text, found.snapshots);
    add_line(text, "took", decimal(found.seconds, 3) + " s");
    for (const fault& one : found.faults.kept())
        text += "fault: " + to_string(one) + '\n';
    if (const auto more = found.faults.count() - found.faults.kept().size(); more != 0)
        text += "and " + grouped(more) + " more\n";
    if (found.holds())
        return text + "audit: all holds\n";
    return text + "audit: " + counted(found.faults.count(), "fault", "faults") + '\n';
}

}  // namespace coffer::audit
