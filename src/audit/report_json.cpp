#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <cstdio>

#include "audit/report.hpp"
#include "audit/utc_time.hpp"
#include "ops/utf8.hpp"

namespace coffer::audit {
namespace {

/// Writes a JSON object, member by member. By hand, since no library writes numbers of 128 bits.
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

std::string to_json(const report& found) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", found.seconds);
    const auto write = [](const auto& one) { return to_json(one); };
    return json_object{}
               .flag("holds", found.holds())
               .string("directory", found.directory)
               .raw("journal", to_json(found.journal))
               .number("accounts", found.accounts)
               .raw("total", to_money_text(found.total_minor))
               .raw("openings", to_json(found.sums.openings))
               .raw("deposits", to_json(found.sums.deposits))
               .raw("withdrawals", to_json(found.sums.withdrawals))
               .raw("transfers", to_json(found.sums.transfers))
               .number("refusals", found.sums.refusals)
               .number("keys", found.sums.keys)
               .raw("snapshots", array(found.snapshots, write))
               .number("fault_count", found.faults.count())
               .raw("faults", array(found.faults.kept(), write))
               .raw("seconds", seconds)
               .end() +
           '\n';
}

}  // namespace coffer::audit
