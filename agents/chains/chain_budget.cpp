#include "agents/chains/chain_budget.h"

#include <fmt/format.h>

namespace troupe::agents {

std::optional<LimitReached> ChainBudget::refusal(std::int64_t input,
                                                 const std::optional<models::Price>& price) const {
  if (tokens_at_work() + input >= limits_.tokens)
    return LimitReached{"max_tokens",
                        fmt::format("the next request has about {} tokens, and {} of the run's {} are used",
                                    input, tokens_at_work(), limits_.tokens)};
  if (limits_.cost <= 0 || !price) return std::nullopt;
  const double more = models::cost_of(models::Usage{.input_tokens = input}, price);
  if (cost_at_work() + more < limits_.cost || more <= 0) return std::nullopt;
  return LimitReached{
      "max_cost", fmt::format("the next request costs about {:.6f}, and {:.6f} of the run's {:.6f} are spent",
                              more, cost_at_work(), limits_.cost)};
}

std::string_view ChainBudget::used_up(bool cost) const {
  if (tokens_at_work() >= limits_.tokens) return "max_tokens";
  return cost && limits_.cost > 0 && cost_at_work() >= limits_.cost ? "max_cost" : "";
}

void ChainBudget::spent(const models::Usage& usage, double cost) {
  usage_.input_tokens += usage.input_tokens;
  usage_.output_tokens += usage.output_tokens;
  cost_ += cost;
}

void ChainBudget::spent_untold(std::int64_t tokens, double cost) {
  untold_tokens_ += tokens;
  untold_cost_ += cost;
}

}  // namespace troupe::agents
