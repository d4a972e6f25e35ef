#pragma once

#include "runtime/base/json.h"
#include "runtime/net/http_server.h"

#include <expected>

namespace troupe::gateway {

/// The answer to a body that is said to be something else than JSON, or to be compressed: 415. A body without
/// a Content-Type is taken for JSON. Pure.
std::expected<void, net::ServerReply> check_json_type(const net::ServerRequest& request);

/// The body as a JSON object. Error: the answer to give: 415 as above; 400 for what is no JSON, with the
/// offset of what is wrong, or no object. Pure.
std::expected<Json, net::ServerReply> json_object_of(const net::ServerRequest& request);

}  // namespace troupe::gateway
