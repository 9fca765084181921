#include "api/endpoints.hpp"

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

}  // namespace coffer::api
