// The endpoints of the console: a page for browsers that uses this API.
#pragma once

#include "api/reply.hpp"
#include "api/route.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// The page, with the fields that have a browser run nothing else and show it in no frame.
void console(teller&, const call&, reply&);
/// The same for a client that prefers text/html, as browsers do; nothing is here for others.
void front_door(teller&, const call&, reply&);

}  // namespace coffer::api
