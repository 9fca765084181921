// Makes the reply to what a teller returned: the one place that knows how each result is written.
//
// None of them throws if the reply has at least reply::least_bytes reserved. A result that an
// earlier request with the same key had gets the same reply, marked as replayed.
#pragma once

#include <span>
#include <string_view>

#include <coffer/transaction.hpp>

#include "api/reply.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// A posting: the account's number and its balance, under this name.
void answer(const posting_result&, std::string_view balance_name, reply&);
/// A balance; where the account has holds, with what they hold and what is available.
void answer_balance(const posting_result&, reply&);

/// An account. With status 201, Location leads to it.
void answer(const account_result&, int status, reply&);

void answer(const transfer_result&, reply&);

/// A transaction of these legs.
void answer(const transaction_result&, std::span<const leg> legs, reply&);

/// Whether a refusal names the account that it is about: where a request is about several.
enum class names_account : std::uint8_t { no, yes };

/// A hold and its account. With status 201, Location leads to the hold.
void answer(const hold_result&, int status, names_account, reply&);

/// The reply to the request whose outcome this record has, whatever it asked for.
void answer(const journal::record&, reply&);

}  // namespace coffer::api
