// The description of the API that the server gives of itself.
#pragma once

#include <string_view>

namespace coffer::api {

/// The files of the folder openapi as one document of OpenAPI 3.1, in JSON. The build puts them
/// together (openapi/embed.cmake).
[[nodiscard]] std::string_view openapi_document() noexcept;

}  // namespace coffer::api
