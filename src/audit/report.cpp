#include "audit/report.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <utility>

#include "ops/utc_time.hpp"

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

/// Adds a line with a name, and `what` in a column of its own.
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

/// Of the operations that not every ledger has.
void add_newer_sums(std::string& text, const operation_sums& sums) {
    const std::pair<const char*, const operation_sum&> all[]{
        {"transactions", sums.transactions}, {"holds", sums.holds},
        {"captures", sums.captures},         {"releases", sums.releases},
        {"expiries", sums.expiries},
    };
    for (const auto& [name, sum] : all)
        if (sum.count != 0)
            add_sum(text, name, sum);
    if (sums.closings != 0)
        add_line(text, "closings", grouped(sums.closings));
    if (sums.reopenings != 0)
        add_line(text, "reopenings", grouped(sums.reopenings));
}

void add_snapshots(std::string& text, const std::vector<snapshot_summary>& snapshots) {
    const auto compared =
        std::ranges::count_if(snapshots, [](const snapshot_summary& one) { return one.compared; });
    add_line(text, "snapshots",
             grouped(snapshots.size()) + ", " + grouped(static_cast<std::uint64_t>(compared)) +
                 " compared with the journal");
}

/// Writes a JSON object, member by member. Not by a library: none writes numbers of 128 bits.
class json_object {
public:
    json_object& raw(std::string_view name, std::string_view json) {
        text_ += text_.size() == 1 ? "\"" : ",\"";
        text_.append(name).append("\":").append(json);
        return *this;
    }
    json_object& number(std::string_view name, std::uint64_t value) {
        return raw(name, std::to_string(value));
    }
    json_object& string(std::string_view name, std::string_view value) {
        return raw(name, boost::json::serialize(boost::json::string{to_utf8(value)}));
    }
    json_object& flag(std::string_view name, bool value) {
        return raw(name, value ? "true" : "false");
    }
    [[nodiscard]] std::string end() const { return text_ + '}'; }

private:
    std::string text_ = "{";
};

template <class Values, class Write>
std::string array(const Values& values, Write&& write) {
    std::string text;
    for (const auto& one : values)
        text.append(text.empty() ? "" : ",").append(write(one));
    return '[' + text + ']';
}

std::string to_json(const journal_summary& journal) {
    json_object made;
    made.string("ledger", journal.ledger)
        .number("segments", journal.segments)
        .number("bytes", journal.bytes)
        .number("batches", journal.batches)
        .number("records", journal.records)
        .number("first_record", journal.first_record)
        .number("last_record", journal.last_record);
    if (journal.batches != 0)
        made.string("first_time", to_utc_text(journal.first_time_ns))
            .string("last_time", to_utc_text(journal.last_time_ns));
    if (journal.torn)
        made.raw("torn", json_object{}
                             .string("file", journal.torn->file)
                             .number("offset", journal.torn->offset)
                             .number("bytes", journal.torn->bytes)
                             .end());
    return made.end();
}

std::string to_json(const operation_sum& sum) {
    return json_object{}
        .number("count", sum.count)
        .raw("total", to_money_text(sum.total_minor))
        .end();
}

std::string to_json(const snapshot_summary& one) {
    return json_object{}
        .number("number", one.number)
        .number("after_record", one.after_record)
        .number("until_record", one.until_record)
        .number("accounts", one.accounts)
        .flag("compared", one.compared)
        .end();
}

std::string seconds_text(double seconds) {
    return decimal(seconds, 3);
}

std::string to_json(const fault& one) {
    json_object made;
    made.string("file", one.file);
    if (one.offset)
        made.number("offset", *one.offset);
    if (one.account != 0)
        made.string("account_number", std::to_string(one.account));
    return made.string("what", one.what).end();
}

}  // namespace

std::string to_string(const fault& found) {
    std::string text = found.file;
    if (found.offset)
        text += ", offset " + std::to_string(*found.offset);
    text += ": ";
    if (found.account != 0)
        text += "account " + std::to_string(found.account) + ": ";
    return text + found.what;
}

fault fault_of(const std::exception& error, const std::string& file) {
    constexpr std::string_view before_offset = ", offset ";
    std::string_view text = error.what();
    fault found{file, std::nullopt, 0, {}};
    if (text.starts_with(file)) {
        text.remove_prefix(file.size());
        if (text.starts_with(before_offset)) {
            text.remove_prefix(before_offset.size());
            const auto [end, failure] =
                std::from_chars(text.data(), text.data() + text.size(), found.offset.emplace());
            text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        }
        text.remove_prefix(std::min(text.find_first_not_of(": "), text.size()));
    }
    found.what = text;
    return found;
}

void fault_list::add(fault found) {
    // The reader may report the same fault twice in a row: it counts once.
    if (!kept_.empty() && kept_.back() == found)
        return;
    ++count_;
    if (kept_.size() < most_kept)
        kept_.push_back(std::move(found));
}

bool is_same_data(const report& one, const report& other) {
    return one.journal.ledger == other.journal.ledger &&
           one.journal.first_record == other.journal.first_record &&
           one.journal.last_record == other.journal.last_record &&
           one.journal.batches == other.journal.batches && one.sums == other.sums &&
           one.accounts == other.accounts && one.total_minor == other.total_minor &&
           one.held_minor == other.held_minor && one.snapshots == other.snapshots;
}

std::string to_text(const report& found) {
    std::string text = found.directory + '\n';
    add_journal(text, found.journal);
    std::string accounts =
        grouped(found.accounts) + ", in total " + to_money_text(found.total_minor);
    if (found.held_minor != 0)
        accounts += ", of which held " + to_money_text(found.held_minor);
    add_line(text, "accounts", accounts);
    add_sum(text, "openings", found.sums.openings);
    add_sum(text, "deposits", found.sums.deposits);
    add_sum(text, "withdrawals", found.sums.withdrawals);
    add_sum(text, "transfers", found.sums.transfers);
    add_newer_sums(text, found.sums);
    add_line(text, "refusals", grouped(found.sums.refusals));
    add_line(text, "keys", grouped(found.sums.keys));
    add_snapshots(text, found.snapshots);
    add_line(text, "took", seconds_text(found.seconds) + " s");
    for (const fault& one : found.notes.kept())
        text += "note: " + to_string(one) + '\n';
    for (const fault& one : found.faults.kept())
        text += "fault: " + to_string(one) + '\n';
    if (const auto more = found.faults.count() - found.faults.kept().size(); more != 0)
        text += "and " + grouped(more) + " more\n";
    if (found.holds())
        return text + "audit: all holds\n";
    return text + "audit: " + counted(found.faults.count(), "fault", "faults") + '\n';
}

std::string to_json(const report& found) {
    const auto write = [](const auto& one) { return to_json(one); };
    return json_object{}
               .flag("holds", found.holds())
               .string("directory", found.directory)
               .raw("journal", to_json(found.journal))
               .number("accounts", found.accounts)
               .raw("total", to_money_text(found.total_minor))
               .raw("held", to_money_text(found.held_minor))
               .raw("openings", to_json(found.sums.openings))
               .raw("deposits", to_json(found.sums.deposits))
               .raw("withdrawals", to_json(found.sums.withdrawals))
               .raw("transfers", to_json(found.sums.transfers))
               .raw("transactions", to_json(found.sums.transactions))
               .raw("holds_placed", to_json(found.sums.holds))
               .raw("captures", to_json(found.sums.captures))
               .raw("releases", to_json(found.sums.releases))
               .raw("expiries", to_json(found.sums.expiries))
               .number("closings", found.sums.closings)
               .number("reopenings", found.sums.reopenings)
               .number("refusals", found.sums.refusals)
               .number("keys", found.sums.keys)
               .raw("snapshots", array(found.snapshots, write))
               .number("fault_count", found.faults.count())
               .raw("faults", array(found.faults.kept(), write))
               .raw("notes", array(found.notes.kept(), write))
               .raw("seconds", seconds_text(found.seconds))
               .end() +
           '\n';
}

std::string to_text(const increment_report& found) {
    std::string text = found.directory + '\n';
    add_journal(text, found.journal);
    add_line(text, "took", seconds_text(found.seconds) + " s");
    return text + "increment: " + (found.journal.records == 0 ? "nothing" : "what came") +
           " after record " + grouped(found.journal.first_record - 1) + '\n';
}

std::string to_json(const increment_report& found) {
    return json_object{}
               .string("directory", found.directory)
               .number("after_record", found.journal.first_record - 1)
               .raw("journal", to_json(found.journal))
               .raw("seconds", seconds_text(found.seconds))
               .end() +
           '\n';
}

}  // namespace coffer::audit
