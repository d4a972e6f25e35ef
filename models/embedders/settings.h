#pragma once

#include "runtime/base/json.h"
#include "runtime/base/limits.h"

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// One entry of `embeddings:`.
struct EmbedderSettings {
  std::string name;                                  ///< its key
  std::string provider;                              ///< one of embedders.def, or plugin/NAME
  std::string model;                                 ///< the provider's own name for it
  std::string base_url;                              ///< "" = the provider's public endpoint
  std::string api_key;                               ///< secret
  std::map<std::string, std::string> extra_headers;  ///< values are secrets
  Json extra_body;                                   ///< an object that is merged into each request, or null
  std::vector<std::string> drop_params;              ///< parameters that are left out of requests
  int dimensions = 0;                                ///< 0: as many as the model has
  int batch = 0;                                     ///< texts a request; 0: what suits the provider
  std::chrono::milliseconds timeout = limits::kModelIdle;  ///< without a byte
  int retries = limits::kModelRetries;                     ///< attempts after the first
  bool truncate = false;   ///< ollama, huggingface: leave out the end of a text that is too long
  std::string task;        ///< gemini: what the vectors are for; "" = not said
  std::string keep_alive;  ///< ollama: how long the model stays in memory
  Json options;            ///< ollama, plugins: the model's options, or null
};

/// What vectors of these settings are made with, so that those of others are not compared with them:
/// provider, model and whatever changes a vector; `version`: Embedder::version(). Holds no secret. Pure.
std::string embedding_identity(const EmbedderSettings& settings, std::string_view version = {});

}  // namespace troupe::models
