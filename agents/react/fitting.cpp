#include "agents/react/fitting.h"

#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::agents {

namespace {

void add(std::vector<std::string>& parts, std::size_t count, std::string_view one, std::string_view several) {
  if (count > 0) parts.push_back(fmt::format("{} {}", count, count == 1 ? one : several));
}

}  // namespace

std::string sentence(const Fitting& fitting) {
  std::vector<std::string> parts;
  add(parts, fitting.shortened.size(), "long tool output was shortened", "long tool outputs were shortened");
  add(parts, fitting.turns, "earlier turn was left out", "earlier turns were left out");
  add(parts, fitting.steps, "earlier step was left out", "earlier steps were left out");
  return fmt::format("the request had {} {} tokens, and {}: {}; it has about {} now",
                     fitting.exceeded ? "too many for the model," : "about", fitting.before,
                     fitting.exceeded ? fmt::format("is made to have at most {}", fitting.limit)
                                      : fmt::format("the model's context has room for {}", fitting.limit),
                     fmt::join(parts, ", "), fitting.after);
}

}  // namespace troupe::agents
