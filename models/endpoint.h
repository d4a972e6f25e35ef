#pragma once

#include <string>
#include <string_view>

namespace troupe::models {

/// Where the API of a provider begins for an entry without `base_url`; "" where a provider has no such place.
constexpr std::string_view public_url(std::string_view provider) {
  if (provider == "openai") return "https://api.openai.com/v1";
  if (provider == "anthropic") return "https://api.anthropic.com/v1";
  if (provider == "gemini") return "https://generativelanguage.googleapis.com/v1beta";
  if (provider == "ollama") return "http://127.0.0.1:11434";
  if (provider == "huggingface") return "https://router.huggingface.co/v1";
  return "";
}

/// The address of `path` ("/chat/completions") under a provider's `base_url`, whatever its author wrote: with
/// and without a trailing slash; a bare host gets `version` ("/v1") in front of the path; a base that has a
/// path is taken as it is; one that names the whole endpoint already is not extended; a query stays at the
/// end.
std::string endpoint(std::string_view base_url, std::string_view version, std::string_view path);

/// `url` as it may be shown: without user, password, query and fragment.
std::string shown_url(std::string_view url);

}  // namespace troupe::models
