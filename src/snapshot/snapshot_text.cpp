#include "snapshot/snapshot_text.hpp"

#include <charconv>
#include <ctime>
#include <limits>

namespace coffer::snapshot {
namespace {

std::string utc(std::chrono::system_clock::time_point when) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[sizeof("-2147483648-12-31T23:59:59Z")];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

void snapshot_text::begin(const beginning& what) {
    out_ += R"({"format":)";
    append(snapshot_format);
    out_ += R"(,"number":)";
    append(what.number);
    out_ += R"(,"taken_at":")";
    out_ += utc(what.taken_at);
    out_ += R"(","ledger":")";
    for (const std::byte one : what.ledger)
        append_hex(static_cast<std::uint64_t>(one), 2);
    out_ += R"(","after_record":)";
    append(what.after_record);
    out_ += R"(,"keys_from":)";
    append(what.keys_from);
    out_ += R"(,"accounts":[)";
}

void snapshot_text::add(const posting& last) {
    out_ += count_ == 0 ? "\n{\"account_number\":\"" : ",\n{\"account_number\":\"";
    append(last.account);
    out_ += R"(","balance":)";
    char balance[money_max_chars];
    out_.append(balance, to_chars(balance, balance + sizeof balance, last.balance).ptr);
    out_ += R"(,"sequence":)";
    append(last.sequence);
    out_ += '}';
    ++count_;
    total_minor_ += static_cast<std::uint64_t>(last.balance.minor());
}

void snapshot_text::end(std::uint64_t until_record) {
    out_ += "\n],\"count\":";
    append(count_);
    out_ += R"(,"total":)";
    append_total();
    out_ += R"(,"until_record":)";
    append(until_record);
}

void snapshot_text::close(std::uint64_t checksum) {
    out_ += seal::before;
    append_hex(checksum, seal::digits);
    out_ += seal::after;
}

void snapshot_text::append(std::uint64_t value) {
    char text[std::numeric_limits<std::uint64_t>::digits10 + 1];
    out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void snapshot_text::append_hex(std::uint64_t value, std::size_t digits) {
    for (std::size_t left = digits; left-- != 0;)
        out_ += "0123456789abcdef"[value >> (4 * left) & 0xf];
}

// In the form of to_chars for money, which ends at 64 bits.
void snapshot_text::append_total() {
    char text[sizeof("3402823669209384634633746074317682114.55")];
    char* at = text + sizeof text;
    wide left = total_minor_;
    const auto next_digit = [&left] {
        const auto digit = static_cast<char>('0' + static_cast<int>(left % 10));
        left /= 10;
        return digit;
    };
    const bool one_decimal_will_do = left % 10 == 0;
    *--at = next_digit();
    if (one_decimal_will_do)
        ++at;
    *--at = next_digit();
    *--at = '.';
    do
        *--at = next_digit();
    while (left != 0);
    out_.append(at, text + sizeof text);
}

}  // namespace coffer::snapshot
