// What the members of accounts and holds say: the values of accounts_handler.
#include <charconv>
#include <string>

#include <coffer/account.hpp>

#include "ops/hold_id_text.hpp"
#include "snapshot/accounts_handler.hpp"
#include "snapshot/hold_status_name.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::snapshot {
namespace {

/// Returns `text` shortened, without control characters, for a line of a log.
std::string shown(std::string_view text) {
    constexpr std::size_t most = 40;
    std::string shortened{text.substr(0, most)};
    for (char& c : shortened)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
            c = '?';
    return text.size() > most ? shortened + "..." : shortened;
}

std::string quoted(std::string_view text) {
    return '"' + shown(text) + '"';
}

std::string_view describe(money_error reason) noexcept {
    switch (reason) {
        case money_error::too_many_decimals:
            return "has more than 2 decimals";
        case money_error::out_of_range:
            return "is out of range";
        case money_error::not_a_number:
        case money_error::none:
            break;
    }
    return "is not a number";
}

/// Whether all of `digits` is a whole number that fits.
template <class Integer>
bool parse_whole(std::string_view digits, Integer& into) noexcept {
    const char* const end = digits.data() + digits.size();
    const auto [stop, fault] = std::from_chars(digits.data(), end, into);
    return fault == std::errc{} && stop == end;
}

}  // namespace

bool accounts_handler::read(std::string_view value, code& error) {
    switch (member_) {
        case member::format:
            return read_format(value, error);
        case member::account_number:
            return read_account_number(value, account_.account, error);
        case member::balance:
            return read_money(value, account_.balance, error);
        case member::sequence:
            return read_sequence(value, error);
        case member::held:
            return read_money(value, account_.held, error);
        case member::account_status:
            return read_account_status(value, error);
        case member::hold_id:
            return read_hold_id(value, error);
        case member::hold_account:
            return read_account_number(value, hold_.account, error);
        case member::amount:
            return read_money(value, hold_.amount, error);
        case member::captured:
            return read_money(value, hold_.captured, error);
        case member::remaining:
            return read_money(value, hold_.remaining, error);
        case member::hold_status:
            return read_hold_status(value, error);
        case member::expires_at:
            return read_expires_at(value, error);
        case member::accounts:
        case member::holds:
        case member::other:
            break;  // meets_expectation has refused the first two; others are ignored
    }
    return true;
}

bool accounts_handler::read_format(std::string_view digits, code& error) {
    // Format 1 is from versions without a journal.
    if (parse_whole(digits, format_) && format_ >= 1 && format_ <= snapshot_format)
        return true;
    return refuse(error, "format " + shown(digits) + " is not one that this version reads");
}

bool accounts_handler::read_account_number(std::string_view digits, account_number& into,
                                           code& error) {
    const std::optional<account_number> number = parse_account_number(digits);
    if (!number)
        return refuse(error, "account_number " + quoted(digits) +
                                 " is not a whole number from 1 to 18446744073709551615, in digits "
                                 "alone");
    into = *number;
    return true;
}

bool accounts_handler::read_money(std::string_view digits, money& into, code& error) {
    const money::parsed parsed = money::parse(digits);
    if (parsed && parsed.value >= money{}) {
        into = parsed.value;
        return true;
    }
    const std::string_view wrong = parsed ? "is below zero" : describe(parsed.error);
    return refuse(error,
                  std::string{expected().subject} + ' ' + shown(digits) + ' ' + std::string{wrong});
}

bool accounts_handler::read_sequence(std::string_view digits, code& error) {
    if (!parse_whole(digits, account_.sequence) || account_.sequence == 0 ||
        account_.sequence > account::max_sequence)
        return refuse(error, "sequence " + shown(digits) + " is not a whole number from 1 to " +
                                 std::to_string(account::max_sequence));
    return true;
}

bool accounts_handler::read_account_status(std::string_view value, code& error) {
    if (value != "open" && value != "closed")
        return refuse(error, "status " + quoted(value) + " is not one of an account");
    account_.status = value == "closed" ? account_status::closed : account_status::open;
    return true;
}

bool accounts_handler::read_hold_id(std::string_view value, code& error) {
    const std::optional<hold_id> id = parse_hold_id(value);
    if (!id)
        return refuse(error, "hold " + quoted(value) + " is not a sequence and a slot");
    hold_.id = *id;
    return true;
}

bool accounts_handler::read_hold_status(std::string_view value, code& error) {
    const auto status = hold_status_named(value);
    if (!status)
        return refuse(error, "status " + quoted(value) + " is not one of a hold");
    hold_.status = *status;
    return true;
}

bool accounts_handler::read_expires_at(std::string_view digits, code& error) {
    if (!parse_whole(digits, hold_.expires_at_ns) || hold_.expires_at_ns < 0)
        return refuse(error, "expires_at_ns " + shown(digits) + " is not a whole number from 0 on");
    return true;
}

}  // namespace coffer::snapshot
