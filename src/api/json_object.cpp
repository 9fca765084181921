#include "api/json_object.hpp"

#include <algorithm>
#include <bit>
#include <boost/json/basic_parser_impl.hpp>
#include <cassert>
#include <charconv>
#include <functional>

#include "ops/duration.hpp"

namespace coffer::api {
namespace {

namespace json = boost::json;

using token = member_value::token;

// Follows a JSON document as it is parsed. What matters is the members of the outermost object, at
// depth 1, and those of the objects in its array of objects, at depth 3.
class object_handler {
public:
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

    using code = json::error_code;

    object_handler(std::string_view body, std::span<const member> members,
                   std::span<member_value> values, json_room& room, object_list* objects) noexcept
        : body_{body}, members_{members}, values_{values}, room_{room}, objects_{objects} {}

    /// For the end of the document.
    [[nodiscard]] bool is_object() const noexcept { return outermost_is_object_; }

    bool on_document_begin(code&) { return true; }
    bool on_document_end(code&) { return true; }
    bool on_object_begin(code&) {
        outermost_is_object_ = outermost_is_object_ || depth_ == 0;
        if (is_in_list_ && depth_ == 2)
            ++objects_->size;
        else
            value(token::other);
        return enter();
    }
    bool on_object_end(std::size_t, code&) { return leave(); }
    bool on_array_begin(code&) {
        is_in_list_ = is_in_list_ || is_value_list();
        value(token::array);
        return enter();
    }
    bool on_array_end(std::size_t, code&) { return leave(); }

    // A key with escapes comes in parts; `size` is that of all so far.
    bool on_key_part(json::string_view part, std::size_t size, code&) {
        const std::span<const member> members = members_here();
        const std::size_t before = size - part.size();
        if (before == 0)
            candidates_ = (std::uint64_t{1} << members.size()) - 1;
        for (std::size_t i = 0; i != members.size(); ++i) {
            const std::string_view name = members[i].name;
            if (name.size() < size || name.substr(before, part.size()) != view(part))
                candidates_ &= ~(std::uint64_t{1} << i);
        }
        return true;
    }
    bool on_key(json::string_view part, std::size_t size, code& error) {
        on_key_part(part, size, error);
        const std::span<const member> members = members_here();
        for (std::size_t i = 0; i != members.size(); ++i)
            if (members[i].name.size() != size)
                candidates_ &= ~(std::uint64_t{1} << i);
        return true;
    }

    bool on_string_part(json::string_view part, std::size_t size, code&) {
        if (member_of_key() != nullptr)
            keep(part, size);
        return true;
    }
    bool on_string(json::string_view part, std::size_t size, code&) {
        member_value* const one = member_of_key();
        if (one == nullptr)
            return element_is_other();
        if (size == part.size() && is_in_body(part)) {
            note(*one, token::string, view(part));
            return true;
        }
        keep(part, size);
        const std::string_view kept{room_.bytes.data() + string_begin_, room_.size - string_begin_};
        note(*one, kept.size() == size ? token::string : token::other, kept);
        return true;
    }
    bool on_bool(bool value, code&) {
        if (member_value* const one = member_of_key()) {
            note(*one, token::boolean, {});
            one->boolean = value;
        }
        return element_is_other();
    }
    bool on_null(code&) { return value(token::null); }
    bool on_number_part(json::string_view, code&) { return true; }
    bool on_int64(std::int64_t, json::string_view text, code&) { return number(text); }
    bool on_uint64(std::uint64_t, json::string_view text, code&) { return number(text); }
    bool on_double(double, json::string_view text, code&) { return number(text); }
    bool on_comment_part(json::string_view, code&) { return true; }
    bool on_comment(json::string_view, code&) { return true; }

private:
    static std::string_view view(json::string_view text) { return {text.data(), text.size()}; }

    /// False for a text with escapes, which the parser has in memory of its own for a moment.
    [[nodiscard]] bool is_in_body(json::string_view text) const noexcept {
        const std::less_equal<const char*> is_before;
        return is_before(body_.data(), text.data()) &&
               is_before(text.data() + text.size(), body_.data() + body_.size());
    }
    /// The members of the object that a key is in; none if that does not matter.
    [[nodiscard]] std::span<const member> members_here() const noexcept {
        if (depth_ == 1)
            return members_;
        return is_in_list_ && depth_ == 3 ? objects_->members : std::span<const member>{};
    }
    /// The member whose value comes next, if it is one of those asked for.
    [[nodiscard]] member_value* member_of_key() const noexcept {
        if (candidates_ == 0 || !outermost_is_object_)
            return nullptr;
        const auto index = static_cast<std::size_t>(std::countr_zero(candidates_));
        if (depth_ == 1)
            return &values_[index];
        if (!is_in_list_ || depth_ != 3)
            return nullptr;
        const std::size_t at = (objects_->size - 1) * objects_->members.size() + index;
        return at < objects_->values.size() ? &objects_->values[at] : nullptr;
    }
    /// Whether the value that comes next is the array of objects.
    [[nodiscard]] bool is_value_list() const noexcept {
        const member_value* const one = member_of_key();
        return objects_ != nullptr && depth_ == 1 && one != nullptr &&
               members_[static_cast<std::size_t>(one - values_.data())].kind ==
                   member_kind::objects;
    }
    /// Notes an element of the list that is not an object, if the value is one.
    bool element_is_other() noexcept {
        if (is_in_list_ && depth_ == 2)
            objects_->has_others = true;
        return true;
    }
    static void note(member_value& one, token what, std::string_view text) noexcept {
        one.is_repeated = one.is_present();
        one.found = what;
        one.text = text;
    }
    bool enter() {
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        is_in_list_ = is_in_list_ && depth_ != 1;
        return true;
    }
    bool number(json::string_view text) { return value(token::number, view(text)); }
    bool value(token what, std::string_view text = {}) {
        if (member_value* const one = member_of_key())
            note(*one, what, text);
        return element_is_other();
    }
    /// Copies a part of a string into the room. A string that does not fit stays incomplete there.
    void keep(json::string_view part, std::size_t size) noexcept {
        if (size == part.size())
            string_begin_ = room_.size;
        if (part.size() > room_.bytes.size() - room_.size)
            return;
        std::copy(part.begin(), part.end(), room_.bytes.begin() + room_.size);
        room_.size += part.size();
    }

    std::string_view body_;
    std::span<const member> members_;
    std::span<member_value> values_;
    json_room& room_;
    object_list* objects_;
    std::size_t depth_ = 0;
    std::size_t string_begin_ = 0;  // in the room, of the string that comes in parts
    std::uint64_t candidates_ = 0;  // the members that the key may still be, a bit each
    bool outermost_is_object_ = false;
    bool is_in_list_ = false;  // the array of objects
};

constexpr bool is_amount(member_kind kind) noexcept {
    return kind == member_kind::amount || kind == member_kind::signed_amount ||
           kind == member_kind::balance;
}

problem read_amount(member_kind kind, member_value& value) noexcept {
    const money::parsed parsed =
        money::parse(value.found == token::number ? value.text : std::string_view{});
    if (!parsed)
        return problem_of(parsed.error);
    if (kind == member_kind::amount && parsed.value <= money{})
        return problem::amount_not_positive;
    if (kind == member_kind::signed_amount && parsed.value == money{})
        return problem::amount_zero;
    if (kind == member_kind::balance && parsed.value < money{})
        return problem::amount_negative;
    value.amount = parsed.value;
    return problem::none;
}

bool read_duration(member_value& value) noexcept {
    const auto read = parse_duration(value.text);
    value.duration = read.value_or(std::chrono::microseconds{});
    return value.found == token::string && read && read->count() > 0;
}

bool read_integer(member_value& value) noexcept {
    const char* const end = value.text.data() + value.text.size();
    const auto read = std::from_chars(value.text.data(), end, value.integer);
    return value.found == token::number && read.ec == std::errc{} && read.ptr == end;
}

bool read_account(member_value& value) noexcept {
    const auto account = parse_account_number(value.text);
    value.account = account.value_or(0);
    return value.found == token::string && account;
}

problem read_value(member_kind kind, member_value& value) noexcept {
    const auto unless = [](bool is_right, problem why) { return is_right ? problem::none : why; };
    switch (kind) {
        case member_kind::amount:
        case member_kind::signed_amount:
        case member_kind::balance:
            return read_amount(kind, value);
        case member_kind::account:
            return unless(read_account(value), problem::account_number_invalid);
        case member_kind::integer:
            return unless(read_integer(value), problem::parameter_invalid);
        case member_kind::text:
            return unless(value.found == token::string, problem::parameter_invalid);
        case member_kind::boolean:
            return unless(value.found == token::boolean, problem::parameter_invalid);
        case member_kind::duration:
            return unless(read_duration(value), problem::duration_invalid);
        case member_kind::objects:
            return unless(value.found == token::array, problem::parameter_invalid);
    }
    return problem::internal_error;
}

problem read_member(const member& asked, member_value& value) noexcept {
    if (value.is_repeated)
        return is_amount(asked.kind) ? problem::amount_twice : problem::parameter_twice;
    if (!asked.required && value.found == token::null)
        value.found = token::none;
    if (value.is_present())
        return read_value(asked.kind, value);
    if (!asked.required)
        return problem::none;
    if (asked.kind == member_kind::account)
        return problem::account_number_missing;
    return is_amount(asked.kind) ? problem::amount_missing : problem::parameter_missing;
}

}  // namespace

member_problem check_members(std::span<const member> members,
                             std::span<member_value> values) noexcept {
    for (std::size_t i = 0; i != members.size(); ++i)
        if (const problem why = read_member(members[i], values[i]); why != problem::none)
            return {why, members[i].name};
    return {};
}

member_problem read_object(std::string_view body, std::span<const member> members,
                           std::span<member_value> values, json_room& room, object_list* objects) {
    assert(members.size() <= max_members && values.size() == members.size());
    room.size = 0;
    std::fill(values.begin(), values.end(), member_value{});
    if (objects != nullptr) {
        std::fill(objects->values.begin(), objects->values.end(), member_value{});
        objects->size = 0;
        objects->has_others = false;
    }
    json::parse_options options;
    // The parser calls itself for each level.
    options.max_depth = 512;
    json::basic_parser<object_handler> parser{options, body, members, values, room, objects};
    json::error_code error;
    const std::size_t used = parser.write_some(false, body.data(), body.size(), error);
    // These two are limits of the parser: what they stop may be JSON.
    if (error == json::error::too_deep || error == json::error::exponent_overflow)
        return {problem::amount_out_of_reach, {}};
    if (error || used != body.size())
        return {problem::body_malformed, {}};
    if (const member_problem wrong = check_members(members, values); wrong.problem != problem::none)
        return wrong;
    for (std::size_t i = 0; objects != nullptr && i != members.size(); ++i)
        if (members[i].kind == member_kind::objects && objects->has_others)
            return {problem::parameter_invalid, members[i].name};
    return {parser.handler().is_object() ? problem::none : problem::body_not_an_object, {}};
}

}  // namespace coffer::api
