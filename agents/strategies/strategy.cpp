#include "agents/strategies/strategy.h"

#include "agents/strategies/factories.h"
#include "runtime/base/suggest.h"

#include <fmt/format.h>

namespace troupe::agents {

Reading Strategy::read(const models::ModelReply&, const ParsedStep& parsed) {
  return {
      parsed.thought,
      std::visit([](const auto& outcome) -> decltype(Reading::outcome) { return outcome; }, parsed.outcome)};
}

models::Message Strategy::said(const models::ModelReply& reply, std::size_t consumed) const {
  return {.role = models::Role::assistant,
          .content = reply.text.substr(0, consumed),
          .provider_state = reply.provider_state};
}

models::Message Strategy::rewritten(models::Message message,
                                    const std::vector<Observation>& observations) const {
  models::Transcript written;
  observed(written, observations);
  message.content = written.messages().front().content;
  return message;
}

// One call after the other: not every form has several in one reply.
void Strategy::retold(models::Transcript& transcript, const std::string& thought,
                      const std::vector<models::ToolCall>& calls,
                      const std::vector<Observation>& observations) const {
  for (std::size_t i = 0; i < calls.size() && i < observations.size(); ++i) {
    auto input = parse_json(calls[i].arguments);
    const ExampleStep step{.thought = i == 0 ? thought : "",
                           .tool = calls[i].name,
                           .input = input ? std::move(*input) : Json(calls[i].arguments)};
    transcript.add({.role = models::Role::assistant, .content = called(step)});
    observed(transcript, {observations[i]});
  }
}

const std::vector<StrategyEntry>& strategy_entries() {
  static const std::vector<StrategyEntry> entries = {
#define TROUPE_STRATEGY(name, about) {#name, about, make_##name},
#include "agents/strategies/strategies.def"
#undef TROUPE_STRATEGY
  };
  return entries;
}

Result<std::unique_ptr<Strategy>> make_strategy(std::string_view name, const Declarations& tools) {
  std::vector<std::string> known;
  for (const StrategyEntry& entry : strategy_entries()) {
    if (entry.name == name) return entry.make(tools);
    known.emplace_back(entry.name);
  }
  return fail(ErrorCode::not_found,
              fmt::format("there is no strategy `{}`{}", name, did_you_mean(name, known)));
}

}  // namespace troupe::agents
