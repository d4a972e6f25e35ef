#include "models/price.h"

namespace troupe::models {

std::optional<Price> price_in(const PriceList& prices, const std::string& entry) {
  auto found = prices.find(entry);
  return found == prices.end() ? std::nullopt : std::optional(found->second);
}

double cost_of(const Usage& usage, const std::optional<Price>& price) {
  if (!price) return 0;
  const double cached = price->cached < 0 ? price->input : price->cached;
  const double written = price->cache_write < 0 ? price->input : price->cache_write;
  const auto fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens;
  return (static_cast<double>(fresh) * price->input + static_cast<double>(usage.cached_tokens) * cached +
          static_cast<double>(usage.cache_write_tokens) * written +
          static_cast<double>(usage.output_tokens) * price->output) /
         1e6;
}

}  // namespace troupe::models
