#pragma once

#include <string>
#include <string_view>

namespace troupe::models {

/// The address of `path` ("/chat/completions") under a provider's `base_url`, whatever its author wrote: with
/// and without a trailing slash; a bare host gets `version` ("/v1") in front of the path; a base that has a
/// path is taken as it is; one that names the whole endpoint already is not extended; a query stays at the
/// end.
std::string endpoint(std::string_view base_url, std::string_view version, std::string_view path);

/// `url` as it may be shown: without user, password, query and fragment.
std::string shown_url(std::string_view url);

}  // namespace troupe::models
