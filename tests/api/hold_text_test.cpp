#include "api/hold_text.hpp"

#include <string>

#include "catch.hpp"

using coffer::hold;
using coffer::hold_status;
using coffer::money;
using coffer::posting;
using coffer::api::append_hold;

TEST_CASE("append_hold: has every member in its order", "[api]") {
    const auto text_of = [](const hold& one) {
        std::string text;
        append_hold(text, one,
                    posting{10001, 3, money::from_minor(100'000), money::from_minor(1'000)});
        return text;
    };
    hold one{10001,
             {2, 5},
             money::from_minor(4'000),
             money::from_minor(3'000),
             money::from_minor(1'000)};
    CHECK(text_of(one) ==
          R"({"hold":"2-5","account_number":"10001","amount":40.0,"captured":30.0,)"
          R"("remaining":10.0,"status":"held","expires_at":null,"balance":1000.0,"held":10.0,)"
          R"("available":990.0})");
    one.expires_at_ns = 1'795'867'200'000'000'001;
    one.status = hold_status::expired;
    CHECK(text_of(one).find(
              R"("status":"expired","expires_at":"2026-11-28T12:00:00.000000001Z","balance")") !=
          std::string::npos);
    for (const hold_status status : {hold_status::captured, hold_status::released}) {
        one.status = status;
        CHECK(text_of(one).find(R"("status":")" + std::string{coffer::api::name_of(status)} +
                                '"') != std::string::npos);
    }
}
