#pragma once

#include "models/place.h"
#include "runtime/config/collections.h"
#include "runtime/config/json_value.h"
#include "runtime/config/record.h"
#include "runtime/config/scalars.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// The keys that entries of `models:` and of `embeddings:` have alike: where a provider is reached, and how
/// its requests differ from what is usual.
namespace troupe::models {

/// Where one provider is reached, for the lines about it.
struct Place {
  std::string base_url;  ///< what to say about that key
  std::string api_key;
  bool named = true;  ///< `model` must be there
};

/// `model`, `base_url`, `api_key` and `extra_headers`, with what other programs call them, and a warning
/// where a secret would travel unencrypted.
template <class Entry>
void add_place(config::Record<Entry>& entry, Place place) {
  auto name = entry.field("model", &Entry::model, config::line(), "the provider's name for the model");
  if (place.named) name.required();
  entry.field("base_url", &Entry::base_url, config::base_url(), std::move(place.base_url));
  entry.field("api_key", &Entry::api_key, config::line({.expected = "a key"}), std::move(place.api_key))
      .secret();
  entry
      .field(
          "extra_headers", &Entry::extra_headers,
          config::map_of(config::line({.expected = "a header's value"}), "a map of headers", header_problem),
          "further headers of each request")
      .secret();
  entry.check([](const Entry& one, config::Check& check) {
    const bool secrets = !one.api_key.empty() || !one.extra_headers.empty();
    if (secrets && travels_open(one.base_url))
      check.warning("base_url", "the key travels unencrypted; use https where the server has it");
  });
  entry.advise("url", "it is called `base_url`");
  entry.advise("endpoint", "it is called `base_url`");
  entry.advise("key", "it is called `api_key`");
}

/// `extra_body` and `drop_params`. `ours`: literals, the parameters that the daemon writes itself.
template <class Entry>
void add_quirks(config::Record<Entry>& entry, std::span<const std::string_view> ours) {
  entry.field("extra_body", &Entry::extra_body, config::json_object("a map of parameters"),
              "further parameters of each request, merged into it as they stand");
  entry.field("drop_params", &Entry::drop_params,
              config::list_of(config::line({.expected = "a parameter's name"}), "a list of parameter names"),
              "parameters that the server does not take: they are left out of requests");
  entry.check([ours](const Entry& one, config::Check& check) {
    const auto is_ours = [ours](std::string_view name) {
      return std::ranges::find(ours, name) != ours.end();
    };
    if (one.extra_body.is_object())
      for (const auto& [name, value] : one.extra_body.items())
        if (is_ours(name)) check.error("extra_body", "sets `" + name + "`, which the daemon writes itself");
    for (const std::string& name : one.drop_params)
      if (is_ours(name))
        check.error("drop_params", "names `" + name + "`, without which there is no request");
  });
}

}  // namespace troupe::models
