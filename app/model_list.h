#pragma once

#include "app/configuration.h"
#include "models/trial/finding.h"
#include "models/trial/remote_models.h"
#include "runtime/base/json.h"

#include <string>
#include <vector>

namespace troupe::app {

/// What `troupe models` prints, for people (ends in a line break) and as JSON. Pure; no secret is in any of
/// it.

/// The entries of `models` and `embeddings`: where they are, what they cost, what their provider can.
std::string as_text(const config::Entries<models::ModelSettings>& models,
                    const config::Entries<models::EmbedderSettings>& embeddings);
Json as_json(const config::Entries<models::ModelSettings>& models,
             const config::Entries<models::EmbedderSettings>& embeddings);

/// What one provider says it has.
struct RemoteList {
  std::vector<std::string> entries;  ///< that are there
  std::string address;
  Result<models::RemoteModels> models = models::RemoteModels{};
};
std::string as_text(const RemoteList& list);
Json as_json(const RemoteList& list);

/// What came of trying one entry.
struct TriedEntry {
  std::string section;  ///< "models" or "embeddings"
  std::string name;
  std::string provider;
  std::string model;
  std::string address;
  models::Findings findings;
};
std::string as_text(const TriedEntry& tried);
Json as_json(const TriedEntry& tried);

/// Where an entry is reached; "" when nowhere.
std::string address_of(const models::ModelSettings& settings);
std::string address_of(const models::EmbedderSettings& settings);

}  // namespace troupe::app
