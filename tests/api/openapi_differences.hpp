// Compares the API's description with a route table.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <vector>

#include "api/route.hpp"

namespace coffer::api {

/// What is in the table and not in the document, or the other way round: routes, statuses, types of
/// refusals, parameters and bodies. A line for each, such as
///     "GET /accounts: the parameter limit is not in the document"
[[nodiscard]] std::vector<std::string> openapi_differences(const boost::json::object& document,
                                                           std::span<const route> routes);

}  // namespace coffer::api
