#include "api/endpoints.hpp"

#include "api/openapi.hpp"
#include "engine/engine.hpp"

namespace coffer::api {

void readiness(coffer::teller& teller, const call&, reply& out) {
    if (teller.engine().is_retiring())
        return out.refuse(problem::stopping);
    const problem why = problem_of(teller.engine().why_no_postings());
    if (why == problem::none)
        out.affirm("ready");
    else
        out.refuse(why);
}

void openapi(coffer::teller&, const call&, reply& out) {
    out.text("application/json", [](std::string& text) { text += openapi_document(); });
}

}  // namespace coffer::api
