#pragma once

#include "runtime/base/result.h"
#include "runtime/net/http_client.h"
#include "runtime/net/url.h"

#include <string_view>

/// What RFC 9110 says about requests, as far as a client has to know it. Pure.
namespace troupe::net {

/// Whether it can be sent as it stands. Error: invalid; names a header, never shows a value.
Result<> check_request(const HttpRequest& request);

/// Section 9.2.2: it may be sent again when nobody knows whether it arrived.
bool is_idempotent(std::string_view method);

/// Section 15.4: a status whose Location is to be followed.
bool is_redirect(int status);

/// Turns `request` into the one that a redirect found at `from` asks for, and gives its URL. Headers that may
/// hold a secret stay with the origin they were meant for. Errors: as Url::parse.
Result<Url> follow_redirect(HttpRequest& request, const Url& from, int status, std::string_view location);

}  // namespace troupe::net
