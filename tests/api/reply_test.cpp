#include "api/reply.hpp"

#include <boost/json/parse.hpp>
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

TEST_CASE("reply: every problem is the same in both forms", "[api]") {
    reply one;
    const char* const memory = one.body().data();
    const coffer::api::error_members members{.parameter = "limit",
                                             .account = 10001,
                                             .available = coffer::money::from_minor(50),
                                             .hold_status = "captured",
                                             .beginning = coffer::journal::history_beginning{7, 0}};
    for (int i = 1; i <= static_cast<int>(problem::internal_error); ++i) {
        const auto why = static_cast<problem>(i);
        one.set_refusal_form(coffer::api::refusal_form::envelope);
        one.refuse(why, members);
        const auto envelope = boost::json::parse(std::string{one.body()}).as_object();
        const std::string fields = text_of(one);
        CHECK(one.content_type() == "application/json");
        one.set_refusal_form(coffer::api::refusal_form::problem);
        one.refuse(why, members);
        auto body = boost::json::parse(std::string{one.body()}).as_object();
        CHECK(one.content_type() == "application/problem+json");
        CHECK(text_of(one) == fields);
        CHECK(body.at("status") == one.status());
        CHECK(envelope.at("code") == one.status());
        auto error = envelope.at("error").as_object();
        CHECK(body.at("type").as_string() ==
              "urn:coffer:problem:" + std::string{error.at("type").as_string()});
        CHECK(body.at("detail") == error.at("message"));
        for (const char* const name : {"type", "title", "status", "detail"})
            CHECK(body.erase(name) == 1);
        for (const char* const name : {"type", "message"})
            CHECK(error.erase(name) == 1);
        CHECK(body == error);
        CHECK(error.size() == 6);
    }
    CHECK(one.body().data() == memory);  // no problem outgrows the room there is from the start
}
