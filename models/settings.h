#pragma once

#include "runtime/base/limits.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::models {

/// Per million tokens, in the currency of the configuration's author.
struct Price {
  double input = 0;
  double output = 0;
  double cached = -1;  ///< of cached input tokens; -1: as input
};

/// One entry of `models:`.
struct ModelSettings {
  std::string name;                                  ///< its key
  std::string provider;                              ///< openai | builtin | cassette
  std::string model;                                 ///< the provider's own name for it
  std::string base_url;                              ///< "" = the provider's public endpoint
  std::string api_key;                               ///< secret
  std::map<std::string, std::string> extra_headers;  ///< values are secrets
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> seed;
  int max_output_tokens = 0;  ///< 0: the provider's default
  int context = 0;            ///< tokens; 0: unknown
  bool stream = true;
  std::chrono::milliseconds timeout = limits::kModelIdle;  ///< without a byte
  int retries = limits::kModelRetries;                     ///< attempts after the first
  std::optional<Price> price;
  std::string file;    ///< cassette: where exchanges are kept
  std::string record;  ///< cassette: name of the model entry to record; "" = play back only
};

}  // namespace troupe::models
