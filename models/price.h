#pragma once

#include "models/message.h"

#include <map>
#include <optional>
#include <string>

namespace troupe::models {

/// Per million tokens, in the currency of the configuration's author.
struct Price {
  double input = 0;
  double output = 0;
  double cached = -1;       ///< of input tokens that the provider's prompt cache had; -1: as input
  double cache_write = -1;  ///< of input tokens that were written to it; -1: as input
  bool operator==(const Price&) const = default;
};

/// What models cost, by their names in `models:`. One that is not in it has no price.
using PriceList = std::map<std::string, Price, std::less<>>;

/// The price of an entry. Nothing where it has none.
std::optional<Price> price_in(const PriceList& prices, const std::string& entry);

/// What a call cost; 0 without a price.
double cost_of(const Usage& usage, const std::optional<Price>& price);

}  // namespace troupe::models
