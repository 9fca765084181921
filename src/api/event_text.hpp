// How the API writes an event: what one record of the journal posted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/event_blocks.hpp"
#include "journal/record.hpp"

namespace coffer::api {

/// Appends {"record":123,"time":"2026-...Z","operation":"transfer","postings":[{"account_number":
/// "10001","sequence":5,"amount":-25.0,"balance":975.0},...]}. Amounts have a sign, and are 0.0
/// where nothing is booked. Behind the postings there are "hold":{"hold":"7-12","amount":40.0}, the
/// amount held, captured or released, where the record is about a hold; and "key" and
/// "by", the name of the token, where there is one. `time` is the record's, in RFC 3339. The record
/// is no refusal.
void append_event(std::string& out, const journal::record& one, std::uint64_t number,
                  std::string_view time);

/// Adds a record to a block that ends before it: an event, unless it is a refusal.
void add_record(event_block& to, const journal::record& one, std::uint64_t number,
                std::string_view time);

}  // namespace coffer::api
