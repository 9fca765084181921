// Turns the events of a JSON parser into accounts, and refuses what is no document of accounts.
//
// The events are those of boost::json::basic_parser. A key, string or number comes in parts if a
// part of the document ends inside it, or if it has an escape.
#pragma once

#include <array>
#include <boost/json/error.hpp>
#include <boost/json/string_view.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <coffer/posting.hpp>

#include "snapshot/accounts_reader.hpp"

namespace coffer::snapshot {

class accounts_handler {
public:
    using code = boost::json::error_code;
    using text = boost::json::string_view;

    static constexpr auto max_array_size = static_cast<std::size_t>(-1);
    static constexpr auto max_object_size = static_cast<std::size_t>(-1);
    static constexpr auto max_string_size = static_cast<std::size_t>(-1);
    static constexpr auto max_key_size = static_cast<std::size_t>(-1);

    /// `holds` may be empty.
    explicit accounts_handler(account_sink sink, hold_sink holds = {})
        : sink_{std::move(sink)}, hold_sink_{std::move(holds)} {}

    /// Why an event was refused; empty if no event was.
    [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

    bool on_document_begin(code&) { return true; }
    bool on_document_end(code&) { return true; }
    bool on_object_begin(code& error) { return open(kind::object, error); }
    bool on_object_end(std::size_t, code& error) { return close(error); }
    bool on_array_begin(code& error) { return open(kind::array, error); }
    bool on_array_end(std::size_t, code& error) { return close(error); }

    bool on_key_part(text part, std::size_t, code&);
    bool on_key(text last, std::size_t, code& error);
    bool on_string_part(text part, std::size_t, code&) { return value_part(part); }
    bool on_string(text last, std::size_t, code& error) { return value(kind::string, last, error); }
    bool on_number_part(text part, code&) { return value_part(part); }
    bool on_int64(std::int64_t, text last, code& error) { return value(kind::number, last, error); }
    bool on_uint64(std::uint64_t, text last, code& error) {
        return value(kind::number, last, error);
    }
    bool on_double(double, text last, code& error) { return value(kind::number, last, error); }
    bool on_bool(bool, code& error) { return value(kind::other, {}, error); }
    bool on_null(code& error) { return value(kind::other, {}, error); }
    bool on_comment_part(text, code&) { return true; }
    bool on_comment(text, code&) { return true; }

private:
    enum class kind : std::uint8_t { object, array, string, number, other };
    enum class place : std::uint8_t { document, root, accounts, account, holds, hold };
    enum class member : std::uint8_t {
        accounts,
        format,
        holds,
        account_number,
        balance,
        sequence,
        held,
        account_status,
        hold_id,
        hold_account,
        amount,
        captured,
        remaining,
        hold_status,
        expires_at,
        other,
    };
    struct expectation {
        std::string_view subject;
        kind due;
    };
    struct member_description;
    static constexpr auto members = static_cast<std::size_t>(member::other) + 1;

    static const member_description& description(member one) noexcept;
    static constexpr std::string_view name(kind one) noexcept;
    [[nodiscard]] expectation expected() const noexcept;
    [[nodiscard]] member member_named(std::string_view key) const noexcept;
    [[nodiscard]] bool& seen(member one) noexcept { return seen_[static_cast<std::size_t>(one)]; }
    [[nodiscard]] bool ignoring() const noexcept;

    [[nodiscard]] bool meets_expectation(kind found, code& error);
    [[nodiscard]] bool open(kind container, code& error);
    [[nodiscard]] bool close(code& error);
    [[nodiscard]] bool value_part(text part);
    [[nodiscard]] bool value(kind scalar, text last, code& error);

    void begin(place element) noexcept;
    [[nodiscard]] bool require_members(std::string_view what, code& error);
    [[nodiscard]] bool end_account(code& error);
    [[nodiscard]] bool end_hold(code& error);
    [[nodiscard]] bool read(std::string_view value, code& error);
    [[nodiscard]] bool read_format(std::string_view digits, code& error);
    [[nodiscard]] bool read_account_number(std::string_view digits, account_number& into,
                                           code& error);
    [[nodiscard]] bool read_money(std::string_view digits, money& into, code& error);
    [[nodiscard]] bool read_sequence(std::string_view digits, code& error);
    [[nodiscard]] bool read_account_status(std::string_view value, code& error);
    [[nodiscard]] bool read_hold_id(std::string_view value, code& error);
    [[nodiscard]] bool read_hold_status(std::string_view value, code& error);
    [[nodiscard]] bool read_expires_at(std::string_view digits, code& error);

    /// Keeps a part of an incomplete text.
    void append(text part);
    /// Returns the whole text, valid until the next event.
    [[nodiscard]] std::string_view joined(text last);
    [[nodiscard]] bool refuse(code& error, std::string why);

    account_sink sink_;
    hold_sink hold_sink_;
    account_view account_{};
    hold hold_{};
    std::uint64_t next_slot_ = 0;       // the least that the next hold may have
    std::uint64_t format_ = 0;          // 0: the document has stated none
    std::array<bool, members> seen_{};  // in the account or hold being read, and in the document
    place place_ = place::document;
    member member_ = member::other;  // the member of the last key
    std::size_t ignored_depth_ = 0;  // open brackets of an ignored value
    std::string parts_;
    std::string whole_;
    std::string refusal_;
};

}  // namespace coffer::snapshot
