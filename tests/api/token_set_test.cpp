#include "api/token_set.hpp"

#include <string>

#include "catch.hpp"

using namespace coffer::api;

namespace {

std::string numbered(std::string front, int number) {
    front += std::to_string(number);
    return front;
}

known_token token(const std::string& text, const std::string& name) {
    return {.hash = hash_of_token(text), .who = {.name = name, .scopes = {scope::read}}};
}

}  // namespace

TEST_CASE("token set: each of many tokens is found, and no other", "[api]") {
    std::vector<known_token> some;
    for (int i = 0; i != 1000; ++i)
        some.push_back(token(numbered("t", i), numbered("n", i)));
    const token_set tokens{some};
    for (int i = 0; i != 1000; ++i) {
        const known_token* const found = tokens.find(numbered("t", i));
        REQUIRE(found != nullptr);
        CHECK(found->who.name == numbered("n", i));
        CHECK(tokens.find(numbered("n", i)) == nullptr);
    }
}

TEST_CASE("published tokens: a name goes on with what it has used of its rate", "[api]") {
    published_tokens tokens;
    CHECK(tokens.version() == 0);
    CHECK(tokens.latest() == nullptr);
    tokens.publish(token_set{{token("a", "anna"), token("b", "bert")}});
    const auto first = tokens.latest();
    const auto version = tokens.version();
    CHECK(first->find("a")->used->take({1}, 1000));
    tokens.publish(token_set{{token("new", "anna"), token("c", "carl")}});
    CHECK(tokens.version() > version);
    CHECK_FALSE(tokens.latest()->find("new")->used->take({1}, 1000));
    CHECK(tokens.latest()->find("c")->used->take({1}, 1000));
    CHECK(tokens.latest()->find("a") == nullptr);
    CHECK(first->find("b")->who.name == "bert");
}
