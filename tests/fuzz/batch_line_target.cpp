// Whatever bytes a line of a batch has: its result is one line; and what the quick reader of lines
// reads, the general one reads the same.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/json_object.hpp"
#include "api/plain_posting.hpp"
#include "api/router.hpp"
#include "api/routes.hpp"
#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"
#include "fuzz/require.hpp"
#include "journal/record.hpp"

namespace {

using namespace coffer::api;
using coffer::fuzz::require;

void require_same(std::string_view line, const plain_posting& quick) {
    static constexpr std::array members{
        member{"operation", member_kind::text}, member{"account_number", member_kind::account},
        member{"amount", member_kind::amount}, member{"key", member_kind::text, false}};
    std::array<member_value, members.size()> values;
    json_room room;
    require(read_object(line, members, values, room).problem == problem::none,
            "a line that is wrong was read quickly");
    require(values[0].text == (quick.is_deposit ? "deposit" : "withdraw"), "another operation");
    require(values[1].account == quick.account, "another account");
    require(values[2].amount == quick.amount, "another amount");
    require(values[3].text == quick.key, "another key");
    require(quick.key.empty() || coffer::journal::is_request_key(quick.key), "a key that is none");
}

/// The reply to a batch of this line.
std::string result_of(coffer::engine& engine, std::string_view line) {
    const request asked{.method = method::post,
                        .target = "/batch",
                        .content_type = "application/x-ndjson",
                        .body = {}};
    reply out;
    const auto sink = open_lines(product_table, engine.teller_at(0), asked, 1, out);
    require(sink != nullptr, "a batch is refused");
    require(sink->take(engine.teller_at(0), line) == line_sink::state::taken,
            "a line is not taken");
    sink->finish(engine.teller_at(0), out);
    const auto stream = out.take_stream();
    require(stream != nullptr, "a batch has no results");
    std::string text;
    while (stream->pull(engine.teller_at(0), body_stream::least_room_bytes, text) ==
           body_stream::state::more)
        ;
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view line{reinterpret_cast<const char*>(data), size};
    line = line.substr(0, line.find('\n'));
    if (line.empty() || line.size() > max_batch_line_bytes)
        return 0;  // as no sink gets them
    const auto quick = read_plain_posting(line);
    if (quick)
        require_same(line, *quick);
    coffer::engine engine{coffer::initial_accounts::sample().open_in_memory()};
    const std::string result = result_of(engine, line);
    require(result.find('\n') == result.size() - 1, "a result is not one line");
    require(result.starts_with(R"({"success":)"), "a result is no envelope");
    require(!quick || result.find("\"code\":415}") == std::string::npos,
            "what was read is refused for its form");
    return 0;
}
