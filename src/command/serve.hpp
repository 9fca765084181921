// `coffer serve`: the server from its start to its end.
#pragma once

#include "command/serve_options.hpp"

namespace coffer::command {

/// Serves until SIGINT or SIGTERM, then takes a last snapshot. Throws std::exception, with a text
/// for people, if it cannot begin to.
void serve(const serve_options&);

}  // namespace coffer::command
