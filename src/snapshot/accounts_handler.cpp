#include "snapshot/accounts_handler.hpp"

#include <algorithm>

#include "ops/hold_id_text.hpp"
#include "ops/possible_hold.hpp"

namespace coffer::snapshot {
namespace {

/// In quotation marks.
std::string quoted(std::string_view text) {
    return '"' + std::string{text} + '"';
}

// Far more than a correct text needs, and little enough to keep.
constexpr std::size_t max_text_chars = 1024;

}  // namespace

struct accounts_handler::member_description {
    member which;
    std::string_view name;
    place where;
    kind due;
    bool is_required;            ///< of an account or a hold
    std::uint64_t since_format;  ///< ignored in documents of another one
};

const accounts_handler::member_description& accounts_handler::description(member one) noexcept {
    static constexpr std::array<member_description, members> all{{
        {member::accounts, "accounts", place::root, kind::array, true, 0},
        {member::format, "format", place::root, kind::number, false, 0},
        {member::holds, "holds", place::root, kind::array, false, 3},
        {member::account_number, "account_number", place::account, kind::string, true, 0},
        {member::balance, "balance", place::account, kind::number, true, 0},
        {member::sequence, "sequence", place::account, kind::number, false, 0},
        {member::held, "held", place::account, kind::number, false, 3},
        {member::account_status, "status", place::account, kind::string, false, 3},
        {member::hold_id, "hold", place::hold, kind::string, true, 3},
        {member::hold_account, "account", place::hold, kind::string, true, 3},
        {member::amount, "amount", place::hold, kind::number, true, 3},
        {member::captured, "captured", place::hold, kind::number, true, 3},
        {member::remaining, "remaining", place::hold, kind::number, true, 3},
        {member::hold_status, "status", place::hold, kind::string, true, 3},
        {member::expires_at, "expires_at_ns", place::hold, kind::number, true, 3},
        {member::other, "", place::document, kind::other, false, 0},
    }};
    return all[static_cast<std::size_t>(one)];
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
        case place::accounts:
            return {"an account", kind::object};
        case place::holds:
            return {"a hold", kind::object};
        case place::root:
        case place::account:
        case place::hold:
            break;
    }
    return {description(member_).name, description(member_).due};
}

accounts_handler::member accounts_handler::member_named(std::string_view key) const noexcept {
    for (std::size_t i = 0; i != members - 1; ++i) {
        const member_description& one = description(static_cast<member>(i));
        if (key == one.name && place_ == one.where && format_ >= one.since_format)
            return one.which;
    }
    return member::other;
}

bool accounts_handler::ignoring() const noexcept {
    if (ignored_depth_ != 0)
        return true;
    const bool in_object =
        place_ == place::root || place_ == place::account || place_ == place::hold;
    return in_object && member_ == member::other;
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
            place_ = member_ == member::holds ? place::holds : place::accounts;
            break;
        case place::accounts:
            begin(place::account);
            break;
        case place::holds:
            begin(place::hold);
            break;
        case place::account:
        case place::hold:
            break;  // none of their members is a container
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
        case place::hold:
            return end_hold(error);
        case place::accounts:
        case place::holds:
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
        return refuse(error, quoted(description(member_).name) + " stands twice");
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
        return refuse(error, quoted(description(member_).name) + " is too long");
    return read(whole, error);
}

void accounts_handler::begin(place element) noexcept {
    place_ = element;
    account_ = {{0, 1, {}}, account_status::open};
    hold_ = {};
    for (std::size_t i = 0; i != members; ++i)
        if (description(static_cast<member>(i)).where == element)
            seen_[i] = false;
}

bool accounts_handler::require_members(std::string_view what, code& error) {
    for (std::size_t i = 0; i != members; ++i) {
        const member_description& one = description(static_cast<member>(i));
        if (one.where == place_ && one.is_required && !seen_[i])
            return refuse(error, std::string{what} + " has no " + quoted(one.name));
    }
    return true;
}

bool accounts_handler::end_account(code& error) {
    if (!require_members("the account", error))
        return false;
    place_ = place::accounts;
    if (account_.held > account_.balance)
        return refuse(error, "held is more than the balance");
    if (account_.status == account_status::closed && account_.balance != money{})
        return refuse(error, "a closed account has a balance");
    if (const std::optional<std::string> wrong = sink_(account_))
        return refuse(error, *wrong);
    return true;
}

bool accounts_handler::end_hold(code& error) {
    if (!require_members("the hold", error))
        return false;
    place_ = place::holds;
    if (!hold_sink_)
        return true;
    if (!is_possible_hold(hold_))
        return refuse(error, hold_text(hold_.id) + " contradicts itself");
    // So no two are in one slot.
    if (hold_.id.slot < next_slot_)
        return refuse(error, hold_text(hold_.id) + " is not in the order of the slots");
    next_slot_ = std::uint64_t{hold_.id.slot} + 1;
    if (const std::optional<std::string> wrong = hold_sink_(hold_))
        return refuse(error, *wrong);
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
