#include "api/reply.hpp"

#include <string>

#include "catch.hpp"

using coffer::api::body_stream;
using coffer::api::problem;
using coffer::api::reply;

namespace {

class empty_stream final : public body_stream {
public:
    state pull(coffer::teller&, std::size_t, std::string&) override { return state::done; }
    void end_early(problem, std::string&) override {}
};

std::string text_of(const reply& one) {
    std::string text;
    for (const auto& field : one.fields())
        text += std::string{field.name} + ": " + std::string{field.value} + "\n";
    return text;
}

}  // namespace

TEST_CASE("reply: adds header fields in their order, and the next reply starts without", "[api]") {
    reply one;
    one.affirm("ready");
    CHECK(one.fields().empty());
    one.mark_replayed();
    one.add_field("ETag", "\"7\"");
    CHECK(text_of(one) == "Idempotent-Replayed: true\nETag: \"7\"\n");
    CHECK(one.field("ETag") == "\"7\"");
    CHECK(one.field("Allow").empty());
    one.affirm("ready");
    CHECK(one.fields().empty());
}

TEST_CASE("reply: keeps the values of copied fields", "[api]") {
    reply one;
    one.affirm("ready");
    for (const char* const name : {"Location", "Link"}) {
        std::string value = std::string{"/"} + name;
        one.add_copied_field(name, value);
        value.assign(value.size(), 'x');
    }
    CHECK(text_of(one) == "Location: /Location\nLink: /Link\n");
}

TEST_CASE("reply: more fields than there is room for are an error", "[api]") {
    reply one;
    one.affirm("ready");
    for (std::size_t i = 0; i != reply::max_fields; ++i)
        one.add_field("X", "1");
    CHECK_THROWS_AS(one.add_field("X", "1"), std::length_error);
    one.affirm("ready");
    one.add_copied_field("X", std::string(reply::max_copied_bytes, '1'));
    CHECK_THROWS_AS(one.add_copied_field("X", "1"), std::length_error);
}

TEST_CASE("reply: a refused parameter is named, where the error's type does not", "[api]") {
    reply one;
    one.refuse_parameter(problem::parameter_invalid, "limit");
    CHECK(one.body() == R"({"success":false,"error":{"type":"invalid_parameter",)"
                        R"("message":"a parameter has a wrong value","parameter":"limit"},)"
                        R"("code":400})");
    one.refuse_parameter(problem::amount_missing, "amount");
    CHECK(one.body().find("parameter") == std::string_view::npos);
}

TEST_CASE("reply: hands over its stream once, and forgets it in the next reply", "[api]") {
    reply one;
    one.stream(200, "application/x-ndjson", std::make_unique<empty_stream>());
    CHECK(one.is_stream());
    CHECK(one.body().empty());
    CHECK(one.content_type() == "application/x-ndjson");
    CHECK(one.take_stream() != nullptr);
    CHECK_FALSE(one.is_stream());
    one.stream(200, "application/x-ndjson", std::make_unique<empty_stream>());
    one.affirm("ready");
    CHECK_FALSE(one.is_stream());
    CHECK(one.take_stream() == nullptr);
}
