#include "api/console_endpoint.hpp"

#include <array>
#include <string>
#include <string_view>

#include "api/media_type.hpp"
#include "console/pages.hpp"

namespace coffer::api {

void console(coffer::teller&, const call&, reply& out) {
    const console::page page = console::console_page();
    if (page.document.empty())
        return out.refuse(problem::console_missing);
    out.text("text/html; charset=utf-8", [&page](std::string& text) { text += page.document; });
    out.add_field("Content-Security-Policy", page.policy);
    out.add_field("X-Content-Type-Options", "nosniff");
    out.add_field("X-Frame-Options", "DENY");
    out.add_field("Referrer-Policy", "no-referrer");
    out.add_field("Cross-Origin-Opener-Policy", "same-origin");
    out.add_field("Cross-Origin-Resource-Policy", "same-origin");
}

void front_door(coffer::teller& teller, const call& made, reply& out) {
    static constexpr std::array<std::string_view, 2> offered{json, "text/html"};
    if (preferred(made.request.accept, offered) == 1)
        console(teller, made, out);
    else
        out.refuse(problem::route_unknown);
}

}  // namespace coffer::api
