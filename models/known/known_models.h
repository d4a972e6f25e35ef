#pragma once

#include "models/price.h"
#include "models/settings.h"
#include "runtime/base/result.h"
#include "runtime/config/collections.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// What is known of a public provider's model without asking it.
struct KnownModel {
  std::string provider;
  std::string name;    ///< without the date or number of a version
  Price price;         ///< in US dollars
  int context = 0;     ///< tokens it reads at most; 0: not known
  int max_output = 0;  ///< tokens it writes at most; 0: not known, or it writes none
};

/// The table of models/known/models.txt.
struct KnownTable {
  std::string date;  ///< of its prices
  std::vector<KnownModel> models;
};

/// Reads such a table: its date in the first line, then a model a line. Errors: invalid, naming the line.
Result<KnownTable> parse_known_models(std::string_view text);
/// The table this program was built with, read once.
const KnownTable& known_models();

/// A model by the name that its provider takes: that of a line, or that of a line with a version behind it
/// (`-2024-08-06`, `-20250929`, `-0613`, `-001`, `-latest`). `ft:NAME:…` is looked up as `ft:NAME`. Null: it
/// is not in the table.
const KnownModel* find_known_model(const KnownTable& table, std::string_view provider, std::string_view name);
/// What the table knows of an entry. Null also where it has a base_url of another server, which asks for what
/// it likes, whatever its models are called.
const KnownModel* known_model(const ModelSettings& model);

/// Needs nobody who would write a bill: builtin, ollama, and a cassette that is only played back.
bool free_of_charge(const ModelSettings& model);
/// What an entry costs: its own price, or the table's; for a cassette that records, what its model costs.
/// Nothing where that is free of charge, or not known.
std::optional<Price> price_of(const ModelSettings& model, const config::Entries<ModelSettings>& all);
/// Fills in what the entries do not say themselves: price and context.
void complete(config::Entries<ModelSettings>& models);

}  // namespace troupe::models
