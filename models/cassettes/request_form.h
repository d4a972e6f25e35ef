#pragma once

#include "runtime/base/json.h"
#include "runtime/base/secret.h"
#include "runtime/net/http_client.h"

#include <string>
#include <string_view>

namespace troupe::models {

/// A request as a cassette keeps and compares it: method, address, the few headers that say how the body is
/// meant, and the body, where it is JSON by value with its keys in order. Who asked is not in it: no other
/// header, no user in the address, and in its query no value of a parameter that names a key; every secret is
/// masked wherever it stands.
Json request_form(const net::HttpRequest& request, const Secrets& secrets);

/// The headers of an answer that are kept: what its reader goes by, and nothing that says whose it is.
net::Headers kept_headers(const net::HttpHead& head, const Secrets& secrets);

}  // namespace troupe::models
