#pragma once

#include "agents/agent.h"
#include "memory/knowledge/knowledge.h"
#include "memory/knowledge/vector_index.h"
#include "tools/tool.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::gateway {

/// A knowledge base of the configuration.
struct OfferedBase {
  std::string name;
  std::string description;
  std::string embedding;                   ///< what its vectors are made with, see memory::BaseRow::embedding
  std::optional<memory::IndexKind> index;  ///< none: it follows from how much there is
  std::string index_plugin{};              ///< that indexes its vectors; "": none
};

/// An entry of `models:`.
struct OfferedModel {
  std::string name;
  std::string provider;
  std::string model;  ///< the provider's own name for it
};

/// What one generation of the configuration has for clients. Nothing in it is a secret. Pointers are never
/// null.
struct Offer {
  std::shared_ptr<const agents::Catalog> catalog;
  std::shared_ptr<const tools::ToolTable> tools;
  std::shared_ptr<memory::Knowledge> knowledge;
  std::vector<OfferedBase> bases;    ///< those of `knowledge`, by name
  std::vector<OfferedModel> models;  ///< in the order of the configuration
};

/// The offer of the configuration in use. Loop thread.
using CurrentOffer = std::function<Offer()>;

}  // namespace troupe::gateway
