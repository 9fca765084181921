// The product's routes over an engine in memory, with the sample accounts.
#pragma once

#include <string>
#include <string_view>

#include "api/reply.hpp"
#include "api/router.hpp"
#include "api/routes.hpp"
#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"

namespace coffer::test {

struct api_under_test {
    coffer::engine engine{coffer::initial_accounts::sample().open_in_memory()};
    coffer::api::reply reply;

    std::string ask(const api::request& asked) {
        coffer::api::handle(coffer::api::product_table, engine.teller_at(0), asked, reply);
        return std::string{reply.body()};
    }
    std::string get(std::string_view target) { return ask({api::method::get, target, {}, {}}); }
    std::string post(std::string_view target, std::string_view body,
                     std::string_view content_type = "application/json") {
        return ask({api::method::post, target, content_type, body});
    }
    std::int64_t balance_minor(coffer::account_number number) {
        return engine.ledger().balance(number).posting.balance.minor();
    }
};

/// The `type` of a refusal.
inline std::string type_of(const std::string& body) {
    const std::string before = R"({"success":false,"error":{"type":")";
    REQUIRE(body.substr(0, before.size()) == before);
    return body.substr(before.size(), body.find('"', before.size()) - before.size());
}

/// The same, with the parameter that it names behind a space.
inline std::string refusal_of(const std::string& body) {
    const std::string name = R"("parameter":")";
    const std::size_t at = body.find(name);
    if (at == body.npos)
        return type_of(body);
    const std::size_t begin = at + name.size();
    return type_of(body) + " " + body.substr(begin, body.find('"', begin) - begin);
}

/// A body, and the refusal that is due to its form.
struct wrong_form {
    std::string_view body;
    std::string_view due;
};

}  // namespace coffer::test
