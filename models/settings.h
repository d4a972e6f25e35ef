#pragma once

#include "models/cache/settings.h"
#include "models/price.h"
#include "runtime/base/json.h"
#include "runtime/base/limits.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::models {

/// One entry of `models:`.
struct ModelSettings {
  std::string name;                                  ///< its key
  std::string provider;                              ///< one of providers.def, or plugin/NAME
  std::string model;                                 ///< the provider's own name for it
  std::string base_url;                              ///< "" = the provider's public endpoint
  std::string api_key;                               ///< secret
  std::map<std::string, std::string> extra_headers;  ///< values are secrets
  Json extra_body;                                   ///< an object that is merged into each request, or null
  std::vector<std::string> drop_params;              ///< parameters that are left out of requests
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> seed;
  int max_output_tokens = 0;  ///< 0: the provider's default
  int context = 0;            ///< tokens; 0: unknown
  bool stream = true;
  std::string constrain = "auto";  ///< auto | off: whether replies are held to ModelRequest::schema
  std::chrono::milliseconds timeout = limits::kModelIdle;  ///< without a byte
  int retries = limits::kModelRetries;                     ///< attempts after the first
  int concurrency = 0;                                     ///< calls at once; 0: limits::kModelConcurrency
  int requests_per_minute = 0;                             ///< 0: no limit
  std::int64_t tokens_per_minute = 0;                      ///< 0: no limit
  std::optional<Price> price;
  std::vector<std::string> fallback;  ///< entries of `models:` that are asked, in order, where this one fails
  std::string api_version;            ///< anthropic: the version header; "" = the one we were made for
  int thinking = 0;                   ///< anthropic, gemini: tokens for it; 0: what the model does by itself
  std::string think;                  ///< ollama: on | off | low | medium | high; "" = as the model does
  std::string keep_alive;             ///< ollama: how long the model stays in memory
  Json options;                       ///< ollama, plugins: the model's options, or null
  std::map<std::string, std::string> safety;  ///< gemini: harm category → threshold
  CacheSettings cache;                        ///< of replies
  std::string file;                           ///< cassette: where exchanges are kept
  std::string tapes;                          ///< cassette: the entry of `models:` whose exchanges are kept
  std::string mode = "auto";  ///< cassette: auto (what the file lacks is asked and added) | replay
};

}  // namespace troupe::models
