#include "agents/compaction/compacted.h"

#include "agents/runs/fact_fields.h"
#include "runtime/base/clock.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

store::Fact to_fact(const Compacted& compacted, const std::string& run) {
  Json body = {{"at_ms", compacted.at_ms}, {"facts", compacted.facts}, {"bytes", compacted.bytes}};
  if (compacted.untold > 0) body["untold"] = compacted.untold;
  if (compacted.untold_calls > 0) body["untold_calls"] = compacted.untold_calls;
  if (compacted.beside > 0) body["beside"] = compacted.beside;
  if (compacted.beside_cost > 0) body["beside_cost"] = compacted.beside_cost;
  if (compacted.at_once > 1) body["at_once"] = compacted.at_once;
  if (compacted.leads) body["leads"] = true;
  return {.run = run, .kind = kCompacted, .step = 0, .body = dump(body)};
}

Compacted compacted_from(const Json& body) {
  return {.at_ms = number_or(body, "at_ms"),
          .facts = number_or(body, "facts"),
          .bytes = number_or(body, "bytes"),
          .untold = number_or(body, "untold"),
          .untold_calls = number_or(body, "untold_calls"),
          .beside = number_or(body, "beside"),
          .beside_cost = amount_or(body, "beside_cost"),
          .at_once = number_or(body, "at_once", 1),
          .leads = flag(body, "leads")};
}

std::optional<Compacted> compacted_in(const std::vector<store::Fact>& facts) {
  const auto found = std::ranges::find(facts, kCompacted, &store::Fact::kind);
  if (found == facts.end()) return std::nullopt;
  const auto body = parse_json(found->body);
  return body ? compacted_from(*body) : Compacted{};
}

std::optional<Compacted> compacted_in(const History& history) {
  const auto found = std::ranges::find(history.records, kCompacted, &Record::type);
  if (found == history.records.end()) return std::nullopt;
  return compacted_from(found->body);
}

std::string why_not_any_more(const Compacted& compacted, std::string_view cannot) {
  return fmt::format(
      "it was compacted on {}: what only the engine needed of it was dropped, so it cannot be "
      "{} any more; its events are all there",
      rfc3339(compacted.at_ms).substr(0, 10), cannot);
}

}  // namespace troupe::agents
