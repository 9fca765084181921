#include "snapshot/accounts_handler.hpp"

#include <algorithm>
#include <charconv>

#include <coffer/account.hpp>

#include "snapshot/snapshot_file.hpp"

namespace coffer::snapshot {
namespace {

// Far more than a correct text needs, and little enough to keep.
constexpr std::size_t max_text_chars = 1024;

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

}  // namespace

constexpr std::string_view accounts_handler::name(member one) noexcept {
    switch (one) {
        case member::accounts:
            return "accounts";
        case member::format:
            return "format";
        case member::account_number:
            return "account_number";
        case member::balance:
            return "balance";
        case member::sequence:
            return "sequence";
        case member::other:
            break;
    }
    return "";
}

constexpr std::string_view accounts_handler::name(kind one) noexcept {
    switch (one) {
        case kind::object:
            return "an object";
        case kind::array:
            return "an array";
        case kind::string:
            return "a string";
        case kind::number:
            return "a number";
        case kind::other:
            break;
    }
    return "";
}

accounts_handler::expectation accounts_handler::expected() const noexcept {
    switch (place_) {
        case place::document:
            return {"the document", kind::object};
        case place::root:
            return {name(member_), member_ == member::format ? kind::number : kind::array};
        case place::accounts:
            return {"an account", kind::object};
        case place::account:
            break;
    }
    return {name(member_), member_ == member::account_number ? kind::string : kind::number};
}

accounts_handler::member accounts_handler::member_named(std::string_view key) const noexcept {
    const bool in_root = place_ == place::root;
    for (const member one : {member::accounts, member::format, member::account_number,
                             member::balance, member::sequence})
        if (key == name(one) && in_root == (one == member::accounts || one == member::format))
            return one;
    return member::other;
}

bool accounts_handler::ignoring() const noexcept {
    if (ignored_depth_ != 0)
        return true;
    return (place_ == place::root || place_ == place::account) && member_ == member::other;
}

bool accounts_handler::meets_expectation(kind found, code& error) {
    const auto [subject, due] = expected();
    if (found == due)
        return true;
    return refuse(error, std::string{subject} + " is not " + std::string{name(due)});
}

bool accounts_handler::open(kind container, code& error) {
    if (ignoring()) {
        ++ignored_depth_;
        return true;
    }
    if (!meets_expectation(container, error))
        return false;
    switch (place_) {
        case place::document:
            place_ = place::root;
            break;
        case place::root:
            place_ = place::accounts;
            break;
        case place::accounts:
            begin_account();
            break;
        case place::account:
            break;  // no member of an account is a container
    }
    return true;
}

bool accounts_handler::close(code& error) {
    if (ignored_depth_ != 0) {
        --ignored_depth_;
        return true;
    }
    switch (place_) {
        case place::account:
            return end_account(error);
        case place::accounts:
            place_ = place::root;
            return true;
        case place::root:
            break;
        case place::document:
            break;  // has no brackets
    }
    place_ = place::document;
    return seen(member::accounts) || refuse(error, "there is no \"accounts\"");
}

bool accounts_handler::on_key_part(text part, std::size_t, code&) {
    if (ignored_depth_ == 0)
        append(part);
    return true;
}

bool accounts_handler::on_key(text last, std::size_t, code& error) {
    if (ignored_depth_ != 0)
        return true;
    member_ = member_named(joined(last));
    if (member_ == member::other)
        return true;
    if (seen(member_))
        return refuse(error, quoted(name(member_)) + " stands twice");
    seen(member_) = true;
    return true;
}

bool accounts_handler::value_part(text part) {
    if (!ignoring())
        append(part);
    return true;
}

bool accounts_handler::value(kind scalar, text last, code& error) {
    if (ignoring())
        return true;
    const std::string_view whole = joined(last);
    if (!meets_expectation(scalar, error))
        return false;
    if (whole.size() > max_text_chars)
        return refuse(error, quoted(name(member_)) + " is too long");
    switch (member_) {
        case member::format:
            return read_format(whole, error);
        case member::account_number:
            return read_account_number(whole, error);
        case member::balance:
            return read_balance(whole, error);
        case member::sequence:
            return read_sequence(whole, error);
        case member::accounts:
        case member::other:
            break;  // meets_expectation has refused the first; the other is ignored
    }
    return true;
}

void accounts_handler::begin_account() noexcept {
    place_ = place::account;
    account_ = {0, 1, {}};
    for (const member one : {member::account_number, member::balance, member::sequence})
        seen(one) = false;
}

bool accounts_handler::end_account(code& error) {
    place_ = place::accounts;
    for (const member one : {member::account_number, member::balance})
        if (!seen(one))
            return refuse(error, "the account has no " + quoted(name(one)));
    if (const std::optional<std::string> wrong = sink_(account_))
        return refuse(error, *wrong);
    return true;
}

bool accounts_handler::read_format(std::string_view digits, code& error) {
    constexpr std::string_view with_no_journal = "1";  // from versions without a journal
    return digits == with_no_journal || digits == std::to_string(snapshot_format) ||
           refuse(error, "format " + shown(digits) + " is not one that this version reads");
}

bool accounts_handler::read_account_number(std::string_view digits, code& error) {
    const std::optional<account_number> number = parse_account_number(digits);
    if (!number)
        return refuse(error, "account_number " + quoted(digits) +
                                 " is not a whole number from 1 to 18446744073709551615, in digits "
                                 "alone");
    account_.account = *number;
    return true;
}

bool accounts_handler::read_balance(std::string_view digits, code& error) {
    const money::parsed parsed = money::parse(digits);
    if (!parsed)
        return refuse(error,
                      "balance " + shown(digits) + " " + std::string{describe(parsed.error)});
    if (parsed.value < money{})
        return refuse(error, "balance " + shown(digits) + " is below zero");
    account_.balance = parsed.value;
    return true;
}

bool accounts_handler::read_sequence(std::string_view digits, code& error) {
    const char* const end = digits.data() + digits.size();
    const auto [stop, fault] = std::from_chars(digits.data(), end, account_.sequence);
    const bool whole = fault == std::errc{} && stop == end;
    if (!whole || account_.sequence == 0 || account_.sequence > account::max_sequence)
        return refuse(error, "sequence " + shown(digits) + " is not a whole number from 1 to " +
                                 std::to_string(account::max_sequence));
    return true;
}

void accounts_handler::append(text part) {
    // One more than allowed, so that `value` can see that a text is too long.
    const std::size_t room = max_text_chars + 1 - parts_.size();
    parts_.append(part.data(), std::min(part.size(), room));
}

std::string_view accounts_handler::joined(text last) {
    if (parts_.empty())
        return {last.data(), last.size()};
    append(last);
    whole_.swap(parts_);
    parts_.clear();
    return whole_;
}

bool accounts_handler::refuse(code& error, std::string why) {
    refusal_ = std::move(why);
    error = boost::json::error::input_error;
    return false;
}

}  // namespace coffer::snapshot
